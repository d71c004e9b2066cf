// SPDX-License-Identifier: Apache-2.0
//
// Which queues a client takes, when the broker decides it, and whether it pulls or pops (rocketmq
// wire 2.7; semantics 3.3). Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "base/json_writer.h"
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"

#include <memory>
#include <optional>

namespace bolide::remoting {

Result<broker::AssignRequest> parse_assign(std::string_view body) {
  broker::AssignRequest request;
  JsonReader in(body);
  in.object([&](JsonKey key) {
    if (key == "topic")
      request.topic = in.text();
    else if (key == "consumerGroup")
      request.group = in.text();
    else if (key == "clientId")
      request.client_id = in.text();
    else if (key == "strategyName")
      request.strategy = in.text();
    else if (key == "messageModel")
      request.model = in.text() == "BROADCASTING" ? broker::MessageModel::broadcasting
                                                  : broker::MessageModel::clustering;
  });
  BOLIDE_CHECK(in.finish());
  if (request.topic.empty() || request.group.empty())
    return fail(Errc::malformed, "the topic or the consumerGroup is missing");
  return request;
}

std::string assignment_json(const std::optional<broker::Assignment>& assignment) {
  std::string text;
  JsonWriter out(text);
  out.begin_object();
  if (assignment) {
    out.key("messageQueueAssignments");
    out.begin_array();
    for (const broker::QueueRef& queue : assignment->queues) {
      out.begin_object();
      out.key("messageQueue");
      out.begin_object();
      out.member("brokerName", queue.broker);
      out.member("queueId", queue.queue_id);
      out.member("topic", queue.topic);
      out.end_object();
      out.member("mode", assignment->pop ? "POP" : "PULL");
      out.end_object();
    }
    out.end_array();
  }
  out.end_object();
  return text;
}

namespace on {

void query_assignment(const Call& call) {
  auto parsed = parse_assign(call.body);
  if (!parsed) return call.responder().error(parsed.error());
  BrokerService& service = call.broker();
  const auto assign = [&service, responder = call.responder(),
                       who = call.identity](broker::AssignRequest request) {
    service.api.assign(who, request,
                       [responder](Result<std::optional<broker::Assignment>> assignment) {
                         if (!assignment) return responder.error(assignment.error());
                         responder.ok_body(assignment_json(*assignment));
                       });
  };
  if (!service.queues_of) return assign(std::move(*parsed));
  // The queues of all brokers, as the name server knows them.
  std::string topic = parsed->topic;
  service.queues_of(topic, [assign, responder = call.responder(), request = std::move(*parsed)](
                               Result<std::vector<broker::QueueRef>> queues) mutable {
    // Our own queues, shared out alone, would leave those of other brokers to nobody. Without an
    // assignment the client keeps what it has and asks again in a second.
    if (!queues) return responder.ok_body(assignment_json(std::nullopt));
    request.queues = std::move(*queues);
    assign(std::move(request));
  });
}

void set_request_mode(const Call& call) {
  broker::RequestMode mode;
  JsonReader in(call.body);
  broker::read_mode(in, &mode);
  if (auto read = in.finish(); !read) return call.responder().error(read.error());
  call.broker().api.put_request_mode(call.identity, mode,
                                     [responder = call.responder()](Result<> put) {
                                       if (put) return responder.ok();
                                       responder.error(put.error());
                                     });
}

void get_request_modes(const Call& call) {
  call.broker().api.request_modes(
      call.identity,
      [responder = call.responder()](Result<std::vector<broker::RequestMode>> modes) {
        if (!modes) return responder.error(modes.error());
        responder.ok_body(broker::request_modes_json(*modes));
      });
}

}  // namespace on

}  // namespace bolide::remoting
