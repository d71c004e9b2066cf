// SPDX-License-Identifier: Apache-2.0
//
// The queues of a topic as its route has them: those of its brokers or, of a static topic, the
// logical ones (rocketmq semantics 3.20), which name no broker; which one has them now is in the
// route.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include "client/bodies.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

// Whether it stands in the place of a broker's name.
bool is_logical(std::string_view broker);

// Each logical queue of the topic with the name of the broker that has it now, empty if none does.
// None: the topic is not static.
std::map<QueueId, std::string> logical_queues(const TopicRoute& route, const std::string& topic);

struct RouteQueue {
  QueueId queue;
  const BrokerData* broker = nullptr;  // that has it now, in the route; null: nobody has
};

// Those that may be read, in order.
std::vector<RouteQueue> queues_to_read(const TopicRoute& route, const std::string& topic);
// Those that may be written, in order; at most `queues_max` of each broker, unless they are
// logical.
std::vector<RouteQueue> queues_to_write(const TopicRoute& route, const std::string& topic,
                                        std::int32_t queues_max);

}  // namespace bolide::client
