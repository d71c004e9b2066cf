// SPDX-License-Identifier: Apache-2.0
//
// Reading queues of a broker's own topics from end to end, for administrators.
// Runs on: any thread but the client's agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "client/admin_calls.h"
#include "client/message.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bolide::client {

// A part of a queue on one broker.
struct QueuePart {
  std::string topic;
  std::string broker;
  std::string address;
  std::int32_t queue = 0;
  std::int64_t from = 0;
  std::int64_t to = 0;  // the offset behind the last
};

// What the broker has of a topic, by queue; nothing where it does not have the topic.
Result<std::vector<QueuePart>> queue_parts(const AdminCalls& calls, const BrokerData& broker,
                                           const std::string& topic);

// Calls `each` for the messages of the part, in their order. What retention removes meanwhile is
// passed over.
Result<> scan_queue(const AdminCalls& calls, const QueuePart& part,
                    const std::function<void(ReceivedMessage&& message)>& each);

}  // namespace bolide::client
