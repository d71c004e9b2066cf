// SPDX-License-Identifier: Apache-2.0
//
// One request to send, on its way through a ProducerCore.
// Runs on: made by the caller's thread, then on the client's agent.  Owns: the encoded message.
// Invariant: `done` is called once.
#pragma once

#include <bolide/message.h>
#include <bolide/producer.h>

#include "base/result.h"
#include "client/send_encode.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bolide::client {

// One request to send, until its end.
struct Send {
  std::string topic;
  EncodedMessage encoded;
  std::vector<std::string> ids;  // more than one: a batch
  bool batch = false;
  bool one_way = false;
  std::int32_t code = 0;  // of the request, where it is another than a send's
  std::int32_t flag = 0;
  std::string ordering_key;
  QueueSelector select;
  Message original;  // for the selector, without its body
  std::int64_t deadline_ms = 0;
  int attempts = 0;
  QueueId queue;             // of the current attempt
  std::int64_t sent_ms = 0;  // likewise
  std::size_t counted_bytes = 0;
  std::int64_t sequence = -1;  // its number in its queue; -1: not numbered, or not yet
  std::optional<std::int64_t> sequence_wanted;  // by the user
  std::optional<SendReceipt> stored;            // of an attempt that stored it, but not safely
  // On the agent. The first message's receipt; of a batch the others follow it.
  std::move_only_function<void(Result<SendReceipt>)> done;
};
using SendPtr = std::unique_ptr<Send>;

// What was sent behind it may be stored already: another attempt would break the order.
inline bool is_ordered(const Send& send) {
  return send.select || !send.ordering_key.empty();
}

}  // namespace bolide::client
