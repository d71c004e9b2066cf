// SPDX-License-Identifier: Apache-2.0
//
// Popping. Refusals and their order are those seen on RocketMQ's broker.
// Runs on: core agent.  Owns: the pops that wait.  Invariant: see popper.h.
#include "broker/delivery/popper.h"

#include "base/crc.h"
#include "broker/delivery/pop_retry.h"
#include "broker/lite/lite_rules.h"
#include "broker/priority/priority.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// A page that was read may be evicted before it is used; after so many tries the client tries
// again.
constexpr int cold_tries_max = 8;
constexpr std::int64_t invisible_ms_max = 366LL * 24 * 3600 * 1000;

}  // namespace

std::int64_t Popper::invisible_at_most(std::int64_t invisible_ms) {
  return std::min(invisible_ms, invisible_ms_max);
}

std::string Popper::lite_line(std::string_view client) {
  return client.empty() ? std::string() : '\n' + std::string(client);  // no topic begins so
}

Popper::Popper(PopSettings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)), taker_(parts_.taking) {}

Result<PopWish> Popper::check(const PopRequest& request, const Now& now) {
  if ((settings_.permission & perm::read) == 0)
    return fail(Errc::no_permission,
                "the broker[" + settings_.broker + "] pop message is forbidden");
  if (request.messages_max > settings_.messages_max) {
    return fail(Errc::invalid_argument, "the broker[" + settings_.broker +
                                            "] pop message's num is greater than " +
                                            std::to_string(settings_.messages_max));
  }
  if (request.invisible_ms < 0 && request.kind == PopKind::take)
    return fail(Errc::invalid_argument, "invisibleTime is negative");
  const Topic* topic = parts_.topics.find(request.topic);
  if (topic == nullptr) {
    return fail(Errc::topic_not_found,
                "topic[" + std::string(request.topic) + "] not exist, apply first please!");
  }
  if ((topic->config.permission & perm::read) == 0) {
    return fail(Errc::no_permission,
                "the topic[" + topic->config.name + "] peeking message is forbidden");
  }
  const bool lite = !request.lite_client.empty();
  if (lite) {
    BOLIDE_CHECK(check_lite_parent(topic->config));
    BOLIDE_CHECK(check_lite_client(request.lite_client));
  }
  if (request.queue_id >= topic->config.read_queues) {
    return fail(Errc::queue_out_of_range, "queueId[" + std::to_string(request.queue_id) +
                                              "] is illegal, topic:[" + topic->config.name +
                                              "] topicConfig.readQueueNums:[" +
                                              std::to_string(topic->config.read_queues) + "]");
  }
  BOLIDE_TRY(const GroupConfig* group, parts_.groups.find_or_create(request.group, now.wall_ms));
  if (!group->consume_enabled) {
    return fail(Errc::no_permission,
                "subscription group no permission, " + std::string(request.group));
  }
  if (lite) BOLIDE_CHECK(check_lite_group(*group, topic->config.name));
  PopWish wish{.kind = request.kind,
               .group = std::string(request.group),
               .messages_max = static_cast<std::size_t>(std::max(1, request.messages_max)),
               .bytes_max = static_cast<std::size_t>(settings_.bytes_max),
               .invisible_ms = invisible_at_most(request.invisible_ms),
               .priority_factor = priority_factor(*group),
               .attempts_max = group->retry_max_times,
               .from_end = request.from_end,
               .ordered = request.ordered,
               .attempt = request.attempt.empty() ? 0 : hash64(request.attempt),
               .matcher = {}};
  if (request.subscription) {
    BOLIDE_TRY(wish.matcher, Matcher::compile(*request.subscription, request.expression_type));
  }
  return wish;
}

void Popper::pop(const PopRequest& request, const Now& now) {
  auto wish = check(request, now);
  if (!wish) return refuse(request.ticket, std::move(wish).error());
  Pending pending{.ticket = request.ticket,
                  .topic = std::string(request.topic),
                  .queue_id = request.queue_id,
                  .lite_line = lite_line(request.lite_client),
                  .wish = std::move(*wish),
                  .deadline_ms = 0};
  const std::int64_t suspend_ms = std::min(request.suspend_ms, settings_.suspend_ms_max);
  if (suspend_ms > 0) pending.deadline_ms = now.steady_ms() + suspend_ms;
  if (serve(pending, now)) return;
  if (pending.deadline_ms == 0) return answer(pending, PopStatus::nothing);
  park(std::move(pending));
}

// Adds what all queues that the pop may take from have to the batch.
void Popper::collect(const Pending& pending, const Topic& topic, const Now& now, PopBatch* batch) {
  if (!pending.lite_line.empty()) {
    return lite_->collect({.wish = pending.wish,
                           .client = std::string_view(pending.lite_line).substr(1),
                           .parent = pending.topic},
                          taker_, now, batch);
  }
  const auto take_from = [&](const Topic& from, std::int32_t id, PopRetry retry) {
    // A group has no place in a light queue that is not there.
    if (parts_.topics.is_absent_light(from.queues[static_cast<std::size_t>(id)])) return;
    taker_.take(pending.wish,
                {.queue = from.queues[static_cast<std::size_t>(id)],
                 .topic = from.config.name,
                 .queue_id = id,
                 .retry = retry},
                now, batch);
  };
  // What RocketMQ's broker left to be tried again, once, comes first.
  if (!pending.wish.ordered && pending.wish.kind != PopKind::look) {
    for (const PopRetry retry : {PopRetry::v1, PopRetry::v2}) {
      key_ = pop_topic(pending.wish.group, pending.topic, retry);
      const Topic* old = parts_.topics.find(key_);
      if (old == nullptr) continue;
      for (std::int32_t id = 0; id < old->config.read_queues; ++id) take_from(*old, id, retry);
    }
  }
  if (pending.queue_id >= 0) return take_from(topic, pending.queue_id, PopRetry::none);
  const auto queues = static_cast<std::uint64_t>(topic.config.read_queues);
  const std::uint64_t begin = turn_++;
  const bool highest_first =
      !pending.wish.ordered && pops_by_priority(topic.config, pending.wish.priority_factor, begin);
  for (std::uint64_t i = 0; i < queues; ++i) {
    const std::uint64_t id = highest_first ? queues - 1 - i : (begin + i) % queues;
    take_from(topic, static_cast<std::int32_t>(id), PopRetry::none);
  }
}

bool Popper::serve(Pending& pending, const Now& now) {
  const Topic* topic = parts_.topics.find(pending.topic);
  if (topic == nullptr || pending.queue_id >= topic->config.read_queues) {
    refuse(pending.ticket, Error{Errc::topic_not_found,
                                 "topic[" + pending.topic + "] not exist, apply first please!"});
    return true;
  }
  PopBatch batch;
  collect(pending, *topic, now, &batch);
  const bool noticed = pending.wish.kind == PopKind::notice && batch.rest > 0;
  if (batch.messages > 0 || noticed) {
    answer(pending, std::move(batch), now);
    return true;
  }
  if (batch.cold) {
    wait_for_disk(std::move(pending), std::move(*batch.cold));
    return true;
  }
  if (batch.error) {
    refuse(pending.ticket, std::move(*batch.error));
    return true;
  }
  // Nothing to give so far: whoever asks comes again at once, and others have had their turn.
  if (batch.unseen) answer(pending, PopStatus::nothing);
  return batch.unseen;
}

void Popper::answer(const Pending& pending, PopBatch batch, const Now& now) {
  PopResult result;
  result.given_ms = now.wall_ms;
  result.invisible_ms = pending.wish.invisible_ms;
  result.rest = batch.rest;
  result.queues = std::move(batch.queues);
  result.records = std::move(batch.records);
  pending.ticket.sink->on_pop(pending.ticket, std::move(result));
}

void Popper::answer(const Pending& pending, PopStatus status) {
  PopResult result;
  result.status = status;
  result.invisible_ms = pending.wish.invisible_ms;
  pending.ticket.sink->on_pop(pending.ticket, std::move(result));
}

void Popper::refuse(const Ticket& ticket, Error error) const {
  PopResult result;
  result.error = std::move(error);
  ticket.sink->on_pop(ticket, std::move(result));
}

void Popper::wait_for_disk(Pending pending, store::ColdRange range) {
  if (++pending.cold_tries > cold_tries_max) return answer(pending, PopStatus::nothing);
  room_.step_aside(pending.ticket.session);
  auto shared = std::make_shared<Pending>(std::move(pending));
  parts_.background([this, shared, range = std::move(range)]() -> std::move_only_function<void()> {
    store::warm_up(range);
    return [this, shared] { cold_.push_back(std::move(*shared)); };
  });
}

Result<> Popper::check_lease(const LeaseRef& lease) {
  const Topic* topic = parts_.topics.find(lease.topic);
  if (topic == nullptr) {
    return fail(Errc::topic_not_found,
                "topic[" + std::string(lease.topic) + "] not exist, apply first please!");
  }
  if (lease.queue_id < 0 || lease.queue_id >= topic->config.read_queues) {
    return fail(Errc::message_invalid, "queueId[" + std::to_string(lease.queue_id) +
                                           "] is illegal, topic:[" + topic->config.name +
                                           "] topicConfig.readQueueNums:[" +
                                           std::to_string(topic->config.read_queues) + "]");
  }
  const store::QueueNo queue = topic->queues[static_cast<std::size_t>(lease.queue_id)];
  const std::int64_t min = parts_.taking.reader.first_offset(queue);
  const std::int64_t end = parts_.visible.end(queue);
  if (lease.offset >= min && lease.offset <= end) return {};
  return fail(Errc::not_found, "offset is illegal, key:" + topic->config.name + "@" +
                                   std::to_string(lease.queue_id) +
                                   ", commit:" + std::to_string(lease.offset) +
                                   ", store:" + std::to_string(min) + "~" + std::to_string(end));
}

Result<Settled> Popper::ack(const LeaseRef& lease, const Now& now) {
  BOLIDE_CHECK(check_lease(lease));
  LeasePlace* place = parts_.leases.find(lease.group, lease.topic, lease.queue_id);
  if (place == nullptr) return Settled::unknown;
  const Settled settled = place->queue.ack(lease.offset, lease.given_ms);
  if (settled != Settled::done) return settled;
  parts_.leases.changed(*place);
  // A queue in order is free again when all is done.
  if (place->ordered && !place->queue.held(now.wall_ms)) wake(lease.group, lease.topic);
  return settled;
}

Result<LeaseChange> Popper::change(const LeaseRef& lease, std::int64_t invisible_ms,
                                   const Now& now) {
  if (invisible_ms < 0) return fail(Errc::invalid_argument, "invisibleTime is negative");
  BOLIDE_CHECK(check_lease(lease));
  LeaseChange change{.settled = Settled::unknown,
                     .given_ms = now.wall_ms,
                     .invisible_ms = invisible_at_most(invisible_ms)};
  LeaseTerms terms{now.wall_ms, now.wall_ms + change.invisible_ms};
  if (lease.ordered) {
    change.given_ms = lease.given_ms;
    change.invisible_ms = terms.until_ms - lease.given_ms;
  }
  LeasePlace* place = parts_.leases.find(lease.group, lease.topic, lease.queue_id);
  if (place == nullptr) return change;
  if (lease.ordered) {
    change.settled = place->queue.change_end(lease.offset, lease.given_ms, terms.until_ms);
  } else {
    change.settled = place->queue.change(lease.offset, lease.given_ms, &terms);
    change.given_ms = terms.given_ms;
  }
  if (change.settled == Settled::done) parts_.leases.changed(*place);
  return change;
}

}  // namespace bolide::broker
