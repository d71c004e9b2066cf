// SPDX-License-Identifier: Apache-2.0
//
// Topics as an administrator sees them.
// Runs on: any thread.  Owns: nothing.  Invariant: see admin.h.
#include <bolide/admin.h>

#include "client/admin_bodies.h"
#include "client/admin_calls.h"
#include "client/names.h"
#include "client/status.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>

namespace bolide {
namespace {

using client::AdminCalls;
using client::Answer;
using client::BrokerData;
using client::to_status;
using client::to_status_or;
namespace request_code = remoting::request_code;

constexpr auto route_poll_interval = std::chrono::milliseconds(10);

// Also the copies of groups, and what is named after a cluster or a broker.
bool is_system(const std::string& topic, const client::ClusterInfo& clusters) {
  if (client::is_system_topic(topic) || topic.starts_with(client::retry_prefix) ||
      topic.starts_with(client::dead_letter_prefix) || topic.starts_with("%SYS%"))
    return true;
  const std::string owner = topic.ends_with(client::reply_suffix)
                                ? topic.substr(0, topic.size() - client::reply_suffix.size())
                                : topic;
  return clusters.clusters.contains(owner) || clusters.brokers.contains(topic);
}

bool readable(std::int32_t perm) {
  return (perm & client::permission::read) != 0;
}

bool writable(std::int32_t perm) {
  return (perm & client::permission::write) != 0;
}

std::int32_t perm_of(const TopicSpec& topic) {
  return (topic.readable ? client::permission::read : 0) |
         (topic.writable ? client::permission::write : 0);
}

// "+name=value,-name" (wire 2.7).
std::string attribute_text(const TopicSpec& topic) {
  std::string text;
  for (const auto& [name, value] : topic.attributes)
    text.append(text.empty() ? "+" : ",+").append(name).append("=").append(value);
  for (const std::string& name : topic.attributes_removed)
    text.append(text.empty() ? "-" : ",-").append(name);
  return text;
}

client::Question create_question(const TopicSpec& topic) {
  return {.what = "create topic " + topic.name,
          .code = request_code::update_and_create_topic,
          .args = {{"topic", topic.name},
                   {"defaultTopic", std::string(client::default_topic)},
                   {"readQueueNums", std::to_string(topic.queues)},
                   {"writeQueueNums", std::to_string(topic.queues)},
                   {"perm", std::to_string(perm_of(topic))},
                   {"topicFilterType", "SINGLE_TAG"},
                   {"topicSysFlag", "0"},
                   {"order", topic.order ? "true" : "false"},
                   {"attributes", attribute_text(topic)}}};
}

client::Question topic_question(std::string_view what, std::int32_t code,
                                const std::string& topic) {
  return {.what = std::string(what) + " topic " + topic, .code = code, .args = {{"topic", topic}}};
}

// Until the name server tells of the topic as it was put on so many masters.
Result<> wait_for_route(const AdminCalls& calls, const TopicSpec& topic, std::size_t masters) {
  const auto now_ms = [] { return os::system_clock().now().steady_ms(); };
  const std::int64_t deadline_ms = now_ms() + calls.request_timeout_ms();
  while (true) {
    const auto route = calls.route(topic.name);
    if (route) {
      const auto current = std::ranges::count_if(route->queues, [&](const auto& data) {
        return data.write_queues == topic.queues && data.perm == perm_of(topic);
      });
      if (static_cast<std::size_t>(current) >= masters) return {};
    } else if (route.error().code != Errc::topic_not_found) {
      return Failure(route.error());
    }
    if (now_ms() > deadline_ms)
      return fail(Errc::timeout, "topic " + topic.name + " from the brokers to the name server");
    std::this_thread::sleep_for(route_poll_interval);
  }
}

Result<> put(const AdminCalls& calls, const TopicSpec& topic) {
  BOLIDE_CHECK(client::check_topic(topic.name));
  BOLIDE_TRY(const auto masters, calls.masters(topic.cluster));
  for (const auto& answer : client::ask_brokers(calls, masters, create_question(topic)))
    BOLIDE_CHECK(answer);
  return wait_for_route(calls, topic, masters.size());
}

Result<> remove(const AdminCalls& calls, const std::string& topic) {
  BOLIDE_TRY(const client::TopicRoute route, calls.route(topic));
  std::vector<client::Question> questions;
  for (const BrokerData& broker : route.brokers) {
    if (!broker.has_master()) continue;
    questions.push_back(topic_question("delete", request_code::delete_topic_in_broker, topic));
    questions.back().address = broker.address();
  }
  for (const auto& answer : calls.ask_all(std::move(questions))) BOLIDE_CHECK(answer);
  // Behind the brokers, which tell the name servers what they have.
  std::vector<client::Question> last;
  BOLIDE_TRY(const std::vector<net::Address> servers, calls.name_servers());
  for (const net::Address& server : servers) {
    last.push_back(topic_question("delete", request_code::delete_topic_in_namesrv, topic));
    last.back().address = server.text();
  }
  for (const auto& answer : calls.ask_all(std::move(last))) BOLIDE_CHECK(answer);
  return {};
}

Result<TopicShare> share_of(const BrokerData& broker, const Answer& answer) {
  BOLIDE_TRY(auto config, from_json<client::TopicConfig>(answer.body));
  return TopicShare{.broker = broker.name,
                    .cluster = broker.cluster,
                    .address = broker.address(),
                    .read_queues = config.read_queues,
                    .write_queues = config.write_queues,
                    .readable = readable(config.perm),
                    .writable = writable(config.perm),
                    .order = config.order,
                    .attributes = std::move(config.attributes)};
}

Result<TopicDescription> describe(const AdminCalls& calls, const std::string& topic) {
  BOLIDE_TRY(client::TopicRoute route, calls.route(topic));
  std::erase_if(route.brokers, [](const BrokerData& broker) { return broker.addresses.empty(); });
  std::ranges::sort(route.brokers, {}, &BrokerData::name);
  const auto ask = [&](std::string_view what, std::int32_t code) {
    return client::ask_brokers(calls, route.brokers, topic_question(what, code, topic));
  };
  const auto configs = ask("settings of", request_code::get_topic_config);
  const auto stats = ask("offsets of", request_code::get_topic_stats_info);
  const auto groups = ask("groups of", request_code::get_groups_of_topic);
  TopicDescription description{.name = topic, .shares = {}, .queues = {}, .groups = {}};
  std::set<std::string> names;
  for (std::size_t i = 0; i < route.brokers.size(); ++i) {
    BOLIDE_TRY(const Answer config, configs[i]);
    BOLIDE_TRY(TopicShare share, share_of(route.brokers[i], config));
    description.shares.push_back(std::move(share));
    BOLIDE_TRY(const Answer ranges, stats[i]);
    BOLIDE_TRY(const auto table, from_json<client::TopicStats>(ranges.body));
    for (const auto& [key, range] : table.queues) {
      description.queues.push_back({.queue = {key.topic, key.broker, key.queue},
                                    .first = range.min,
                                    .next = range.max,
                                    .stored_ms = range.last_update_ms});
    }
    BOLIDE_TRY(const Answer known, groups[i]);
    BOLIDE_TRY(const auto list, from_json<client::GroupList>(known.body));
    names.insert(list.groups.begin(), list.groups.end());
  }
  description.groups.assign(names.begin(), names.end());
  std::ranges::sort(description.queues, {}, &QueueRange::queue);
  return description;
}

Result<std::vector<TopicName>> list(const AdminCalls& calls) {
  BOLIDE_TRY(const Answer answer,
             calls.ask({.what = "topics", .code = request_code::get_all_topic_list}));
  BOLIDE_TRY(const auto list, from_json<client::TopicList>(answer.body));
  BOLIDE_TRY(const auto clusters, calls.clusters());
  std::vector<TopicName> names;
  for (const std::string& topic : list.topics) names.push_back({topic, is_system(topic, clusters)});
  std::ranges::sort(names, {}, &TopicName::name);
  return names;
}

Result<std::vector<RouteEntry>> entries(const AdminCalls& calls, const std::string& topic) {
  BOLIDE_TRY(const client::TopicRoute route, calls.route(topic));
  std::vector<RouteEntry> entries;
  for (const client::QueueData& queues : route.queues) {
    const BrokerData* const broker = route.broker(queues.broker);
    if (broker == nullptr) continue;
    entries.push_back({.broker = broker->name,
                       .cluster = broker->cluster,
                       .addresses = broker->addresses,
                       .read_queues = queues.read_queues,
                       .write_queues = queues.write_queues,
                       .readable = readable(queues.perm),
                       .writable = writable(queues.perm),
                       .is_static = !route.mappings.empty()});
  }
  std::ranges::sort(entries, {}, &RouteEntry::broker);
  return entries;
}

}  // namespace

Admin::Admin(const Client& client) : calls_(std::make_shared<AdminCalls>(client.core())) {}

StatusOr<std::vector<TopicName>> Admin::topics() const {
  return to_status_or(list(*calls_));
}

Status Admin::put_topic(const TopicSpec& topic) const {
  return to_status(put(*calls_, topic));
}

Status Admin::delete_topic(const std::string& topic) const {
  return to_status(remove(*calls_, topic));
}

StatusOr<TopicDescription> Admin::describe_topic(const std::string& topic) const {
  return to_status_or(describe(*calls_, topic));
}

StatusOr<std::vector<RouteEntry>> Admin::route(const std::string& topic) const {
  return to_status_or(entries(*calls_, topic));
}

}  // namespace bolide
