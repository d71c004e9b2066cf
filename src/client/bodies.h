// SPDX-License-Identifier: Apache-2.0
//
// The JSON bodies that the client reads: routes, clusters, topics (rocketmq wire 2.7, 2.8).
// Runs on: one thread.  Owns: the decoded values.
// Invariant: the tables are the only place that names the fields; unknown ones are passed over.
// Decode with from_json<T>() of base/fields_json.h.
#pragma once

#include "base/fields.h"

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace bolide::client {

inline constexpr std::int64_t master_id = 0;

namespace permission {
inline constexpr std::int32_t write = 2;
inline constexpr std::int32_t read = 4;
}  // namespace permission

struct QueueData {
  std::string broker;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t perm = 0;
  static constexpr auto fields = std::tuple{
      Field{"brokerName", &QueueData::broker, Need::required},
      Field{"perm", &QueueData::perm},
      Field{"readQueueNums", &QueueData::read_queues},
      Field{"writeQueueNums", &QueueData::write_queues},
  };
};

struct BrokerData {
  std::string cluster;
  std::string name;
  std::map<std::int64_t, std::string> addresses;  // by broker id; 0 is the master
  static constexpr auto fields = std::tuple{
      Field{"brokerAddrs", &BrokerData::addresses},
      Field{"brokerName", &BrokerData::name, Need::required},
      Field{"cluster", &BrokerData::cluster},
  };

  // The address of the broker with the lowest id, the master if there is one; empty if there is
  // none.
  const std::string& address() const {
    static const std::string none;
    return addresses.empty() ? none : addresses.begin()->second;
  }
  bool has_master() const { return addresses.contains(master_id); }
};

// Which logical queues of a static topic one broker has.
struct QueueMapping {
  std::map<std::int32_t, std::int32_t> current_ids;  // to the numbers that they have there
  std::int64_t epoch = 0;
  std::string scope;
  std::int32_t total_queues = 0;
  static constexpr auto fields = std::tuple{
      Field{"currIdMap", &QueueMapping::current_ids},
      Field{"epoch", &QueueMapping::epoch},
      Field{"scope", &QueueMapping::scope},
      Field{"totalQueues", &QueueMapping::total_queues},
  };
};

struct TopicRoute {
  std::vector<QueueData> queues;
  std::vector<BrokerData> brokers;
  std::map<std::string, QueueMapping> mappings;  // of a static topic, by broker
  static constexpr auto fields = std::tuple{
      Field{"brokerDatas", &TopicRoute::brokers},
      Field{"queueDatas", &TopicRoute::queues},
      Field{"topicQueueMappingByBroker", &TopicRoute::mappings},
  };

  const BrokerData* broker(const std::string& name) const {
    for (const BrokerData& data : brokers) {
      if (data.name == name) return &data;
    }
    return nullptr;
  }
};

struct ClusterInfo {
  std::map<std::string, BrokerData> brokers;                 // by name
  std::map<std::string, std::vector<std::string>> clusters;  // names of their brokers
  static constexpr auto fields = std::tuple{
      Field{"brokerAddrTable", &ClusterInfo::brokers},
      Field{"clusterAddrTable", &ClusterInfo::clusters},
  };
};

struct TopicList {
  std::vector<std::string> topics;
  static constexpr auto fields = std::tuple{Field{"topicList", &TopicList::topics}};
};

struct TopicConfig {
  std::string name;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t perm = 0;
  bool order = false;
  std::map<std::string, std::string> attributes;
  static constexpr auto fields = std::tuple{
      Field{"attributes", &TopicConfig::attributes},
      Field{"order", &TopicConfig::order},
      Field{"perm", &TopicConfig::perm},
      Field{"readQueueNums", &TopicConfig::read_queues},
      Field{"topicName", &TopicConfig::name, Need::required},
      Field{"writeQueueNums", &TopicConfig::write_queues},
  };
};

struct QueueKey {
  std::string broker;
  std::int32_t queue = 0;
  std::string topic;
  static constexpr auto fields = std::tuple{
      Field{"brokerName", &QueueKey::broker},
      Field{"queueId", &QueueKey::queue},
      Field{"topic", &QueueKey::topic},
  };
  auto operator<=>(const QueueKey&) const = default;
};

// The answer to QUERY_ASSIGNMENT.
struct Assignment {
  QueueKey queue;
  std::string mode;  // PULL, POP
  static constexpr auto fields = std::tuple{
      Field{"messageQueue", &Assignment::queue},
      Field{"mode", &Assignment::mode},
  };
};
struct AssignmentList {
  std::vector<Assignment> assignments;
  static constexpr auto fields =
      std::tuple{Field{"messageQueueAssignments", &AssignmentList::assignments}};
};

struct QueueStats {
  std::int64_t min = 0;
  std::int64_t max = 0;
  std::int64_t last_update_ms = 0;  // 0: nothing was ever written
  static constexpr auto fields = std::tuple{
      Field{"lastUpdateTimestamp", &QueueStats::last_update_ms},
      Field{"maxOffset", &QueueStats::max},
      Field{"minOffset", &QueueStats::min},
  };
};

struct TopicStats {
  std::map<QueueKey, QueueStats> queues;
  static constexpr auto fields = std::tuple{Field{"offsetTable", &TopicStats::queues}};
};

}  // namespace bolide::client
