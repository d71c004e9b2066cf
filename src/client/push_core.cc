// SPDX-License-Identifier: Apache-2.0
//
// Consuming: handing messages to the listener.
// Runs on: see push_core.h.  Owns: see push_core.h.  Invariant: see push_core.h.
#include "client/push_core.h"

#include "client/tracer.h"
#include "os/clock.h"

#include <iterator>
#include <span>
#include <utility>

namespace bolide::client {
namespace {

ConsumerSettings settings_of(const PushConsumerOptions& options) {
  return {.group = options.group,
          .subscriptions = options.subscriptions,
          .model = options.model,
          .from = options.from,
          .from_time_ms = options.from_time_ms,
          .from_in_young_topics = options.from_in_young_topics,
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

Result<> PushCore::start() {
  if (options_.trace) {
    tracer_ = Tracer::start(
        core_, {.topic = options_.trace_topic, .group = options_.group, .consumes = true});
  }
  auto joined = join();
  if (!joined && tracer_ != nullptr) tracer_->stop();
  return joined;
}

Result<> PushCore::stop() {
  runtime().run([&] {
    if (stopping_) return;
    stopping_ = true;
    quits_ = true;
    const std::lock_guard lock(mutex_);
    left_ = consuming_;
  });
  bool finished = true;
  {
    std::unique_lock lock(mutex_);
    if (stopped_) return {};
    stopped_ = true;
    Runtime::pass_on_callbacks();
    // A listener that stops its own consumer must not wait for itself.
    const std::size_t own = WorkerPool::runs_for(this) ? 1 : 0;
    finished = idle_.wait_for(lock, options_.stop_timeout, [&] { return left_ <= own; });
  }
  say_farewell(runtime(), [&](FarewellPtr farewell) { leave(std::move(farewell)); });
  if (tracer_ != nullptr) tracer_->stop();
  const auto saved = save_offsets();
  if (finished) return saved;
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
    // One job of each queue in turn, from behind the one that had the last turn, so that none
    // starves another.
    auto at = queues_.upper_bound(turn_);
    for (std::size_t i = 0; i < queues_.size(); ++i, ++at) {
      if (consuming_ >= static_cast<std::size_t>(options_.concurrency)) return;
      if (at == queues_.end()) at = queues_.begin();
      if (!dispatch_from(at->second)) continue;
      turn_ = at->first;
      more = true;
    }
  }
}

bool PushCore::dispatch_from(const QueuePtr& queue) {
  if (!queue->has_waiting()) return false;
  if (is_ordered()) {
    const bool may = !busy_.contains(queue->id()) && is_locked(queue->id()) &&
                     core_->now_ms() >= queue->rests_until_ms;
    if (!may) return false;
    busy_.insert(queue->id());
  }
  const auto piece = static_cast<std::size_t>(options_.batch_messages_max);
  auto messages = queue->take(piece * pieces_.pieces());
  if (messages.front().damaged) {
    stats_of(queue->id().topic).consumed(0, messages.size(), 0);
    refuse(queue, std::move(messages));
    return true;
  }
  auto job = std::make_shared<ConsumeJob>(queue, std::move(messages), piece);
  job->began_ms = core_->now_ms();
  jobs_.push_back(job);
  ++consuming_;
  auto self = std::static_pointer_cast<PushCore>(shared_from_this());
  runtime().workers().submit([self = std::move(self), job = std::move(job)]() mutable {
    Consumed result = self->consume(*job);
    Runtime& runtime = self->runtime();
    runtime.post(
        [self = std::move(self), job = std::move(job), result = std::move(result)]() mutable {
          self->consumed(job, std::move(result));
        });
  });
  return true;
}

// On a worker.
ConsumeResult PushCore::listen(std::span<const ReceivedMessage> messages) {
  using Code = TraceRecord::Code;
  const WorkerPool::Running running(this);
  Code code = Code::success;
  if (tracer_ == nullptr) {
    code = call_listener(messages);
  } else {
    const std::string request = tracer_->before(messages);
    const std::int64_t began_ms = os::system_clock().now().steady_ms();
    code = call_listener(messages);
    tracer_->after(request, messages, os::system_clock().now().steady_ms() - began_ms, code);
  }
  return code == Code::success ? ConsumeResult::success : ConsumeResult::later;
}

// What a listener throws must not end the program, which would get the same message again when it
// is started: the messages are refused.
TraceRecord::Code PushCore::call_listener(std::span<const ReceivedMessage> messages) {
  using Code = TraceRecord::Code;
  try {
    return options_.on_messages(messages) == ConsumeResult::success ? Code::success : Code::failed;
  } catch (...) {
    return Code::exception;
  }
}

// On a worker.
PushCore::Consumed PushCore::consume(ConsumeJob& job) {
  Consumed all;
  const std::int64_t began_ns = os::system_clock().now().steady_ns;
  while (!quits_.load(std::memory_order_relaxed)) {
    const std::span<ReceivedMessage> piece = job.take();
    if (piece.empty()) break;
    ++all.pieces;
    const bool success = listen(piece) == ConsumeResult::success;
    if (all.runs.empty() || all.runs.back().success != success) {
      all.runs.push_back({piece, success});
    } else {
      std::span<ReceivedMessage>& run = all.runs.back().messages;
      run = {run.data(), run.size() + piece.size()};
    }
    // In order nothing may be consumed past what was refused.
    if (!success && is_ordered()) break;
  }
  all.took_ns = os::system_clock().now().steady_ns - began_ns;
  return all;
}

void PushCore::consumed(const JobPtr& job, const Consumed& result) {
  const QueuePtr& queue = job->queue();
  std::erase(jobs_, job);
  pieces_.note(result.took_ns, result.pieces);
  queue->consumed_ms = runtime().agent().now().wall_ms;
  std::size_t done = 0;
  std::vector<ReceivedMessage> refused;
  for (const Run& run : result.runs) {
    if (run.success) {
      done += run.messages.size();
      settle(queue, run.messages);
    } else {
      refused.insert(refused.end(), std::make_move_iterator(run.messages.begin()),
                     std::make_move_iterator(run.messages.end()));
    }
  }
  stats_of(queue->id().topic).consumed(done, refused.size(), result.took_ns);
  if (is_ordered()) {
    end_ordered(job, std::move(refused));
  } else {
    refuse(queue, std::move(refused));
  }
  end_consuming();
}

void PushCore::refuse(const QueuePtr& queue, std::vector<ReceivedMessage> messages) {
  if (!messages.empty() && !queue->dropped && clustering())
    return hand_back({queue, std::move(messages)});
  // Broadcasting has nowhere to hand back to (rocketmq 3.7): what failed is passed over.
  settle(queue, messages);
}

// A listener that takes its time must not keep what waits behind it from other workers.
void PushCore::take_back_late(std::int64_t now_ms) {
  constexpr std::int64_t late_ms = 20;
  for (const JobPtr& job : jobs_) {
    if (now_ms - job->began_ms < late_ms) continue;
    auto rest = job->take_back();
    if (!rest.empty()) job->queue()->put_back(std::move(rest));
  }
  dispatch();
}

void PushCore::end_consuming() {
  --consuming_;
  dispatch();
  if (!stopping_) return;
  const std::lock_guard lock(mutex_);
  left_ = consuming_;
  idle_.notify_all();
}

}  // namespace bolide::client
