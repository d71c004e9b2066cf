// SPDX-License-Identifier: Apache-2.0
//
// Queues by number and name.
// Runs on: log agent.  Owns: names and states.  Invariant: see queue_table.h.
#include "store/queue_table.h"

#include <algorithm>

namespace bolide::store {

std::optional<QueueNo> QueueTable::find(std::string_view topic, std::int32_t queue_id) const {
  const auto known = topics_.find(topic);
  if (known == topics_.end()) return std::nullopt;
  const QueueNo queue = slots_[slot_of(known->second, queue_id)];
  if (queue == empty) return std::nullopt;
  return queue;
}

QueueNo QueueTable::find_or_add(std::string_view topic, std::int32_t queue_id) {
  auto known = topics_.find(topic);
  if (known == topics_.end()) {
    names_->emplace_back(topic);
    known = topics_.emplace(names_->back(), static_cast<std::uint32_t>(names_->size() - 1)).first;
    last_ids_.push_back(-1);
  }
  const std::uint32_t topic_no = known->second;
  if (const QueueNo queue = slots_[slot_of(topic_no, queue_id)]; queue != empty) return queue;
  if (2 * (states_.size() + 1) > slots_.size()) grow();
  const auto queue = static_cast<QueueNo>(states_.size());
  states_.push_back({.topic = topic_no, .queue_id = queue_id});
  last_ids_[topic_no] = std::max(last_ids_[topic_no], queue_id);
  slots_[slot_of(topic_no, queue_id)] = queue;
  return queue;
}

std::int32_t QueueTable::last_id(std::string_view topic) const {
  const auto known = topics_.find(topic);
  return known == topics_.end() ? -1 : last_ids_[known->second];
}

// Where the queue is, or the empty slot where it would be.
std::size_t QueueTable::slot_of(std::uint32_t topic, std::int32_t queue_id) const {
  // Both numbers must reach the low bits: there are tables of millions of topics with one queue.
  const std::uint64_t key =
      topic * 0x9E3779B97F4A7C15ULL + static_cast<std::uint32_t>(queue_id) * 0xC2B2AE3D27D4EB4FULL;
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = (key ^ key >> 32U) & mask;
  for (;; slot = (slot + 1) & mask) {
    const QueueNo queue = slots_[slot];
    if (queue == empty) return slot;
    if (states_[queue].topic == topic && states_[queue].queue_id == queue_id) return slot;
  }
}

void QueueTable::grow() {
  slots_.assign(slots_.size() * 2, empty);
  for (QueueNo queue = 0; queue < states_.size(); ++queue)
    slots_[slot_of(states_[queue].topic, states_[queue].queue_id)] = queue;
}

}  // namespace bolide::store
