// SPDX-License-Identifier: Apache-2.0
//
// Publisher: sends messages to the queues of one topic in turn (rocketmq wire 1.9, 3.2).
// Runs on: one thread.  Owns: the choice of queue and the ids; the connections are the caller's and
// must outlive it.
// Invariant: results stand in the order of the messages, and so do the messages of one queue: it
// has one request on its way at a time, because servers may work on several at once. A message is
// sent once and never again.
#pragma once

#include "base/result.h"
#include "client/connections.h"
#include "client/message.h"
#include "client/unique_key.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

struct OutMessage {
  std::string body;
  Properties properties;  // of the user, TAGS and KEYS
};

struct SendResult {
  std::string broker;
  std::int32_t queue = 0;
  std::int64_t offset = 0;
  std::string id;         // UNIQ_KEY
  std::string offset_id;  // by which the broker finds it
  std::string status;     // "ok", or what was not reached: "flush_disk_timeout", ...
};

class Publisher {
 public:
  // Looks the topic up. A topic that does not exist yet is left to a broker that makes topics on
  // sending. `queue`: only queues of this number. Errors: topic_not_found, no_permission (no queue
  // may be written), queue_out_of_range, as Connections::route.
  static Result<Publisher> open(Connections& connections, std::string topic,
                                std::optional<std::int32_t> queue);

  // Sends all messages, those of one queue in batches, and waits for the answers. An error says
  // nothing about the other messages of the call. Errors: message_invalid, invalid_argument (see
  // encode_properties), what a broker answers.
  Result<std::vector<SendResult>> send(std::span<const OutMessage> messages);

 private:
  struct Item {
    const OutMessage* message;
    std::size_t index;  // in the call
    std::string id;
    std::string properties;  // encoded
  };
  struct Target {
    std::string broker;
    std::string address;
    std::int32_t queue = 0;
    std::vector<Item> items;  // of this call
    std::size_t sent = 0;     // how many of them are answered
    std::size_t in_flight = 0;
    std::int32_t opaque = 0;
  };
  Publisher(Connections& connections, std::string topic);
  Result<> choose_targets(const TopicRoute& route, std::optional<std::int32_t> queue);
  Result<> assign(std::span<const OutMessage> messages);
  Result<> start(Target& target);
  Result<> finish(Target& target, std::span<SendResult> results);
  Request request(const Target& target, bool batch) const;

  Connections& connections_;
  std::string topic_;
  std::vector<Target> targets_;
  std::size_t next_target_ = 0;
  UniqueKeys ids_;
};

}  // namespace bolide::client
