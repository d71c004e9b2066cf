// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of pops have in common: how long a pop may wait, and the fields by which a
// consumer names the delivery of a message (rocketmq wire 2.7).
// Runs on: io agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "protocols/remoting/call.h"
#include "protocols/remoting/pop_receipt.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bolide::remoting {

broker::Ticket ticket_of(const Call& call, std::uint32_t detail);
// How long the request may wait from now on; nothing: it came too late.
std::optional<std::int64_t> wait_of(const Call& call, std::int64_t born_ms, std::int64_t poll_ms);
std::int32_t pop_code(broker::PopStatus status, bool look);
std::string_view pop_remark(broker::PopStatus status);
// Without messages.
void answer_status(Front& front, const broker::Ticket& ticket, std::int32_t code);
// What clients of RocketMQ are told when there is no such message.
void answer_ack_error(const Responder& responder, const Error& error);

struct AckFields {
  broker::LeaseRef lease;
  PopReceipt receipt;
};
// The answer to a pop of lite topics (handlers_lite.cc).
void answer_lite_pop(const Responder& responder, const broker::PopResult& result);

// Errors: malformed.
Result<AckFields> ack_fields(Fields& fields);

}  // namespace bolide::remoting
