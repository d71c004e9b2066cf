// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of pops have in common.
// Runs on: io agent.  Owns: nothing.  Invariant: see pop_call.h.
#include "protocols/remoting/pop_call.h"

#include "protocols/remoting/front.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::remoting {
namespace {

// A request that is late by more is refused: its client has given up.
constexpr std::int64_t late_ms_max = 500;
// The answer to a request that waited is to arrive within its time.
constexpr std::int64_t answer_ms = 50;
constexpr std::int64_t poll_ms_max = 24LL * 3600 * 1000;

}  // namespace

broker::Ticket ticket_of(const Call& call, std::uint32_t detail) {
  if (call.serialization == Serialization::binary) detail |= ticket_detail::binary;
  return {
      .sink = &call.front, .session = call.session, .token = call.header.opaque, .detail = detail};
}

std::optional<std::int64_t> wait_of(const Call& call, std::int64_t born_ms, std::int64_t poll_ms) {
  if (poll_ms <= 0) return 0;
  poll_ms = std::min(poll_ms, poll_ms_max);
  // A client whose clock is ahead waits its time and no longer.
  const std::int64_t waited_ms =
      born_ms <= 0 ? 0 : std::max<std::int64_t>(0, call.now.wall_ms - born_ms);
  if (waited_ms - poll_ms > late_ms_max) return std::nullopt;
  return std::max<std::int64_t>(0, poll_ms - waited_ms - answer_ms);
}

std::int32_t pop_code(broker::PopStatus status, bool look) {
  if (status == broker::PopStatus::found) return response_code::success;
  if (look) return response_code::pull_not_found;
  return status == broker::PopStatus::full ? response_code::polling_full
                                           : response_code::polling_timeout;
}

std::string_view pop_remark(broker::PopStatus status) {
  return status == broker::PopStatus::found ? "FOUND" : "NO_MESSAGE_IN_QUEUE";
}

void answer_status(Front& front, const broker::Ticket& ticket, std::int32_t code) {
  broker::PopResult nothing;
  nothing.status =
      code == response_code::polling_full ? broker::PopStatus::full : broker::PopStatus::nothing;
  front.on_pop(ticket, std::move(nothing));
}

void answer_ack_error(const Responder& responder, const Error& error) {
  if (error.code != Errc::not_found) return responder.error(error);
  responder.answer({.code = response_code::no_message, .remark = error.context},
                   std::string_view{});
}

Result<AckFields> ack_fields(Fields& fields) {
  AckFields ack{.lease = {.group = fields.text("consumerGroup"),
                          .topic = fields.text("topic"),
                          .queue_id = fields.number<std::int32_t>("queueId"),
                          .offset = fields.number<std::int64_t>("offset")}};
  const std::string_view receipt = fields.text("extraInfo");
  BOLIDE_CHECK(fields.check());
  BOLIDE_TRY(ack.receipt, parse_receipt(receipt));
  ack.lease.given_ms = ack.receipt.given_ms;
  ack.lease.ordered = ack.receipt.ordered();
  return ack;
}

}  // namespace bolide::remoting
