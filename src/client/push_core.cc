// SPDX-License-Identifier: Apache-2.0
//
// Consuming: handing messages to the listener, handing back what it refused, committing offsets.
// Runs on: see push_core.h.  Owns: see push_core.h.  Invariant: see push_core.h.
#include "client/push_core.h"

#include "base/json_writer.h"
#include "client/names.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

constexpr std::int64_t tick_ms = 100;
constexpr std::int64_t rebalance_interval_ms = 20'000;
// When a broker does not take a message back, it is consumed again here (rocketmq 3.7).
constexpr std::int64_t local_retry_ms = 5000;

constexpr std::array<std::string_view, 3> from_names = {
    "CONSUME_FROM_LAST_OFFSET", "CONSUME_FROM_FIRST_OFFSET", "CONSUME_FROM_TIMESTAMP"};

// The tags of an expression, as heartbeats carry them (wire 2.8).
std::vector<std::string> tags_of(std::string_view expression) {
  std::vector<std::string> tags;
  if (trim(expression) == "*") return tags;
  while (!expression.empty()) {
    const std::size_t end = expression.find("||");
    const std::string_view tag = trim(expression.substr(0, end));
    if (!tag.empty()) tags.emplace_back(tag);
    expression.remove_prefix(end == std::string_view::npos ? expression.size() : end + 2);
  }
  return tags;
}

}  // namespace

PushCore::PushCore(std::shared_ptr<Core> core, PushConsumerOptions options)
    : core_(std::move(core)),
      options_(std::move(options)),
      sub_version_(os::system_clock().now().wall_ms),
      file_(os::posix_file_system(), options_.offset_directory, core_->settings().id,
            options_.group) {}

Result<> PushCore::start() {
  if (!clustering()) {
    BOLIDE_TRY(stored_, file_.load());
  }
  Result<> added;
  core_->runtime().run([&] {
    added = core_->add(this);
    if (!added) return;
    commit_at_ms_ = core_->now_ms() + options_.offset_commit_interval.count();
    rebalance_at_ms_ = 0;
    timer_ = core_->runtime().agent().every(tick_ms, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->tick();
    });
    for (const std::string& topic : topics()) {
      core_->route(topic, [weak = weak_from_this()](const Result<RoutePtr>&) {
        if (const auto self = weak.lock()) self->rebalance_later(0);
      });
    }
  });
  return added;
}

Result<> PushCore::stop() {
  core_->runtime().run([&] {
    if (stopping_) return;
    stopping_ = true;
    dispatch();
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
  core_->runtime().run([&] { leave(); });
  if (finished) return {};
  return fail(Errc::timeout, "a listener of group " + options_.group + " has not returned");
}

void PushCore::leave() {
  commit_all();
  core_->unregister(*this);
  core_->remove(this);
  timer_.reset();
  for (const auto& [id, queue] : queues_) queue->dropped = true;
  queues_.clear();
}

void PushCore::set_suspended(bool suspended) {
  core_->runtime().run([&] {
    suspended_ = suspended;
    if (suspended) return;
    for (const auto& [id, queue] : queues_) pull(queue);
  });
}

std::vector<QueueId> PushCore::queues() {
  std::vector<QueueId> all;
  core_->runtime().run([&] {
    for (const auto& [id, queue] : queues_) {
      if (!is_retry(id.topic)) all.push_back(id);
    }
  });
  return all;
}

std::string PushCore::retry_topic() const {
  return std::string(retry_prefix) + options_.group;
}

bool PushCore::is_retry(const std::string& topic) const {
  return topic.starts_with(retry_prefix);
}

std::vector<std::string> PushCore::topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, expression] : options_.subscriptions) topics.push_back(topic);
  if (clustering()) topics.push_back(retry_topic());
  return topics;
}

void PushCore::write_heartbeat(JsonWriter& out) const {
  out.begin_object();
  out.member("consumeFromWhere", from_names[static_cast<std::size_t>(options_.from)]);
  out.member("consumeType", "CONSUME_PASSIVELY");
  out.member("groupName", options_.group);
  out.member("messageModel", clustering() ? "CLUSTERING" : "BROADCASTING");
  out.key("subscriptionDataSet");
  out.begin_array();
  for (const std::string& topic : topics()) {
    const auto found = options_.subscriptions.find(topic);
    const std::string expression = found == options_.subscriptions.end() ? "*" : found->second;
    const auto tags = tags_of(expression);
    out.begin_object();
    out.member("classFilterMode", false);
    out.key("codeSet");
    out.begin_array();
    for (const std::string& tag : tags) out.value(java_hash(tag));
    out.end_array();
    out.member("expressionType", "TAG");
    out.member("subString", expression.empty() ? "*" : expression);
    out.member("subVersion", sub_version_);
    out.key("tagsSet");
    out.begin_array();
    for (const std::string& tag : tags) out.value(tag);
    out.end_array();
    out.member("topic", topic);
    out.end_object();
  }
  out.end_array();
  out.member("unitMode", false);
  out.end_object();
}

void PushCore::tick() {
  const std::int64_t now_ms = core_->now_ms();
  if (now_ms >= commit_at_ms_) {
    commit_at_ms_ = now_ms + options_.offset_commit_interval.count();
    commit_all();
  }
  if (now_ms < rebalance_at_ms_) return;
  rebalance_at_ms_ = now_ms + rebalance_interval_ms;
  rebalance();
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
  Batch batch{queue, queue->take(static_cast<std::size_t>(options_.batch_messages_max))};
  ++consuming_;
  core_->runtime().workers().submit(
      [self = shared_from_this(), batch = std::move(batch)]() mutable {
        const ConsumeResult result = self->options_.on_messages(batch.messages);
        Runtime& runtime = self->core_->runtime();
        runtime.post([self = std::move(self), batch = std::move(batch), result]() mutable {
          self->consumed(std::move(batch), result);
        });
      });
  return true;
}

void PushCore::consumed(Batch batch, ConsumeResult result) {
  --consuming_;
  const QueuePtr queue = batch.queue;
  if (result == ConsumeResult::success || queue->dropped) {
    settle(queue, batch.messages);
  } else if (clustering()) {
    hand_back(std::move(batch));
  } else {
    // Broadcasting has nowhere to hand back to (rocketmq 3.7): what failed is passed over.
    settle(queue, batch.messages);
  }
  dispatch();
  if (!stopping_ || consuming_ > 0) return;
  const std::lock_guard lock(mutex_);
  is_idle_ = true;
  idle_.notify_all();
}

void PushCore::settle(const QueuePtr& queue, const std::vector<ReceivedMessage>& messages) {
  const bool was_full = is_full(*queue);
  queue->done(messages);
  if (was_full && !is_full(*queue)) pull(queue);
}

void PushCore::hand_back(Batch batch) {
  auto kept = std::make_shared<std::vector<ReceivedMessage>>();
  hand_back_next(std::make_shared<Batch>(std::move(batch)), 0, std::move(kept));
}

void PushCore::hand_back_next(std::shared_ptr<Batch> batch, std::size_t place,
                              std::shared_ptr<std::vector<ReceivedMessage>> kept) {
  if (place == batch->messages.size()) {
    std::erase_if(batch->messages, [](const ReceivedMessage& m) { return m.topic.empty(); });
    settle(batch->queue, batch->messages);
    if (kept->empty()) return;
    return core_->after(local_retry_ms, [weak = weak_from_this(), batch, kept] {
      const auto self = weak.lock();
      if (self == nullptr || batch->queue->dropped) return;
      batch->queue->put_back(std::move(*kept));
      self->dispatch();
    });
  }
  const ReceivedMessage& message = batch->messages[place];
  const std::string address = core_->broker_address(message.broker, false);
  const auto taken = [weak = weak_from_this(), batch, place, kept](const Result<Reply>& reply) {
    const auto self = weak.lock();
    if (self == nullptr) return;
    if (!reply || reply->code() != remoting::response_code::success) {
      ReceivedMessage& refused = batch->messages[place];
      ++refused.reconsume_times;
      kept->push_back(std::move(refused));
      refused = {};
    }
    self->hand_back_next(batch, place + 1, kept);
  };
  core_->call(address, request_code::consumer_send_msg_back,
              {{"offset", std::to_string(message.position)},
               {"group", options_.group},
               {"delayLevel", "0"},
               {"originMsgId", message.id()},
               {"originTopic", message.topic},
               {"unitMode", "false"},
               {"maxReconsumeTimes", std::to_string(options_.reconsume_max)}},
              taken);
}

void PushCore::commit_all() {
  if (!clustering()) {
    bool changed = false;
    for (const auto& [id, queue] : queues_) {
      std::int64_t& at = stored_.try_emplace(id, -1).first->second;
      changed |= at != queue->committable();
      at = queue->committable();
    }
    // What cannot be saved now is saved the next time.
    if (changed) (void)file_.save(stored_);
    return;
  }
  for (const auto& [id, queue] : queues_) commit(queue);
}

void PushCore::commit(const QueuePtr& queue) {
  const std::int64_t offset = queue->committable();
  if (!clustering() || queue->dropped || offset == queue->committed) return;
  const std::string address = core_->broker_address(queue->id().broker, false);
  if (address.empty()) return;
  queue->committed = offset;
  core_->call(address, request_code::update_consumer_offset,
              {{"consumerGroup", options_.group},
               {"topic", queue->id().topic},
               {"queueId", std::to_string(queue->id().queue)},
               {"commitOffset", std::to_string(offset)}},
              OnReply());
}

}  // namespace bolide::client
