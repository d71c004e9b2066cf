// SPDX-License-Identifier: Apache-2.0
//
// Subscriber: reads all queues of a topic from a place on, without being a member of a group: other
// readers take nothing from it and it takes nothing from them (rocketmq 3.4).
// Runs on: one thread.  Owns: the place in each queue; the connections are the caller's and must
// outlive it.
// Invariant: one pull is on its way for each queue, parked by the broker while there is nothing.
#pragma once

#include "base/result.h"
#include "client/connections.h"
#include "client/message.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bolide::client {

// Where reading begins.
struct StartAt {
  enum class Kind : std::uint8_t { first, last, time };
  Kind kind = Kind::last;
  std::int64_t time_ms = 0;
};

class Subscriber {
 public:
  // `tags`: "*" or "a || b". Errors: topic_not_found, no_permission (no queue may be read), what a
  // broker answers.
  static Result<Subscriber> open(Connections& connections, const std::string& topic, StartAt start,
                                 const std::string& tags = "*");

  // Calls on_message(message, broker's name) for each message as it comes, until it returns false.
  // Messages of one queue come in order. Errors: what a broker answers, a lost connection.
  using OnMessage = std::function<bool(const ReceivedMessage& message, const std::string& broker)>;
  Result<> run(const OnMessage& on_message);

 private:
  struct Queue {
    std::string broker;
    std::string address;
    std::int32_t id = 0;
    std::int64_t next = 0;
    std::int32_t opaque = 0;  // of the pull on its way
  };
  Subscriber(Connections& connections, std::string topic, std::string tags)
      : connections_(connections), topic_(std::move(topic)), tags_(std::move(tags)) {}
  Result<std::int64_t> start_offset(const Queue& queue, StartAt start);
  Result<> pull(Queue& queue);
  Result<bool> take(Queue& queue, const Response& response, const OnMessage& on_message);
  Result<bool> drain(const std::string& address, const OnMessage& on_message);

  Connections& connections_;
  std::string topic_;
  std::string tags_;
  std::vector<Queue> queues_;
};

}  // namespace bolide::client
