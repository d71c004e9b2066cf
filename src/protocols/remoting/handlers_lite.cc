// SPDX-License-Identifier: Apache-2.0
//
// Lite topics: subscribing, popping, acknowledging (rocketmq wire 2.7; semantics 3.24).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/lite_bodies.h"
#include "protocols/remoting/pop_call.h"
#include "protocols/remoting/wire/request_codes.h"

#include <memory>

namespace bolide::remoting {
namespace {

// Subscriptions of one request; answered by the last of them, with the first error.
class SubscriptionAnswer {
 public:
  explicit SubscriptionAnswer(Responder responder) : responder_(responder) {}
  ~SubscriptionAnswer() {
    if (error_)
      refuse(*error_);
    else
      responder_.ok();
  }
  void note(const Result<>& done) {
    if (!done && !error_) error_ = done.error();
  }

 private:
  void refuse(const Error& error) const {
    std::int32_t code = response_code::illegal_operation;
    if (error.code == Errc::quota_exceeded)
      code = response_code::lite_subscription_quota_exceeded;
    else if (error.code != Errc::invalid_argument && error.code != Errc::no_permission)
      return responder_.error(error);
    responder_.answer({.code = code, .remark = error.context}, std::string_view{});
  }

  Responder responder_;
  std::optional<Error> error_;
};

void refuse_body(const Call& call, std::string_view remark) {
  call.responder().answer({.code = response_code::illegal_operation, .remark = remark},
                          std::string_view{});
}

}  // namespace

namespace on {

void control_lite_subscriptions(const Call& call) {
  if (call.body.empty()) return refuse_body(call, "Request body is null.");
  const auto list = parse_lite_subscriptions(call.body);
  if (!list) return call.responder().error(list.error());
  if (list->empty()) return refuse_body(call, "LiteSubscriptionCtlRequestBody is empty.");
  const auto answer = std::make_shared<SubscriptionAnswer>(call.responder());
  const broker::ClientPlace place{
      .sink = &call.front, .session = call.session, .address = call.peer};
  for (const broker::LiteSubscription& one : *list) {
    call.broker().api.subscribe_lite(call.identity, place, one,
                                     [answer](Result<> done) { answer->note(done); });
  }
}

void pop_lite_message(const Call& call) {
  if (call.header.is_one_way()) return;  // nobody would get the messages
  Fields fields(call.header);
  broker::PopRequest request{.ticket = ticket_of(call, ticket_detail::pop_lite),
                             .identity = &call.identity,
                             .group = fields.text("consumerGroup"),
                             .topic = fields.text("topic"),
                             .lite_client = fields.text("clientId"),
                             .messages_max = fields.number<std::int32_t>("maxMsgNum"),
                             .invisible_ms = fields.number<std::int64_t>("invisibleTime"),
                             .ordered = true,
                             .attempt = fields.text_or("attemptId", {}),
                             .subscription = std::nullopt};
  const auto poll_ms = fields.number<std::int64_t>("pollTime");
  const auto born_ms = fields.number_or<std::int64_t>("bornTime", 0);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const auto wait_ms = wait_of(call, born_ms, poll_ms);
  if (!wait_ms) return answer_status(call.front, request.ticket, response_code::polling_timeout);
  request.suspend_ms = *wait_ms;
  call.broker().api.pop(request);
}

void ack_lite_message(const Call& call) {
  Fields fields(call.header);
  const auto ack = ack_fields(fields);
  if (!ack) return call.responder().error(ack.error());
  call.broker().api.ack_lite(
      call.identity, {.lease = ack->lease, .lite_topic = fields.text("liteTopic")},
      [responder = call.responder()](Result<broker::Settled> settled) {
        if (!settled) return answer_ack_error(responder, settled.error());
        if (*settled == broker::Settled::unknown)
          return responder.error(Error{Errc::message_invalid, "ack offset illegal."});
        responder.ok();
      });
}

void change_lite_invisible_time(const Call& call) {
  Fields fields(call.header);
  const auto invisible_ms = fields.number<std::int64_t>("invisibleTime");
  const auto ack = ack_fields(fields);
  if (!ack) return call.responder().error(ack.error());
  call.broker().api.change_lite(
      call.identity, {.lease = ack->lease, .lite_topic = fields.text("liteTopic")},
      {.invisible_ms = invisible_ms, .suspend = fields.flag_or("suspend", false)},
      [responder = call.responder()](Result<broker::LeaseChange> change) {
        if (!change) return answer_ack_error(responder, change.error());
        const bool earlier = change->settled == broker::Settled::earlier;
        const DecimalText given(change->given_ms);
        const DecimalText invisible(change->invisible_ms);
        const DecimalText revive(earlier ? 0 : ordered_revive_queue);
        const ExtField out[] = {{"popTime", given.view()},
                                {"invisibleTime", invisible.view()},
                                {"reviveQid", revive.view()}};
        responder.ok(out);
      });
}

}  // namespace on

void answer_lite_pop(const Responder& responder, const broker::PopResult& result) {
  const DecimalText given(result.given_ms);
  const DecimalText invisible(result.invisible_ms);
  const DecimalText revive(ordered_revive_queue);
  const std::string counts = lite_count_info(result.queues);
  const ExtField out[] = {{"popTime", given.view()},
                          {"invisibleTime", invisible.view()},
                          {"reviveQid", revive.view()},
                          {"orderCountInfo", counts}};
  responder.answer(
      {.code = pop_code(result.status, false), .remark = pop_remark(result.status), .fields = out},
      result.records);
}

}  // namespace bolide::remoting
