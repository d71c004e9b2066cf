// SPDX-License-Identifier: Apache-2.0
//
// What administrators ask of lite topics (rocketmq wire 2.7).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/lite_bodies.h"

namespace bolide::remoting::on {

void get_broker_lite_info(const Call& call) {
  call.broker().api.lite_broker(
      call.identity, [responder = call.responder()](Result<broker::LiteBrokerFacts> facts) {
        if (!facts) return responder.error(facts.error());
        responder.ok_body(lite_broker_json(*facts));
      });
}

void get_parent_topic_info(const Call& call) {
  Fields fields(call.header);
  const std::string parent(fields.text("topic"));
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.lite_parent(
      call.identity, parent,
      [responder = call.responder(), parent](Result<broker::LiteParentFacts> facts) {
        if (!facts) return responder.error(facts.error());
        responder.ok_body(lite_parent_json(parent, *facts));
      });
}

void get_lite_topic_info(const Call& call) {
  Fields fields(call.header);
  const std::string parent(fields.text("parentTopic"));
  const std::string lite_topic(fields.text("liteTopic"));
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.lite_topic(
      call.identity, parent, lite_topic,
      [responder = call.responder(), parent, lite_topic](Result<broker::LiteTopicFacts> facts) {
        if (!facts) return responder.error(facts.error());
        responder.ok_body(lite_topic_json(parent, lite_topic, *facts));
      });
}

void get_lite_client_info(const Call& call) {
  Fields fields(call.header);
  const std::string parent(fields.text("parentTopic"));
  const std::string group(fields.text("group"));
  const std::string client(fields.text("clientId"));
  const auto count_max = fields.number_or<std::int64_t>("maxCount", 0);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.lite_client(
      call.identity, {.parent = parent, .group = group, .client = client, .count_max = count_max},
      [responder = call.responder(), parent, group, client](Result<broker::LiteClientFacts> facts) {
        if (!facts) return responder.error(facts.error());
        responder.ok_body(
            lite_client_json({.parent = parent, .group = group, .client = client}, *facts));
      });
}

void get_lite_group_info(const Call& call) {
  Fields fields(call.header);
  const std::string group(fields.text("group"));
  const std::string lite_topic(fields.text_or("liteTopic", {}));
  const auto count_max = fields.number_or<std::int64_t>("topK", 0);
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.lite_group(
      call.identity, {.group = group, .lite_topic = lite_topic, .count_max = count_max},
      [responder = call.responder(), group, lite_topic](Result<broker::LiteGroupFacts> facts) {
        if (!facts) return responder.error(facts.error());
        responder.ok_body(lite_group_json({.group = group, .lite_topic = lite_topic}, *facts));
      });
}

void trigger_lite_dispatch(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("group");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.trigger_lite(call.identity, group, fields.text_or("clientId", {}),
                                 [responder = call.responder()](Result<> done) {
                                   if (!done) return responder.error(done.error());
                                   responder.ok();
                                 });
}

}  // namespace bolide::remoting::on
