// SPDX-License-Identifier: Apache-2.0
//
// Index entries in memory.
// Runs on: see memtable.h.  Owns: see memtable.h.  Invariant: see memtable.h.
#include "store/memtable.h"

#include "base/crc.h"

#include <algorithm>

namespace bolide::store {

std::uint64_t key_hash(std::string_view topic, std::string_view key) {
  return hash64(key, hash64(topic));
}

void Memtable::add(const QueueTable& table, QueueNo queue, std::int64_t offset,
                   const IndexEntry& entry) {
  if (queue >= slots_.size()) slots_.resize(std::max<std::size_t>(table.size(), queue + 1U));
  if (slots_[queue] == 0) {
    const QueueState& state = table.at(queue);
    queues_.push_back({queue, state.topic, state.queue_id, table.topic(queue), offset, 0, {}});
    slots_[queue] = static_cast<std::uint32_t>(queues_.size());
  }
  MemQueue& list = queues_[slots_[queue] - 1];
  if (offset != list.end_offset()) [[unlikely]] {
    entry_count_ -= list.entries.size();
    list.entries.clear();
    list.first_offset = offset;
  }
  list.entries.push_back(entry);
  ++entry_count_;
  min_ms_ = std::min(min_ms_, entry.store_ms);
  max_ms_ = std::max(max_ms_, entry.store_ms);
}

void Memtable::seal(const QueueTable& table) {
  for (MemQueue& queue : queues_) queue.base_position = table.at(queue.queue).base_position;
}

}  // namespace bolide::store
