// SPDX-License-Identifier: Apache-2.0
//
// What administrators ask of lite topics. Refusals are those seen on RocketMQ's broker.
// Runs on: core agent.  Owns: nothing beyond lite_topics.h.  Invariant: what is told is bounded,
// whatever is asked.
#include "broker/lite/lite_topics.h"

#include <algorithm>
#include <tuple>

namespace bolide::broker {
namespace {

constexpr std::size_t told_max = 10'000;

// Of a request that wants `wanted` entries; none named: as many as may be.
std::size_t told(std::int64_t wanted) {
  return wanted <= 0 ? told_max : std::min(static_cast<std::size_t>(wanted), told_max);
}

}  // namespace

Result<const Topic*> LiteTopics::parent_of(std::string_view name) const {
  const Topic* topic = parts_.topics.find(name);
  if (topic == nullptr)
    return fail(Errc::topic_not_found, "Topic [" + std::string(name) + "] not exist.");
  if (is_lite_parent(topic->config)) return topic;
  return fail(Errc::invalid_argument, "Topic [" + std::string(name) + "] type not match.");
}

Result<const GroupConfig*> LiteTopics::group_of(std::string_view name, const Now& now) const {
  auto group = parts_.groups.find_or_create(name, now.wall_ms);
  if (group || group.error().code != Errc::group_not_found) return group;
  return fail(Errc::group_not_found, "Group [" + std::string(name) + "] not exist.");
}

Result<const GroupConfig*> LiteTopics::bound_group(std::string_view name, const Now& now) const {
  BOLIDE_TRY(const GroupConfig* group, group_of(name, now));
  if (!lite_rules(*group).parent.empty()) return group;
  return fail(Errc::invalid_argument, "Group [" + std::string(name) + "] is not a LITE group.");
}

std::map<std::string, std::set<std::string>> LiteTopics::bound_groups() const {
  std::map<std::string, std::set<std::string>> bound;
  for (const auto& [name, group] : parts_.groups.all()) {
    const LiteRules rules = lite_rules(group);
    if (!rules.parent.empty()) bound[std::string(rules.parent)].insert(name);
  }
  return bound;
}

LiteBrokerFacts LiteTopics::broker_facts() const {
  LiteBrokerFacts facts{.light_queues_max = parts_.topics.light_queues_max(),
                        .light_queues = parts_.topics.light_queues(),
                        .subscriptions = registry_.subscriptions(),
                        .leased_queues = parts_.places.leases.stats().queues,
                        .queues = parts_.places.store.queue_count(),
                        .offsets = parts_.places.offsets.size(),
                        .clients = registry_.members(),
                        .parents = {},
                        .groups = bound_groups()};
  for (const auto& [name, topic] : parts_.topics.all()) {
    if (is_lite_parent(topic.config)) facts.parents[name] = lite_expiration(topic.config);
  }
  return facts;
}

Result<LiteParentFacts> LiteTopics::parent_facts(std::string_view name) const {
  BOLIDE_TRY(const Topic* parent, parent_of(name));
  LiteParentFacts facts{.expiration = lite_expiration(parent->config),
                        .light_queues = parts_.topics.light_queues()};
  if (const LiteIndex::Parent* known = index_.find(name)) facts.lite_topics = known->queues.size();
  auto bound = bound_groups();
  facts.groups = std::move(bound[std::string(name)]);
  return facts;
}

Result<LiteTopicFacts> LiteTopics::topic_facts(std::string_view parent,
                                               std::string_view lite_topic) {
  BOLIDE_CHECK(parent_of(parent));
  BOLIDE_TRY(const std::string light_queue, lite_queue_of(parent, lite_topic));
  LiteTopicFacts facts;
  if (const auto queue = parts_.places.store.find_queue(light_queue, 0)) {
    facts.max_offset = places_.end(*queue);
    if (facts.max_offset > 0) {
      facts.min_offset = parts_.places.store.min_offset(*queue);
      facts.last_update_ms = places_.stored_ms(*queue, facts.max_offset - 1, 0);
    }
  }
  for (const auto& [name, group] : registry_.groups()) {
    // All clients of a wildcard group are told as one.
    if (group->wildcard && group->parent == parent) facts.subscribers.emplace_back("*", name);
  }
  if (const LiteNode* node = registry_.find_node(light_queue)) {
    for (const auto& share : node->shares) {
      for (const auto& [number, member] : share->members) {
        if (facts.subscribers.size() < told_max)
          facts.subscribers.emplace_back(member->client, share->group->name);
      }
    }
  }
  return facts;
}

Result<LiteClientFacts> LiteTopics::client_facts(const LiteClientQuestion& question,
                                                 const Now& now) const {
  BOLIDE_CHECK(parent_of(question.parent));
  BOLIDE_TRY(const GroupConfig* group, group_of(question.group, now));
  if (lite_rules(*group).parent != question.parent) {
    return fail(Errc::invalid_argument, "Subscription [" + std::string(question.group) + "]-[" +
                                            std::string(question.parent) + "] not match.");
  }
  LiteClientFacts facts;
  const LiteMember* member = registry_.find(question.group, question.client);
  if (member == nullptr) return facts;
  facts.known = true;
  facts.accessed_ms = member->accessed_ms;
  facts.count = member->shares.size();
  for (const auto& [name, share] : member->shares) {
    if (facts.light_queues.size() == told(question.count_max)) break;
    facts.light_queues.emplace_back(name);
  }
  if (member->group->wildcard) {
    facts.count = 1;
    facts.light_queues.push_back(member->group->parent + "@" + member->group->name);
  }
  return facts;
}

// Where most is left, of all lite topics in which the group has a place.
void LiteTopics::add_lags(std::string_view group, std::size_t count, LiteGroupFacts* facts) {
  for (const std::string& name : parts_.places.offsets.topics_of(group)) {
    const auto lite = lite_name(name);
    if (!lite) continue;
    const auto queue = parts_.places.store.find_queue(name, 0);
    const auto committed = parts_.places.offsets.find(group, name, 0);
    if (!queue || !committed) continue;
    const std::int64_t lag = places_.end(*queue) - *committed;
    if (lag <= 0) continue;
    facts->lag += lag;
    facts->most.push_back({.lite_topic = std::string(lite->lite_topic),
                           .messages = lag,
                           .oldest_ms = places_.stored_ms(*queue, *committed, -1)});
  }
  std::ranges::sort(facts->most, [](const LiteLag& one, const LiteLag& other) {
    return std::tie(other.messages, one.lite_topic) < std::tie(one.messages, other.lite_topic);
  });
  if (facts->most.size() > count) facts->most.resize(count);
}

Result<LiteGroupFacts> LiteTopics::group_facts(const LiteGroupQuestion& question, const Now& now) {
  BOLIDE_TRY(const GroupConfig* group, bound_group(question.group, now));
  LiteGroupFacts facts;
  facts.parent = lite_rules(*group).parent;
  if (question.lite_topic.empty()) {
    if (question.count_max <= 0) return fail(Errc::malformed, "topK must be 1 or more");
    add_lags(question.group, told(question.count_max), &facts);
    return facts;
  }
  BOLIDE_TRY(const std::string name, lite_queue_of(facts.parent, question.lite_topic));
  const auto queue = parts_.places.store.find_queue(name, 0);
  const std::int64_t end = queue ? places_.end(*queue) : 0;
  if (end <= 0) {
    facts.lag = -1;
    return facts;
  }
  const auto committed = parts_.places.offsets.find(question.group, name, 0);
  if (!committed) return facts;
  facts.lag = end - *committed;
  facts.oldest_ms = places_.stored_ms(*queue, *committed, -1);
  facts.place = LiteGroupFacts::Place{
      .end = end,
      .committed = *committed,
      .done_ms = *committed > 0 ? places_.stored_ms(*queue, *committed - 1, -1) : 0};
  return facts;
}

Result<> LiteTopics::trigger(std::string_view name, std::string_view client, const Now& now) {
  BOLIDE_CHECK(bound_group(name, now));
  const LiteGroup* group = registry_.find_group(name);
  if (group == nullptr) return {};
  if (group->wildcard) {
    scan(name);
    return {};
  }
  for (const auto& [number, member] : group->members) {
    if (client.empty() || member->client == client) registry_.ready_all(*member);
  }
  return {};
}

}  // namespace bolide::broker
