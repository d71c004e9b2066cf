// SPDX-License-Identifier: Apache-2.0
//
// The part of the index that is in memory only: entries and keys of one stretch of the log.
// Runs on: log agent; once sealed it is immutable and the background agent writes it as a run.
// Owns: its entries.  Invariant: a queue's entries are dense from first_offset and ascending in
// position.
#pragma once

#include "store/queue_table.h"

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace bolide::store {

struct KeyEntry {
  std::uint64_t hash = 0;
  std::int64_t position = 0;
};

// What the key index knows a key by.
std::uint64_t key_hash(std::string_view topic, std::string_view key);

struct MemQueue {
  QueueNo queue = 0;
  std::uint32_t topic_no = 0;
  std::int32_t queue_id = 0;
  std::string_view topic;  // lives as long as the memtable
  std::int64_t first_offset = 0;
  std::int64_t base_position = 0;  // as of sealing
  std::vector<IndexEntry> entries;

  std::int64_t end_offset() const {
    return first_offset + static_cast<std::int64_t>(entries.size());
  }
};

class Memtable {
 public:
  Memtable(const QueueTable& table, std::int64_t log_start)
      : names_(table.names()), log_start_(log_start), log_end_(log_start) {}

  // Entries come in the order of the log. An offset that does not follow starts the queue anew
  // here.
  void add(const QueueTable& table, QueueNo queue, std::int64_t offset, const IndexEntry& entry);
  void add_key(std::uint64_t hash, std::int64_t position) { keys_.push_back({hash, position}); }
  // The log is covered up to here, whether its records had entries or not.
  void cover(std::int64_t log_end, std::int64_t last_record) {
    log_end_ = log_end;
    last_record_ = last_record;
  }

  // The last change before it is shared.
  void seal(const QueueTable& table);

  const MemQueue* find(QueueNo queue) const {
    return queue < slots_.size() && slots_[queue] != 0 ? &queues_[slots_[queue] - 1] : nullptr;
  }
  const std::vector<MemQueue>& queues() const { return queues_; }
  const std::vector<KeyEntry>& keys() const { return keys_; }
  std::int64_t log_start() const { return log_start_; }
  std::int64_t log_end() const { return log_end_; }
  std::int64_t last_record() const { return last_record_; }  // position, -1: none
  std::int64_t min_ms() const { return min_ms_; }
  std::int64_t max_ms() const { return max_ms_; }
  std::size_t entry_count() const { return entry_count_; }
  bool empty() const { return log_end_ == log_start_; }

 private:
  std::shared_ptr<const TopicNames> names_;
  std::int64_t log_start_;
  std::int64_t log_end_;
  std::int64_t last_record_ = -1;
  std::int64_t min_ms_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t max_ms_ = std::numeric_limits<std::int64_t>::min();
  std::size_t entry_count_ = 0;
  std::vector<MemQueue> queues_;
  std::vector<std::uint32_t> slots_;  // by queue: index into queues_ plus one
  std::vector<KeyEntry> keys_;
};

}  // namespace bolide::store
