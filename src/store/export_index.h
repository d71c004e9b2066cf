// SPDX-License-Identifier: Apache-2.0
//
// Writes the key index of Apache RocketMQ's broker: <dir>/<time of the first entry>, hash files of
// one size (rocketmq disk 4).
// Runs on: the command line; the main thread at a clean stop.  Owns: the slots of one file, 20 MB.
// Invariant: a file is named later than the one before it: the broker reads them by name.
#pragma once

#include "base/result.h"
#include "os/file_system.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

struct IndexFileShape {
  std::int32_t slots = 5'000'000;
  std::int32_t entries = 20'000'000;  // the first of which stays unused

  std::uint64_t file_bytes() const {
    return 40 + 4 * static_cast<std::uint64_t>(slots) + 20 * static_cast<std::uint64_t>(entries);
  }
};

class IndexFilesExport {
 public:
  // `shape` is the broker's default, but for tests.
  IndexFilesExport(os::FileSystem& fs, std::string directory, IndexFileShape shape = {})
      : fs_(fs), directory_(std::move(directory)), shape_(shape) {}

  // `key` is `topic#key`; entries come in the order of the log. Errors: disk_full, io.
  Result<> add(std::string_view key, std::int64_t position, std::int64_t store_ms);
  // Writes the rest, durably. Errors: disk_full, io.
  Result<> finish();

  std::uint64_t files() const { return files_; }
  std::uint64_t keys() const { return keys_; }

 private:
  Result<> begin(std::int64_t store_ms);
  Result<> write_pending();
  Result<> write_slots();
  Result<> end();

  os::FileSystem& fs_;
  std::string directory_;
  IndexFileShape shape_;
  std::unique_ptr<os::File> file_;
  std::vector<std::int32_t> slots_;
  std::string pending_;
  std::uint64_t pending_at_ = 0;  // where in the file it belongs
  std::int32_t count_ = 1;        // as the file says it: one more than there are entries
  std::int32_t slots_used_ = 0;
  std::int64_t begin_ms_ = 0;
  std::int64_t end_ms_ = 0;
  std::int64_t begin_position_ = 0;
  std::int64_t end_position_ = 0;
  std::int64_t name_ = 0;
  std::uint64_t files_ = 0;
  std::uint64_t keys_ = 0;
};

}  // namespace bolide::store
