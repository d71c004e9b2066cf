// SPDX-License-Identifier: Apache-2.0
//
// What a start needs besides the log: up to where runs are complete, which runs, and every queue's
// next offset there. Format: docs/disk/index.md. Runs on: background agent (one job at a time);
// recovery.  Owns: nothing: names are views. Invariant: nothing in it is ahead of what was synced;
// without it everything is rebuilt from the log.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/index_run.h"
#include "store/memtable.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

struct QueueMark {
  std::uint32_t topic = 0;  // index into topics
  std::int32_t queue_id = 0;
  std::int64_t next = 0;
  std::int64_t base_position = 0;
  std::int64_t last_position = -1;
};

// A queue whose earlier records were given up.
struct BaseChange {
  QueueNo queue = 0;
  std::int64_t base_position = 0;
};

struct Checkpoint {
  std::int64_t covered = 0;       // runs are complete up to here
  std::int64_t last_record = -1;  // position of a record below `covered`, to know the log again by
  std::vector<RunRange> runs;
  std::vector<std::string_view> topics;
  std::vector<QueueMark> queues;      // in a running store by queue number
  std::shared_ptr<const void> names;  // what the views look into, if it must be held

  // Brings in a run of the memtable; its names must outlive the checkpoint.
  void apply(const Memtable& from);
  void apply(const BaseChange& change);
  void forget_runs_below(std::int64_t log_min);
};

std::string encode_checkpoint(const Checkpoint& checkpoint);
// Views into `bytes`. Nothing if the bytes are not a checkpoint.
std::optional<Checkpoint> decode_checkpoint(std::string_view bytes);

// Writes runs and checkpoint; runs on the background agent, one at a time.
struct IndexJob {
  os::FileSystem* fs = nullptr;
  std::string index_directory;
  std::string checkpoint_path;
  std::shared_ptr<const Memtable> sealed;  // null: only the checkpoint
  std::vector<BaseChange> bases;
  std::int64_t log_min = 0;
  std::shared_ptr<Checkpoint> image;
};
// The run's header, if there was one to write. Errors: disk_full, io: to be tried again.
Result<std::optional<RunHeader>> write_index(const IndexJob& job);

}  // namespace bolide::store
