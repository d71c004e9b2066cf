// SPDX-License-Identifier: Apache-2.0
//
// The heartbeat's body, decoded (rocketmq wire 2.8).
// Runs on: io agent.  Owns: nothing.  Invariant: unknown members and values are passed over.
#include "base/json_reader.h"
#include "protocols/remoting/bodies.h"

namespace bolide::remoting {
namespace {

broker::ConsumeType consume_type(std::string_view text) {
  if (text == "CONSUME_ACTIVELY") return broker::ConsumeType::actively;
  if (text == "CONSUME_POP") return broker::ConsumeType::pop;
  return broker::ConsumeType::passively;
}

broker::ConsumeFrom consume_from(std::string_view text) {
  if (text == "CONSUME_FROM_FIRST_OFFSET") return broker::ConsumeFrom::first_offset;
  if (text == "CONSUME_FROM_TIMESTAMP") return broker::ConsumeFrom::timestamp;
  if (text == "CONSUME_FROM_LAST_OFFSET") return broker::ConsumeFrom::last_offset;
  return broker::ConsumeFrom::other;
}

void read_consumer(JsonReader& in, broker::ConsumerData* data) {
  in.object([&](JsonKey key) {
    if (key == "groupName")
      data->group = in.text();
    else if (key == "consumeType")
      data->type = consume_type(in.text());
    else if (key == "messageModel") {
      data->model = in.text() == "BROADCASTING" ? broker::MessageModel::broadcasting
                                                : broker::MessageModel::clustering;
    } else if (key == "consumeFromWhere")
      data->from = consume_from(in.text());
    else if (key == "unitMode")
      data->unit_mode = in.boolean();
    else if (key == "subscriptionDataSet") {
      in.array([&] { read_subscription(in, &data->subscriptions.emplace_back()); });
    }
  });
}

}  // namespace

void read_subscription(JsonReader& in, broker::Subscription* subscription) {
  in.object([&](JsonKey key) {
    if (key == "topic")
      subscription->topic = in.text();
    else if (key == "subString")
      subscription->expression = in.text();
    else if (key == "expressionType") {
      // Clients older than 4.1 send none: tags.
      const std::string_view type = in.text();
      if (!type.empty()) subscription->expression_type = type;
    } else if (key == "subVersion")
      subscription->version = in.integer<std::int64_t>();
    else if (key == "classFilterMode")
      subscription->class_filter = in.boolean();
  });
}

Result<broker::Heartbeat> parse_heartbeat(std::string_view body) {
  broker::Heartbeat heartbeat;
  JsonReader in(body);
  if (in.peek() != JsonKind::object) return fail(Errc::malformed, "heartbeat body is not JSON");
  in.object([&](JsonKey key) {
    if (key == "clientID")
      heartbeat.client_id = in.text();
    else if (key == "heartbeatFingerprint")
      heartbeat.fingerprint = in.integer<std::int32_t>();
    else if (key == "withoutSub" || key == "isWithoutSub")
      heartbeat.without_subscriptions = in.boolean();
    else if (key == "producerDataSet") {
      in.array([&] {
        in.object([&](JsonKey member) {
          if (member == "groupName") heartbeat.producer_groups.emplace_back(in.text());
        });
      });
    } else if (key == "consumerDataSet") {
      in.array([&] { read_consumer(in, &heartbeat.consumers.emplace_back()); });
    }
  });
  BOLIDE_CHECK(in.finish());
  return heartbeat;
}

}  // namespace bolide::remoting
