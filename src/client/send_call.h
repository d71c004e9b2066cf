// SPDX-License-Identifier: Apache-2.0
//
// Making a send of a message, and waiting for its end: what the ways of sending share.
// Runs on: the caller's thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "client/producer_core.h"

#include <string>

namespace bolide::client {

// What the library adds to a message of its own.
struct SendExtras {
  std::int32_t sys_flag = 0;
  Properties properties = {};
};

// Errors: as encode_message.
Result<SendPtr> make_send(ProducerCore& core, Message message, QueueSelector select,
                          const SendExtras& extras = {});

// Gives a send to the core and waits for its end.
Result<SendReceipt> send_and_wait(ProducerCore& core, SendPtr send);

}  // namespace bolide::client
