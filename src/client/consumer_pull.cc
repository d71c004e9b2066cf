// SPDX-License-Identifier: Apache-2.0
//
// Pulling messages into the queues of a consumer (rocketmq 3.4).
// Runs on: the client's agent.  Owns: see consumer_core.h.  Invariant: one pull per queue is on its
// way.
#include "client/consumer_core.h"
#include "client/filters.h"
#include "client/message.h"
#include "client/names.h"
#include "client/pull_fields.h"
#include "client/route_queues.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t pull_timeout_ms = 30'000;
constexpr std::int64_t error_pause_ms = 1000;
constexpr std::int64_t suspend_ms = 15'000;

constexpr std::string_view retry_topic_property = "RETRY_TOPIC";

// Whether the broker moves us although it has what we asked for: then somebody set the offset.
bool is_reset(const ProcessQueue& queue, const Reply& reply) {
  const auto min = reply.number("minOffset"), max = reply.number("maxOffset");
  return min && max && queue.next_offset() >= *min && queue.next_offset() <= *max;
}

}  // namespace

bool ConsumerCore::is_full(const ProcessQueue& queue) const {
  return queue.messages() >= settings_.queue_messages_max ||
         queue.bytes() >= settings_.queue_bytes_max || queue.span() > settings_.queue_span_max;
}

void ConsumerCore::pull_later(const QueuePtr& queue, std::int64_t delay_ms) {
  core_->after(delay_ms, [weak = weak_from_this(), queue] {
    if (const auto self = weak.lock()) self->pull(queue);
  });
}

void ConsumerCore::pull(const QueuePtr& queue) {
  if (queue->dropped || queue->pulling || queue->paused || suspended_ || stopping_ ||
      is_full(*queue) || !may_pull(*queue))
    return;
  const std::string address = core_->broker_address(queue->id(), true);
  if (address.empty()) return pull_later(queue, error_pause_ms);
  queue->pulling = true;
  queue->pulled_ms = runtime().agent().now().wall_ms;
  const std::int64_t committable = queue->committable();
  const bool commits = clustering() && committable > 0 && !settings_.active;
  const Filter& filter = filter_of(queue->id().topic);
  const std::int32_t kind = settings_.active ? pull_flag::subscription | pull_flag::lite : 0;
  const PullFields fields(
      {.group = settings_.group,
       .topic = queue->id().topic,
       .broker = queue->id().broker,
       .queue = queue->id().queue,
       .offset = queue->next_offset(),
       .count_max = settings_.pull_messages_max,
       .flags = pull_flag::suspend | kind | (commits ? pull_flag::commit : 0),
       .commit_offset = commits ? committable : 0,
       .suspend_ms = suspend_ms,
       .subscription = settings_.active ? filter.expression : std::string_view(),
       .expression_type = type_name(filter),
       .version = sub_version_});
  core_->call(
      address, Call{.code = pull_code_, .fields = fields.fields(), .body = {}},
      [weak = weak_from_this(), queue, asked_ms = core_->now_ms()](Result<Reply> reply) {
        if (const auto self = weak.lock()) self->on_pulled(queue, asked_ms, std::move(reply));
      },
      pull_timeout_ms);
}

void ConsumerCore::on_pulled(const QueuePtr& queue, std::int64_t asked_ms, Result<Reply> reply) {
  queue->pulling = false;
  if (queue->dropped || stopping_) return;
  if (!reply) {
    core_->refresh_route(queue->id().topic);
    return pull_later(queue, error_pause_ms);
  }
  const auto next = reply->number("nextBeginOffset");
  switch (reply->code()) {
    case response_code::success:
      if (next && take_messages(queue, *reply, *next, core_->now_ms() - asked_ms))
        return pull(queue);
      return pull_later(queue, error_pause_ms);
    case response_code::pull_not_found:
    case response_code::pull_retry_immediately: {
      // A replica that is behind the master it has lost says so of what it does not have.
      const bool stuck = reply->code() == response_code::pull_retry_immediately &&
                         next.value_or(queue->next_offset()) == queue->next_offset();
      if (stuck) return pull_later(queue, error_pause_ms);
      if (next) queue->set_next_offset(*next);
      return pull(queue);
    }
    case response_code::pull_offset_moved:
      if (!next) return pull_later(queue, error_pause_ms);
      return move_to(queue, *next, is_reset(*queue, *reply));
    case response_code::not_supported:
      // Brokers before 5.0 know one code for all pulls.
      if (pull_code_ == request_code::pull_message) return pull_later(queue, error_pause_ms);
      pull_code_ = request_code::pull_message;
      return pull(queue);
    default:
      // Unknown subscription or group: the broker may have forgotten us. Or the queue has moved.
      core_->heartbeat_soon();
      if (reply->code() == response_code::topic_not_exist)
        core_->doubt_route(queue->id().topic);
      else
        core_->refresh_route(queue->id().topic);
      return pull_later(queue, error_pause_ms);
  }
}

// The broker says at which offset we are to go on.
void ConsumerCore::move_to(const QueuePtr& queue, std::int64_t offset, bool by_operator) {
  // An operator's reset is told once, whatever we hold: what was pulled before is forgotten. So it
  // is when the log ends before that.
  if (by_operator || (!queue->is_idle() && offset <= queue->last_offset())) {
    restart_at(queue->id(), offset);
    if (commits_by_itself_) commit(queue_of(queue->id()));
    return;
  }
  queue->set_next_offset(offset);
  if (commits_by_itself_) commit(queue);
  pull(queue);
}

void ConsumerCore::name_for_user(ReceivedMessage& message) const {
  const std::string_view origin = message.property(retry_topic_property);
  if (is_retry(message.topic) && !origin.empty()) message.topic = origin;
  message.topic = unwrapped(message.topic);
}

Result<> ConsumerCore::take_messages(const QueuePtr& queue, const Reply& reply,
                                     std::int64_t next_offset, std::int64_t took_ms) {
  BOLIDE_TRY(auto messages, decode_messages(reply.body));
  const std::int64_t offset_delta = reply.number("offsetDelta").value_or(0);
  stats_of(queue->id().topic).pulled(messages.size(), took_ms);
  const Filter& filter = filter_of(queue->id().topic);
  std::erase_if(messages, [&](const ReceivedMessage& m) { return !is_wanted(filter, m.tag()); });
  for (ReceivedMessage& message : messages) {
    message.broker = queue->id().broker;
    if (is_logical(message.broker)) {
      message.queue = queue->id().queue;
      message.offset += offset_delta;
    }
    name_for_user(message);
  }
  queue->put(std::move(messages), next_offset);
  on_messages();
  return {};
}

}  // namespace bolide::client
