// SPDX-License-Identifier: Apache-2.0
//
// Which client of a group may consume a queue in order.
// Runs on: core agent.  Owns: the locks.  Invariant: see queue_locks.h.
#include "broker/queue_locks.h"

#include <algorithm>

namespace bolide::broker {
namespace {

std::string key_of(std::string_view group, std::string_view topic, std::int32_t queue_id) {
  return std::string(group) + "@" + std::string(topic) + "@" + std::to_string(queue_id);
}

}  // namespace

bool QueueLocks::lock(std::string_view group, std::string_view topic, std::int32_t queue_id,
                      std::string_view client_id, std::int64_t steady_ms) {
  Holder& holder = holders_[key_of(group, topic, queue_id)];
  const bool free = holder.client_id.empty() || steady_ms - holder.renewed_ms > lock_ms;
  if (!free && holder.client_id != client_id) return false;
  holder.client_id = client_id;
  holder.renewed_ms = steady_ms;
  return true;
}

void QueueLocks::unlock(std::string_view group, std::string_view topic, std::int32_t queue_id,
                        std::string_view client_id) {
  const auto found = holders_.find(key_of(group, topic, queue_id));
  if (found != holders_.end() && found->second.client_id == client_id) holders_.erase(found);
}

bool QueueLocks::holds_any(std::string_view group, std::int64_t steady_ms) const {
  return std::ranges::any_of(holders_, [&](const auto& item) {
    const std::string_view key = item.first;
    return key.size() > group.size() && key.starts_with(group) && key[group.size()] == '@' &&
           steady_ms - item.second.renewed_ms <= lock_ms;
  });
}

void QueueLocks::expire(std::int64_t steady_ms) {
  std::erase_if(holders_,
                [&](const auto& item) { return steady_ms - item.second.renewed_ms > lock_ms; });
}

}  // namespace bolide::broker
