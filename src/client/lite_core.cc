// SPDX-License-Identifier: Apache-2.0
//
// Polling, seeking, committing.
// Runs on: see lite_core.h.  Owns: see lite_core.h.  Invariant: see lite_core.h.
#include "client/lite_core.h"

#include "client/names.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <future>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

ConsumerSettings settings_of(const LitePullConsumerOptions& options) {
  return {.group = options.group,
          .subscriptions = options.subscriptions,
          .model = options.model,
          .from = options.from,
          .from_time_ms = options.from_time_ms,
          .strategy = options.strategy,
          .pull_messages_max = options.pull_messages_max,
          .queue_messages_max = options.queue_messages_max,
          .queue_bytes_max = options.queue_bytes_max,
          .queue_span_max = options.queue_span_max,
          .commit_interval_ms = options.auto_commit_interval.count(),
          .offset_directory = options.offset_directory,
          .active = true};
}

// Waits on the caller's thread for what `begin` on the agent will be told.
template <class T>
Result<T> wait_for(Runtime& runtime,
                   const std::function<void(std::shared_ptr<std::promise<Result<T>>>)>& begin) {
  const auto promise = std::make_shared<std::promise<Result<T>>>();
  runtime.run([&] { begin(promise); });
  return promise->get_future().get();
}

}  // namespace

LiteCore::LiteCore(std::shared_ptr<Core> core, LitePullConsumerOptions options)
    : ConsumerCore(std::move(core), settings_of(options)), options_(std::move(options)) {
  assigned_by_hand_ = options_.subscriptions.empty();
  commits_by_itself_ = options_.auto_commit;
}

void LiteCore::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  news_.notify_all();
  say_farewell(runtime(), [this](FarewellPtr farewell) {
    stopping_ = true;
    leave(std::move(farewell));
    polled_.clear();
  });
  (void)save_offsets();
}

void LiteCore::on_messages() {
  {
    const std::lock_guard lock(mutex_);
    ++version_;
  }
  news_.notify_all();
}

// What was polled of a queue that is gone may go to another member: it is not settled any more.
void LiteCore::on_dropped(const QueuePtr& queue) {
  std::erase_if(polled_, [&](const auto& entry) { return entry.first == queue; });
}

std::vector<ReceivedMessage> LiteCore::poll(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  std::uint64_t seen = 0;
  bool first = true;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      if (!first) news_.wait_until(lock, deadline, [&] { return stopped_ || version_ != seen; });
      if (stopped_) return {};
      seen = version_;
    }
    std::vector<ReceivedMessage> messages;
    runtime().run([&] {
      if (std::exchange(first, false)) settle_polled();
      messages = take();
    });
    if (!messages.empty() || std::chrono::steady_clock::now() >= deadline) return messages;
  }
}

void LiteCore::settle_polled() {
  for (const auto& [queue, messages] : std::exchange(polled_, {})) settle(queue, messages);
}

// From the queue after the one that had its turn last.
std::vector<ReceivedMessage> LiteCore::take() {
  auto at = queues_.upper_bound(last_);
  for (std::size_t i = 0; i < queues_.size(); ++i, ++at) {
    if (at == queues_.end()) at = queues_.begin();
    const QueuePtr& queue = at->second;
    if (!queue->has_waiting() || queue->paused) continue;
    last_ = at->first;
    auto messages = queue->take(static_cast<std::size_t>(options_.poll_messages_max));
    std::vector<ReceivedMessage> places;
    for (const ReceivedMessage& message : messages) {
      ReceivedMessage place;
      place.offset = message.offset;
      places.push_back(std::move(place));
    }
    polled_.emplace_back(queue, std::move(places));
    return messages;
  }
  return {};
}

Result<> LiteCore::assign(const std::vector<QueueId>& queues) {
  if (!options_.subscriptions.empty())
    return fail(Errc::invalid_argument, "group " + options_.group + " has subscriptions");
  for (const QueueId& id : queues) BOLIDE_CHECK(check_topic(id.topic));
  runtime().run([&] {
    if (stopping_) return;
    const auto before = std::exchange(by_hand_, {});
    for (const QueueId& id : queues) by_hand_[wrapped(id.topic)].insert(inner(id));
    for (const auto& [topic, own] : before) {
      if (!by_hand_.contains(topic)) take_queues(topic, {});
    }
    for (const auto& [topic, own] : by_hand_) {
      core_->route(topic, [weak = weak_as(this)](const Result<RoutePtr>&) {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->core_->heartbeat_soon();
        self->rebalance_later(0);
      });
    }
  });
  return {};
}

Result<std::vector<QueueId>> LiteCore::queues_of(const std::string& topic) {
  using Queues = std::vector<QueueId>;
  return wait_for<Queues>(runtime(), [&](std::shared_ptr<std::promise<Result<Queues>>> promise) {
    core_->route(wrapped(topic), [promise, topic](const Result<RoutePtr>& route) {
      if (!route) return promise->set_value(Failure(route.error()));
      promise->set_value(readable_queues(**route, topic));
    });
  });
}

Result<> LiteCore::seek(const QueueId& queue, std::int64_t offset) {
  if (offset < 0) return fail(Errc::invalid_argument, "an offset below 0");
  bool found = false;
  runtime().run([&] { found = restart_at(inner(queue), offset); });
  if (found) return {};
  return fail(Errc::not_found, "queue " + std::to_string(queue.queue) + " of topic " + queue.topic +
                                   " on " + queue.broker + " is not assigned");
}

void LiteCore::set_paused(std::span<const QueueId> queues, bool paused) {
  runtime().run([&] {
    for (const QueueId& id : queues) {
      const auto found = queues_.find(inner(id));
      if (found == queues_.end()) continue;
      found->second->paused = paused;
      if (!paused) pull(found->second);
    }
    on_messages();
  });
}

std::map<QueueId, std::int64_t> LiteCore::consumed_offsets(bool all) {
  settle_polled();
  std::map<QueueId, std::int64_t> offsets;
  for (const auto& [id, queue] : queues_) {
    if (all || queue->committable() != queue->committed) offsets[id] = queue->committable();
  }
  return offsets;
}

Result<> LiteCore::commit_polled(bool wait) {
  std::map<QueueId, std::int64_t> offsets;
  runtime().run([&] {
    offsets = consumed_offsets(wait);
    if (!clustering()) commit_all();
  });
  if (!clustering()) return wait ? save_offsets() : Result<>();
  return send_offsets(offsets, wait);
}

Result<> LiteCore::commit(const std::map<QueueId, std::int64_t>& offsets) {
  std::map<QueueId, std::int64_t> all;
  for (const auto& [id, offset] : offsets) all.emplace(inner(id), offset);
  return send_offsets(all, true);
}

Result<> LiteCore::send_offsets(const std::map<QueueId, std::int64_t>& offsets, bool wait) {
  if (offsets.empty()) return {};
  struct Open {
    std::size_t left = 0;
    Result<> result;
    std::promise<Result<>> promise;
  };
  const auto open = std::make_shared<Open>();
  open->left = offsets.size();
  auto future = open->promise.get_future();
  runtime().run([&] {
    for (const auto& [id, offset] : offsets) {
      send_offset(id, offset, [weak = weak_as(this), open, id, offset](const Result<Reply>& reply) {
        const auto self = weak.lock();
        const bool taken = reply && reply->code() == response_code::success;
        if (!reply) open->result = Failure(Error(reply.error()));
        if (reply && !taken) open->result = server_failure("commit", id.broker, *reply);
        const auto queue = self == nullptr ? QueuePtr() : self->queue_of(id);
        if (taken && queue != nullptr) queue->committed = offset;
        if (--open->left == 0) open->promise.set_value(std::move(open->result));
      });
    }
  });
  return wait ? future.get() : Result<>();
}

Result<std::int64_t> LiteCore::ask(const QueueId& queue, std::int32_t code, std::vector<Arg> args) {
  using Number = std::shared_ptr<std::promise<Result<std::int64_t>>>;
  args.push_back({"topic", wrapped(queue.topic)});
  args.push_back({"queueId", std::to_string(queue.queue)});
  // The broker's address comes with the route.
  BOLIDE_TRY(const auto queues, queues_of(queue.topic));
  return wait_for<std::int64_t>(runtime(), [&](Number promise) {
    core_->call(core_->broker_address({wrapped(queue.topic), queue.broker, queue.queue}, true),
                code, args, [promise, broker = queue.broker](const Result<Reply>& reply) {
                  if (!reply) return promise->set_value(Failure(Error(reply.error())));
                  if (reply->code() == response_code::query_not_found)
                    return promise->set_value(fail(Errc::not_found, "nothing is committed"));
                  if (reply->code() != response_code::success)
                    return promise->set_value(server_failure("ask for an offset", broker, *reply));
                  promise->set_value(reply->number("offset"));
                });
  });
}

Result<std::int64_t> LiteCore::committed(const QueueId& queue) {
  if (!clustering()) {
    std::optional<std::int64_t> offset;
    runtime().run([&] { offset = stored_offset(inner(queue)); });
    if (offset) return *offset;
    return fail(Errc::not_found, "nothing is committed");
  }
  return ask(queue, request_code::query_consumer_offset,
             {{"consumerGroup", options_.group}, {"setZeroIfNotFound", "false"}});
}

}  // namespace bolide::client
