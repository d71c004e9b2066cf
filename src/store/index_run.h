// SPDX-License-Identifier: Apache-2.0
//
// A run: the index of one stretch of the log as an immutable file, all queues together.
// Format: docs/disk/index.md.
// Runs on: log agent; write_run on the background agent.  Owns: the descriptor and the directory
// while loaded.  Invariant: a run is never changed; what its checksums do not confirm is not used.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/memtable.h"
#include "store/queue_index.h"
#include "store/queue_table.h"

#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

// The stretch of the log that a run covers.
struct RunRange {
  std::int64_t start = 0;
  std::int64_t end = 0;
  auto operator<=>(const RunRange&) const = default;
};

std::string run_name(const RunRange& range);

// Where a queue's entries stand in a run.
struct RunQueue {
  QueueNo queue = 0;
  std::uint32_t count = 0;
  std::int64_t first_offset = 0;
  std::uint64_t entry_index = 0;

  std::int64_t end_offset() const { return first_offset + count; }
};

struct RunHeader {
  RunRange range;
  std::int64_t min_ms = 0;
  std::int64_t max_ms = 0;
  std::uint64_t entry_count = 0;
  std::uint64_t key_count = 0;
  std::uint64_t directory_bytes = 0;
  std::uint32_t entries_crc = 0;
  std::uint32_t keys_crc = 0;
  std::uint32_t directory_crc = 0;
};

// Writes the memtable's run, durably. Errors: disk_full, io.
Result<RunHeader> write_run(os::FileSystem& fs, const std::string& directory, const Memtable& from);

// Decodes a directory section, calling `each(topic, queue_id, count, first_offset)` in order.
// False if the bytes are not one.
using RunQueueVisitor = std::function<void(std::string_view topic, std::int32_t queue_id,
                                           std::uint32_t count, std::int64_t first_offset)>;
bool decode_run_directory(std::string_view bytes, const RunQueueVisitor& each);
// Nothing if the bytes are no run's header.
std::optional<RunHeader> decode_run_header(std::string_view bytes);

class IndexRun {
 public:
  IndexRun(os::FileSystem& fs, const std::string& directory, RunHeader header);

  // Opens the run's file and checks its header and size. Errors: storage_corrupt, not_found, io.
  static Result<std::shared_ptr<IndexRun>> open(os::FileSystem& fs, const std::string& directory,
                                                const RunRange& range);
  // Reads everything and checks all sums: for verification. Errors: storage_corrupt, io.
  Result<> check_all();

  const RunHeader& header() const { return header_; }
  const RunRange& range() const { return header_.range; }
  const std::string& path() const { return path_; }

  // Makes the directory available: with `cold` null it waits for the disk, else false with *cold
  // set may come back. Errors: storage_corrupt, io.
  Result<bool> load(QueueTable& queues, ColdRange* cold);
  bool loaded() const { return loaded_; }
  // Gives up directory and descriptor; they come back when needed.
  void unload();
  // The queue's place, or null. Requires loaded().
  const RunQueue* find(QueueNo queue) const;

  // Entries of the queue from `offset`, which is in it. False with *cold set: not in the page
  // cache; `cold` null: waits. `into` must not reach past the queue's end.
  Result<bool> read_entries(const RunQueue& place, std::int64_t offset, std::span<IndexEntry> into,
                            ColdRange* cold);
  // Appends positions of records with that key, ascending. Waits for the disk.
  Result<> find_keys(std::uint64_t hash, std::vector<std::int64_t>* into);

 private:
  Result<std::shared_ptr<os::File>> file();
  Result<bool> read(std::uint64_t offset, char* into, std::size_t size, ColdRange* cold);

  os::FileSystem& fs_;
  std::string path_;
  RunHeader header_;
  std::shared_ptr<os::File> file_;
  bool loaded_ = false;
  std::vector<RunQueue> queues_;  // by queue number
};

}  // namespace bolide::store
