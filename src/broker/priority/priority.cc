// SPDX-License-Identifier: Apache-2.0
//
// Priorities.
// Runs on: core agent.  Owns: nothing.  Invariant: see priority.h.
#include "broker/priority/priority.h"

#include "base/strings.h"

#include <algorithm>

namespace bolide::broker {

std::optional<std::int32_t> priority_queue(const SendProperties& known, std::int32_t write_queues) {
  const auto priority = parse_integer<std::int32_t>(known.priority);
  if (!priority || *priority < 0 || known.special || known.ordered || write_queues < 1)
    return std::nullopt;
  return std::min(*priority, write_queues - 1);
}

bool pops_by_priority(const TopicConfig& topic, std::int32_t priority_factor, std::uint64_t turn) {
  if (topic.attributes.empty()) return false;
  const auto type = topic.attributes.find("message.type");
  if (type == topic.attributes.end() || type->second != "PRIORITY") return false;
  return turn % 100 < static_cast<std::uint64_t>(priority_factor);
}

std::int32_t priority_factor(const GroupConfig& group) {
  const auto found = group.attributes.find("priority.factor");
  if (found == group.attributes.end()) return 100;
  return std::clamp(parse_integer<std::int32_t>(found->second).value_or(100), 0, 100);
}

}  // namespace bolide::broker
