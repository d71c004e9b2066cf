// SPDX-License-Identifier: Apache-2.0
//
// Consumer groups as an administrator sees them.
// Runs on: any thread.  Owns: nothing.  Invariant: see admin.h.
#include <bolide/admin.h>

#include "client/admin_groups.h"
#include "client/names.h"
#include "client/status.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>
#include <set>

namespace bolide {
namespace client {
namespace {

namespace request_code = remoting::request_code;

// Groups that brokers make for themselves, and the beginning of such names.
constexpr std::array<std::string_view, 9> system_groups = {
    "DEFAULT_CONSUMER",   "TOOLS_CONSUMER",     "SCHEDULE_CONSUMER",
    "FILTERSRV_CONSUMER", "__MONITOR_CONSUMER", "SELF_TEST_GROUP",
    "SELF_TEST_C_GROUP",  "CID_ONS-HTTP-PROXY", "CID_ONSAPI_OWNER"};
constexpr std::array<std::string_view, 3> system_prefixes = {"CID_RMQ_SYS_", "CID_SYS_",
                                                             "CID_ONSAPI_"};

bool is_system(const std::string& group) {
  return std::ranges::find(system_groups, group) != system_groups.end() ||
         std::ranges::any_of(system_prefixes, [&](auto p) { return group.starts_with(p); });
}

// The groups of one broker, page by page (wire 2.4).
Result<GroupTable> groups_of(const AdminCalls& calls, const BrokerData& broker) {
  GroupTable all;
  while (true) {
    BOLIDE_TRY(const Answer answer,
               calls.ask({.address = broker.address(),
                          .what = "groups",
                          .code = request_code::get_all_groups,
                          .args = {{"groupSeq", std::to_string(all.groups.size())}}}));
    BOLIDE_TRY(GroupTable page, from_json<GroupTable>(answer.body));
    const std::size_t before = all.groups.size();
    all.groups.merge(page.groups);
    const auto total = answer.number("totalGroupNum");
    if (all.groups.size() == before || !total) return all;
    if (all.groups.size() >= static_cast<std::size_t>(*total)) return all;
  }
}

GroupSpec spec_of(const GroupBody& body) {
  return {.name = body.name,
          .enabled = body.consume_enable,
          .broadcasting = body.broadcast_enable,
          .ordered = body.ordered,
          .retry_queues = body.retry_queues,
          .retries_max = body.retries_max};
}

Result<std::vector<GroupName>> list(const AdminCalls& calls) {
  BOLIDE_TRY(const auto masters, calls.masters());
  std::set<std::string> names;
  for (const BrokerData& broker : masters) {
    BOLIDE_TRY(const GroupTable table, groups_of(calls, broker));
    for (const auto& [name, body] : table.groups) names.insert(name);
  }
  std::vector<GroupName> groups;
  for (const std::string& name : names) groups.push_back({name, is_system(name)});
  return groups;
}

Result<> put(const AdminCalls& calls, const GroupSpec& group) {
  BOLIDE_CHECK(check_group(group.name));
  BOLIDE_TRY(const auto masters, calls.masters(group.cluster));
  const GroupBody body{.name = group.name,
                       .consume_enable = group.enabled,
                       .broadcast_enable = group.broadcasting,
                       .ordered = group.ordered,
                       .retry_queues = group.retry_queues,
                       .retries_max = group.retries_max};
  const auto answers = ask_brokers(calls, masters,
                                   {.what = "create group " + group.name,
                                    .code = request_code::update_and_create_group,
                                    .body = to_json(body)});
  for (const auto& answer : answers) BOLIDE_CHECK(answer);
  return {};
}

Result<> remove(const AdminCalls& calls, const std::string& group) {
  BOLIDE_CHECK(require_group(calls, group));
  BOLIDE_TRY(const auto masters, calls.masters());
  // Servers of 4.9 know the second name.
  const auto answers = ask_brokers(
      calls, masters,
      {.what = "delete group " + group,
       .code = request_code::delete_group,
       .args = {{"groupName", group}, {"cleanOffset", "true"}, {"removeOffset", "true"}}});
  for (const auto& answer : answers) BOLIDE_CHECK(answer);
  return {};
}

void add_members(const ConnectionsBody& body, GroupMembers* members) {
  members->consume_type = body.type;
  members->model = body.model;
  members->from = body.from;
  for (const ConnectionBody& one : body.connections) {
    // A member is connected to each broker.
    const bool known = std::ranges::any_of(
        members->clients, [&](const ClientInfo& client) { return client.id == one.client_id; });
    if (known) continue;
    members->clients.push_back({.id = one.client_id,
                                .address = one.address,
                                .language = one.language,
                                .version = version_text(one.version)});
  }
  for (const auto& entry : body.subscriptions) {
    const SubscriptionBody& subscription = entry.second;
    const bool known = std::ranges::any_of(members->subscriptions, [&](const Subscription& other) {
      return other.topic == subscription.topic;
    });
    if (!known)
      members->subscriptions.push_back(
          {subscription.topic, subscription.expression, subscription.type});
  }
}

Result<GroupMembers> members_of(const AdminCalls& calls, const std::vector<BrokerData>& masters,
                                const std::string& group) {
  const auto answers = ask_brokers(calls, masters,
                                   {.what = "members of group " + group,
                                    .code = request_code::get_consumer_connections,
                                    .args = {{"consumerGroup", group}}});
  GroupMembers members;
  for (const auto& answer : answers) {
    if (!answer && answer.error().code == Errc::consumer_not_online) continue;
    BOLIDE_CHECK(answer);
    BOLIDE_TRY(const auto body, from_json<ConnectionsBody>(answer->body));
    add_members(body, &members);
  }
  if (members.clients.empty()) return fail(Errc::consumer_not_online, "group " + group);
  std::ranges::sort(members.clients, {}, &ClientInfo::id);
  return members;
}

Result<GroupDescription> describe(const AdminCalls& calls, const std::string& group) {
  BOLIDE_TRY(const auto masters, calls.masters());
  GroupDescription description{.name = group, .shares = {}, .progress = {}, .members = {}};
  // Asking for one group makes it on Apache's broker; asking for all does not.
  for (const BrokerData& broker : masters) {
    BOLIDE_TRY(const GroupTable table, groups_of(calls, broker));
    const auto found = table.groups.find(group);
    if (found != table.groups.end())
      description.shares.push_back({broker.name, spec_of(found->second)});
  }
  BOLIDE_TRY(description.progress, progress_of(calls, masters, group));
  auto members = members_of(calls, masters, group);
  if (members) {
    description.members = std::move(*members);
  } else if (members.error().code != Errc::consumer_not_online) {
    return Failure(std::move(members).error());
  }
  if (description.shares.empty() && description.progress.empty() && !description.members)
    return fail(Errc::group_not_found, group);
  return description;
}

Result<ConsumerState> state_of(const AdminCalls& calls, const std::string& group,
                               const std::string& client_id) {
  BOLIDE_TRY(const auto masters, calls.masters());
  const auto answers = ask_brokers(calls, masters,
                                   {.what = "state of consumer " + client_id,
                                    .code = request_code::get_consumer_running_info,
                                    .args = {{"consumerGroup", group}, {"clientId", client_id}}});
  const auto good = std::ranges::find_if(answers, [](const auto& one) { return one.has_value(); });
  if (good == answers.end()) return Failure(answers.front().error());
  BOLIDE_TRY(auto body, from_json<RunningInfoBody>((*good)->body));
  ConsumerState state{.properties = std::move(body.properties), .queues = {}};
  for (const auto& [key, queue] : body.queues) {
    state.queues.push_back({.queue = {key.topic, key.broker, key.queue},
                            .committed = queue.committed,
                            .cached = queue.cached,
                            .locked = queue.locked,
                            .pulled_ms = queue.pulled_ms,
                            .consumed_ms = queue.consumed_ms});
  }
  std::ranges::sort(state.queues, {}, &ConsumerQueue::queue);
  return state;
}

}  // namespace

Result<> require_group(const AdminCalls& calls, const std::string& group) {
  BOLIDE_TRY(const auto masters, calls.masters());
  for (const BrokerData& broker : masters) {
    BOLIDE_TRY(const GroupTable table, groups_of(calls, broker));
    if (table.groups.contains(group)) return {};
  }
  return fail(Errc::group_not_found, group);
}

Result<std::vector<QueueProgress>> progress_of(const AdminCalls& calls,
                                               const std::vector<BrokerData>& masters,
                                               const std::string& group) {
  const auto answers = ask_brokers(calls, masters,
                                   {.what = "progress of group " + group,
                                    .code = request_code::get_consume_stats,
                                    .args = {{"consumerGroup", group}}});
  std::vector<QueueProgress> progress;
  for (const auto& answer : answers) {
    BOLIDE_CHECK(answer);
    BOLIDE_TRY(const auto stats, from_json<ConsumeStatsBody>(answer->body));
    for (const auto& [key, queue] : stats.queues) {
      progress.push_back({.queue = {key.topic, key.broker, key.queue},
                          .next = queue.broker_offset,
                          .committed = queue.consumer_offset,
                          .pulled = queue.pull_offset,
                          .consumed_ms = queue.last_ms});
    }
  }
  std::ranges::sort(progress, {}, &QueueProgress::queue);
  return progress;
}

}  // namespace client

using client::to_status;
using client::to_status_or;

StatusOr<std::vector<GroupName>> Admin::groups() const {
  return to_status_or(client::list(*calls_));
}

Status Admin::put_group(const GroupSpec& group) const {
  return to_status(client::put(*calls_, group));
}

Status Admin::delete_group(const std::string& group) const {
  return to_status(client::remove(*calls_, group));
}

StatusOr<GroupDescription> Admin::describe_group(const std::string& group) const {
  return to_status_or(client::describe(*calls_, group));
}

StatusOr<GroupMembers> Admin::members(const std::string& group) const {
  const auto masters = calls_->masters();
  if (!masters) return to_status(masters.error());
  return to_status_or(client::members_of(*calls_, *masters, group));
}

StatusOr<ConsumerState> Admin::consumer_state(const std::string& group,
                                              const std::string& client_id) const {
  return to_status_or(client::state_of(*calls_, group, client_id));
}

}  // namespace bolide
