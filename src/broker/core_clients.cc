// SPDX-License-Identifier: Apache-2.0
//
// The core's calls about connected clients.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"

namespace bolide::broker {

void Core::heartbeat(const Identity&, const ClientPlace& place, const Heartbeat& heartbeat,
                     Reply<HeartbeatReply> reply) {
  const WallMs now_ms = now().wall_ms;
  if (heartbeat.client_id.empty() &&
      (!heartbeat.consumers.empty() || !heartbeat.producer_groups.empty())) {
    return reply(fail(Errc::malformed, "heartbeat without clientID"));
  }
  std::vector<std::string_view> changed;
  for (const ConsumerData& data : heartbeat.consumers) {
    auto group = groups_.find_or_create(data.group, now_ms);
    if (!group) continue;  // RocketMQ passes over groups that may not be made
    // If it cannot be written now, one of the next heartbeats makes it.
    (void)topics_.own(retry_topic(data.group), (*group)->retry_queues, now_ms);
    if (clients_.consumer_seen(place, heartbeat, data, (*group)->notify_members, now_ms)) {
      changed.push_back(data.group);
    }
  }
  for (const std::string& group : heartbeat.producer_groups) {
    clients_.producer_seen(place, heartbeat, group, now_ms);
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

void Core::lock_queues(const Identity&, std::string_view group, std::string_view client_id,
                       const std::vector<QueueRef>& queues, Reply<std::vector<QueueRef>> reply) {
  // What does not exist is not locked: it would only fill the table.
  if (auto known = groups_.find_or_create(group, now().wall_ms); !known) {
    return reply(Failure(known.error()));
  }
  std::vector<QueueRef> held;
  for (const QueueRef& queue : queues) {
    if (!queue_of(queue.topic, queue.queue_id)) continue;
    if (locks_.lock(group, queue.topic, queue.queue_id, client_id, now().steady_ms())) {
      held.push_back(queue);
    }
  }
  reply(std::move(held));
}

void Core::unlock_queues(const Identity&, std::string_view group, std::string_view client_id,
                         const std::vector<QueueRef>& queues) {
  for (const QueueRef& queue : queues) {
    locks_.unlock(group, queue.topic, queue.queue_id, client_id);
  }
}

}  // namespace bolide::broker
