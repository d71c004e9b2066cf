// SPDX-License-Identifier: Apache-2.0
//
// Receipts of popped messages, as clients make, keep and send them (rocketmq semantics 3.18), and
// lists of acknowledgements (wire 2.7).
// Runs on: any thread.  Owns: the decoded values.  Invariant: no number from the wire is used
// before it was checked.
#pragma once

#include <bolide/simple_consumer.h>

#include "base/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::client {

// From which topic a message was popped: its own, or one of the group's retries (of two names).
enum class PopMark : std::uint8_t { own, retry_v1, retry_v2 };

struct PopReceipt {
  std::int64_t start_offset = 0;  // of the first message that was popped with it
  std::int64_t popped_ms = 0;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  PopMark mark = PopMark::own;
  std::string broker;
  std::int32_t queue = 0;
  std::int64_t offset = 0;

  std::string text() const;
  // Eight fields or more, between spaces. Errors: malformed.
  static Result<PopReceipt> parse(std::string_view text);
};

// The topic on the broker. `topic` and `group` are those on the wire.
std::string popped_topic(std::string_view group, std::string_view topic, PopMark mark);

// "mark SP key SP number", joined by ";": where the queues of an answer begin, how often messages
// were delivered.
class PopTable {
 public:
  // Errors: malformed.
  static Result<PopTable> parse(std::string_view text);
  std::optional<std::int64_t> find(PopMark mark, std::string_view key) const;

 private:
  std::map<std::pair<PopMark, std::string>, std::int64_t> numbers_;
};

// What the header of a pop's answer says of its messages.
struct PopAnswer {
  std::string_view group;   // as on the wire
  std::string_view broker;  // who answered
  std::int64_t popped_ms = 0;
  std::int64_t invisible_ms = 0;
  std::int32_t revive_queue = 0;
  PopTable start_offsets;
  PopTable order_counts;
};

// A message of such an answer, with its receipt. Its topic stays that of the record.
PoppedMessage popped(ReceivedMessage message, const PopAnswer& answer);

// What is acknowledged, on one broker.
struct Acked {
  std::string topic;  // as on the wire, not a group's retries
  PopReceipt receipt;
};
// The body of BATCH_ACK_MESSAGE for these, which are of one broker. Messages too far from the first
// of their pop are left out: bit sets must stay small; their places come back.
std::string batch_ack_body(std::string_view broker, std::string_view group,
                           std::span<const Acked> acked, std::vector<std::size_t>* left_out);

}  // namespace bolide::client
