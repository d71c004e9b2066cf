// SPDX-License-Identifier: Apache-2.0
//
// Pulling messages into the queues of a consumer (rocketmq 3.4).
// Runs on: the client's agent.  Owns: see push_core.h.  Invariant: one pull per queue is on its
// way.
#include "client/message.h"
#include "client/names.h"
#include "client/push_core.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t suspend_ms = 15'000;
constexpr std::int64_t pull_timeout_ms = 30'000;
constexpr std::int64_t error_pause_ms = 1000;
constexpr std::string_view suspend_text = "15000";

namespace pull_flag {
constexpr std::int32_t commit = 1;
constexpr std::int32_t suspend = 2;
}  // namespace pull_flag

constexpr std::string_view retry_topic_property = "RETRY_TOPIC";

}  // namespace

bool PushCore::is_full(const ProcessQueue& queue) const {
  return queue.messages() >= options_.queue_messages_max ||
         queue.bytes() >= options_.queue_bytes_max || queue.span() > options_.queue_span_max;
}

void PushCore::pull_later(const QueuePtr& queue, std::int64_t delay_ms) {
  core_->after(delay_ms, [weak = weak_from_this(), queue] {
    if (const auto self = weak.lock()) self->pull(queue);
  });
}

void PushCore::pull(const QueuePtr& queue) {
  if (queue->dropped || queue->pulling || suspended_ || stopping_ || is_full(*queue)) return;
  const std::string address = core_->broker_address(queue->id().broker, true);
  if (address.empty()) return pull_later(queue, error_pause_ms);
  queue->pulling = true;
  const std::int64_t committable = queue->committable();
  const bool commits = clustering() && committable > 0;
  const DecimalText number(queue->id().queue), offset(queue->next_offset()),
      count(options_.pull_messages_max), version(sub_version_),
      flags(pull_flag::suspend | (commits ? pull_flag::commit : 0)),
      commit_offset(commits ? committable : 0);
  const std::array<remoting::ExtField, 11> fields{{
      {"consumerGroup", options_.group},
      {"topic", queue->id().topic},
      {"queueId", number.view()},
      {"queueOffset", offset.view()},
      {"maxMsgNums", count.view()},
      {"sysFlag", flags.view()},
      {"commitOffset", commit_offset.view()},
      {"suspendTimeoutMillis", suspend_text},
      {"subVersion", version.view()},
      {"expressionType", "TAG"},
      {"brokerName", queue->id().broker},
  }};
  core_->call(
      address, Call{.code = request_code::pull_message, .fields = fields, .body = {}},
      [weak = weak_from_this(), queue](Result<Reply> reply) {
        if (const auto self = weak.lock()) self->on_pulled(queue, std::move(reply));
      },
      pull_timeout_ms);
}

void PushCore::on_pulled(const QueuePtr& queue, Result<Reply> reply) {
  queue->pulling = false;
  if (queue->dropped || stopping_) return;
  if (!reply) {
    core_->refresh_route(queue->id().topic);
    return pull_later(queue, error_pause_ms);
  }
  const auto next = reply->number("nextBeginOffset");
  switch (reply->code()) {
    case response_code::success:
      if (next && take_messages(queue, *reply, *next)) return pull(queue);
      return pull_later(queue, error_pause_ms);
    case response_code::pull_not_found:
    case response_code::pull_retry_immediately:
      if (next) queue->set_next_offset(*next);
      return pull(queue);
    case response_code::pull_offset_moved:
      // Begins again at the offset that the broker says is right.
      if (!next) return pull_later(queue, error_pause_ms);
      if (!queue->is_idle()) return pull_later(queue, error_pause_ms);
      queue->set_next_offset(*next);
      commit(queue);
      return pull(queue);
    default:
      // Unknown subscription or group: the broker may have forgotten us.
      core_->heartbeat_soon();
      return pull_later(queue, error_pause_ms);
  }
}

Result<> PushCore::take_messages(const QueuePtr& queue, const Reply& reply,
                                 std::int64_t next_offset) {
  BOLIDE_TRY(auto messages, decode_messages(reply.body));
  const auto subscription = options_.subscriptions.find(queue->id().topic);
  const std::string_view tags =
      subscription == options_.subscriptions.end() ? "*" : std::string_view(subscription->second);
  // Brokers filter by a hash; two tags may share one.
  std::erase_if(messages, [&](const ReceivedMessage& m) { return !tag_matches(tags, m.tag()); });
  for (ReceivedMessage& message : messages) {
    message.broker = queue->id().broker;
    const std::string_view origin = message.property(retry_topic_property);
    if (is_retry(message.topic) && !origin.empty()) message.topic = origin;
  }
  queue->put(std::move(messages), next_offset);
  dispatch();
  return {};
}

}  // namespace bolide::client
