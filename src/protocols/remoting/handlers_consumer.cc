// SPDX-License-Identifier: Apache-2.0
//
// Locks of ordered consumers, and questions that the broker passes on to a consumer (rocketmq
// wire 2.7; semantics 3.5). Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "base/json_writer.h"
#include "base/message_id.h"
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"

#include <algorithm>
#include <cstdint>

namespace bolide::remoting::on {
namespace {

struct LockRequest {
  std::string group;
  std::string client_id;
  std::vector<broker::QueueRef> queues;
};

void read_queue(JsonReader& in, broker::QueueRef* queue) {
  in.object([&](JsonKey key) {
    if (key == "topic")
      queue->topic = in.text();
    else if (key == "brokerName")
      queue->broker = in.text();
    else if (key == "queueId")
      queue->queue_id = in.integer<std::int32_t>();
  });
}

Result<LockRequest> parse_lock(std::string_view body) {
  LockRequest request;
  JsonReader in(body);
  in.object([&](JsonKey key) {
    if (key == "consumerGroup")
      request.group = in.text();
    else if (key == "clientId")
      request.client_id = in.text();
    else if (key == "mqSet")
      in.array([&] { read_queue(in, &request.queues.emplace_back()); });
  });
  BOLIDE_CHECK(in.finish());
  if (request.client_id.empty()) return fail(Errc::malformed, "the field clientId is missing");
  return request;
}

std::string held_json(const std::vector<broker::QueueRef>& queues) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  out.key("lockOKMQSet");
  out.begin_array();
  for (const broker::QueueRef& queue : queues) {
    out.begin_object();
    out.member("brokerName", queue.broker);
    out.member("queueId", queue.queue_id);
    out.member("topic", queue.topic);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return text;
}

}  // namespace

void lock_queues(const Call& call) {
  const auto request = parse_lock(call.body);
  if (!request) return call.responder().error(request.error());
  call.broker().api.lock_queues(
      call.identity, request->group, request->client_id, request->queues,
      [responder = call.responder()](Result<std::vector<broker::QueueRef>> held) {
        if (!held) return responder.error(held.error());
        responder.ok_body(held_json(*held));
      });
}

void unlock_queues(const Call& call) {
  const auto request = parse_lock(call.body);
  if (!request) return call.responder().error(request.error());
  call.broker().api.unlock_queues(call.identity, request->group, request->client_id,
                                  request->queues);
  call.responder().ok();
}

void ask_consumer(const Call& call) {
  Fields fields(call.header);
  const std::string_view group = fields.text("consumerGroup");
  const std::string_view client_id = fields.text("clientId");
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  call.broker().api.consumer_members(call.identity, group, [&](Result<broker::GroupMembers> found) {
    if (found) {
      // By its newest connection: an older one may be dead and not yet known to be.
      broker::SessionId newest = 0;
      for (const broker::Member& member : found->members) {
        if (member.client_id == client_id) newest = std::max(newest, member.session);
      }
      if (newest != 0) return call.front.ask(newest, call);
    }
    call.responder().error(Error{Errc::internal, "The Consumer <" + std::string(group) + "> <" +
                                                     std::string(client_id) + "> not online"});
  });
}

void consume_directly(const Call& call) {
  Fields fields(call.header);
  const auto place = parse_message_id(fields.text("msgId"));
  if (auto checked = fields.check(); !checked) return call.responder().error(checked.error());
  if (!place) {
    return call.responder().error(Error{Errc::malformed, "the field msgId is no offset id"});
  }
  call.broker().api.message_at(call.identity, place->position, [&](Result<Slices> found) {
    if (!found) return call.responder().error(Error{Errc::internal, found.error().context});
    ask_consumer({.front = call.front,
                  .session = call.session,
                  .peer = call.peer,
                  .header = call.header,
                  .body = found->front().view(),
                  .serialization = call.serialization,
                  .now = call.now,
                  .identity = call.identity});
  });
}

}  // namespace bolide::remoting::on
