// SPDX-License-Identifier: Apache-2.0
//
// Clients: heartbeats and who is connected (rocketmq wire 2.7; semantics 3.3).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/wire/request_codes.h"

namespace bolide::remoting::on {
namespace {

broker::ClientPlace place_of(const Call& call) {
  return {.sink = &call.front, .session = call.session, .address = call.peer};
}

}  // namespace

void heart_beat(const Call& call) {
  auto heartbeat = parse_heartbeat(call.body);
  if (!heartbeat) return call.responder().error(heartbeat.error());
  heartbeat->language = call.header.language;
  heartbeat->version = call.header.version;
  call.broker().api.heartbeat(
      call.identity, place_of(call), *heartbeat,
      [responder = call.responder()](Result<broker::HeartbeatReply> reply) {
        if (!reply) return responder.error(reply.error());
        const ExtField fields[] = {
            {"IS_SUPPORT_HEART_BEAT_V2", "true"},
            {"IS_SUB_CHANGE", reply->subscriptions_changed ? "true" : "false"}};
        responder.ok(fields);
      });
}

void unregister_client(const Call& call) {
  Fields fields(call.header);
  const std::string_view client_id = fields.text("clientID");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.unregister_client(place_of(call), client_id,
                                      fields.text_or("producerGroup", {}),
                                      fields.text_or("consumerGroup", {}));
  call.responder().ok();
}

void check_client_config(const Call& call) {
  broker::Subscription subscription;
  JsonReader in(call.body);
  in.object([&](JsonKey key) {
    if (key == "subscriptionData") read_subscription(in, &subscription);
  });
  if (auto done = in.finish(); !done) return call.responder().error(done.error());
  // Apache's broker passes every expression of tags here.
  if (subscription.expression_type != "TAG") {
    const auto checked = call.broker().api.check_subscription(call.identity, subscription);
    if (!checked) return call.responder().error(checked.error());
  }
  call.responder().ok();
}

void get_consumer_list(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.consumer_members(
      call.identity, group,
      [responder = call.responder(),
       name = std::string(group)](Result<broker::GroupMembers> found) {
        if (!found) {
          return responder.error(Error{Errc::internal, "no consumer for this group, " + name});
        }
        responder.ok_body(consumer_ids_json(*found));
      });
}

void get_consumer_connections(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.consumer_members(
      call.identity, group, [responder = call.responder()](Result<broker::GroupMembers> found) {
        if (!found) return responder.error(found.error());
        responder.ok_body(consumer_connections_json(*found));
      });
}

void get_producer_connections(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("producerGroup");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.producer_members(
      call.identity, group,
      [responder = call.responder()](Result<std::vector<broker::Member>> found) {
        if (!found) return responder.error(found.error());
        responder.ok_body(producer_connections_json(*found));
      });
}

void get_all_producers(const Call& call) {
  call.broker().api.all_producers(
      call.identity, [responder = call.responder()](
                         Result<std::map<std::string, std::vector<broker::Member>>> all) {
        if (!all) return responder.error(all.error());
        responder.ok_body(producer_table_json(*all));
      });
}

void query_subscription(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("group");
  const std::string_view topic = fields.text("topic");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.consumer_members(
      call.identity, group,
      [responder = call.responder(), group = std::string(group),
       topic = std::string(topic)](Result<broker::GroupMembers> found) {
        const broker::Subscription* match = nullptr;
        if (found) {
          for (const broker::Subscription& s : found->subscriptions) {
            if (s.topic == topic) match = &s;
          }
        }
        responder.ok_body(subscription_json(group, topic, match));
      });
}

}  // namespace bolide::remoting::on
