// SPDX-License-Identifier: Apache-2.0
//
// What name servers, brokers and clients tell each other about routes: plain values
// (rocketmq wire 2.7, 2.8). Their JSON and binary forms: bodies.h.
// Runs on: any agent.  Owns: nothing.  Invariant: none; they come from peers.
#pragma once

#include "broker/config.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bolide::naming {

using broker::DataVersion;
using broker::TopicConfig;

inline constexpr std::int64_t master_id = 0;

// How the queues of a static topic lie on one broker.
struct QueueMapping {
  std::string topic;
  std::string scope = "__global__";
  std::int32_t total_queues = 0;
  std::string broker_name;
  std::int64_t epoch = 0;
  bool dirty = false;
  std::map<std::int32_t, std::int32_t> current_ids;  // logical queue to queue of this broker

  bool operator==(const QueueMapping&) const = default;
};

// Topics of a broker with their version: body of a registration (within RegisterBody) and of
// GET_ALL_TOPIC_CONFIG. The mappings are of static topics.
struct TopicTable {
  DataVersion version;
  DataVersion mapping_version;
  std::vector<TopicConfig> topics;
  std::map<std::string, QueueMapping> mappings;
  std::map<std::string, std::string> mapping_details;  // topic to JSON, passed through

  bool operator==(const TopicTable&) const = default;
};

struct RegisterBody {
  TopicTable table;
  // Absent: what the name server knows stays; empty: there are none.
  std::optional<std::vector<std::string>> filter_servers = std::vector<std::string>{};

  bool operator==(const RegisterBody&) const = default;
};

// Queues of a topic on one broker.
struct QueueData {
  std::string broker_name;
  std::int32_t read_queues = 0;
  std::int32_t write_queues = 0;
  std::int32_t permission = 0;
  std::int32_t sys_flag = 0;

  bool operator==(const QueueData&) const = default;
};

struct BrokerData {
  std::string cluster;
  std::string broker_name;
  std::map<std::int64_t, std::string> addresses;  // by broker id; 0 is the master
  std::string zone;                               // empty: none
  bool acting_master = false;

  bool operator==(const BrokerData&) const = default;
};

struct TopicRoute {
  std::optional<std::string> order_conf;  // "broker-a:4;broker-b:4"
  std::vector<QueueData> queues;
  std::vector<BrokerData> brokers;
  std::map<std::string, std::vector<std::string>> filter_servers;  // by broker address
  std::map<std::string, QueueMapping> mappings;                    // by broker name

  bool operator==(const TopicRoute&) const = default;
};

struct ClusterInfo {
  std::map<std::string, BrokerData> brokers;                 // by broker name
  std::map<std::string, std::vector<std::string>> clusters;  // to broker names

  bool operator==(const ClusterInfo&) const = default;
};

struct TopicList {
  std::vector<std::string> topics;
  std::string broker_address;  // empty: none

  bool operator==(const TopicList&) const = default;
};

struct MemberGroup {
  std::string cluster;
  std::string broker_name;
  std::map<std::int64_t, std::string> addresses;

  bool operator==(const MemberGroup&) const = default;
};

using KvTable = std::map<std::string, std::string, std::less<>>;
using KvNamespaces = std::map<std::string, KvTable, std::less<>>;

}  // namespace bolide::naming
