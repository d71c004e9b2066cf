// SPDX-License-Identifier: Apache-2.0
//
// Setting the offsets of a group (rocketmq 3.6).
// Runs on: any thread.  Owns: nothing.  Invariant: see admin.h.
#include <bolide/admin.h>

#include "client/admin_groups.h"
#include "client/status.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide {
namespace client {
namespace {

namespace request_code = remoting::request_code;
using Place = OffsetReset::Place;

// The first version whose brokers set the offset of one queue.
constexpr std::int32_t version_5_0_0 = 413;

// A queue whose offset is set.
struct Target {
  std::string address;
  OffsetChange change;
};

Question queue_question(const Target& target, std::int32_t code) {
  const QueueId& queue = target.change.queue;
  return {
      .address = target.address,
      .what = "offset of topic " + queue.topic,
      .code = code,
      // The queue is the broker's, also of a static topic.
      .args = {{"topic", queue.topic}, {"queueId", std::to_string(queue.queue)}, {"lo", "false"}}};
}

Result<std::vector<Target>> targets_of(const AdminCalls& calls, const OffsetReset& reset) {
  BOLIDE_TRY(const TopicRoute route, calls.route(reset.topic));
  std::vector<Target> targets;
  for (const QueueData& data : route.queues) {
    const BrokerData* const broker = route.broker(data.broker);
    if (broker == nullptr || !broker->has_master()) continue;
    if (!reset.broker.empty() && reset.broker != data.broker) continue;
    for (std::int32_t i = 0; i < data.read_queues; ++i) {
      if (reset.queue && *reset.queue != i) continue;
      targets.push_back({.address = broker->address(),
                         .change = {.queue = {reset.topic, data.broker, i}, .from = -1, .to = 0}});
    }
  }
  if (targets.empty()) return fail(Errc::queue_out_of_range, "topic " + reset.topic);
  return targets;
}

// Asks for what the place means in each queue. Returns the oldest version that answered.
Result<std::int32_t> find_offsets(const AdminCalls& calls, const OffsetReset& reset,
                                  std::vector<Target>* targets) {
  std::vector<Question> first, last, at_time;
  for (const Target& target : *targets) {
    first.push_back(queue_question(target, request_code::get_min_offset));
    last.push_back(queue_question(target, request_code::get_max_offset));
    at_time.push_back(queue_question(target, request_code::search_offset_by_timestamp));
    at_time.back().args.push_back({"timestamp", std::to_string(reset.value)});
  }
  const auto firsts = calls.ask_all(std::move(first));
  const auto lasts = calls.ask_all(std::move(last));
  std::vector<Result<Answer>> times;
  if (reset.place == Place::time) times = calls.ask_all(std::move(at_time));
  std::int32_t oldest = version_5_0_0;
  for (std::size_t i = 0; i < targets->size(); ++i) {
    BOLIDE_TRY(const Answer begin, firsts[i]);
    BOLIDE_TRY(const Answer end, lasts[i]);
    oldest = std::min(oldest, begin.version);
    BOLIDE_TRY(const std::int64_t min, begin.number("offset"));
    BOLIDE_TRY(const std::int64_t max, end.number("offset"));
    std::int64_t& to = (*targets)[i].change.to;
    to = reset.place == Place::first ? min : max;
    if (reset.place == Place::offset) to = std::clamp(reset.value, min, std::max(min, max));
    if (reset.place != Place::time) continue;
    BOLIDE_TRY(const Answer found, times[i]);
    BOLIDE_TRY(to, found.number("offset"));
  }
  return oldest;
}

Question reset_question(const Target& target, const OffsetReset& reset) {
  const std::int64_t time_ms = reset.place == Place::time    ? reset.value
                               : reset.place == Place::first ? 0
                                                             : -1;
  return {.address = target.address,
          .what = "reset offsets of group " + reset.group,
          .code = request_code::reset_offset,
          .args = {{"group", reset.group},
                   {"topic", reset.topic},
                   {"timestamp", std::to_string(time_ms)},
                   {"isForce", "true"}}};
}

// One request for each queue, naming queue and offset.
Result<> reset_each(const AdminCalls& calls, const OffsetReset& reset,
                    const std::vector<Target>& targets) {
  std::vector<Question> questions;
  for (const Target& target : targets) {
    questions.push_back(reset_question(target, reset));
    questions.back().args.push_back({"queueId", std::to_string(target.change.queue.queue)});
    questions.back().args.push_back({"offset", std::to_string(target.change.to)});
  }
  for (const auto& answer : calls.ask_all(std::move(questions))) BOLIDE_CHECK(answer);
  return {};
}

// Brokers of 4.9 know a time for all queues, and only while members are online.
Result<> reset_old(const AdminCalls& calls, const OffsetReset& reset,
                   const std::vector<Target>& targets) {
  const bool all = reset.place != Place::offset && !reset.queue;
  std::string last_address;
  for (const Target& target : targets) {
    if (all && target.address == last_address) continue;
    Result<Answer> answer = fail(Errc::consumer_not_online, reset.group);
    if (all) answer = calls.ask(reset_question(target, reset));
    if (answer) last_address = target.address;
    if (answer) continue;
    if (answer.error().code != Errc::consumer_not_online) return Failure(answer.error());
    Question commit = queue_question(target, request_code::update_consumer_offset);
    commit.args.push_back({"consumerGroup", reset.group});
    commit.args.push_back({"commitOffset", std::to_string(target.change.to)});
    BOLIDE_CHECK(calls.ask(std::move(commit)));
  }
  return {};
}

Result<std::vector<OffsetChange>> reset(const AdminCalls& calls, const OffsetReset& reset) {
  BOLIDE_CHECK(require_group(calls, reset.group));
  BOLIDE_TRY(auto targets, targets_of(calls, reset));
  BOLIDE_TRY(const std::int32_t version, find_offsets(calls, reset, &targets));
  BOLIDE_TRY(const auto masters, calls.masters());
  BOLIDE_TRY(const auto progress, progress_of(calls, masters, reset.group));
  for (Target& target : targets) {
    const auto now = std::ranges::find(progress, target.change.queue, &QueueProgress::queue);
    if (now != progress.end()) target.change.from = now->committed;
  }
  if (!reset.dry_run) {
    BOLIDE_CHECK(version >= version_5_0_0 ? reset_each(calls, reset, targets)
                                          : reset_old(calls, reset, targets));
  }
  std::vector<OffsetChange> changes;
  for (const Target& target : targets) changes.push_back(target.change);
  std::ranges::sort(changes, {}, &OffsetChange::queue);
  return changes;
}

}  // namespace
}  // namespace client

StatusOr<std::vector<OffsetChange>> Admin::reset_offsets(const OffsetReset& reset) const {
  return client::to_status_or(client::reset(*calls_, reset));
}

}  // namespace bolide
