// SPDX-License-Identifier: Apache-2.0
//
// Clients that subscribe to lite topics, and their subscriptions.
// Runs on: core agent.  Owns: members, groups, shares.  Invariant: see lite_registry.h.
#include "broker/lite/lite_registry.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

std::string key_of(std::string_view group, std::string_view client) {
  std::string key(group);
  key += '@';  // in no name of a group
  return key.append(client);
}

}  // namespace

LiteMember* LiteRegistry::find(std::string_view group, std::string_view client) const {
  const auto found = members_.find(key_of(group, client));
  return found == members_.end() ? nullptr : found->second.get();
}

const LiteGroup* LiteRegistry::find_group(std::string_view group) const {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : found->second.get();
}

const LiteNode* LiteRegistry::find_node(std::string_view light_queue) const {
  const auto found = nodes_.find(light_queue);
  return found == nodes_.end() ? nullptr : found->second.get();
}

LiteMember& LiteRegistry::join(const Joining& who, std::int64_t steady_ms) {
  LiteMember* member = find(who.group, who.client);
  if (member == nullptr) {
    auto& group = groups_[std::string(who.group)];
    if (group == nullptr) {
      group = std::make_unique<LiteGroup>();
      group->name = who.group;
      group->parent = who.parent;
      group->wildcard = who.wildcard;
      if (who.wildcard) wildcards_[group->parent].push_back(group.get());
    }
    auto made = std::make_unique<LiteMember>();
    member = made.get();
    member->number = ++last_number_;
    member->client = who.client;
    member->group = group.get();
    group->members.emplace(member->number, member);
    members_.emplace(key_of(who.group, who.client), std::move(made));
    if (who.wildcard) ++subscriptions_;
  } else {
    leave_session(*member);
  }
  member->sink = who.place.sink;
  member->session = who.place.session;
  member->heard_ms = steady_ms;
  by_session_[member->session].insert(member);
  return *member;
}

void LiteRegistry::leave_session(LiteMember& member) {
  const auto found = by_session_.find(member.session);
  if (found == by_session_.end()) return;
  found->second.erase(&member);
  if (found->second.empty()) by_session_.erase(found);
}

void LiteRegistry::remove(LiteMember& member) {
  leave_session(member);
  LiteGroup& group = *member.group;
  group.members.erase(member.number);
  if (group.wildcard) --subscriptions_;
  while (!member.shares.empty())
    (void)unsubscribe(member, std::string(member.shares.begin()->first));
  give_to_others(member, true);  // of a wildcard group
  members_.erase(members_.find(key_of(group.name, member.client)));
  if (!group.members.empty()) return;
  if (group.wildcard) {
    const auto found = wildcards_.find(group.parent);
    std::erase(found->second, &group);
    if (found->second.empty()) wildcards_.erase(found);
  }
  groups_.erase(groups_.find(group.name));
}

template <class Predicate>
void LiteRegistry::remove_if(Predicate predicate) {
  std::vector<LiteMember*> gone;
  for (const auto& [key, member] : members_) {
    if (predicate(*member)) gone.push_back(member.get());
  }
  for (LiteMember* member : gone) remove(*member);
}

void LiteRegistry::erase_group(std::string_view group) {
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  std::vector<LiteMember*> gone;
  for (const auto& [number, member] : found->second->members) gone.push_back(member);
  for (LiteMember* member : gone) remove(*member);
}

void LiteRegistry::erase_parent(std::string_view parent) {
  remove_if([&](const LiteMember& member) { return member.group->parent == parent; });
}

void LiteRegistry::session_closed(SessionId session) {
  const auto found = by_session_.find(session);
  if (found == by_session_.end()) return;
  const std::set<LiteMember*> gone = std::move(found->second);
  by_session_.erase(found);
  for (LiteMember* member : gone) remove(*member);
}

bool LiteRegistry::subscribe(LiteMember& member, std::string_view light_queue,
                             std::optional<store::QueueNo> queue) {
  if (member.shares.contains(light_queue)) return false;
  LiteShare& share = share_of(light_queue, queue, *member.group);
  share.members.emplace(member.number, &member);
  member.shares.emplace(share.node->name, &share);
  ++subscriptions_;
  if (share.node->queue) dispatch(share);
  return true;
}

bool LiteRegistry::unsubscribe(LiteMember& member, std::string_view light_queue) {
  const auto found = member.shares.find(light_queue);
  if (found == member.shares.end()) return false;
  LiteShare& share = *found->second;
  member.shares.erase(found);
  share.members.erase(member.number);
  --subscriptions_;
  if (share.holder == &member) {
    take_out(share);
    dispatch(share);
  }
  forget_if_idle(share);
  return true;
}

std::vector<LiteMember*> LiteRegistry::others(const LiteMember& member,
                                              std::string_view light_queue) const {
  std::vector<LiteMember*> list;
  const LiteNode* node = find_node(light_queue);
  if (node == nullptr) return list;
  for (const auto& share : node->shares) {
    if (share->group != member.group) continue;
    for (const auto& [number, other] : share->members) {
      if (other != &member) list.push_back(other);
    }
  }
  return list;
}

}  // namespace bolide::broker
