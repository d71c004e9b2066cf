// SPDX-License-Identifier: Apache-2.0
//
// Membership of a group, and committing.
// Runs on: see consumer_core.h.  Owns: see consumer_core.h.  Invariant: see consumer_core.h.
#include "client/consumer_core.h"

#include "base/json_writer.h"
#include "client/filters.h"
#include "client/names.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr std::int64_t tick_ms = 100;
constexpr std::int64_t rebalance_interval_ms = 20'000;

constexpr std::array<std::string_view, 3> from_names = {
    "CONSUME_FROM_LAST_OFFSET", "CONSUME_FROM_FIRST_OFFSET", "CONSUME_FROM_TIMESTAMP"};

}  // namespace

ConsumerCore::ConsumerCore(std::shared_ptr<Core> core, ConsumerSettings settings)
    : core_(std::move(core)),
      settings_(std::move(settings)),
      sub_version_(os::system_clock().now().wall_ms),
      pull_code_(settings_.active ? request_code::lite_pull_message : request_code::pull_message),
      file_(os::posix_file_system(), settings_.offset_directory, core_->settings().id,
            settings_.group) {}

Result<> ConsumerCore::join() {
  if (!clustering()) {
    BOLIDE_TRY(stored_, file_.load());
  }
  Result<> added;
  runtime().run([&] {
    added = core_->add(this);
    if (!added) return;
    commit_at_ms_ = core_->now_ms() + settings_.commit_interval_ms;
    started_ms_ = runtime().agent().now().wall_ms;
    rebalance_at_ms_ = 0;
    timer_ = runtime().agent().every(tick_ms, [weak = weak_from_this()] {
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

void ConsumerCore::leave(FarewellPtr farewell) {
  farewell_ = std::move(farewell);
  if (commits_by_itself_) commit_all();
  core_->unregister(*this, farewell_);
  core_->remove(this);
  timer_.reset();
  const auto starting = std::exchange(starting_, {});
  for (const QueueId& id : starting) on_not_acquired(id);
  const auto queues = std::exchange(queues_, {});
  for (const auto& [id, queue] : queues) {
    queue->dropped = true;
    on_dropped(queue);
  }
  farewell_.reset();
}

std::vector<QueueId> ConsumerCore::queues() {
  std::vector<QueueId> all;
  runtime().run([&] {
    for (const auto& [id, queue] : queues_) {
      if (!is_retry(id.topic)) all.push_back({unwrapped(id.topic), id.broker, id.queue});
    }
  });
  return all;
}

std::string ConsumerCore::retry_topic() const {
  return std::string(retry_prefix) + settings_.group;
}

std::string ConsumerCore::unwrapped(const std::string& topic) const {
  return unwrap(core_->settings().name_space, topic);
}

std::string ConsumerCore::wrapped(const std::string& topic) const {
  return wrap(core_->settings().name_space, topic);
}

bool ConsumerCore::is_retry(const std::string& topic) {
  return topic.starts_with(retry_prefix);
}

std::vector<std::string> ConsumerCore::topics() const {
  std::vector<std::string> topics;
  for (const auto& [topic, own] : by_hand_) topics.push_back(topic);
  for (const auto& [topic, expression] : settings_.subscriptions) topics.push_back(topic);
  if (clustering() && !settings_.active) topics.push_back(retry_topic());
  return topics;
}

const Filter& ConsumerCore::filter_of(const std::string& topic) const {
  static const Filter everything;
  const auto found = settings_.subscriptions.find(topic);
  return found == settings_.subscriptions.end() || found->second.expression.empty() ? everything
                                                                                    : found->second;
}

void ConsumerCore::write_heartbeat(JsonWriter& out) const {
  out.begin_object();
  out.member("consumeFromWhere", from_names[static_cast<std::size_t>(settings_.from)]);
  out.member("consumeType", settings_.active ? "CONSUME_ACTIVELY" : "CONSUME_PASSIVELY");
  out.member("groupName", settings_.group);
  out.member("messageModel", clustering() ? "CLUSTERING" : "BROADCASTING");
  out.key("subscriptionDataSet");
  out.begin_array();
  for (const std::string& topic : topics()) write_subscription(out, topic);
  out.end_array();
  out.member("unitMode", false);
  out.end_object();
}

void ConsumerCore::write_subscription(JsonWriter& out, const std::string& topic) const {
  client::write_subscription(out, topic, filter_of(topic), sub_version_);
}

// A new group's retry topic comes with its first heartbeat; what fails must not wait for it until
// the next rebalance.
void ConsumerCore::find_retry_topic(std::int64_t now_ms) {
  constexpr std::int64_t pause_ms = 1000;
  if (!clustering() || settings_.active || now_ms < retry_route_at_ms_) return;
  retry_route_at_ms_ = now_ms + pause_ms;
  const std::string topic = retry_topic();
  if (core_->known_route(topic) == nullptr) core_->refresh_route(topic);
}

void ConsumerCore::tick() {
  const std::int64_t now_ms = core_->now_ms();
  if (now_ms >= sample_at_ms_) {
    sample_at_ms_ = now_ms + ConsumeStats::sample_interval_ms;
    for (auto& [topic, stats] : stats_) stats.sample(now_ms);
  }
  if (now_ms >= commit_at_ms_) {
    commit_at_ms_ = now_ms + settings_.commit_interval_ms;
    if (commits_by_itself_) commit_all();
  }
  on_tick(now_ms);
  find_retry_topic(now_ms);
  if (now_ms < rebalance_at_ms_) return;
  rebalance_at_ms_ = now_ms + rebalance_interval_ms;
  rebalance();
}

void ConsumerCore::settle(const QueuePtr& queue, std::span<const ReceivedMessage> messages) {
  const bool was_full = is_full(*queue);
  queue->done(messages);
  if (was_full && !is_full(*queue)) pull(queue);
}

void ConsumerCore::commit_all() {
  if (!clustering()) {
    for (const auto& [id, queue] : queues_) store_offset(*queue);
    return save_offsets_later();
  }
  for (const auto& [id, queue] : queues_) commit(queue);
}

// Of a broadcasting consumer: what the file is to say.
void ConsumerCore::store_offset(const ProcessQueue& queue) {
  std::int64_t& at = stored_.try_emplace(queue.id(), -1).first->second;
  if (at != queue.committable()) ++version_;
  at = queue.committable();
}

// The network must not wait for a disk: a worker writes, one at a time. What cannot be written is
// the next time.
void ConsumerCore::save_offsets_later() {
  if (saving_ || saved_ == version_) return;
  saving_ = true;
  runtime().workers().submit([self = shared_from_this(), offsets = stored_, version = version_] {
    const bool written = self->write_offsets(offsets, version).has_value();
    Runtime& runtime = self->runtime();
    runtime.post([self, version, written] {
      self->saving_ = false;
      if (written) self->saved_ = version;
    });
  });
}

Result<> ConsumerCore::save_offsets() {
  if (clustering()) return {};
  Offsets offsets;
  std::uint64_t version = 0;
  runtime().run([&] {
    offsets = stored_;
    version = version_;
  });
  return write_offsets(offsets, version);
}

Result<> ConsumerCore::write_offsets(const Offsets& offsets, std::uint64_t version) {
  const std::lock_guard lock(file_mutex_);
  if (version <= written_) return {};
  BOLIDE_CHECK(file_.save(offsets));
  written_ = version;
  return {};
}

void ConsumerCore::commit(const QueuePtr& queue) {
  const std::int64_t offset = queue->committable();
  const std::int64_t told = queue->committing >= 0 ? queue->committing : queue->committed;
  if (!clustering() || offset == told || !may_commit(*queue)) return;
  if (core_->broker_address(queue->id(), false).empty()) return;
  queue->committing = offset;
  const auto on_reply = [queue, offset, farewell = farewell_](const Result<Reply>& reply) {
    if (queue->committing != offset) return;  // a later one is on its way
    queue->committing = -1;
    const bool taken = reply && reply->code() == response_code::success;
    queue->committed = taken ? offset : -1;
  };
  send_offset(queue->id(), offset, on_reply);
}

void ConsumerCore::send_offset(const QueueId& id, std::int64_t offset, OnReply done) {
  core_->call(core_->broker_address(id, false), request_code::update_consumer_offset,
              {{"consumerGroup", settings_.group},
               {"topic", id.topic},
               {"queueId", std::to_string(id.queue)},
               {"commitOffset", std::to_string(offset)}},
              std::move(done));
}

}  // namespace bolide::client
