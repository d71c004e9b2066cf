// SPDX-License-Identifier: Apache-2.0
//
// Popping messages and acknowledging them one by one (rocketmq wire 2.2, 2.7; semantics 3.18).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "broker/delivery/pop_retry.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/pop_call.h"
#include "protocols/remoting/wire/request_codes.h"

#include <memory>

namespace bolide::remoting {
namespace {

// Many acknowledgements of one request; answered by the last of them.
class BatchAnswer {
 public:
  explicit BatchAnswer(Responder responder) : responder_(responder) {}
  ~BatchAnswer() {
    if (error_)
      answer_ack_error(responder_, *error_);
    else
      responder_.ok();
  }
  // Messages that are no more, or not of this queue, are passed over.
  void note(const Result<broker::Settled>& settled) {
    if (!settled && settled.error().code != Errc::not_found) error_ = settled.error();
  }

 private:
  Responder responder_;
  std::optional<Error> error_;
};

}  // namespace

namespace on {

void pop_message(const Call& call) {
  if (call.header.is_one_way()) return;  // nobody would get the messages
  Fields fields(call.header);
  const bool ordered = fields.flag_or("order", false);
  broker::PopRequest request{.ticket = ticket_of(call, ordered ? ticket_detail::pop_ordered : 0),
                             .identity = &call.identity,
                             .group = fields.text("consumerGroup"),
                             .topic = fields.text("topic"),
                             .queue_id = fields.number<std::int32_t>("queueId"),
                             .messages_max = fields.number<std::int32_t>("maxMsgNums"),
                             .invisible_ms = fields.number<std::int64_t>("invisibleTime"),
                             .from_end = fields.number<std::int32_t>("initMode") == 1,
                             .ordered = ordered,
                             .attempt = fields.text_or("attemptId", {}),
                             .subscription = std::nullopt,
                             .expression_type = fields.text_or("expType", "TAG")};
  const auto poll_ms = fields.number<std::int64_t>("pollTime");
  const auto born_ms = fields.number<std::int64_t>("bornTime");
  if (const std::string_view expression = fields.text_or("exp", {}); !expression.empty())
    request.subscription = expression;
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const auto wait_ms = wait_of(call, born_ms, poll_ms);
  if (!wait_ms) return answer_status(call.front, request.ticket, response_code::polling_timeout);
  request.suspend_ms = *wait_ms;
  call.broker().api.pop(request);
}

void peek_message(const Call& call) {
  Fields fields(call.header);
  const broker::PopRequest request{.ticket = ticket_of(call, ticket_detail::pop_look),
                                   .identity = &call.identity,
                                   .kind = broker::PopKind::look,
                                   .group = fields.text("consumerGroup"),
                                   .topic = fields.text("topic"),
                                   .queue_id = fields.number<std::int32_t>("queueId"),
                                   .messages_max = fields.number<std::int32_t>("maxMsgNums"),
                                   .subscription = std::nullopt};
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.pop(request);
}

void notification(const Call& call) {
  Fields fields(call.header);
  broker::PopRequest request{.ticket = ticket_of(call, ticket_detail::pop_notice),
                             .identity = &call.identity,
                             .kind = broker::PopKind::notice,
                             .group = fields.text("consumerGroup"),
                             .topic = fields.text("topic"),
                             .queue_id = fields.number<std::int32_t>("queueId"),
                             .ordered = fields.flag_or("order", false),
                             .attempt = fields.text_or("attemptId", {}),
                             .subscription = std::nullopt};
  const auto poll_ms = fields.number<std::int64_t>("pollTime");
  const auto born_ms = fields.number_or<std::int64_t>("bornTime", 0);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  request.suspend_ms = wait_of(call, born_ms, poll_ms).value_or(0);
  call.broker().api.pop(request);
}

void polling_info(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  const std::string_view topic = fields.text("topic");
  const auto queue_id = fields.number<std::int32_t>("queueId");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.waiting_pops(call.identity, group, topic, queue_id,
                                 [responder = call.responder()](Result<std::size_t> waiting) {
                                   if (!waiting) return responder.error(waiting.error());
                                   const DecimalText number(static_cast<std::int64_t>(*waiting));
                                   const ExtField out[] = {{"pollingNum", number.view()}};
                                   responder.ok(out);
                                 });
}

void ack_message(const Call& call) {
  if (!call.header.field("liteTopic").empty()) return ack_lite_message(call);
  Fields fields(call.header);
  const auto ack = ack_fields(fields);
  if (!ack) return call.responder().error(ack.error());
  call.broker().api.ack(
      call.identity, ack->lease,
      [responder = call.responder(),
       ordered = ack->lease.ordered](Result<broker::Settled> settled) {
        if (!settled) return answer_ack_error(responder, settled.error());
        // A consumer in order that names what it was never given has lost its way.
        if (ordered && *settled == broker::Settled::unknown)
          return responder.error(Error{Errc::message_invalid, "the message was not given"});
        responder.ok();
      });
}

void batch_ack_message(const Call& call) {
  const auto acks = parse_batch_ack(call.body.empty() ? "{}" : call.body);
  if (!acks) return call.responder().error(acks.error());
  if (acks->empty()) {
    return call.responder().answer({.code = response_code::no_message, .remark = "no acks"},
                                   std::string_view{});
  }
  const auto answer = std::make_shared<BatchAnswer>(call.responder());
  for (const BatchAck& ack : *acks) {
    const std::string topic = broker::pop_topic(ack.group, ack.topic, ack.retry);
    for (std::int64_t offset : ack.offsets) {
      call.broker().api.ack(call.identity,
                            {.group = ack.group,
                             .topic = topic,
                             .queue_id = ack.queue_id,
                             .offset = offset,
                             .given_ms = ack.given_ms,
                             .ordered = ack.revive_queue == ordered_revive_queue},
                            [answer](Result<broker::Settled> settled) { answer->note(settled); });
    }
  }
}

void change_invisible_time(const Call& call) {
  if (!call.header.field("liteTopic").empty()) return change_lite_invisible_time(call);
  Fields fields(call.header);
  const auto invisible_ms = fields.number<std::int64_t>("invisibleTime");
  const auto ack = ack_fields(fields);
  if (!ack) return call.responder().error(ack.error());
  call.broker().api.change_lease(
      call.identity, ack->lease, invisible_ms,
      [responder = call.responder(),
       revive_queue = ack->receipt.revive_queue](Result<broker::LeaseChange> change) {
        if (!change) return answer_ack_error(responder, change.error());
        const DecimalText given(change->given_ms);
        const DecimalText invisible(change->invisible_ms);
        const DecimalText revive(revive_queue);
        const ExtField out[] = {{"popTime", given.view()},
                                {"invisibleTime", invisible.view()},
                                {"reviveQid", revive.view()}};
        responder.ok(out);
      });
}

}  // namespace on

namespace {

void answer_notice(const Responder& responder, broker::PopStatus status) {
  const bool found = status == broker::PopStatus::found;
  const bool full = status == broker::PopStatus::full;
  const ExtField out[] = {{"hasMsg", found ? "true" : "false"},
                          {"pollingFull", full ? "true" : "false"}};
  responder.ok(out);
}

}  // namespace

void Front::on_pop(const broker::Ticket& ticket, broker::PopResult&& result) {
  const Responder responder(this, ticket.session, ticket.token, serialization_of(ticket), false);
  if (result.error) return responder.error(*result.error);
  if ((ticket.detail & ticket_detail::pop_notice) != 0)
    return answer_notice(responder, result.status);
  if ((ticket.detail & ticket_detail::pop_lite) != 0) return answer_lite_pop(responder, result);
  const bool ordered = (ticket.detail & ticket_detail::pop_ordered) != 0;
  const bool look = (ticket.detail & ticket_detail::pop_look) != 0;
  const DecimalText given(result.given_ms);
  const DecimalText invisible(result.invisible_ms);
  const DecimalText revive(ordered ? ordered_revive_queue : 0);
  const DecimalText rest(result.rest);
  const std::string starts = start_offset_info(result.queues);
  const std::string offsets = message_offset_info(result.queues);
  const std::string counts = ordered ? order_count_info(result.queues) : std::string();
  const ExtField out[] = {{"popTime", given.view()},    {"invisibleTime", invisible.view()},
                          {"reviveQid", revive.view()}, {"restNum", rest.view()},
                          {"startOffsetInfo", starts},  {"msgOffsetInfo", offsets},
                          {"orderCountInfo", counts}};
  const std::size_t fields = starts.empty() ? 4U : counts.empty() ? 6U : 7U;
  responder.answer({.code = pop_code(result.status, look),
                    .remark = pop_remark(result.status),
                    .fields = std::span(out, fields)},
                   result.records);
}

}  // namespace bolide::remoting
