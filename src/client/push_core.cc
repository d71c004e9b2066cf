// SPDX-License-Identifier: Apache-2.0
//
// Consuming: handing messages to the listener.
// Runs on: see push_core.h.  Owns: see push_core.h.  Invariant: see push_core.h.
#include "client/push_core.h"

#include <utility>

namespace bolide::client {
namespace {

ConsumerSettings settings_of(const PushConsumerOptions& options) {
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
          .commit_interval_ms = options.offset_commit_interval.count(),
          .offset_directory = options.offset_directory};
}

}  // namespace

PushCore::PushCore(std::shared_ptr<Core> core, PushConsumerOptions options)
    : ConsumerCore(std::move(core), settings_of(options)), options_(std::move(options)) {}

Result<> PushCore::stop() {
  runtime().run([&] {
    if (stopping_) return;
    stopping_ = true;
    const std::lock_guard lock(mutex_);
    is_idle_ = consuming_ == 0;
  });
  bool finished = true;
  {
    std::unique_lock lock(mutex_);
    if (stopped_) return {};
    stopped_ = true;
    // A listener that stops its own consumer must not wait for itself.
    if (!WorkerPool::on_worker())
      finished = idle_.wait_for(lock, options_.stop_timeout, [&] { return is_idle_; });
  }
  runtime().run([&] { leave(); });
  if (finished) return {};
  return fail(Errc::timeout, "a listener of group " + options_.group + " has not returned");
}

void PushCore::set_suspended(bool suspended) {
  runtime().run([&] {
    suspended_ = suspended;
    if (suspended) return;
    for (const auto& [id, queue] : queues_) pull(queue);
  });
}

void PushCore::dispatch() {
  bool more = true;
  while (more && !stopping_) {
    more = false;
    // One batch of each queue in turn, so that none starves another.
    for (const auto& [id, queue] : queues_) {
      if (consuming_ >= static_cast<std::size_t>(options_.concurrency)) return;
      more |= dispatch_from(queue);
    }
  }
}

bool PushCore::dispatch_from(const QueuePtr& queue) {
  if (!queue->has_waiting()) return false;
  if (ordered()) {
    const bool may = !busy_.contains(queue->id()) && is_locked(queue->id()) &&
                     core_->now_ms() >= queue->rests_until_ms;
    if (!may) return false;
    busy_.insert(queue->id());
  }
  Batch batch{queue, queue->take(static_cast<std::size_t>(options_.batch_messages_max))};
  ++consuming_;
  auto self = std::static_pointer_cast<PushCore>(shared_from_this());
  runtime().workers().submit([self = std::move(self), batch = std::move(batch)]() mutable {
    const ConsumeResult result = self->options_.on_messages(batch.messages);
    Runtime& runtime = self->runtime();
    runtime.post([self = std::move(self), batch = std::move(batch), result]() mutable {
      self->consumed(std::move(batch), result);
    });
  });
  return true;
}

void PushCore::consumed(Batch batch, ConsumeResult result) {
  --consuming_;
  if (ordered()) {
    ordered_consumed(std::move(batch), result);
  } else if (result == ConsumeResult::later && !batch.queue->dropped && clustering()) {
    hand_back(std::move(batch));
  } else {
    // Broadcasting has nowhere to hand back to (rocketmq 3.7): what failed is passed over.
    settle(batch.queue, batch.messages);
  }
  dispatch();
  if (stopping_ && consuming_ == 0) end_stop();
}

void PushCore::end_stop() {
  const std::lock_guard lock(mutex_);
  is_idle_ = true;
  idle_.notify_all();
}

}  // namespace bolide::client
