// SPDX-License-Identifier: Apache-2.0
//
// The light queues of lite topics.
// Runs on: core agent.  Owns: the lists.  Invariant: see lite_index.h.
#include "broker/lite/lite_index.h"

#include "broker/lite/lite_rules.h"

namespace bolide::broker {

LiteIndex::LiteIndex(const store::MessageStore& store) {
  for (store::QueueNo queue = 0; queue < store.queue_count(); ++queue)
    made(store.queue_name(queue).topic, queue);
}

void LiteIndex::made(std::string_view light_queue, store::QueueNo queue) {
  const auto name = lite_name(light_queue);
  if (!name || parent_of(queue) != nullptr) return;
  auto found = parents_.find(name->parent);
  if (found == parents_.end()) {
    auto parent = std::make_unique<Parent>();
    parent->name = name->parent;
    found = parents_.emplace(parent->name, std::move(parent)).first;
  }
  found->second->queues.push_back(queue);
  if (by_queue_.size() <= queue) by_queue_.resize(std::size_t{queue} + 1);
  by_queue_[queue] = found->second.get();
}

const LiteIndex::Parent* LiteIndex::find(std::string_view parent) const {
  const auto found = parents_.find(parent);
  return found == parents_.end() ? nullptr : found->second.get();
}

}  // namespace bolide::broker
