// SPDX-License-Identifier: Apache-2.0
//
// Pulling for a reader.
// Runs on: see reader_core.h.  Owns: see reader_core.h.  Invariant: see reader_core.h.
#include "client/reader_core.h"

#include "client/admin_calls.h"
#include "client/filters.h"
#include "client/message.h"
#include "client/names.h"
#include "client/pull_fields.h"
#include "client/route_queues.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <future>
#include <iterator>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

// Every broker knows this group, so that none is made for the reader.
constexpr std::string_view reader_group = "TOOLS_CONSUMER";
constexpr std::int64_t suspend_ms = 15'000;
constexpr std::int64_t pull_timeout_ms = 30'000;
constexpr std::int64_t error_pause_ms = 500;

Question place_question(const ReaderOptions& options, const std::string& address,
                        std::int32_t queue) {
  Question question{.address = address,
                    .what = "offset of topic " + options.topic,
                    .code = request_code::get_min_offset,
                    .args = {{"topic", options.topic}, {"queueId", std::to_string(queue)}}};
  if (options.from == ReadFrom::last) question.code = request_code::get_max_offset;
  if (options.from == ReadFrom::time) {
    question.code = request_code::search_offset_by_timestamp;
    question.args.push_back({"timestamp", std::to_string(options.from_time_ms)});
  }
  return question;
}

}  // namespace

Result<> ReaderCore::open() {
  // Through the core, which then keeps the route fresh.
  std::promise<Result<RoutePtr>> promise;
  core_->runtime().run([&] {
    core_->route(options_.topic,
                 [&](Result<RoutePtr> route) { promise.set_value(std::move(route)); });
  });
  BOLIDE_TRY(const RoutePtr route, promise.get_future().get());
  BOLIDE_CHECK(find_places(*route));
  core_->runtime().run([this] { pull_all(); });
  return {};
}

Result<> ReaderCore::find_places(const TopicRoute& route) {
  std::vector<Question> questions;
  bool readable = false;
  for (const auto& [queue, broker] : queues_to_read(route, options_.topic)) {
    if (broker == nullptr || broker->addresses.empty()) continue;
    readable = true;
    if (options_.queue && *options_.queue != queue.queue) continue;
    queues_.push_back({.broker = queue.broker, .id = queue.queue});
    questions.push_back(place_question(options_, broker->address(), queue.queue));
  }
  if (!readable) return fail(Errc::no_permission, "read topic " + options_.topic);
  if (queues_.empty()) return fail(Errc::queue_out_of_range, "read topic " + options_.topic);
  const auto answers = AdminCalls(core_).ask_all(std::move(questions));
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    BOLIDE_TRY(const Answer answer, answers[i]);
    BOLIDE_TRY(queues_[i].next, answer.number("offset"));
  }
  return {};
}

Result<std::vector<ReceivedMessage>> ReaderCore::read(std::chrono::milliseconds timeout) {
  std::vector<ReceivedMessage> messages;
  {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return !waiting_.empty() || error_; });
    messages.swap(waiting_);
    waiting_bytes_ = 0;
    if (messages.empty() && error_) return Failure(*error_);
  }
  if (!messages.empty()) {
    core_->runtime().post([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->pull_all();
    });
  }
  return messages;
}

void ReaderCore::close() {
  core_->runtime().run([this] { closed_ = true; });
}

bool ReaderCore::is_full() {
  const std::lock_guard lock(mutex_);
  return waiting_.size() >= options_.waiting_messages_max ||
         waiting_bytes_ >= options_.waiting_bytes_max;
}

void ReaderCore::pull_all() {
  for (std::size_t i = 0; i < queues_.size(); ++i) pull(i);
}

void ReaderCore::pull_later(std::size_t index) {
  queues_[index].pulling = true;
  core_->after(error_pause_ms, [weak = weak_from_this(), index] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->queues_[index].pulling = false;
    self->pull(index);
  });
}

void ReaderCore::pull(std::size_t index) {
  Queue& queue = queues_[index];
  if (closed_ || queue.pulling || is_full()) return;
  const std::string address = core_->broker_address({options_.topic, queue.broker, queue.id}, true);
  if (address.empty()) return pull_later(index);
  queue.pulling = true;
  const PullFields fields({.group = reader_group,
                           .topic = options_.topic,
                           .broker = queue.broker,
                           .queue = queue.id,
                           .offset = queue.next,
                           .flags = pull_flag::suspend | pull_flag::subscription,
                           .suspend_ms = suspend_ms,
                           .subscription = options_.filter.expression,
                           .expression_type = type_name(options_.filter)});
  core_->call(
      address, Call{.code = request_code::pull_message, .fields = fields.fields(), .body = {}},
      [weak = weak_from_this(), index](Result<Reply> reply) {
        if (const auto self = weak.lock()) self->on_pulled(index, std::move(reply));
      },
      pull_timeout_ms);
}

void ReaderCore::on_pulled(std::size_t index, Result<Reply> reply) {
  Queue& queue = queues_[index];
  queue.pulling = false;
  if (closed_) return;
  if (!reply) {
    core_->refresh_route(options_.topic);
    return pull_later(index);
  }
  switch (reply->code()) {
    case response_code::success:
    case response_code::pull_not_found:
    case response_code::pull_retry_immediately:
    case response_code::pull_offset_moved: {
      const std::int64_t before = queue.next;
      if (auto taken = take(queue, *reply); !taken) return end(std::move(taken).error());
      // A replica that is behind the master it has lost says so of what it does not have.
      const bool stuck =
          reply->code() == response_code::pull_retry_immediately && queue.next == before;
      return stuck ? pull_later(index) : pull(index);
    }
    default: {
      auto failure = server_failure("read topic " + options_.topic, queue.broker, *reply);
      if (!error_row(failure.error().code).retriable) return end(std::move(failure).error());
      core_->refresh_route(options_.topic);  // the queue may have moved
      return pull_later(index);
    }
  }
}

Result<> ReaderCore::take(Queue& queue, const Reply& reply) {
  BOLIDE_TRY(const std::int64_t next, reply.number("nextBeginOffset"));
  if (reply.code() == response_code::success) {
    BOLIDE_TRY(auto messages, decode_messages(reply.body));
    std::erase_if(messages, [&](const ReceivedMessage& message) {
      return !is_wanted(options_.filter, message.tag());
    });
    const std::lock_guard lock(mutex_);
    const std::int64_t offset_delta = reply.number("offsetDelta").value_or(0);
    for (ReceivedMessage& message : messages) {
      message.broker = queue.broker;
      if (is_logical(queue.broker)) {
        message.queue = queue.id;
        message.offset += offset_delta;
      }
      message.topic = unwrap(core_->settings().name_space, message.topic);
      waiting_bytes_ += message.body.size();
      waiting_.push_back(std::move(message));
    }
    if (!waiting_.empty()) changed_.notify_all();
  }
  queue.next = next;
  return {};
}

void ReaderCore::end(Error error) {
  closed_ = true;
  const std::lock_guard lock(mutex_);
  error_ = std::move(error);
  changed_.notify_all();
}

}  // namespace bolide::client
