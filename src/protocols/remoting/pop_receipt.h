// SPDX-License-Identifier: Apache-2.0
//
// How RocketMQ's clients name the messages that they popped (rocketmq semantics 3.18): the receipt
// (POP_CK, extraInfo), the header fields from which they make it, and lists of acknowledgements.
// Runs on: any agent.  Owns: nothing.  Invariant: nothing in a receipt is trusted to be what was
// given out.
#pragma once

#include "base/result.h"
#include "broker/api.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::remoting {

// In place of a queue of the revive topic: the message was given to a consumer in order.
inline constexpr std::int32_t ordered_revive_queue = 999;

struct PopReceipt {
  std::int64_t start_offset = 0;
  std::int64_t given_ms = 0;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  broker::PopRetry retry = broker::PopRetry::none;
  std::string_view broker;
  std::int32_t queue_id = 0;

  bool ordered() const { return revive_queue == ordered_revive_queue; }
};

// Reads a receipt of seven fields and more, between spaces; those behind the queue are the
// message's offset and, from gRPC, its place in the log. Errors: malformed, naming the field.
Result<PopReceipt> parse_receipt(std::string_view text);

// The three fields of an answer from which clients make the receipts.
std::string start_offset_info(const std::vector<broker::PopQueue>& queues);
std::string message_offset_info(const std::vector<broker::PopQueue>& queues);
std::string order_count_info(const std::vector<broker::PopQueue>& queues);

// One entry of BATCH_ACK_MESSAGE: messages of one queue that were given together.
struct BatchAck {
  std::string group;
  std::string topic;
  broker::PopRetry retry = broker::PopRetry::none;
  std::int32_t queue_id = 0;
  std::int32_t revive_queue = 0;
  std::int64_t given_ms = 0;
  std::vector<std::int64_t> offsets;
};

// Errors: malformed.
Result<std::vector<BatchAck>> parse_batch_ack(std::string_view body);

}  // namespace bolide::remoting
