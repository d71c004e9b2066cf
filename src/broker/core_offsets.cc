// SPDX-License-Identifier: Apache-2.0
//
// The core's calls about offsets (rocketmq semantics 3.3, 3.6).
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"

#include <algorithm>

namespace bolide::broker {

void Core::ask_queue(const QueueQuestion& question, bool physical, Reply<std::int64_t> reply) {
  if (topics_.any_static() && static_topics_->ask(question, physical, reply)) return;
  reply(answer_here(question));
}

Result<std::int64_t> Core::answer_here(const QueueQuestion& question) {
  if (question.fact == QueueFact::consumer_offset) return committed_here(question);
  if (question.fact == QueueFact::commit) return commit_here(question);
  BOLIDE_TRY(const store::QueueNo queue, queue_of(question.topic, question.queue_id));
  switch (question.fact) {
    case QueueFact::min_offset: return reader().first_offset(queue);
    case QueueFact::max_offset: return visible_.end(queue);
    case QueueFact::offset_by_time:
      return reader().offset_by_time(queue, question.value, question.upper);
    case QueueFact::earliest_store_time: return earliest_store_ms(queue);
    case QueueFact::consumer_offset:
    case QueueFact::commit: break;
  }
  return fail(Errc::internal, "a question about a queue");
}

std::int64_t Core::earliest_store_ms(store::QueueNo queue) const {
  return reader().store_time(queue, reader().first_offset(queue)).value_or(-1);
}

Result<std::int64_t> Core::commit_here(const QueueQuestion& question) {
  if (groups_.find(question.group) == nullptr) {
    return fail(Errc::group_not_found, "Group " + std::string(question.group) + " not exist!");
  }
  BOLIDE_CHECK(queue_of(question.topic, question.queue_id));
  if (question.value < 0) return fail(Errc::invalid_argument, "negative offset");
  offsets_.commit(question.group, question.topic, question.queue_id, question.value);
  offset_moved(question.group, question.topic, question.queue_id, question.value);
  return 0;
}

Result<std::int64_t> Core::committed_here(const QueueQuestion& question) {
  if (auto found = offsets_.find(question.group, question.topic, question.queue_id)) return *found;
  const auto queue = queue_of(question.topic, question.queue_id);
  // A queue that was never trimmed is read from its start: no message between this answer and a
  // question for the maximum can be missed.
  if (question.zero_if_absent && queue && store_.min_offset(*queue) == 0) return 0;
  return fail(Errc::not_found, "Not found, maybe this group consumer boot first");
}

void Core::commit_offset(const Identity&, std::string_view group, const QueueTarget& queue,
                         std::int64_t offset, Reply<void> reply) {
  ask_queue({.fact = QueueFact::commit,
             .topic = queue.topic,
             .queue_id = queue.queue_id,
             .group = group,
             .value = offset},
            queue.physical, [reply = std::move(reply)](Result<std::int64_t> done) mutable {
              if (!done) return reply(Failure(std::move(done).error()));
              reply({});
            });
}

// A group that pops follows an offset that it did not commit by its leases.
void Core::offset_moved(std::string_view group, std::string_view topic, std::int32_t queue_id,
                        std::int64_t offset) {
  if (leases_->empty() || leases_->find(group, topic, queue_id) == nullptr) return;
  const auto queue = queue_of(topic, queue_id);
  if (!queue) return;
  // Clients may commit anything; leases are of messages that there are.
  const std::int64_t min = reader().first_offset(*queue);
  const std::int64_t place = std::clamp(offset, min, std::max(min, visible_.end(*queue)));
  if (leases_->moved(group, topic, queue_id, place)) popper_->wake(group, topic);
}

void Core::consumer_offset(const Identity&, std::string_view group, const QueueTarget& queue,
                           bool zero_if_absent, Reply<std::int64_t> reply) {
  ask_queue({.fact = QueueFact::consumer_offset,
             .topic = queue.topic,
             .queue_id = queue.queue_id,
             .group = group,
             .zero_if_absent = zero_if_absent},
            queue.physical, std::move(reply));
}

void Core::all_offsets(const Identity&, Reply<std::vector<OffsetEntry>> reply) {
  reply(offsets_.all());
}

void Core::min_offset(const Identity&, const QueueTarget& queue, Reply<std::int64_t> reply) {
  ask_queue({.fact = QueueFact::min_offset, .topic = queue.topic, .queue_id = queue.queue_id},
            queue.physical, std::move(reply));
}

void Core::max_offset(const Identity&, const QueueTarget& queue, Reply<std::int64_t> reply) {
  ask_queue({.fact = QueueFact::max_offset, .topic = queue.topic, .queue_id = queue.queue_id},
            queue.physical, std::move(reply));
}

void Core::offset_by_time(const Identity&, const QueueTarget& queue, std::int64_t time_ms,
                          bool upper, Reply<std::int64_t> reply) {
  ask_queue({.fact = QueueFact::offset_by_time,
             .topic = queue.topic,
             .queue_id = queue.queue_id,
             .value = time_ms,
             .upper = upper},
            queue.physical, std::move(reply));
}

void Core::earliest_store_time(const Identity&, const QueueTarget& queue,
                               Reply<std::int64_t> reply) {
  ask_queue(
      {.fact = QueueFact::earliest_store_time, .topic = queue.topic, .queue_id = queue.queue_id},
      queue.physical, std::move(reply));
}

void Core::reset_offsets(const Identity&, const ResetRequest& request,
                         Reply<std::map<std::int32_t, std::int64_t>> reply) {
  if (groups_.find(request.group) == nullptr) {
    return reply(fail(Errc::group_not_found, "Group " + request.group + " not exist!"));
  }
  const Topic* topic = topics_.find(request.topic);
  if (topic == nullptr) {
    return reply(fail(Errc::topic_not_found, "Topic " + request.topic + " not exist!"));
  }
  if (request.queue_id >= topic->queue_count()) {
    return reply(fail(Errc::queue_out_of_range, "queueId[" + std::to_string(request.queue_id) +
                                                    "] of topic[" + request.topic + "]"));
  }
  const Clients::ConsumerGroup* online = clients_.find(request.group);
  std::map<std::int32_t, std::int64_t> chosen;
  for (std::int32_t id = 0; id < topic->queue_count(); ++id) {
    if (request.queue_id >= 0 && id != request.queue_id) continue;
    const store::QueueNo queue = topic->queues[static_cast<std::size_t>(id)];
    const std::int64_t min = reader().first_offset(queue);
    const std::int64_t max = visible_.end(queue);
    std::int64_t target = max;
    if (request.offset)
      target = std::clamp(*request.offset, min, max);
    else if (request.timestamp_ms >= 0)
      target = reader().offset_by_time(queue, request.timestamp_ms, false);
    const auto committed = offsets_.find(request.group, request.topic, id);
    if (!request.force && committed && *committed < target) target = *committed;
    // A group that pops is not told: it is given messages from there on.
    const bool pops = leases_->moved(request.group, request.topic, id, target);
    if (pops) popper_->wake(request.group, request.topic);
    offsets_.reset(request.group, request.topic, id, target, online != nullptr && !pops);
    chosen[id] = target;
  }
  // Parked pulls must learn of it too: whoever waits in these queues is answered now, and told of
  // the reset when it asks again.
  for (const auto& [id, offset] : chosen) {
    puller_.answer_waiting(topic->queues[static_cast<std::size_t>(id)]);
  }
  reply(std::move(chosen));
}

void Core::clone_offsets(const Identity&, std::string_view from_group, std::string_view to_group,
                         std::string_view topic, Reply<void> reply) {
  auto target = groups_.find_or_create(to_group, now().wall_ms);
  if (!target) return reply(Failure(target.error()));
  std::vector<std::string> topics = offsets_.topics_of(from_group);
  if (!topic.empty()) std::erase_if(topics, [&](const std::string& t) { return t != topic; });
  for (const OffsetEntry& entry : offsets_.all()) {
    if (entry.group != from_group || std::ranges::find(topics, entry.topic) == topics.end())
      continue;
    offsets_.commit(to_group, entry.topic, entry.queue_id, entry.offset);
    offset_moved(to_group, entry.topic, entry.queue_id, entry.offset);
  }
  reply({});
}

}  // namespace bolide::broker
