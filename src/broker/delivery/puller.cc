// SPDX-License-Identifier: Apache-2.0
//
// Pulling. Statuses and refusals follow rocketmq semantics 3.4 and the answers seen in 9.4.
// Runs on: core agent.  Owns: the parked pulls.  Invariant: see puller.h.
#include "broker/delivery/puller.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// A page that was read may be evicted before it is used; after so many tries the client tries
// again.
constexpr int cold_tries_max = 8;

}  // namespace

Puller::Puller(PullSettings settings, Parts parts)
    : settings_(std::move(settings)), parts_(std::move(parts)), reader_(parts_.store) {}

// Requests that carry their subscription do so every time: what the group's heartbeat brought is
// compiled already.
Result<Matcher> Puller::carried_by(const PullRequest& request) const {
  if (const Clients::ConsumerGroup* members = parts_.clients.find(request.group)) {
    const auto found = members->filters.find(request.topic);
    if (found != members->filters.end() &&
        found->second.subscription.expression == *request.subscription &&
        found->second.subscription.expression_type == request.expression_type)
      return found->second.matcher;
  }
  return Matcher::compile(*request.subscription, request.expression_type);
}

Result<Matcher> Puller::subscription_of(const PullRequest& request,
                                        const GroupConfig& group) const {
  if (request.subscription) return carried_by(request);
  const Clients::ConsumerGroup* members = parts_.clients.find(request.group);
  if (members == nullptr) {
    return fail(Errc::subscription_not_found, "the consumer's group info not exist");
  }
  if (!group.broadcast_enabled && members->model == MessageModel::broadcasting) {
    return fail(Errc::no_permission, "the consumer group[" + std::string(request.group) +
                                         "] can not consume by broadcast way");
  }
  const auto found = members->filters.find(request.topic);
  if (found == members->filters.end()) {
    return fail(Errc::subscription_not_found, "the consumer's subscription not exist");
  }
  const Clients::Filter& filter = found->second;
  if (filter.subscription.version < request.subscription_version) {
    return fail(Errc::subscription_not_latest, "the consumer's subscription not latest");
  }
  return filter.matcher;
}

Result<Puller::Checked> Puller::check(const PullRequest& request, WallMs now_ms) {
  if ((settings_.permission & perm::read) == 0) {
    return fail(Errc::no_permission,
                "the broker[" + settings_.broker + "] pulling message is forbidden");
  }
  BOLIDE_TRY(const GroupConfig* group, parts_.groups.find_or_create(request.group, now_ms));
  if (!group->consume_enabled) {
    return fail(Errc::no_permission,
                "subscription group no permission, " + std::string(request.group));
  }
  const Topic* topic = parts_.topics.find(request.topic);
  if (topic == nullptr) {
    return fail(Errc::topic_not_found,
                "topic[" + std::string(request.topic) + "] not exist, apply first please!");
  }
  if ((topic->config.permission & perm::read) == 0) {
    return fail(Errc::no_permission,
                "the topic[" + topic->config.name + "] pulling message is forbidden");
  }
  if (request.queue_id < 0 || request.queue_id >= topic->config.read_queues) {
    return fail(Errc::queue_out_of_range, "queueId[" + std::to_string(request.queue_id) +
                                              "] is illegal, topic:[" + topic->config.name +
                                              "] topicConfig.readQueueNums:[" +
                                              std::to_string(topic->config.read_queues) +
                                              "] consumer:[" + std::string(request.group) + "]");
  }
  BOLIDE_TRY(Matcher matcher, subscription_of(request, *group));
  return Checked{.queue = topic->queues[static_cast<std::size_t>(request.queue_id)],
                 .matcher = std::move(matcher)};
}

void Puller::pull(const PullRequest& request, const Now& now) {
  ++stats_.requests;
  auto checked = check(request, now.wall_ms);
  if (!checked) return refuse(request.ticket, std::move(checked).error());
  Pending pending{
      .ticket = request.ticket,
      .group = std::string(request.group),
      .queue = checked->queue,
      .offset = request.offset,
      .limits = {.messages_max = std::clamp(request.messages_max, 1, settings_.messages_max),
                 .bytes_max = static_cast<std::size_t>(settings_.bytes_max)},
      .matcher = std::move(checked->matcher),
      .deadline_ms = 0};
  if (parts_.topics.is_absent_light(pending.queue)) pending.awaited = request.topic;
  if (request.bytes_max > 0 && request.bytes_max < settings_.bytes_max) {
    pending.limits.bytes_max = static_cast<std::size_t>(request.bytes_max);
  }
  if (request.commit_offset && *request.commit_offset >= 0) {
    parts_.offsets.commit(request.group, request.topic, request.queue_id, *request.commit_offset);
    if (committed_) committed_(request);
  }
  if (auto reset = parts_.offsets.take_reset(request.group, request.topic, request.queue_id)) {
    return answer(pending, describe(pending, PullStatus::offset_reset, *reset));
  }
  // Any name may be asked for: of a light queue that is not there nothing is noted.
  if (pending.awaited.empty())
    parts_.offsets.pulled(request.group, request.topic, request.queue_id, request.offset);
  const std::int64_t suspend_ms = std::min(request.suspend_ms, settings_.suspend_ms_max);
  if (suspend_ms > 0) pending.deadline_ms = now.steady_ms() + suspend_ms;
  if (serve(pending)) return;
  if (room_.count(pending.ticket.session) >= settings_.waiting_max) return refuse_waiting(pending);
  park(std::move(pending));
}

Puller::Line& Puller::line_of(const Pending& pending) {
  if (pending.awaited.empty()) {
    Line& line = lines_[pending.queue];
    line.queue = pending.queue;
    return line;
  }
  const auto [known, made] = awaited_.try_emplace(pending.awaited);
  if (made) known->second.awaited = pending.awaited;
  return known->second;
}

void Puller::park(Pending pending) {
  Line& line = line_of(pending);
  const auto [session, until_ms] = std::pair(pending.ticket.session, pending.deadline_ms);
  room_.park(line, session, until_ms, std::move(pending));
}

void Puller::session_closed(SessionId session) {
  room_.close(session);
}

PullStats Puller::stats() const {
  PullStats stats = stats_;
  stats.parked = room_.size();
  stats.looked_at = room_.looked_at();
  return stats;
}

PullResult Puller::describe(const Pending& pending, PullStatus status, std::int64_t next_offset) {
  PullResult result;
  result.status = status;
  result.next_offset = next_offset;
  result.min_offset = reader_.first_offset(pending.queue);
  result.max_offset = parts_.visible.end(pending.queue);
  return result;
}

bool Puller::serve(Pending& pending) {
  const bool may_wait = pending.deadline_ms > 0;
  const std::int64_t end = parts_.visible.end(pending.queue);
  const auto status = [&](PullStatus s, std::int64_t next) {
    answer(pending, describe(pending, s, next));
    return true;
  };
  if (end == 0) {
    if (may_wait && pending.offset == 0) return false;
    return status(PullStatus::no_message_in_queue, 0);
  }
  if (!reader_.reaches(pending.queue, pending.offset))
    return status(PullStatus::offset_too_small, reader_.log_offset(pending.queue));
  if (pending.offset > end) return status(PullStatus::offset_overflow_badly, end);
  if (pending.offset == end) {
    if (may_wait) return false;
    return status(PullStatus::offset_overflow_one, pending.offset);
  }
  auto read = reader_.read({.queue = pending.queue, .offset = pending.offset, .end = end},
                           pending.limits, pending.matcher);
  if (read.status == store::ReadStatus::cold && read.messages == 0) {
    wait_for_disk(std::move(pending), std::move(*read.cold));
    return true;
  }
  if (read.status == store::ReadStatus::failed) {
    // An error, and no status: that would name the same offset, and the client ask again at once.
    refuse(pending.ticket, read_error(read, parts_.store.queue_name(pending.queue).queue_id));
    return true;
  }
  if (read.messages > 0) {
    answer_read(pending, std::move(read));
    return true;
  }
  // Nothing matched up to here. At the end it waits on; before it, the client goes on at once.
  pending.offset = read.next_offset;
  if (may_wait && pending.offset == end) return false;
  return status(PullStatus::no_matched_message, read.next_offset);
}

void Puller::answer_read(const Pending& pending, store::ReadResult read) {
  stats_.messages += static_cast<std::uint64_t>(read.messages);
  stats_.bytes += read.bytes;
  const store::QueueName name = parts_.store.queue_name(pending.queue);
  parts_.offsets.pulled(pending.group, name.topic, name.queue_id, read.next_offset);
  PullResult result = describe(pending, PullStatus::found, read.next_offset);
  result.messages = read.messages;
  result.records = std::move(read.records);
  answer(pending, std::move(result));
}

void Puller::wait_for_disk(Pending pending, store::ColdRange range) {
  ++stats_.cold;
  if (++pending.cold_tries > cold_tries_max) {
    return answer(pending, describe(pending, PullStatus::no_matched_message, pending.offset));
  }
  if (room_.count(pending.ticket.session) >= settings_.waiting_max) return refuse_waiting(pending);
  room_.step_aside(pending.ticket.session);
  auto shared = std::make_shared<Pending>(std::move(pending));
  parts_.background([this, shared, range = std::move(range)]() -> std::move_only_function<void()> {
    store::warm_up(range);
    return [this, shared] {
      if (!room_.come_back(shared->ticket.session)) return;
      if (!serve(*shared)) park(std::move(*shared));
    };
  });
}

void Puller::wake(store::QueueNo queue) {
  const auto found = lines_.find(queue);
  if (found == lines_.end() || found->second.empty()) return;
  woken_.clear();
  room_.take_line(found->second, &woken_);
  for (Pending& pending : woken_) {
    if (!serve(pending)) park(std::move(pending));
  }
  woken_.clear();
}

void Puller::light_made(std::string_view name, store::QueueNo queue) {
  const auto known = awaited_.find(name);
  if (known == awaited_.end()) return;
  std::vector<Pending> waiting;
  room_.take_line(known->second, &waiting);
  for (Pending& pending : waiting) {
    pending.queue = queue;
    pending.awaited.clear();
    park(std::move(pending));
  }
}

void Puller::tick(const Now& now) {
  give_up(room_.take_due(now.steady_ms()));
  room_.tidy([this](const Line& line) {
    if (line.awaited.empty())
      lines_.erase(lines_.find(line.queue));
    else
      awaited_.erase(awaited_.find(line.awaited));
    return true;
  });
}

void Puller::answer_waiting(store::QueueNo queue) {
  const auto found = lines_.find(queue);
  if (found == lines_.end()) return;
  std::vector<Pending> waiting;
  room_.take_line(found->second, &waiting);
  give_up(std::move(waiting));
}

void Puller::give_up(std::vector<Pending> all) {
  for (Pending& pending : all) {
    pending.deadline_ms = 0;
    serve(pending);
  }
}

void Puller::drain() {
  while (room_.size() > 0) give_up(room_.take_all());
}

void Puller::answer(const Pending& pending, PullResult result) {
  pending.ticket.sink->on_pull(pending.ticket, std::move(result));
}

void Puller::refuse_waiting(const Pending& pending) const {
  refuse(pending.ticket, Error{Errc::busy, "too many pulls of this connection wait"});
}

void Puller::refuse(const Ticket& ticket, Error error) const {
  PullResult result;
  result.error = std::move(error);
  ticket.sink->on_pull(ticket, std::move(result));
}

}  // namespace bolide::broker
