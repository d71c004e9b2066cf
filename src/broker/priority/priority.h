// SPDX-License-Identifier: Apache-2.0
//
// Messages with a priority: the queue of that number holds them, and pops begin with the highest
// (rocketmq semantics 3.19). Nothing is stored for it.
// Runs on: core agent.  Owns: nothing.  Invariant: depends on the message and the settings of its
// topic and group alone.
#pragma once

#include "broker/config.h"
#include "broker/properties.h"

#include <cstdint>
#include <optional>

namespace bolide::broker {

// The queue for a message that has a priority; nothing: it goes where its sender said. A message
// for later, in order or of a transaction has none, whatever it says.
std::optional<std::int32_t> priority_queue(const SendProperties& known, std::int32_t write_queues);

// Whether the pops of a group begin with the topic's highest queue: in so many of a hundred as the
// group's priority.factor says. `turn` counts the pops.
bool pops_by_priority(const TopicConfig& topic, std::int32_t priority_factor, std::uint64_t turn);
std::int32_t priority_factor(const GroupConfig& group);

}  // namespace bolide::broker
