// SPDX-License-Identifier: Apache-2.0
//
// Handing back what the listener refused: to the broker, which sends it again after a while, and
// where the broker does not take it, to ourselves (rocketmq 3.7).
// Runs on: see push_core.h.  Owns: see push_core.h.  Invariant: a message that is handed back is
// settled once its broker has it, and not before.
#include "client/message.h"
#include "client/names.h"
#include "client/push_core.h"
#include "client/route_queues.h"
#include "protocols/remoting/wire/request_codes.h"

#include <array>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

// When a broker does not take a message back, it is consumed again here (rocketmq 3.7).
constexpr std::int64_t local_retry_ms = 5000;
constexpr std::int32_t first_delay_level = 3;

}  // namespace

void PushCore::hand_back(Batch batch) {
  auto back = std::make_shared<HandingBack>();
  back->batch = std::move(batch);
  hand_back_next(back);
}

void PushCore::hand_back_next(const std::shared_ptr<HandingBack>& back) {
  if (back->place == back->batch.messages.size()) return end_hand_back(back);
  ReceivedMessage& message = back->batch.messages[back->place++];
  // What cannot be read here would stop its queue: perhaps another member can, else it is dead.
  const bool stays = is_ordered() && !message.damaged &&
                     message.reconsume_times < options_.reconsume_max_or_default();
  if (stays) {
    ++message.reconsume_times;
    back->kept.push_back(std::move(message));
    return hand_back_next(back);
  }
  OnReply done = [weak = weak_as(this), back, &message](const Result<Reply>& reply) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    const bool taken = reply && reply->code() == remoting::response_code::success;
    if (!taken) ++message.reconsume_times;
    (taken ? back->given : back->kept).push_back(std::move(message));
    self->hand_back_next(back);
  };
  if (is_ordered() && !message.damaged) return send_to_retry_topic(message, std::move(done));
  send_back(message, std::move(done));
}

void PushCore::end_hand_back(const std::shared_ptr<HandingBack>& back) {
  const QueuePtr queue = back->batch.queue;
  settle(queue, back->given);
  if (is_ordered()) {
    busy_.erase(queue->id());
    if (queue->dropped) return on_dropped(queue);
  }
  if (back->kept.empty()) return dispatch();
  const std::int64_t pause_ms =
      is_ordered() ? options_.ordered_retry_pause.count() : local_retry_ms;
  if (is_ordered()) {
    // Nothing of this queue may overtake what waits here.
    queue->rests_until_ms = core_->now_ms() + pause_ms;
    queue->put_back(std::move(back->kept));
  }
  core_->after(pause_ms, [weak = weak_as(this), back] {
    const auto self = weak.lock();
    if (self == nullptr || back->batch.queue->dropped) return;
    if (!self->is_ordered()) back->batch.queue->put_back(std::move(back->kept));
    self->dispatch();
  });
}

void PushCore::send_back(const ReceivedMessage& message, OnReply done) {
  // Who has a logical queue now need not have this message. What is damaged is not sent anew: it
  // would be damaged no more, as far as anybody can tell.
  const bool logical = is_logical(message.broker);
  if (logical && !message.damaged) return send_to_retry_topic(message, std::move(done));
  const std::string address =
      logical ? message.store_host.text() : core_->broker_address(message.broker, false);
  core_->call(address, request_code::consumer_send_msg_back,
              {{"offset", std::to_string(message.position)},
               {"group", options_.group},
               {"delayLevel", "0"},
               {"originMsgId", message.id()},
               {"originTopic", wrapped(message.topic)},
               {"unitMode", "false"},
               {"maxReconsumeTimes", std::to_string(options_.reconsume_max_or_default())}},
              std::move(done));
}

// An ordinary message to the retry topic, which the broker makes a dead letter where it was
// consumed too often (rocketmq 3.5); else it comes again after the delay of its attempt (3.7).
void PushCore::send_to_retry_topic(const ReceivedMessage& message, OnReply done) {
  Properties properties;
  for (const auto& property : message.properties) {
    if (property.first != "TRAN_MSG" && property.first != "RETRY_TOPIC" &&
        property.first != "ORIGIN_MESSAGE_ID" && property.first != "DELAY")
      properties.push_back(property);
  }
  properties.emplace_back("RETRY_TOPIC", wrapped(message.topic));
  properties.emplace_back("ORIGIN_MESSAGE_ID", message.id());
  std::int32_t attempts = message.reconsume_times;
  if (!is_ordered()) {
    properties.emplace_back("DELAY", std::to_string(first_delay_level + attempts));
    ++attempts;
  }
  const auto text = encode_properties(properties);
  const std::string topic = retry_topic(), times = std::to_string(attempts),
                    times_max = std::to_string(options_.reconsume_max_or_default());
  const DecimalText flag(message.flag), born(message.born_ms);
  const std::array<remoting::ExtField, 14> fields{{
      {"a", options_.group},
      {"b", topic},
      {"c", default_topic},
      {"d", "1"},
      {"e", "0"},
      {"f", "0"},
      {"g", born.view()},
      {"h", flag.view()},
      {"i", text ? std::string_view(*text) : std::string_view()},
      {"j", times},
      {"k", "false"},
      {"l", times_max},
      {"m", "false"},
      {"n", message.broker},
  }};
  core_->call(core_->broker_address({wrapped(message.topic), message.broker, message.queue}, false),
              Call{.code = request_code::send_message_v2, .fields = fields, .body = message.body},
              std::move(done));
}

}  // namespace bolide::client
