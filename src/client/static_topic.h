// SPDX-License-Identifier: Apache-2.0
//
// The logical queues of a static topic as clients see them (rocketmq semantics 3.20): they name no
// broker, and which one has a queue now is in the route.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include "client/bodies.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace bolide::client {

// Whether it stands in the place of a broker's name.
bool is_logical(std::string_view broker);

// Each logical queue of the topic with the name of the broker that has it now, empty if none does.
// None: the topic is not static.
std::map<QueueId, std::string> logical_queues(const TopicRoute& route, const std::string& topic);

}  // namespace bolide::client
