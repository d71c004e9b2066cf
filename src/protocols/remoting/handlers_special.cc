// SPDX-License-Identifier: Apache-2.0
//
// Messages that are no plain ones: those given back, of transactions, taken back (rocketmq
// wire 2.7; semantics 3.7, 3.9, 3.10). Runs on: io agent.  Owns: nothing.  Invariant: see
// handlers.h.
#include "base/message_id.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"

namespace bolide::remoting {
namespace {

namespace transaction_outcome {
inline constexpr std::int32_t commit = 8;
inline constexpr std::int32_t rollback = 12;
}  // namespace transaction_outcome

// Clients expect the general error where others are more exact.
Error as_general(const Error& error) {
  if (error.code != Errc::not_found && error.code != Errc::invalid_argument) return error;
  return Error{Errc::internal, error.context};
}

}  // namespace

namespace on {

void end_transaction(const Call& call) {
  Fields fields(call.header);
  broker::EndTransaction request{.group = fields.text("producerGroup"),
                                 .half_offset = fields.number<std::int64_t>("tranStateTableOffset"),
                                 .position = fields.number<std::int64_t>("commitLogOffset"),
                                 .from_check = fields.flag_or("fromTransactionCheck", false)};
  const auto outcome = fields.number<std::int32_t>("commitOrRollback");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  if (outcome == transaction_outcome::commit) request.outcome = broker::Outcome::commit;
  if (outcome == transaction_outcome::rollback) request.outcome = broker::Outcome::rollback;
  // RocketMQ's broker does not answer at all to who does not know the outcome.
  if (request.outcome == broker::Outcome::unknown) return;
  call.broker().api.end_transaction(call.identity, request,
                                    [responder = call.responder()](Result<> ended) {
                                      if (ended) return responder.ok();
                                      responder.error(as_general(ended.error()));
                                    });
}

void resume_transaction(const Call& call) {
  Fields fields(call.header);
  const std::string_view id = fields.text("msgId");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  const auto place = parse_message_id(id);
  if (!place) return call.responder().error(as_general(place.error()));
  call.broker().api.resume_transaction(call.identity, place->position,
                                       [responder = call.responder()](Result<> resumed) {
                                         if (resumed) return responder.ok();
                                         responder.error(as_general(resumed.error()));
                                       });
}

void send_message_back(const Call& call) {
  Fields fields(call.header);
  const broker::SendBackRequest request{
      .group = fields.text("group"),
      .position = fields.number<std::int64_t>("offset"),
      .delay_level = fields.number<std::int32_t>("delayLevel"),
      .reconsume_times_max = fields.optional_number("maxReconsumeTimes")};
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.send_back(call.identity, request,
                              [responder = call.responder()](Result<> stored) {
                                if (stored) return responder.ok();
                                responder.error(as_general(stored.error()));
                              });
}

void recall_message(const Call& call) {
  Fields fields(call.header);
  const std::string_view topic = fields.text("topic");
  const std::string_view handle = fields.text("recallHandle");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.recall(call.identity, topic, handle,
                           [responder = call.responder()](Result<std::string> key) {
                             if (!key) return responder.error(key.error());
                             const ExtField fields_out[] = {{"msgId", *key}};
                             responder.ok(fields_out);
                           });
}

}  // namespace on

}  // namespace bolide::remoting
