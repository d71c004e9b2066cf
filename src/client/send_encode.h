// SPDX-License-Identifier: Apache-2.0
//
// What a producer puts on the wire for a message: checked, with its id, compressed (rocketmq
// wire 1.9-1.13).
// Runs on: the caller's thread.  Owns: the encoded values.
// Invariant: what is encoded here passes the servers' own checks.
#pragma once

#include <bolide/message.h>
#include <bolide/producer.h>

#include "base/result.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

struct EncodedMessage {
  std::string body;
  std::string properties;
  std::int32_t sys_flag = 0;
};

// Whether a property means something to clients and servers, so that a user's may not claim its
// name.
bool is_reserved(std::string_view property);

// Errors: topic_not_valid, message_invalid (no body, a property that is reserved or cannot be
// held), message_too_large.
Result<> check_message(const Message& message, const ProducerOptions& options);

// One message; its body is taken. Errors: as check_message.
Result<EncodedMessage> encode_message(Message& message, const std::string& id,
                                      const ProducerOptions& options);

// How many of `messages` from the first on go into one request (at least one), and their body.
// Requires checked messages and one id for each.
struct EncodedBatch {
  std::size_t messages = 0;
  EncodedMessage encoded;
};
Result<EncodedBatch> encode_batch(std::span<const Message> messages,
                                  std::span<const std::string> ids, const ProducerOptions& options);

}  // namespace bolide::client
