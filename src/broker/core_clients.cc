// SPDX-License-Identifier: Apache-2.0
//
// The core's calls about connected clients.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/assignment.h"
#include "broker/core.h"

#include <algorithm>
#include <tuple>

namespace bolide::broker {

void Core::heartbeat(const Identity&, const ClientPlace& place, const Heartbeat& heartbeat,
                     Reply<HeartbeatReply> reply) {
  const Now at = now();
  if (heartbeat.client_id.empty() &&
      (!heartbeat.consumers.empty() || !heartbeat.producer_groups.empty())) {
    return reply(fail(Errc::malformed, "heartbeat without clientID"));
  }
  std::vector<std::string_view> changed;
  for (const ConsumerData& data : heartbeat.consumers) {
    auto group = groups_.find_or_create(data.group, at.wall_ms);
    if (!group) continue;  // RocketMQ passes over groups that may not be made
    // If it cannot be written now, one of the next heartbeats makes it.
    (void)topics_.own(retry_topic(data.group), (*group)->retry_queues, at.wall_ms,
                      data.unit_mode ? topic_flag::unit_subscription : 0);
    if (clients_.consumer_seen(place, heartbeat, data, (*group)->notify_members, at)) {
      changed.push_back(data.group);
    }
  }
  for (const std::string& group : heartbeat.producer_groups) {
    clients_.producer_seen(place, heartbeat, group, at);
  }
  // A client of the first heartbeat form is always told to send its subscriptions.
  reply(HeartbeatReply{.subscriptions_changed = heartbeat.fingerprint == 0 || !changed.empty()});
  // After the answer: a notice that overtakes it makes the Java client announce a newer
  // subscription only with its next heartbeat, 30 s later, and its pulls are refused until then.
  for (std::string_view group : changed) clients_.tell_members(group);
}

void Core::unregister_client(const ClientPlace& place, std::string_view,
                             std::string_view producer_group, std::string_view consumer_group) {
  clients_.leave(place.session, producer_group, consumer_group);
}

void Core::session_closed(SessionId session) {
  clients_.session_closed(session);
  puller_.session_closed(session);
  static_topics_->session_closed(session);
  popper_->session_closed(session);
  lite_->session_closed(session);
}

Result<> Core::check_subscription(const Identity&, const Subscription& subscription) {
  BOLIDE_CHECK(Matcher::compile(subscription.expression, subscription.expression_type));
  return {};
}

void Core::consumer_members(const Identity&, std::string_view group, Reply<GroupMembers> reply) {
  const Clients::ConsumerGroup* found = clients_.find(group);
  if (found == nullptr) {
    return reply(fail(Errc::consumer_not_online,
                      "the consumer group[" + std::string(group) + "] not online"));
  }
  GroupMembers members{.type = found->type, .model = found->model, .from = found->from};
  for (const auto& [session, member] : found->members) members.members.push_back(member);
  for (const auto& [topic, filter] : found->filters) {
    members.subscriptions.push_back(filter.subscription);
  }
  reply(std::move(members));
}

void Core::producer_members(const Identity&, std::string_view group,
                            Reply<std::vector<Member>> reply) {
  auto members = clients_.producers(group);
  if (members.empty()) {
    return reply(fail(Errc::internal, "the producer group[" + std::string(group) + "] not exist"));
  }
  reply(std::move(members));
}

void Core::producer_client(const Identity&, std::string_view client_id, Reply<Member> reply) {
  if (const Member* found = clients_.find_producer(client_id)) return reply(*found);
  reply(fail(Errc::not_found, "no producer is known as " + std::string(client_id)));
}

void Core::all_producers(const Identity&, Reply<std::map<std::string, std::vector<Member>>> reply) {
  std::map<std::string, std::vector<Member>> all;
  for (const auto& [group, members] : clients_.all_producers()) {
    for (const auto& [session, member] : members) all[group].push_back(member);
  }
  reply(std::move(all));
}

void Core::assign(const Identity&, const AssignRequest& request,
                  Reply<std::optional<Assignment>> reply) {
  std::vector<QueueRef> queues = request.queues;
  const Topic* topic = topics_.find(request.topic);
  if (queues.empty() && topic != nullptr && (topic->config.permission & perm::read) != 0) {
    for (std::int32_t id = 0; id < topic->config.read_queues; ++id)
      queues.push_back({.topic = request.topic, .broker = settings_.name, .queue_id = id});
  }
  if (queues.empty()) return reply(std::nullopt);
  std::ranges::sort(queues, {}, [](const QueueRef& q) { return std::tie(q.broker, q.queue_id); });
  const RequestMode mode = modes_.find(request.group, request.topic);
  Assignment assignment{.queues = {}, .pop = mode.pop};
  if (request.model == MessageModel::broadcasting) {
    assignment.queues = std::move(queues);
    return reply(std::move(assignment));
  }
  const Clients::ConsumerGroup* group = clients_.find(request.group);
  if (group == nullptr || !known_strategy(request.strategy)) return reply(std::nullopt);
  std::vector<std::string> clients;
  for (const auto& [session, member] : group->members) clients.push_back(member.client_id);
  // A client that has come back counts once, though its old connection is not yet known to be dead.
  std::ranges::sort(clients);
  const auto repeated = std::ranges::unique(clients);
  clients.erase(repeated.begin(), repeated.end());
  if (mode.pop) {
    assignment.queues =
        allocate_popping(request.strategy, request.client_id, queues, clients, mode.share_queues);
  } else {
    assignment.queues = allocate(request.strategy, request.client_id, queues, clients);
  }
  reply(std::move(assignment));
}

void Core::put_request_mode(const Identity&, const RequestMode& mode, Reply<void> reply) {
  reply(modes_.put(mode));
}

void Core::request_modes(const Identity&, Reply<std::vector<RequestMode>> reply) {
  reply(modes_.all());
}

bool Core::can_lock(std::string_view topic, std::int32_t queue_id) const {
  const Topic* found = topics_.find(topic);
  if (found == nullptr || found->mapping == nullptr) return queue_of(topic, queue_id).has_value();
  return static_topics_->leads(*found, queue_id);
}

void Core::lock_queues(const Identity&, std::string_view group, std::string_view client_id,
                       const std::vector<QueueRef>& queues, Reply<std::vector<QueueRef>> reply) {
  // What does not exist is not locked: it would only fill the table.
  if (auto known = groups_.find_or_create(group, now().wall_ms); !known) {
    return reply(Failure(known.error()));
  }
  std::vector<QueueRef> held;
  for (const QueueRef& queue : queues) {
    if (!can_lock(queue.topic, queue.queue_id)) continue;
    if (locks_.lock(group, queue.topic, queue.queue_id, client_id, now())) {
      held.push_back(queue);
    }
  }
  // A disk that is full stops nobody from consuming: such a lock does not outlive the broker.
  (void)metadata_->flush();
  reply(std::move(held));
}

void Core::unlock_queues(const Identity&, std::string_view group, std::string_view client_id,
                         const std::vector<QueueRef>& queues) {
  for (const QueueRef& queue : queues) {
    locks_.unlock(group, queue.topic, queue.queue_id, client_id);
  }
  (void)metadata_->flush();
}

}  // namespace bolide::broker
