// SPDX-License-Identifier: Apache-2.0
//
// Logical queues of a route.
// Runs on: any agent.  Owns: nothing.  Invariant: see static_topic.h.
#include "client/static_topic.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace bolide::client {
namespace {

constexpr std::string_view logical_prefix = "__syslo__";
constexpr std::string_view global_scope = "__global__";
constexpr std::int32_t queues_max = 65'535;

// As the Java client names it: of the scope of all, without the underscores before it.
std::string logical_broker(std::string_view scope) {
  if (scope == global_scope) scope.remove_prefix(2);
  return std::string(logical_prefix) + std::string(scope);
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
  for (std::int32_t id = 0; id < std::min(newest.total_queues, queues_max); ++id)
    queues.try_emplace({topic, logical_broker(newest.scope), id});
  return queues;
}

}  // namespace bolide::client
