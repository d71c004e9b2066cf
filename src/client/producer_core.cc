// SPDX-License-Identifier: Apache-2.0
//
// Sending: choosing a queue, the request, its answer, another attempt.
// Runs on: see producer_core.h.  Owns: see producer_core.h.  Invariant: see producer_core.h.
#include "client/producer_core.h"

#include "base/crc.h"
#include "client/names.h"
#include "client/tracer.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>
#include <limits>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

constexpr std::int32_t all_queues = std::numeric_limits<std::int32_t>::max();

// What was lost may be back after a while.
constexpr std::int64_t retry_pause_ms = 100;

// Codes that say the message is stored (rocketmq wire 1.7), with what was not reached.
struct Stored {
  std::int32_t code;
  SendState state;
};
constexpr auto stored = std::to_array<Stored>({
    {0, SendState::ok},
    {10, SendState::flush_disk_timeout},
    {11, SendState::no_replica},
    {12, SendState::flush_replica_timeout},
});
// Answers after which another attempt may do better (rocketmq 3.2).
constexpr auto retried_codes = std::to_array<std::int32_t>({17, 14, 1, 2, 16, 204, 205, 1500});

std::int32_t code_of(const Send& send) {
  return send.batch ? request_code::send_batch_message : request_code::send_message_v2;
}

bool is_lost(Errc code) {
  return code == Errc::timeout || code == Errc::connection_failed ||
         code == Errc::connection_closed;
}

Error has_ended() {
  return {Errc::shutting_down, "the producer has ended", "start another producer"};
}

}  // namespace

ProducerCore::ProducerCore(std::shared_ptr<Core> core, ProducerOptions options)
    : core_(std::move(core)),
      options_(std::move(options)),
      ids_(UniqueKeys::own_origin(os::system_clock().now())),
      sequences_(options_.producer_id.empty() ? ids_.next(os::system_clock().now().wall_ms)
                                              : options_.producer_id) {}

void ProducerCore::start() {
  if (options_.trace) {
    tracer_ = Tracer::start(core_, {.topic = options_.trace_topic, .group = options_.group});
  }
  runtime().run([&] { (void)core_->add(this); });  // only consumers can be in each other's way
}

void ProducerCore::close() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  say_farewell(runtime(), [&](const FarewellPtr& farewell) {
    closed_ = true;
    core_->unregister(*this, farewell);
    core_->remove(this);
    // Nobody can bring us an answer any more.
    while (!requests_.empty())
      end_request(std::string(requests_.begin()->first), Failure(has_ended()));
  });
}

std::vector<std::string> ProducerCore::topics() const {
  std::vector<std::string> topics(check_topics_.begin(), check_topics_.end());
  for (const auto& [topic, table] : tables_) topics.push_back(topic);
  return topics;
}

std::string ProducerCore::next_id() {
  const WallMs now_ms = os::system_clock().now().wall_ms;
  const std::lock_guard lock(mutex_);
  return ids_.next(now_ms);
}

bool ProducerCore::reserve(const Send& send, std::unique_lock<std::mutex>& lock) {
  const auto has_room = [&] {
    return stopping_ || in_flight_ == 0 ||
           (in_flight_ < options_.in_flight_messages_max &&
            in_flight_bytes_ + send.counted_bytes <= options_.in_flight_bytes_max);
  };
  if (has_room()) return true;
  // What makes room runs on these threads, and must not wait for itself.
  if (WorkerPool::on_worker() || runtime().agent().on_this_thread()) return false;
  return room_.wait_for(lock, options_.send_timeout, has_room);
}

Result<> ProducerCore::submit(SendPtr send) {
  send->deadline_ms = runtime().clock().now().steady_ms() + options_.send_timeout.count();
  send->counted_bytes = send->encoded.body.size();
  bool first = false;
  {
    std::unique_lock lock(mutex_);
    if (!reserve(*send, lock))
      return fail(Errc::busy,
                  std::to_string(in_flight_) + " messages of this producer on their way");
    if (stopping_) return Failure(has_ended());
    ++in_flight_;
    in_flight_bytes_ += send->counted_bytes;
    first = submitted_.empty();
    submitted_.push_back(std::move(send));
  }
  if (first) runtime().post([self = shared_from_this()] { self->take_submitted(); });
  return {};
}

void ProducerCore::release(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  --in_flight_;
  in_flight_bytes_ -= bytes;
  room_.notify_all();
}

void ProducerCore::hold() {
  const std::lock_guard lock(mutex_);
  ++in_flight_;
}

bool ProducerCore::wait_idle(std::chrono::milliseconds timeout) {
  Runtime::pass_on_callbacks();
  // A callback must not wait for itself.
  const std::size_t own = WorkerPool::runs_for(this) ? 1 : 0;
  std::unique_lock lock(mutex_);
  return room_.wait_for(lock, timeout, [&] { return in_flight_ <= own; });
}

void ProducerCore::take_submitted() {
  std::vector<SendPtr> sends;
  {
    const std::lock_guard lock(mutex_);
    sends.swap(submitted_);
  }
  for (SendPtr& send : sends) begin(std::move(send));
}

void ProducerCore::begin(SendPtr send) {
  const auto table = tables_.find(send->topic);
  if (table != tables_.end()) {
    const RoutePtr route = core_->known_route(send->topic);
    if (route != nullptr && route.get() == table->second.route()) return transmit(std::move(send));
  }
  find_route(std::move(send));
}

// Name servers may take longer than the send has time: then it ends, and `then` is not called.
void ProducerCore::ask_route(SendPtr send, const std::string& topic, OnSendRoute then) {
  const std::int64_t left_ms = send->deadline_ms - core_->now_ms();
  const auto waiting = std::make_shared<SendPtr>(std::move(send));
  const Core::LaterId late = core_->after(left_ms, [weak = weak_from_this(), waiting] {
    const auto self = weak.lock();
    if (self == nullptr || *waiting == nullptr) return;
    auto failure = fail(Errc::timeout, "route of topic " + (*waiting)->topic);
    self->end(std::move(*waiting), std::move(failure));
  });
  core_->route(
      topic, [core = core_, late, waiting, then = std::move(then)](Result<RoutePtr> route) mutable {
        core->forget(late);
        if (*waiting != nullptr) then(std::move(*waiting), std::move(route));
      });
}

void ProducerCore::find_route(SendPtr send) {
  const std::string topic = send->topic;
  ask_route(std::move(send), topic,
            [self = shared_from_this()](SendPtr found, Result<RoutePtr> route) {
              self->on_route_found(std::move(found), std::move(route));
            });
}

void ProducerCore::on_route_found(SendPtr send, Result<RoutePtr> route) {
  if (!route && route.error().code == Errc::topic_not_found)
    return use_default_route(std::move(send), std::move(route).error());
  if (!route) return retry_or_end(std::move(send), std::move(route).error());
  auto prepared = prepare(send->topic, *route, all_queues);
  if (!prepared && repeat_later(send, prepared.error())) return;
  if (!prepared) return end(std::move(send), Failure(std::move(prepared).error()));
  transmit(std::move(send));
}

void ProducerCore::use_default_route(SendPtr send, Error missing) {
  ask_route(std::move(send), std::string(default_topic),
            [self = shared_from_this(), missing = std::move(missing)](
                SendPtr found, Result<RoutePtr> route) mutable {
              if (!route && self->repeat_later(found, missing)) return;
              if (!route) return self->end(std::move(found), Failure(std::move(missing)));
              const std::int32_t queues_max = self->options_.auto_topic_queues;
              auto prepared = self->prepare(found->topic, *route, queues_max);
              if (!prepared && self->repeat_later(found, missing)) return;
              if (!prepared) return self->end(std::move(found), Failure(std::move(missing)));
              self->transmit(std::move(found));
            });
}

Result<> ProducerCore::prepare(const std::string& topic, const RoutePtr& route,
                               std::int32_t queues_max) {
  PublishTable& table = tables_[topic];
  if (table.route() == route.get() && !table.empty()) return {};
  const bool is_new = table.route() == nullptr;
  const auto start = static_cast<std::uint64_t>(runtime().agent().now().steady_ns / 1000);
  table = PublishTable(route, unwrap(core_->settings().name_space, topic), queues_max, start);
  if (table.empty()) {
    tables_.erase(topic);
    return fail(Errc::no_permission, "topic " + topic + " has no queue that may be written");
  }
  if (!is_new) return {};
  // An answer finds us only where the broker has heard of us before.
  if (requests_.empty()) core_->heartbeat_soon();
  if (!requests_.empty()) core_->heartbeat();
  return {};
}

Result<const PublishTable::Target*> ProducerCore::choose(const Send& send) {
  if (send.sequence >= 0) return same_queue(send);
  PublishTable& table = tables_.find(send.topic)->second;
  if (send.select) {
    const std::size_t place = send.select(table.queues(), send.original);
    if (place >= table.queues().size())
      return fail(Errc::queue_out_of_range, "the selector chose " + std::to_string(place) + " of " +
                                                std::to_string(table.queues().size()) + " queues");
    return &table.at(place);
  }
  if (!send.ordering_key.empty()) {
    const auto hash = static_cast<std::uint32_t>(java_hash(send.ordering_key));
    return &table.at(hash % table.queues().size());
  }
  const FaultTable* const faults = options_.latency_fault_tolerance ? &faults_ : nullptr;
  const std::string_view avoid = send.attempts > 0 ? std::string_view(send.queue.broker) : "";
  return &table.next(avoid, faults, core_->now_ms());
}

void ProducerCore::transmit(SendPtr send) {
  auto target = choose(*send);
  if (!target && repeat_later(send, target.error())) return;
  if (!target) return end(std::move(send), Failure(target.error()));
  const std::int64_t now_ms = core_->now_ms();
  if (send->deadline_ms <= now_ms) {
    auto late = fail(Errc::timeout, "send to topic " + send->topic);
    return end(std::move(send), std::move(late));
  }
  const std::string address = (*target)->address;
  if (is_numbered(*send) && send->sequence < 0) {
    send = number(std::move(send), (*target)->queue);
    if (send == nullptr) return;  // it waits for its turn
  }
  send->queue = (*target)->queue;
  send->sent_ms = now_ms;
  ++send->attempts;
  const DecimalText queue(send->queue.queue), flags(send->encoded.sys_flag), flag(send->flag),
      auto_queues(options_.auto_topic_queues), born(runtime().agent().now().wall_ms);
  const std::array<remoting::ExtField, 13> fields{{
      {"a", options_.group},
      {"b", send->topic},
      {"c", default_topic},
      {"d", auto_queues.view()},
      {"e", queue.view()},
      {"f", flags.view()},
      {"g", born.view()},
      {"h", flag.view()},
      {"i", send->encoded.properties},
      {"j", "0"},
      {"k", "false"},
      {"m", send->batch ? "true" : "false"},
      {"n", send->queue.broker},
  }};
  const Call call{.code = send->code != 0 ? send->code : code_of(*send),
                  .fields = fields,
                  .body = send->encoded.body};
  if (send->one_way) return transmit_one_way(std::move(send), address, call);
  const std::int64_t timeout_ms = attempt_ms(*send, send->deadline_ms - now_ms);
  core_->call(
      address, call,
      [self = shared_from_this(), send = std::move(send)](Result<Reply> reply) mutable {
        self->on_reply(std::move(send), std::move(reply));
      },
      timeout_ms);
}

void ProducerCore::transmit_one_way(SendPtr send, const std::string& address, const Call& call) {
  // Nobody answers: what counts is what the network has not taken.
  const std::size_t pending = core_->pending_bytes(address);
  if (pending > 0 && pending + send->encoded.body.size() > options_.in_flight_bytes_max) {
    auto full = fail(Errc::busy, std::to_string(pending) + " bytes wait for " + address);
    return end(std::move(send), std::move(full));
  }
  core_->call_one_way(address, call,
                      [self = shared_from_this(), send = std::move(send)](Result<> sent) mutable {
                        if (sent) return self->end(std::move(send), SendReceipt{});
                        Error error = self->lost(*send, std::move(sent).error());
                        self->end(std::move(send), Failure(std::move(error)));
                      });
}

// It did not reach its broker, or no answer did us.
Error ProducerCore::lost(const Send& send, Error error) {
  faults_.failed(send.queue.broker, core_->now_ms());
  core_->refresh_route(send.topic);
  return std::move(error).in("send to topic " + send.topic);
}

void ProducerCore::on_reply(SendPtr send, Result<Reply> reply) {
  const std::int64_t now_ms = core_->now_ms();
  if (!reply) {
    Error error = lost(*send, std::move(reply).error());
    return retry_or_end(std::move(send), std::move(error));
  }
  if (options_.latency_fault_tolerance)
    faults_.answered(send->queue.broker, now_ms - send->sent_ms, now_ms);
  const auto state = std::ranges::find(stored, reply->code(), &Stored::code);
  if (state != stored.end()) {
    auto receipt = receipt_of(*send, *reply);
    if (receipt) receipt->state = state->state;
    if (receipt && tracer_ != nullptr) trace(*send, *receipt, *reply);
    const bool again = options_.retry_when_not_stored_safely && state->state != SendState::ok &&
                       send->attempts <= options_.retries && !closed_ && !is_ordered(*send) &&
                       send->sequence < 0;
    if (!again) return end(std::move(send), std::move(receipt));
    if (receipt && !send->stored) send->stored = std::move(*receipt);
    return begin(std::move(send));  // the route may have changed
  }
  const bool retried = std::ranges::find(retried_codes, reply->code()) != retried_codes.end();
  Error error = server_failure("send to topic " + send->topic, send->queue.broker, *reply).error();
  if (error.code == Errc::topic_not_found) core_->doubt_route(send->topic);
  if (error.code == Errc::not_leader_for_queue) core_->refresh_route(send->topic);
  if (retried) return retry_or_end(std::move(send), std::move(error));
  end(std::move(send), Failure(std::move(error)));
}

Result<SendReceipt> ProducerCore::receipt_of(const Send& send, const Reply& reply) const {
  BOLIDE_TRY(const std::int64_t queue, reply.number("queueId"));
  BOLIDE_TRY(const std::int64_t offset, reply.number("queueOffset"));
  return SendReceipt{
      .state = SendState::ok,
      .queue = {send.queue.topic, send.queue.broker, static_cast<std::int32_t>(queue)},
      .offset = offset,
      .id = send.ids.front(),
      .offset_id = std::string(reply.field("msgId")),
      .recall_handle = std::string(reply.field("recallHandle"))};
}

void ProducerCore::trace(const Send& send, const SendReceipt& receipt, const Reply& reply) {
  if (reply.field("TRACE_ON") == "false") return;
  tracer_->sent({.topic = receipt.queue.topic,
                 .properties = send.encoded.properties,
                 .region = reply.field("MSG_REGION"),
                 .store_host = core_->broker_address(send.queue, false),
                 .offset_ids = receipt.offset_id,
                 .ids = send.ids,
                 .body_bytes = send.encoded.body.size(),
                 .cost_ms = core_->now_ms() - send.sent_ms,
                 .success = receipt.state == SendState::ok});
}

void ProducerCore::retry_or_end(SendPtr send, Error error) {
  if (repeat_later(send, error)) return;
  const bool time_left = core_->now_ms() < send->deadline_ms;
  if (closed_ || !time_left || is_ordered(*send) || send->attempts > options_.retries ||
      (send->attempts == 0 && !is_lost(error.code)))
    return end(std::move(send), Failure(std::move(error)));
  // No route yet: the name servers were all asked; that was an attempt.
  if (send->attempts == 0) ++send->attempts;
  if (!is_lost(error.code)) return begin(std::move(send));
  const std::int64_t pause_ms = retry_pause_ms * send->attempts;
  core_->after(pause_ms, [self = shared_from_this(), send = std::move(send)]() mutable {
    self->begin(std::move(send));
  });
}

void ProducerCore::end(SendPtr send, Result<SendReceipt> result) {
  // It is stored, whatever became of further attempts.
  if (!result && send->stored) result = std::move(*send->stored);
  const bool numbered = send->sequence >= 0;
  if (numbered) sequences_.ended(*send);
  send->done(std::move(result));
  if (numbered) release_waiting(send->queue);
}

}  // namespace bolide::client
