// SPDX-License-Identifier: Apache-2.0
//
// Subscribing to lite topics.
// Runs on: core agent.  Owns: see lite_topics.h.  Invariant: see lite_topics.h.
#include "broker/lite/lite_topics.h"

#include <set>
#include <utility>

namespace bolide::broker {
namespace {

// Clients make theirs from address, process and group.

}  // namespace

struct LiteTopics::Wish {
  const ClientPlace& place;
  const LiteSubscription& request;
  const LiteRules& rules;
  std::set<std::string> light_queues;
};

Result<> LiteTopics::subscribe(const ClientPlace& place, const LiteSubscription& request,
                               const Now& now) {
  // As Apache's broker, which passes over what names nobody.
  if (request.client_id.empty() || request.group.empty() || request.topic.empty()) return {};
  if (request.action == LiteAction::remove_all) {
    if (LiteMember* member = registry_.find(request.group, request.client_id))
      registry_.remove(*member);
    return {};
  }
  if (request.action == LiteAction::remove) {
    remove(request);
    return {};
  }
  BOLIDE_CHECK(check_lite_client(request.client_id));
  BOLIDE_TRY(const GroupConfig* group, parts_.groups.find_or_create(request.group, now.wall_ms));
  if (!group->consume_enabled)
    return fail(Errc::no_permission, "Consumer group is not allowed to consume.");
  const LiteRules rules = lite_rules(*group);
  if (rules.wildcard && request.action == LiteAction::add) {
    return fail(Errc::invalid_argument, "subscribe lite operation is not supported for this group");
  }
  // Apache's broker keeps what can never be popped.
  const Topic* parent = parts_.topics.find(request.topic);
  if (rules.parent != request.topic || parent == nullptr || !is_lite_parent(parent->config))
    return {};
  Wish wish{.place = place, .request = request, .rules = rules, .light_queues = {}};
  if (!rules.wildcard) {
    for (const std::string& name : request.lite_topics) {
      BOLIDE_TRY(std::string light_queue, lite_queue_of(request.topic, name));
      wish.light_queues.insert(std::move(light_queue));
    }
  }
  return request.action == LiteAction::add ? add(wish, now) : replace(wish, now);
}

// A client without any subscription counts as one, so that those are bounded too.
Result<> LiteTopics::check_room(const Wish& wish, const LiteMember* member) const {
  const bool whole = wish.request.action == LiteAction::replace;
  const std::size_t had = member == nullptr ? 0 : member->shares.size();
  std::size_t have = whole ? 0 : had;
  for (const std::string& name : wish.light_queues)
    have += whole || member == nullptr || !member->shares.contains(name) ? 1 : 0;
  if (have > had && have > wish.rules.client_max) {
    return fail(Errc::quota_exceeded, "lite subscription quota of the client exceeded " +
                                          std::to_string(wish.rules.client_max) +
                                          " (lite.sub.client.quota)");
  }
  const std::size_t all = registry_.subscriptions() - had + have + (wish.rules.wildcard ? 1 : 0);
  const std::size_t members = registry_.members() + (member == nullptr ? 1 : 0);
  const bool grows = have > had || member == nullptr;
  if (!grows || (all <= settings_.subscriptions_max && members <= settings_.subscriptions_max))
    return {};
  return fail(Errc::quota_exceeded, "lite subscription quota exceeded " +
                                        std::to_string(settings_.subscriptions_max) +
                                        " (broker.lite_subscriptions_max)");
}

LiteMember& LiteTopics::join(const Wish& wish, const Now& now) {
  const bool first = wish.rules.wildcard && registry_.find_group(wish.request.group) == nullptr;
  if (first) scan(wish.request.group);
  return registry_.join({.group = wish.request.group,
                         .parent = wish.request.topic,
                         .wildcard = wish.rules.wildcard,
                         .client = wish.request.client_id,
                         .place = wish.place},
                        now.steady_ms());
}

Result<> LiteTopics::add(const Wish& wish, const Now& now) {
  BOLIDE_CHECK(check_room(wish, registry_.find(wish.request.group, wish.request.client_id)));
  if (wish.light_queues.empty()) return {};
  LiteMember& member = join(wish, now);
  for (const std::string& name : wish.light_queues) {
    if (wish.rules.exclusive) {
      for (LiteMember* other : registry_.others(member, name))
        evict(*other, name, wish.rules.first_after_eviction);
    }
    if (wish.request.start) start(wish.request.group, name, *wish.request.start);
    const auto queue = parts_.places.store.find_queue(name, 0);
    const bool added = registry_.subscribe(member, name, queue);
    if (!added && wish.request.start) registry_.ready_for(wish.request.group, name, queue);
  }
  return {};
}

// Clients say again and again what they subscribe to: that takes nothing from another.
Result<> LiteTopics::replace(const Wish& wish, const Now& now) {
  const LiteMember* known = registry_.find(wish.request.group, wish.request.client_id);
  if (known != nullptr && wish.request.version < known->version) {
    (void)join(wish, now);  // it is heard of
    return {};
  }
  BOLIDE_CHECK(check_room(wish, known));
  LiteMember& member = join(wish, now);
  member.version = wish.request.version;
  std::vector<std::string> gone;
  for (const auto& [name, share] : member.shares) {
    if (!wish.light_queues.contains(std::string(name))) gone.emplace_back(name);
  }
  for (const std::string& name : gone) (void)registry_.unsubscribe(member, name);
  for (const std::string& name : wish.light_queues) {
    if (wish.rules.exclusive && !registry_.others(member, name).empty()) {
      tell(member, name);
      continue;
    }
    const auto queue = parts_.places.store.find_queue(name, 0);
    if (registry_.subscribe(member, name, queue) || !queue) continue;
    // What a failure has kept from being noticed is found by then.
    const LitePlace place{.group = wish.request.group, .light_queue = name, .queue = *queue};
    if (places_.can_give(place, now.wall_ms)) registry_.ready_for(wish.request.group, name, queue);
  }
  return {};
}

void LiteTopics::remove(const LiteSubscription& request) {
  LiteMember* member = registry_.find(request.group, request.client_id);
  if (member == nullptr) return;
  const GroupConfig* group = parts_.groups.find(request.group);
  const bool to_first = group != nullptr && lite_rules(*group).first_after_removal;
  for (const std::string& lite_topic : request.lite_topics) {
    const auto name = lite_queue_of(request.topic, lite_topic);
    if (name && registry_.unsubscribe(*member, *name) && to_first)
      start(request.group, *name, {.kind = LiteStart::Kind::first});
  }
}

void LiteTopics::evict(LiteMember& other, const std::string& light_queue, bool to_first) {
  tell(other, light_queue);
  (void)registry_.unsubscribe(other, light_queue);
  if (to_first) start(other.group->name, light_queue, {.kind = LiteStart::Kind::first});
}

void LiteTopics::tell(const LiteMember& member, std::string_view light_queue) const {
  member.sink->on_lite_unsubscribed(member.session,
                                    {.client = member.client,
                                     .group = member.group->name,
                                     .lite_topic = lite_name(light_queue)->lite_topic});
}

void LiteTopics::start(std::string_view group, std::string_view light_queue,
                       const LiteStart& start) {
  if (const auto queue = parts_.places.store.find_queue(light_queue, 0))
    places_.start({.group = group, .light_queue = light_queue, .queue = *queue}, start);
}

}  // namespace bolide::broker
