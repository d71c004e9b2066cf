// SPDX-License-Identifier: Apache-2.0
//
// Who is connected.
// Runs on: core agent.  Owns: the registry.  Invariant: see clients.h.
#include "broker/clients.h"

#include "base/log.h"

#include <algorithm>

namespace bolide::broker {
namespace {

Member member_of(const ClientPlace& place, const Heartbeat& heartbeat, const Now& now) {
  return {.client_id = heartbeat.client_id,
          .address = place.address,
          .language = heartbeat.language,
          .version = heartbeat.version,
          .last_seen_ms = now.wall_ms,
          .session = place.session};
}

// A heartbeat is answered before anybody looks at its expressions: the log says what is wrong.
void tell_of_mistakes(const Clients::Filter& filter, std::string_view group) {
  const Result<Matcher>& matcher = filter.matcher;
  if (!matcher) {
    BOLIDE_LOG(warning, "group {} subscribes by an expression that gets nothing: {}", group,
               matcher.error().context);
  } else if (matcher->sql && matcher->sql->used_bytes < filter.subscription.expression.size()) {
    BOLIDE_LOG(
        warning,
        "group {}: what stands behind byte {} of its expression has no effect, as with Apache",
        group, matcher->sql->used_bytes);
  }
}

void forget(StringMap<std::int64_t>& groups, std::string_view name) {
  const auto found = groups.find(name);
  if (found != groups.end()) groups.erase(found);
}

}  // namespace

void Clients::tell_members(std::string_view name) const {
  const ConsumerGroup* group = find(name);
  if (group == nullptr || !group->notify) return;
  for (const auto& [session, sink] : group->sinks) sink->on_group_changed(session, name);
}

bool Clients::update_filters(ConsumerGroup& group, const ConsumerData& data) {
  bool changed = false;
  for (const Subscription& subscription : data.subscriptions) {
    const auto found = group.filters.find(subscription.topic);
    if (found != group.filters.end() &&
        found->second.subscription.version >= subscription.version) {
      continue;
    }
    // An expression that cannot be compiled is refused when it is pulled with.
    Filter filter{
        .subscription = subscription,
        .matcher = Matcher::compile(subscription.expression, subscription.expression_type)};
    tell_of_mistakes(filter, data.group);
    const bool same = found != group.filters.end() &&
                      found->second.subscription.expression == subscription.expression &&
                      found->second.subscription.expression_type == subscription.expression_type;
    changed = changed || !same;
    group.filters.insert_or_assign(subscription.topic, std::move(filter));
  }
  // Sorted, for a client may subscribe to any number of topics.
  std::vector<std::string_view> topics;
  topics.reserve(data.subscriptions.size());
  for (const Subscription& subscription : data.subscriptions) topics.push_back(subscription.topic);
  std::ranges::sort(topics);
  const auto gone = std::erase_if(group.filters, [&](const auto& item) {
    return !std::ranges::binary_search(topics, std::string_view(item.first));
  });
  return changed || gone > 0;
}

bool Clients::consumer_seen(const ClientPlace& place, const Heartbeat& heartbeat,
                            const ConsumerData& data, bool notify, const Now& now) {
  ConsumerGroup& group = consumers_[data.group];
  group.type = data.type;
  group.model = data.model;
  group.from = data.from;
  group.notify = notify;
  const bool joined = !group.members.contains(place.session);
  group.members[place.session] = member_of(place, heartbeat, now);
  group.sinks[place.session] = place.sink;
  sessions_[place.session].consumer_groups[data.group] = now.steady_ms();
  const bool resubscribed = !heartbeat.without_subscriptions && update_filters(group, data);
  return joined || resubscribed;
}

void Clients::producer_seen(const ClientPlace& place, const Heartbeat& heartbeat,
                            std::string_view group, const Now& now) {
  producers_[std::string(group)][place.session] = member_of(place, heartbeat, now);
  Memberships& session = sessions_[place.session];
  session.sink = place.sink;
  session.producer_groups[std::string(group)] = now.steady_ms();
  name_producer(place.session, heartbeat.client_id);
}

void Clients::name_producer(SessionId session, std::string_view client_id) {
  std::string& known = sessions_.at(session).producer_id;
  if (known == client_id) return;
  if (const auto found = producer_sessions_.find(known); found != producer_sessions_.end()) {
    found->second.erase(session);
    if (found->second.empty()) producer_sessions_.erase(found);
  }
  known = client_id;
  if (!known.empty()) producer_sessions_[known].insert(session);
}

const Member* Clients::find_producer(std::string_view client_id) const {
  const auto found = producer_sessions_.find(client_id);
  if (found == producer_sessions_.end()) return nullptr;
  const SessionId newest = *found->second.rbegin();
  const auto& group = sessions_.at(newest).producer_groups.begin()->first;
  return &producers_.find(group)->second.at(newest);
}

std::optional<Clients::Producer> Clients::pick_producer(std::string_view group,
                                                        std::uint64_t turn) const {
  const auto found = producers_.find(group);
  if (found == producers_.end() || found->second.empty()) return std::nullopt;
  const auto place = static_cast<std::ptrdiff_t>(turn % found->second.size());
  const SessionId session = std::next(found->second.begin(), place)->first;
  return Producer{.session = session, .sink = sessions_.at(session).sink};
}

void Clients::remove_consumer(std::string_view name, SessionId session) {
  const auto found = consumers_.find(name);
  if (found == consumers_.end() || found->second.members.erase(session) == 0) return;
  found->second.sinks.erase(session);
  if (found->second.members.empty())
    consumers_.erase(found);
  else
    tell_members(name);
}

void Clients::remove_producer(std::string_view name, SessionId session) {
  const auto found = producers_.find(name);
  if (found == producers_.end()) return;
  found->second.erase(session);
  if (found->second.empty()) producers_.erase(found);
}

void Clients::leave(SessionId session, std::string_view producer_group,
                    std::string_view consumer_group) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  forget(found->second.producer_groups, producer_group);
  if (found->second.producer_groups.empty()) name_producer(session, {});
  forget(found->second.consumer_groups, consumer_group);
  remove_producer(producer_group, session);
  remove_consumer(consumer_group, session);
}

void Clients::session_closed(SessionId session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  name_producer(session, {});
  const Memberships memberships = std::move(found->second);
  sessions_.erase(found);
  for (const auto& [group, heard] : memberships.producer_groups) remove_producer(group, session);
  for (const auto& [group, heard] : memberships.consumer_groups) remove_consumer(group, session);
}

void Clients::expire(const Now& now, std::int64_t timeout_ms) {
  std::vector<std::pair<std::string, SessionId>> silent_consumers;
  std::vector<std::pair<std::string, SessionId>> silent_producers;
  const auto collect = [&](const StringMap<std::int64_t>& groups, SessionId session, auto& silent) {
    for (const auto& [group, heard_ms] : groups) {
      if (now.steady_ms() - heard_ms > timeout_ms) silent.emplace_back(group, session);
    }
  };
  for (const auto& [session, memberships] : sessions_) {
    collect(memberships.consumer_groups, session, silent_consumers);
    collect(memberships.producer_groups, session, silent_producers);
  }
  for (const auto& [name, session] : silent_consumers) leave(session, {}, name);
  for (const auto& [name, session] : silent_producers) leave(session, name, {});
}

const Clients::ConsumerGroup* Clients::find(std::string_view group) const {
  const auto found = consumers_.find(group);
  return found == consumers_.end() ? nullptr : &found->second;
}

std::vector<Member> Clients::producers(std::string_view group) const {
  std::vector<Member> list;
  const auto found = producers_.find(group);
  if (found == producers_.end()) return list;
  for (const auto& [session, member] : found->second) list.push_back(member);
  return list;
}

std::vector<std::string> Clients::groups_of_topic(std::string_view topic) const {
  std::vector<std::string> groups;
  for (const auto& [name, group] : consumers_) {
    if (group.filters.contains(topic)) groups.push_back(name);
  }
  return groups;
}

std::size_t Clients::member_count() const {
  std::size_t count = 0;
  for (const auto& [name, group] : consumers_) count += group.members.size();
  for (const auto& [name, members] : producers_) count += members.size();
  return count;
}

}  // namespace bolide::broker
