// SPDX-License-Identifier: Apache-2.0
//
// Topics as an administrator sees them.
// Runs on: one thread.  Owns: nothing.  Invariant: see admin.h.
#include "client/admin.h"

#include "base/fields_json.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <string_view>
#include <thread>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr auto route_poll_interval = std::chrono::milliseconds(20);
constexpr std::string_view default_topic = "TBW102";

// Topics that brokers make for themselves (rocketmq 3.1), and beginnings of such names.
constexpr std::array<std::string_view, 12> system_topics = {
    "TBW102",
    "SCHEDULE_TOPIC_XXXX",
    "BenchmarkTest",
    "RMQ_SYS_TRANS_HALF_TOPIC",
    "RMQ_SYS_TRANS_OP_HALF_TOPIC",
    "RMQ_SYS_TRACE_TOPIC",
    "TRANS_CHECK_MAX_TIME_TOPIC",
    "SELF_TEST_TOPIC",
    "OFFSET_MOVED_EVENT",
    "CHECKPOINT_TOPIC",
    "DefaultHeartBeatSyncerTopic",
    "DefaultCluster_REPLY_TOPIC",
};
constexpr std::array<std::string_view, 4> system_prefixes = {"rmq_sys_", "%RETRY%", "%DLQ%",
                                                             "%SYS%"};

bool is_system(const std::string& topic, const ClusterInfo& clusters) {
  if (std::ranges::find(system_topics, topic) != system_topics.end()) return true;
  if (std::ranges::any_of(system_prefixes, [&](auto p) { return topic.starts_with(p); }))
    return true;
  constexpr std::string_view reply = "_REPLY_TOPIC";
  const std::string owner =
      topic.ends_with(reply) ? topic.substr(0, topic.size() - reply.size()) : topic;
  return clusters.clusters.contains(owner) || clusters.brokers.contains(topic);
}

std::string attribute_text(const std::map<std::string, std::string>& attributes) {
  std::string text;
  for (const auto& [name, value] : attributes) {
    if (!text.empty()) text += ',';
    text.append("+").append(name).append("=").append(value);
  }
  return text;
}

Request create_request(const TopicSpec& spec) {
  return {.code = request_code::update_and_create_topic,
          .fields = {{"topic", spec.name},
                     {"defaultTopic", std::string(default_topic)},
                     {"readQueueNums", std::to_string(spec.queues)},
                     {"writeQueueNums", std::to_string(spec.queues)},
                     {"perm", std::to_string(spec.perm)},
                     {"topicFilterType", "SINGLE_TAG"},
                     {"topicSysFlag", "0"},
                     {"order", spec.order ? "true" : "false"},
                     {"attributes", attribute_text(spec.attributes)}},
          .body = {}};
}

Request topic_request(std::int32_t code, const std::string& topic) {
  return {.code = code, .fields = {{"topic", topic}}, .body = {}};
}

}  // namespace

Result<ClusterInfo> Admin::clusters() {
  BOLIDE_TRY(
      const Response response,
      connections_.ask_name_server(
          "clusters", {.code = request_code::get_broker_cluster_info, .fields = {}, .body = {}}));
  return from_json<ClusterInfo>(response.body);
}

Result<std::vector<TopicRow>> Admin::topics() {
  BOLIDE_TRY(const Response response,
             connections_.ask_name_server(
                 "topics", {.code = request_code::get_all_topic_list, .fields = {}, .body = {}}));
  BOLIDE_TRY(const TopicList list, from_json<TopicList>(response.body));
  BOLIDE_TRY(const ClusterInfo info, clusters());
  std::vector<TopicRow> rows;
  for (const std::string& topic : list.topics) rows.push_back({topic, is_system(topic, info)});
  std::ranges::sort(rows, {}, &TopicRow::name);
  return rows;
}

Result<std::vector<std::string>> Admin::masters_of(const std::string& cluster) {
  BOLIDE_TRY(const ClusterInfo info, clusters());
  if (!cluster.empty() && !info.clusters.contains(cluster))
    return fail(Errc::not_found, "cluster " + cluster);
  std::vector<std::string> masters;
  for (const auto& [name, broker] : info.brokers) {
    if (!broker.has_master() || (!cluster.empty() && broker.cluster != cluster)) continue;
    masters.push_back(broker.address());
  }
  if (masters.empty()) return fail(Errc::not_found, "a broker that the name server knows");
  return masters;
}

Result<> Admin::create_topic(const TopicSpec& spec) {
  BOLIDE_TRY(const auto masters, masters_of(spec.cluster));
  for (const std::string& master : masters)
    BOLIDE_CHECK(connections_.ask(master, "create topic " + spec.name, create_request(spec)));
  return wait_for_route(spec, masters.size());
}

Result<> Admin::wait_for_route(const TopicSpec& spec, std::size_t masters) {
  const auto now_ms = [] { return os::system_clock().now().steady_ms(); };
  const std::int64_t deadline_ms = now_ms() + connections_.settings().call_timeout_ms;
  while (true) {
    auto route = connections_.route(spec.name);
    if (route) {
      const auto current = std::ranges::count_if(route->queues, [&](const QueueData& data) {
        return data.write_queues == spec.queues && data.perm == spec.perm;
      });
      if (static_cast<std::size_t>(current) >= masters) return {};
    } else if (route.error().code != Errc::topic_not_found) {
      return Failure(std::move(route).error());
    }
    if (now_ms() > deadline_ms)
      return fail(Errc::timeout, "topic " + spec.name + " from the brokers to the name server");
    std::this_thread::sleep_for(route_poll_interval);
  }
}

Result<> Admin::delete_topic(const std::string& topic) {
  BOLIDE_TRY(const TopicRoute route, connections_.route(topic));
  for (const BrokerData& broker : route.brokers) {
    if (!broker.has_master()) continue;
    BOLIDE_CHECK(connections_.ask(broker.address(), "delete topic " + topic,
                                  topic_request(request_code::delete_topic_in_broker, topic)));
  }
  for (const net::Address& server : connections_.settings().name_servers) {
    BOLIDE_CHECK(connections_.ask(server.text(), "delete topic " + topic,
                                  topic_request(request_code::delete_topic_in_namesrv, topic)));
  }
  return {};
}

Result<TopicDescription> Admin::describe_topic(const std::string& topic) {
  BOLIDE_TRY(const TopicRoute route, connections_.route(topic));
  TopicDescription description{.name = topic, .shares = {}, .queues = {}};
  for (const BrokerData& broker : route.brokers) {
    if (broker.addresses.empty()) continue;
    BOLIDE_TRY(const Response config,
               connections_.ask(broker.address(), "settings of topic " + topic,
                                topic_request(request_code::get_topic_config, topic)));
    BOLIDE_TRY(auto decoded, from_json<TopicConfig>(config.body));
    BOLIDE_TRY(const Response stats,
               connections_.ask(broker.address(), "state of topic " + topic,
                                topic_request(request_code::get_topic_stats_info, topic)));
    BOLIDE_TRY(auto table, from_json<TopicStats>(stats.body));
    description.shares.push_back(
        {broker.name, broker.cluster, broker.address(), std::move(decoded)});
    description.queues.merge(table.queues);
  }
  std::ranges::sort(description.shares, {}, &TopicShare::broker);
  return description;
}

}  // namespace bolide::client
