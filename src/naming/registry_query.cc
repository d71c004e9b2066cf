// SPDX-License-Identifier: Apache-2.0
//
// RouteRegistry: what it tells, and what administrators change in it.
// Runs on: core agent.  Owns: nothing more.  Invariant: see registry.h.
#include "naming/registry.h"

#include <algorithm>

namespace bolide::naming {
namespace {

// Of this topic the true members are asked, never an acting one.
constexpr std::string_view member_sync_prefix = "%SYS%_SYNC_BROKER_MEMBER_";

constexpr std::int32_t unit_flag = 1;
constexpr std::int32_t unit_subscription_flag = 2;

bool is_of_unit(TopicUnit unit, std::int32_t sys_flag) {
  const bool whole = (sys_flag & unit_flag) != 0;
  const bool subscription = (sys_flag & unit_subscription_flag) != 0;
  switch (unit) {
    case TopicUnit::unit: return whole;
    case TopicUnit::unit_subscription: return subscription;
    case TopicUnit::unit_subscription_only: return subscription && !whole;
  }
  return false;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

void RouteRegistry::add_filter_servers(const BrokerData& broker, TopicRoute* route) const {
  for (const auto& [id, address] : broker.addresses) {
    const Live* live = find_live(broker.cluster, address);
    if (live != nullptr && !live->filter_servers.empty()) {
      route->filter_servers[address] = live->filter_servers;
    }
  }
}

// Where the master is lost and nothing can be written, the slave of the lowest id is shown as
// master, so that clients go on reading.
void RouteRegistry::put_acting_masters(TopicRoute* route) const {
  for (BrokerData& broker : route->brokers) {
    if (broker.addresses.contains(master_id) || !broker.acting_master) continue;
    const auto queue =
        std::ranges::find(route->queues, broker.broker_name, &QueueData::broker_name);
    if (queue == route->queues.end() || (queue->permission & broker::perm::write) != 0) continue;
    auto slave = broker.addresses.extract(broker.addresses.begin());
    slave.key() = master_id;
    broker.addresses.insert(std::move(slave));
  }
}

std::optional<TopicRoute> RouteRegistry::route(std::string_view topic) const {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return std::nullopt;
  TopicRoute route;
  for (const auto& [name, queue] : found->second) {
    route.queues.push_back(queue);
    const auto broker = brokers_.find(name);
    if (broker == brokers_.end()) continue;
    route.brokers.push_back(broker->second);
    add_filter_servers(broker->second, &route);
  }
  if (route.brokers.empty()) return std::nullopt;
  if (const auto mapping = mappings_.find(topic); mapping != mappings_.end()) {
    route.mappings = mapping->second;
  }
  if (options_.support_acting_master && !topic.starts_with(member_sync_prefix)) {
    put_acting_masters(&route);
  }
  return route;
}

template <class Condition>
TopicList RouteRegistry::list_topics(Condition&& condition) const {
  TopicList list;
  for (const auto& [topic, queues] : topics_) {
    if (condition(queues)) list.topics.push_back(topic);
  }
  std::ranges::sort(list.topics);
  return list;
}

TopicList RouteRegistry::all_topics() const {
  return list_topics([](const QueuesByBroker&) { return true; });
}

TopicList RouteRegistry::topics_of_cluster(std::string_view cluster) const {
  const auto names = clusters_.find(cluster);
  if (names == clusters_.end()) return {};
  return list_topics([&](const QueuesByBroker& queues) {
    return std::ranges::any_of(names->second, [&](const auto& n) { return queues.contains(n); });
  });
}

TopicList RouteRegistry::unit_topics(TopicUnit unit) const {
  return list_topics([&](const QueuesByBroker& queues) {
    return is_of_unit(unit, queues.begin()->second.sys_flag);
  });
}

TopicList RouteRegistry::system_topics() const {
  TopicList list;
  for (const auto& [cluster, names] : clusters_) {
    list.topics.push_back(cluster);
    list.topics.insert(list.topics.end(), names.begin(), names.end());
  }
  std::ranges::sort(list.topics);
  list.topics.erase(std::ranges::unique(list.topics).begin(), list.topics.end());
  if (!brokers_.empty()) {
    list.broker_address = brokers_.begin()->second.addresses.begin()->second;
  }
  return list;
}

ClusterInfo RouteRegistry::cluster_info() const {
  return {.brokers = {brokers_.begin(), brokers_.end()},
          .clusters = {clusters_.begin(), clusters_.end()}};
}

MemberGroup RouteRegistry::member_group(std::string_view cluster,
                                        std::string_view broker_name) const {
  MemberGroup group{
      .cluster = std::string(cluster), .broker_name = std::string(broker_name), .addresses = {}};
  if (const auto broker = brokers_.find(broker_name); broker != brokers_.end()) {
    group.addresses = broker->second.addresses;
  }
  return group;
}

template <class Change>
int RouteRegistry::change_permissions(std::string_view broker_name, Change&& change) {
  int count = 0;
  for (auto& [topic, queues] : topics_) {
    const auto found = queues.find(broker_name);
    if (found == queues.end()) continue;
    change(found->second.permission);
    ++count;
  }
  return count;
}

int RouteRegistry::wipe_write_permission(std::string_view broker_name) {
  return change_permissions(broker_name, [](std::int32_t& p) { p &= ~broker::perm::write; });
}

int RouteRegistry::add_write_permission(std::string_view broker_name) {
  return change_permissions(broker_name,
                            [](std::int32_t& p) { p = broker::perm::read | broker::perm::write; });
}

void RouteRegistry::delete_topic(std::string_view topic, std::string_view cluster) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  if (cluster.empty()) {
    found->second.clear();
  } else if (const auto names = clusters_.find(cluster); names != clusters_.end()) {
    for (const std::string& name : names->second) found->second.erase(name);
  }
  if (!found->second.empty()) return;
  mappings_.erase(found->first);
  topics_.erase(found);
}

void RouteRegistry::register_topic(std::string_view topic, std::span<const QueueData> queues) {
  const auto known = [&](const QueueData& queue) { return brokers_.contains(queue.broker_name); };
  const auto found = topics_.find(topic);
  if (queues.empty() || (found == topics_.end() && !std::ranges::all_of(queues, known))) return;
  QueuesByBroker& table = found == topics_.end() ? topics_[std::string(topic)] : found->second;
  for (const QueueData& queue : queues) {
    if (!known(queue)) return;
    table.insert_or_assign(queue.broker_name, queue);
  }
}

void keep_zone(std::string_view zone, TopicRoute* route) {
  for (const BrokerData& broker : route->brokers) {
    if (!broker.addresses.contains(master_id) || equal_ignoring_case(broker.zone, zone)) continue;
    std::erase_if(route->queues,
                  [&](const auto& q) { return q.broker_name == broker.broker_name; });
    for (const auto& [id, address] : broker.addresses) route->filter_servers.erase(address);
  }
  std::erase_if(route->brokers, [&](const BrokerData& broker) {
    return broker.addresses.contains(master_id) && !equal_ignoring_case(broker.zone, zone);
  });
}

}  // namespace bolide::naming
