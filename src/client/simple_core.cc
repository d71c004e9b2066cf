// SPDX-License-Identifier: Apache-2.0
//
// Receiving.
// Runs on: see simple_core.h.  Owns: see simple_core.h.  Invariant: see simple_core.h.
#include "client/simple_core.h"

#include "client/filters.h"
#include "client/message.h"
#include "client/names.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t tick_ms = 100;
constexpr int pop_messages_max = 32;  // what servers take (rocketmq 3.18)
constexpr std::int64_t error_pause_ms = 500;
constexpr std::int64_t full_pause_ms = 500;
// After a broker said that there is something, and there was nothing for us.
constexpr std::int64_t mistaken_pause_ms = 100;
constexpr std::int64_t watch_ms = 10'000;
// Servers do not tell those who watch that a queue in order is free again.
constexpr std::int64_t watch_in_order_ms = 1'000;
constexpr std::int64_t hand_back_ms = 1;

std::string_view text_of(bool truth) {
  return truth ? "true" : "false";
}

Error has_ended() {
  return {Errc::shutting_down, "the consumer has ended", "start another consumer"};
}

}  // namespace

SimpleCore::SimpleCore(std::shared_ptr<Core> core, SimpleConsumerOptions options)
    : core_(std::move(core)),
      options_(std::move(options)),
      sub_version_(os::system_clock().now().wall_ms) {}

Result<> SimpleCore::start() {
  Result<> added;
  runtime().run([&] {
    added = core_->add(this);
    if (!added) return;
    started_ms_ = runtime().agent().now().wall_ms;
    timer_ = runtime().agent().every(tick_ms, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->tick();
    });
    find_routes();
    find_sources();
    core_->heartbeat_soon();  // the routes may be known already
  });
  return added;
}

void SimpleCore::close() {
  say_farewell(runtime(), [&](const FarewellPtr& farewell) {
    if (std::exchange(closed_, true)) return;
    core_->unregister(*this, farewell);
    core_->remove(this);
    timer_.reset();
    for (const ReceivePtr& receive : std::vector<ReceivePtr>(receives_))
      finish(receive, has_ended());
  });
  constexpr std::chrono::seconds callback_grace{30};
  (void)gate_.wait_idle(callback_grace);
}

void SimpleCore::receive(int messages_max, std::int64_t invisible_ms, OnMessages done) {
  runtime().post(
      [self = shared_from_this(), messages_max, invisible_ms, done = std::move(done)]() mutable {
        if (self->closed_) return done(Failure(has_ended()));
        const std::int64_t await_ms = self->options_.await.count();
        auto receive = std::make_shared<Receive>();
        receive->messages_max = messages_max;
        receive->invisible_ms = invisible_ms;
        receive->deadline_ms = self->core_->now_ms() + await_ms;
        receive->attempt = self->core_->settings().id + "#" + std::to_string(self->started_ms_) +
                           "#" + std::to_string(++self->attempts_);
        receive->done = std::move(done);
        self->receives_.push_back(receive);
        self->find_routes();
        self->advance(receive);
      });
}

void SimpleCore::tick() {
  const std::int64_t now_ms = core_->now_ms();
  for (const ReceivePtr& receive : std::vector<ReceivePtr>(receives_)) {
    if (now_ms >= receive->deadline_ms) advance(receive);
  }
  if (!receives_.empty()) find_routes();
  ask_assignments();
}

void SimpleCore::advance(const ReceivePtr& receive) {
  if (receive->over || receive->popping) return;
  if (core_->now_ms() >= receive->deadline_ms) return finish(receive);
  if (const auto source = next_source()) pop(receive, *source);
}

void SimpleCore::wake() {
  for (const ReceivePtr& receive : std::vector<ReceivePtr>(receives_)) advance(receive);
}

// Of those that may have something, the one after the one that had its turn last.
std::optional<QueueId> SimpleCore::next_source() {
  auto at = sources_.upper_bound(turn_);
  for (std::size_t i = 0; i < sources_.size(); ++i, ++at) {
    if (at == sources_.end()) at = sources_.begin();
    if (at->second.state == Source::State::may_have) return turn_ = at->first;
  }
  return std::nullopt;
}

void SimpleCore::pop(const ReceivePtr& receive, const QueueId& source) {
  const std::int64_t now_ms = core_->now_ms();
  const int left = receive->messages_max - static_cast<int>(receive->messages.size());
  const bool waits = sources_.size() == 1 && receive->messages.empty();
  const Popping popping{
      .receive = receive,
      .source = source,
      .asked_ms = now_ms,
      .poll_ms = waits ? std::max<std::int64_t>(0, receive->deadline_ms - now_ms) : 0,
      .asked_for = std::min(left, pop_messages_max)};
  receive->popping = true;
  const Filter& filter = filter_of(source.topic);
  std::vector<Arg> args{{"consumerGroup", options_.group},
                        {"topic", source.topic},
                        {"queueId", std::to_string(source.queue)},
                        {"maxMsgNums", std::to_string(popping.asked_for)},
                        {"invisibleTime", std::to_string(receive->invisible_ms)},
                        {"pollTime", std::to_string(popping.poll_ms)},
                        {"bornTime", std::to_string(runtime().agent().now().wall_ms)},
                        {"initMode", options_.from == PopFrom::last ? "1" : "0"},
                        {"expType", std::string(type_name(filter))},
                        {"exp", filter.expression},
                        {"order", std::string(text_of(options_.ordered))}};
  if (options_.ordered) args.push_back({"attemptId", receive->attempt});
  // It keeps this alive: what comes must be handed back if nobody wants it any more.
  core_->call(
      core_->broker_address(source.broker, false), request_code::pop_message, args,
      [self = shared_from_this(), popping](Result<Reply> reply) {
        popping.receive->popping = false;
        self->on_popped(popping, std::move(reply));
      },
      popping.poll_ms + core_->settings().request_timeout_ms);
}

void SimpleCore::on_popped(const Popping& popping, Result<Reply> reply) {
  const ReceivePtr& receive = popping.receive;
  if (!reply) return on_failure(popping, std::move(reply).error());
  const std::int32_t code = reply->code();
  if (code == response_code::pull_not_found || code == response_code::pull_retry_immediately ||
      code == response_code::pull_offset_moved || code == response_code::polling_full ||
      code == response_code::polling_timeout)
    return on_nothing(popping, code);
  if (code != response_code::success) {
    auto failure =
        server_failure("receive from topic " + popping.source.topic, popping.source.broker, *reply);
    return on_failure(popping, std::move(failure).error());
  }
  auto messages = take(popping, *reply);
  if (!messages) return on_failure(popping, std::move(messages).error());
  if (receive->over) return hand_back(*messages);
  receive->error.reset();
  const bool full = static_cast<int>(messages->size()) == popping.asked_for;
  std::ranges::move(*messages, std::back_inserter(receive->messages));
  const bool wants = static_cast<int>(receive->messages.size()) < receive->messages_max;
  if (full && wants) return pop(receive, popping.source);
  if (!receive->messages.empty()) return finish(receive);
  advance(receive);  // only what is not wanted was there
}

Result<SimpleCore::Messages> SimpleCore::take(const Popping& popping, const Reply& reply) {
  PopAnswer answer{.group = options_.group,
                   .broker = popping.source.broker,
                   .start_offsets = {},
                   .order_counts = {}};
  BOLIDE_TRY(answer.popped_ms, reply.number("popTime"));
  BOLIDE_TRY(answer.invisible_ms, reply.number("invisibleTime"));
  BOLIDE_TRY(const std::int64_t revive, reply.number("reviveQid"));
  answer.revive_queue = static_cast<std::int32_t>(revive);
  BOLIDE_TRY(answer.start_offsets, PopTable::parse(reply.field("startOffsetInfo")));
  BOLIDE_TRY(answer.order_counts, PopTable::parse(reply.field("orderCountInfo")));
  BOLIDE_TRY(auto records, decode_messages(reply.body));
  const std::string topic = unwrap(core_->settings().name_space, popping.source.topic);
  const Filter& filter = filter_of(popping.source.topic);
  Messages messages;
  for (ReceivedMessage& record : records) {
    PoppedMessage message = client::popped(std::move(record), answer);
    message.topic = topic;
    if (is_wanted(filter, message.tag()))
      messages.push_back(std::move(message));
    else
      ack(message.topic, message.receipt, [](const Result<>&) {});
  }
  return messages;
}

void SimpleCore::on_failure(const Popping& popping, Error error) {
  const ReceivePtr& receive = popping.receive;
  if (closed_ || receive->over) return;
  if (error.code == Errc::topic_not_found)
    core_->doubt_route(popping.source.topic);
  else
    core_->refresh_route(popping.source.topic);
  rest(popping.source, error_pause_ms);
  // A topic may come later.
  const bool for_good = !error_row(error.code).retriable && error.code != Errc::topic_not_found;
  receive->error = std::move(error);
  if (for_good || !receive->messages.empty()) return finish(receive);
  advance(receive);
}

void SimpleCore::on_nothing(const Popping& popping, std::int32_t code) {
  const ReceivePtr& receive = popping.receive;
  if (closed_ || receive->over) return;
  receive->error.reset();
  const auto source = sources_.find(popping.source);
  if (source != sources_.end() && source->second.state == Source::State::may_have) {
    const bool told = std::exchange(source->second.told, false);
    const bool waited = core_->now_ms() - popping.asked_ms >= popping.poll_ms / 2;
    if (code == response_code::polling_full) {
      rest(popping.source, full_pause_ms);
    } else if (told || (popping.poll_ms > 0 && !waited)) {
      rest(popping.source, mistaken_pause_ms);
    } else if (popping.poll_ms == 0) {
      watch(popping.source);
    }
  }
  if (!receive->messages.empty()) return finish(receive);
  advance(receive);
}

void SimpleCore::hand_back(const Messages& messages) {
  for (const PoppedMessage& message : messages)
    change(message.topic, message.receipt, hand_back_ms, [](const Result<PopReceipt>&) {});
}

void SimpleCore::rest(const QueueId& source, std::int64_t pause_ms) {
  const auto found = sources_.find(source);
  if (found == sources_.end() || found->second.state == Source::State::resting) return;
  found->second.state = Source::State::resting;
  core_->after(pause_ms, [weak = weak_from_this(), source] {
    const auto self = weak.lock();
    if (self == nullptr || self->closed_) return;
    const auto rested = self->sources_.find(source);
    if (rested != self->sources_.end()) rested->second.state = Source::State::may_have;
    self->wake();
  });
}

void SimpleCore::watch(const QueueId& source) {
  sources_[source].state = Source::State::watched;
  const std::int64_t poll_ms = options_.ordered ? watch_in_order_ms : watch_ms;
  const Filter& filter = filter_of(source.topic);
  core_->call(
      core_->broker_address(source.broker, false), request_code::notification,
      {{"consumerGroup", options_.group},
       {"topic", source.topic},
       {"queueId", std::to_string(source.queue)},
       {"pollTime", std::to_string(poll_ms)},
       {"bornTime", std::to_string(runtime().agent().now().wall_ms)},
       {"expType", std::string(type_name(filter))},
       {"exp", filter.expression},
       {"order", std::string(text_of(options_.ordered))}},
      [weak = weak_from_this(), source](Result<Reply> reply) {
        if (const auto self = weak.lock()) self->on_watched(source, std::move(reply));
      },
      poll_ms + core_->settings().request_timeout_ms);
}

void SimpleCore::on_watched(const QueueId& source, Result<Reply> reply) {
  const auto found = sources_.find(source);
  if (closed_ || found == sources_.end()) return;
  if (!reply || reply->code() != response_code::success) {
    // Perhaps the server is away, perhaps it cannot do this: the next pop will say.
    if (!reply) core_->refresh_route(source.topic);
    return rest(source, error_pause_ms);
  }
  if (is_true(reply->field("pollingFull"))) return rest(source, full_pause_ms);
  // Where nothing is told for so long, it is looked at again: what is told may get lost.
  found->second.state = Source::State::may_have;
  found->second.told = is_true(reply->field("hasMsg"));
  wake();
}

void SimpleCore::finish(const ReceivePtr& receive, std::optional<Error> error) {
  if (std::exchange(receive->over, true)) return;
  std::erase(receives_, receive);
  if (!error && receive->messages.empty()) {
    error = std::move(receive->error);
    if (!error && sources_.empty()) error = without_source();
  }
  if (error) {
    hand_back(receive->messages);
    return receive->done(Failure(std::move(*error)));
  }
  receive->done(std::move(receive->messages));
}

const Filter& SimpleCore::filter_of(const std::string& topic) const {
  static const Filter everything;
  const auto found = options_.subscriptions.find(topic);
  return found == options_.subscriptions.end() || found->second.expression.empty() ? everything
                                                                                   : found->second;
}

}  // namespace bolide::client
