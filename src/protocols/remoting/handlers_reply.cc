// SPDX-License-Identifier: Apache-2.0
//
// Request-reply: the answer of a consumer goes to the producer that asked, through this broker
// (rocketmq semantics 3.14).
// Runs on: io agent.  Owns: nothing.  Invariant: see handlers.h.
#include "base/strings.h"
#include "broker/property_list.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/handlers.h"
#include "protocols/remoting/wire/request_codes.h"
#include "store/record.h"

#include <string>
#include <utility>
#include <vector>

namespace bolide::remoting {
namespace {

// The fields that go on to the producer: as the second form of a send names them, and as the first
// form and the notice do.
constexpr std::pair<std::string_view, std::string_view> passed_on[] = {
    {"a", "producerGroup"},  {"b", "topic"},
    {"c", "defaultTopic"},   {"d", "defaultTopicQueueNums"},
    {"e", "queueId"},        {"f", "sysFlag"},
    {"g", "bornTimestamp"},  {"h", "flag"},
    {"j", "reconsumeTimes"}, {"k", "unitMode"}};

struct ReplyMessage {
  std::vector<ExtField> fields;
  std::string properties;
  std::string asker;  // the client that asked
  std::string queue_id;
};

Result<ReplyMessage> read_reply(const Call& call) {
  const bool short_names = call.header.code == request_code::send_reply_message_v2;
  ReplyMessage reply;
  for (const auto& [short_name, name] : passed_on) {
    const std::string_view value = call.header.field(short_names ? short_name : name);
    if (!value.empty()) reply.fields.push_back({name, value});
    if (name == "queueId") reply.queue_id = value;
  }
  const std::string_view text = call.header.field(short_names ? "i" : "properties");
  if (!store::properties_fit(text))
    return fail(Errc::message_invalid, "the reply's properties are too long");
  broker::PropertyList properties(text);
  reply.asker = properties.find("REPLY_TO_CLIENT");
  if (reply.asker.empty()) {
    return fail(Errc::malformed, "REPLY_TO_CLIENT is null, can not reply message");
  }
  properties.set("PUSH_REPLY_TIME", call.now.wall_ms);
  reply.properties = properties.text();
  return reply;
}

// Tells the consumer what became of its answer, in the form of a stored message.
void finish(const Responder& responder, std::string_view asker, std::string_view queue_id,
            const Header* answer) {
  if (answer == nullptr || answer->code != response_code::success) {
    return responder.error(
        Error{Errc::internal, "push reply message to " + std::string(asker) + " fail"});
  }
  const ExtField fields[] = {{"msgId", "0"}, {"queueId", queue_id}, {"queueOffset", "0"}};
  responder.ok(fields);
}

}  // namespace

void on::send_reply(const Call& call) {
  auto reply = read_reply(call);
  if (!reply) return call.responder().error(reply.error());
  call.broker().api.producer_client(
      call.identity, reply->asker, [&](Result<broker::Member> producer) {
        if (!producer) {
          return call.responder().error(
              Error{Errc::internal,
                    "push reply message fail, channel of <" + reply->asker + "> not found."});
        }
        const std::string born_host = call.peer.text();
        const DecimalText stored_ms(call.now.wall_ms);
        reply->fields.push_back({"properties", reply->properties});
        reply->fields.push_back({"bornHost", born_host});
        reply->fields.push_back({"storeHost", call.broker().address});
        reply->fields.push_back({"storeTimestamp", stored_ms.view()});
        const bool asked = call.front.ask(
            producer->session,
            {.code = request_code::push_reply_message_to_client, .fields = reply->fields},
            call.body, call.now,
            [responder = call.responder(), asker = reply->asker, queue_id = reply->queue_id](
                const Header* answer, std::string_view) {
              finish(responder, asker, queue_id, answer);
            });
        if (!asked) finish(call.responder(), reply->asker, reply->queue_id, nullptr);
      });
}

}  // namespace bolide::remoting
