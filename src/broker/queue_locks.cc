// SPDX-License-Identifier: Apache-2.0
//
// Which client of a group may consume a queue in order.
// Runs on: core agent.  Owns: the locks.  Invariant: see queue_locks.h.
#include "broker/queue_locks.h"

#include "broker/queue_key.h"

#include <algorithm>

namespace bolide::broker {
void QueueLocks::load(const std::vector<LockEntry>& stored, const Now& now) {
  for (const LockEntry& lock : stored) {
    // A clock that was set may say that the lock is from tomorrow.
    const std::int64_t age_ms = std::max<std::int64_t>(now.wall_ms - lock.renewed_ms, 0);
    if (age_ms > lock_ms) continue;
    const std::int64_t renewed_ms = now.steady_ms() - age_ms;
    const auto key = parse_queue_key(lock.queue);
    if (!key) continue;
    Holders& holders = groups_[std::string(key->group)];
    const std::size_t before = holders.size();
    holders[lock.queue] = {
        .client_id = lock.client_id, .renewed_ms = renewed_ms, .saved_ms = renewed_ms};
    size_ += holders.size() - before;
  }
}

bool QueueLocks::lock(std::string_view group, std::string_view topic, std::int32_t queue_id,
                      std::string_view client_id, const Now& now) {
  const std::string key = queue_key(topic, group, queue_id);
  auto of_group = groups_.find(group);
  if (of_group == groups_.end()) of_group = groups_.emplace(group, Holders{}).first;
  const auto [place, made] = of_group->second.try_emplace(key);
  if (made) ++size_;
  Holder& holder = place->second;
  const std::int64_t now_ms = now.steady_ms();
  const bool free = holder.client_id.empty() || now_ms - holder.renewed_ms > lock_ms;
  if (!free && holder.client_id != client_id) return false;
  const bool taken = holder.client_id != client_id;
  holder.client_id = client_id;
  holder.renewed_ms = now_ms;
  if (taken || now_ms - holder.saved_ms >= save_every_ms) {
    holder.saved_ms = now_ms;
    metadata_.save_lock({.queue = key, .client_id = holder.client_id, .renewed_ms = now.wall_ms});
  }
  return true;
}

void QueueLocks::unlock(std::string_view group, std::string_view topic, std::int32_t queue_id,
                        std::string_view client_id) {
  const auto of_group = groups_.find(group);
  if (of_group == groups_.end()) return;
  Holders& holders = of_group->second;
  const auto found = holders.find(queue_key(topic, group, queue_id));
  if (found == holders.end() || found->second.client_id != client_id) return;
  metadata_.erase_lock(found->first);
  holders.erase(found);
  --size_;
  if (holders.empty()) groups_.erase(of_group);
}

bool QueueLocks::holds_any(std::string_view group, std::int64_t steady_ms) const {
  const auto of_group = groups_.find(group);
  return of_group != groups_.end() && std::ranges::any_of(of_group->second, [&](const auto& item) {
           return steady_ms - item.second.renewed_ms <= lock_ms;
         });
}

void QueueLocks::expire(std::int64_t steady_ms) {
  for (auto& [group, holders] : groups_) {
    size_ -= std::erase_if(holders, [&](const auto& item) {
      if (steady_ms - item.second.renewed_ms <= lock_ms) return false;
      metadata_.erase_lock(item.first);
      return true;
    });
  }
  std::erase_if(groups_, [](const auto& of_group) { return of_group.second.empty(); });
}

std::vector<LockEntry> QueueLocks::all(const Now& now) const {
  std::vector<LockEntry> list;
  list.reserve(size_);
  for (const auto& [group, holders] : groups_) {
    for (const auto& [queue, holder] : holders) {
      list.push_back({.queue = queue,
                      .client_id = holder.client_id,
                      .renewed_ms = now.wall_ms - (now.steady_ms() - holder.renewed_ms)});
    }
  }
  return list;
}

}  // namespace bolide::broker
