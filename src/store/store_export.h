// SPDX-License-Identifier: Apache-2.0
//
// Writes what Apache RocketMQ's broker derives from the log, so that it opens the directory:
// consume queues, key index and checkpoint (rocketmq disk 4). Runs on: the command line; the main
// thread at a clean stop.  Owns: the lock of the directory while it runs. Invariant: the files are
// in place only when they are whole and on the disk.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/export_index.h"
#include "store/export_queues.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bolide::store {

struct ExportOptions {
  // Topics whose queues the broker keeps in another form: nothing is written for them.
  std::function<bool(std::string_view topic)> leave_out;
  // Called now and then with how much of the log was read, and how much there is.
  std::function<void(std::int64_t done, std::int64_t total)> progress;
  std::int64_t queue_file_units = store::queue_file_units;
  IndexFileShape index_shape;
};

struct ExportReport {
  std::int64_t first_position = 0;
  std::int64_t end_position = 0;
  std::uint64_t records = 0;
  std::uint64_t left_out = 0;  // records of topics that were left out
  std::uint64_t queues = 0;
  std::uint64_t queue_files = 0;
  std::uint64_t keys = 0;
  std::uint64_t index_files = 0;
};

// Reads the whole log of a directory that Bolide has closed, and writes `consumequeue`, `index` and
// `checkpoint` anew. Errors: not_a_store, in_use, invalid_argument (Bolide was not the last to
// close it), storage_corrupt, disk_full, io.
Result<ExportReport> export_store(os::FileSystem& fs, const std::string& directory,
                                  const ExportOptions& options);

}  // namespace bolide::store
