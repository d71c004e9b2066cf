// SPDX-License-Identifier: Apache-2.0
//
// In which lite topics there may be something, and for which client.
// Runs on: core agent.  Owns: see lite_registry.h.  Invariant: see lite_registry.h.
#include "broker/lite/lite_registry.h"

#include <algorithm>

namespace bolide::broker {
namespace {

// Clients that are looked at for one that waits.
constexpr int looks_max = 16;
// A client that has something in its list and does not come for it.
constexpr std::int64_t stuck_ms = 10'000;

}  // namespace

LiteShare& LiteRegistry::share_of(std::string_view light_queue, std::optional<store::QueueNo> queue,
                                  LiteGroup& group) {
  auto found = nodes_.find(light_queue);
  if (found == nodes_.end()) {
    auto made = std::make_unique<LiteNode>();
    made->name = light_queue;
    found = nodes_.emplace(made->name, std::move(made)).first;
  }
  LiteNode& node = *found->second;
  if (queue && !node.queue) {
    node.queue = queue;
    by_queue_[*queue] = &node;
  }
  for (const auto& share : node.shares) {
    if (share->group == &group) return *share;
  }
  node.shares.push_back(std::make_unique<LiteShare>());
  LiteShare& share = *node.shares.back();
  share.node = &node;
  share.group = &group;
  return share;
}

void LiteRegistry::forget_if_idle(LiteShare& share) {
  if (share.holder != nullptr || !share.members.empty()) return;
  LiteNode& node = *share.node;
  std::erase_if(node.shares, [&](const auto& one) { return one.get() == &share; });
  if (!node.shares.empty()) return;
  if (node.queue) by_queue_.erase(*node.queue);
  nodes_.erase(nodes_.find(node.name));
}

// Who is next; one that waits before one that does not.
LiteMember* LiteRegistry::choose(LiteShare& share, const LiteMember* but) {
  const LiteMembers& members = share.group->wildcard ? share.group->members : share.members;
  LiteMember* chosen = nullptr;
  auto at = members.upper_bound(share.turn);
  const std::size_t looks = std::min<std::size_t>(members.size(), looks_max);
  for (std::size_t i = 0; i < looks; ++i, ++at) {
    if (at == members.end()) at = members.begin();
    if (at->second == but) continue;
    if (chosen == nullptr) chosen = at->second;
    if (!talk_.waits(*at->second)) continue;
    chosen = at->second;
    break;
  }
  return chosen;
}

void LiteRegistry::dispatch(LiteShare& share, const LiteMember* but) {
  if (share.holder != nullptr) return;
  LiteMember* member = choose(share, but);
  if (member == nullptr) return;
  share.turn = member->number;
  hold(share, *member, false);
  talk_.wake(*member);
}

void LiteRegistry::hold(LiteShare& share, LiteMember& member, bool first) {
  share.holder = &member;
  share.at = member.ready.insert(first ? member.ready.begin() : member.ready.end(), &share);
}

void LiteRegistry::take_out(LiteShare& share) {
  share.holder->ready.erase(share.at);
  share.holder = nullptr;
}

LiteShare* LiteRegistry::take_ready(LiteMember& member) {
  if (member.ready.empty()) return nullptr;
  LiteShare* share = member.ready.front();
  take_out(*share);
  return share;
}

void LiteRegistry::put_back(LiteShare& share, LiteMember& member, bool first) {
  hold(share, member, first);
}

void LiteRegistry::give_to_others(LiteMember& member, bool leaves) {
  const std::vector<LiteShare*> held(member.ready.begin(), member.ready.end());
  for (LiteShare* share : held) {
    take_out(*share);
    dispatch(*share, &member);
    if (share->holder == nullptr && !leaves) hold(*share, member, false);
    forget_if_idle(*share);
  }
}

void LiteRegistry::light_made(std::string_view light_queue, store::QueueNo queue) {
  const auto found = nodes_.find(light_queue);
  if (found == nodes_.end() || found->second->queue) return;
  found->second->queue = queue;
  by_queue_[queue] = found->second.get();
}

void LiteRegistry::ready(store::QueueNo queue, std::string_view light_queue,
                         std::string_view parent) {
  if (const auto found = by_queue_.find(queue); found != by_queue_.end()) {
    for (const auto& share : found->second->shares) dispatch(*share);
  }
  const auto groups = wildcards_.find(parent);
  if (groups == wildcards_.end()) return;
  for (LiteGroup* group : groups->second) dispatch(share_of(light_queue, queue, *group));
}

void LiteRegistry::ready_for(std::string_view name, std::string_view light_queue,
                             std::optional<store::QueueNo> queue) {
  const auto found = groups_.find(name);
  if (found == groups_.end()) return;
  LiteGroup& group = *found->second;
  if (group.wildcard) return dispatch(share_of(light_queue, queue, group));
  const auto node = nodes_.find(light_queue);
  if (node == nodes_.end() || !node->second->queue) return;
  for (const auto& share : node->second->shares) {
    if (share->group == &group) return dispatch(*share);
  }
}

void LiteRegistry::ready_all(LiteMember& member) {
  for (const auto& [name, share] : member.shares) {
    if (share->node->queue) dispatch(*share);
  }
}

void LiteRegistry::expire(std::int64_t steady_ms, std::int64_t timeout_ms) {
  std::vector<LiteMember*> silent;
  std::vector<LiteMember*> stuck;
  for (const auto& [key, member] : members_) {
    if (talk_.waits(*member)) continue;
    if (steady_ms - member->heard_ms > timeout_ms)
      silent.push_back(member.get());
    else if (!member->ready.empty() && steady_ms - member->popped_ms > stuck_ms)
      stuck.push_back(member.get());
  }
  for (LiteMember* member : stuck) give_to_others(*member, false);
  for (LiteMember* member : silent) remove(*member);
}

}  // namespace bolide::broker
