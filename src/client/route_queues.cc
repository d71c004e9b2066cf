// SPDX-License-Identifier: Apache-2.0
//
// Queues of a route.
// Runs on: any agent.  Owns: nothing.  Invariant: see route_queues.h.
#include "client/route_queues.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace bolide::client {
namespace {

constexpr std::string_view logical_prefix = "__syslo__";
constexpr std::string_view global_scope = "__global__";
constexpr std::int32_t logical_queues_max = 65'535;

// As the Java client names it: of the scope of all, without the underscores before it.
std::string logical_broker(std::string_view scope) {
  if (scope == global_scope) scope.remove_prefix(2);
  return std::string(logical_prefix) + std::string(scope);
}

std::vector<RouteQueue> queues_that(const TopicRoute& route, const std::string& topic,
                                    std::int32_t allow, std::int32_t QueueData::* count,
                                    std::int32_t queues_max) {
  std::vector<RouteQueue> queues;
  if (!route.mappings.empty()) {
    for (const auto& [queue, leader] : logical_queues(route, topic))
      queues.push_back({queue, route.broker(leader)});
    return queues;
  }
  for (const QueueData& data : route.queues) {
    const BrokerData* const broker = route.broker(data.broker);
    if ((data.perm & allow) == 0 || broker == nullptr) continue;
    for (std::int32_t i = 0; i < std::min(data.*count, queues_max); ++i)
      queues.push_back({{topic, data.broker, i}, broker});
  }
  std::ranges::sort(queues, {}, &RouteQueue::queue);
  return queues;
}

}  // namespace

bool is_logical(std::string_view broker) {
  return broker.starts_with(logical_prefix);
}

std::map<QueueId, std::string> logical_queues(const TopicRoute& route, const std::string& topic) {
  using Mapping = std::pair<const std::string, QueueMapping>;
  std::vector<const Mapping*> newest_first;
  for (const Mapping& mapping : route.mappings) newest_first.push_back(&mapping);
  std::ranges::sort(newest_first, std::ranges::greater{},
                    [](const Mapping* mapping) { return mapping->second.epoch; });
  std::map<QueueId, std::string> queues;
  for (const Mapping* const mapping : newest_first) {
    const auto& [broker, part] = *mapping;
    const std::string name = logical_broker(part.scope);
    for (const auto& [id, physical] : part.current_ids)
      queues.try_emplace({topic, name, id}, broker);
  }
  if (newest_first.empty()) return queues;
  // Those that nobody has are queues too: the members of a group must agree on how many there are.
  const QueueMapping& newest = newest_first.front()->second;
  for (std::int32_t id = 0; id < std::min(newest.total_queues, logical_queues_max); ++id)
    queues.try_emplace({topic, logical_broker(newest.scope), id});
  return queues;
}

std::vector<RouteQueue> queues_to_read(const TopicRoute& route, const std::string& topic) {
  return queues_that(route, topic, permission::read, &QueueData::read_queues,
                     std::numeric_limits<std::int32_t>::max());
}

std::vector<RouteQueue> queues_to_write(const TopicRoute& route, const std::string& topic,
                                        std::int32_t queues_max) {
  return queues_that(route, topic, permission::write, &QueueData::write_queues, queues_max);
}

}  // namespace bolide::client
