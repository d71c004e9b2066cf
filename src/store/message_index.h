// SPDX-License-Identifier: Apache-2.0
//
// The index of the log: for every queue which record stands at which offset, and which records
// carry a key. New entries go to the active memtable; sealed ones are read until their run is
// written. Runs on: log agent.  Owns: queues, memtables, runs. Invariant: memtables and runs cover
// contiguous stretches of the log, runs first; entries of a queue are dense from min_offset() to
// next; an entry's position grows with its offset.
#pragma once

#include "base/result.h"
#include "store/index_run.h"
#include "store/memtable.h"
#include "store/queue_index.h"
#include "store/queue_table.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace bolide::store {

class MessageIndex {
 public:
  using RunPtr = std::shared_ptr<IndexRun>;
  // Writes a run's file anew from the log. For damaged runs.
  using Rebuild = std::function<Result<RunHeader>(const RunRange&)>;

  MessageIndex(os::FileSystem& fs, std::string directory);
  // The runs found, oldest first; the active memtable begins at `covered`.
  void start(std::deque<RunPtr> runs, std::int64_t covered, std::int64_t log_min);
  void on_damage(Rebuild rebuild) { rebuild_ = std::move(rebuild); }

  QueueTable& queues() { return queues_; }
  const QueueTable& queues() const { return queues_; }

  // --- growing ------------------------------------------------------------------------------
  void add(QueueNo queue, std::int64_t offset, const IndexEntry& entry);
  void add_key(std::uint64_t hash, std::int64_t position) { active_->add_key(hash, position); }
  void cover(std::int64_t log_end, std::int64_t last_record) {
    active_->cover(log_end, last_record);
  }
  // The queue's records below `position` are given up.
  void set_base(QueueNo queue, std::int64_t position);

  const Memtable& active() const { return *active_; }
  void seal();
  const std::deque<std::shared_ptr<const Memtable>>& sealed() const { return sealed_; }
  // The oldest sealed memtable was written as this run.
  void adopt(const RunHeader& header);

  // The log begins here now. Gives the files of runs that are not needed any more.
  std::vector<std::string> set_log_min(std::int64_t position);
  std::size_t run_count() const { return runs_.size(); }

  // --- asking -------------------------------------------------------------------------------
  // May wait for the disk, for a queue not asked for since the log's beginning moved.
  std::int64_t min_offset(QueueNo queue);
  // Copies up to into.size() entries from `offset`, at least one unless cold. Requires
  // min_offset <= offset < next. With `cold` null it waits for the disk. Entries of size 0 are
  // holes.
  Result<std::size_t> entries(QueueNo queue, std::int64_t offset, std::span<IndexEntry> into,
                              ColdRange* cold);
  // After an entry turned out wrong: true if it came from a run that was damaged and now is
  // rebuilt. Reads the whole run, once: where it is sound the fault is in the log.
  Result<bool> heal(QueueNo queue, std::int64_t offset);
  // Positions of records with that key hash, newest first, of runs that touch [from_ms, to_ms].
  // Stops when `take` says false.
  Result<> find_key(std::uint64_t hash, std::int64_t from_ms, std::int64_t to_ms,
                    const std::function<bool(std::int64_t position)>& take);

 private:
  struct Held {
    RunPtr run;
    std::uint64_t used = 0;
    bool sound = false;  // every checksum of it was seen to match
  };
  // Where a queue was last found: a reader that goes on sequentially needs no search.
  struct Hint {
    QueueNo queue = UINT32_MAX;
    RunPtr run;
    RunQueue place;
  };

  const MemQueue* in_memory(QueueNo queue, std::int64_t offset) const;
  // False when cold. A damaged run is rebuilt.
  Result<bool> load(std::size_t run, ColdRange* cold);
  Result<bool> repair(std::size_t run);
  void unload_oldest();
  // Finds the run that holds `offset`; false when cold.
  Result<bool> locate(QueueNo queue, std::int64_t offset, ColdRange* cold, Hint* hint);
  Result<std::int64_t> first_offset_from(QueueNo queue, std::int64_t position);

  os::FileSystem& fs_;
  std::string directory_;
  QueueTable queues_;
  std::deque<Held> runs_;
  std::deque<std::shared_ptr<const Memtable>> sealed_;
  std::shared_ptr<Memtable> active_;
  Rebuild rebuild_;
  std::int64_t log_min_ = 0;
  std::uint32_t version_ = 1;  // of log_min_
  std::uint64_t clock_ = 0;
  std::size_t loaded_ = 0;
  std::vector<Hint> hints_;
};

}  // namespace bolide::store
