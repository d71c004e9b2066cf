// SPDX-License-Identifier: Apache-2.0
//
// Routes, clusters and lists as JSON; members in the order in which Apache writes them.
// Runs on: any agent.  Owns: nothing.  Invariant: see bodies.h.
#include "naming/bodies.h"
#include "naming/json_parts.h"

namespace bolide::naming {
namespace {

void write_queue(JsonWriter& out, const QueueData& queue) {
  out.begin_object();
  out.member("brokerName", queue.broker_name);
  out.member("perm", queue.permission);
  out.member("readQueueNums", queue.read_queues);
  out.member("topicSysFlag", queue.sys_flag);
  out.member("writeQueueNums", queue.write_queues);
  out.end_object();
}

QueueData read_queue(JsonReader& in) {
  QueueData queue;
  in.object([&](JsonKey key) {
    if (key == "brokerName") {
      queue.broker_name = in.text();
    } else if (key == "perm") {
      queue.permission = in.integer<std::int32_t>();
    } else if (key == "readQueueNums") {
      queue.read_queues = in.integer<std::int32_t>();
    } else if (key == "topicSysFlag" || key == "topicSynFlag") {  // the name in 4.x
      queue.sys_flag = in.integer<std::int32_t>();
    } else if (key == "writeQueueNums") {
      queue.write_queues = in.integer<std::int32_t>();
    }
  });
  return queue;
}

void write_broker(JsonWriter& out, const BrokerData& broker) {
  out.begin_object();
  out.key("brokerAddrs");
  write_values(out, broker.addresses);
  out.member("brokerName", broker.broker_name);
  out.member("cluster", broker.cluster);
  out.member("enableActingMaster", broker.acting_master);
  if (!broker.zone.empty()) out.member("zoneName", broker.zone);
  out.end_object();
}

void read_addresses(JsonReader& in, std::map<std::int64_t, std::string>* addresses) {
  read_number_map(in, addresses, [&] { return std::string(in.text()); });
}

BrokerData read_broker(JsonReader& in) {
  BrokerData broker;
  in.object([&](JsonKey key) {
    if (key == "brokerAddrs") {
      read_addresses(in, &broker.addresses);
    } else if (key == "brokerName") {
      broker.broker_name = in.text();
    } else if (key == "cluster") {
      broker.cluster = in.text();
    } else if (key == "enableActingMaster") {
      broker.acting_master = in.boolean();
    } else if (key == "zoneName") {
      broker.zone = in.text();
    }
  });
  return broker;
}

void read_route(JsonReader& in, TopicRoute* route) {
  in.object([&](JsonKey key) {
    if (key == "brokerDatas") {
      in.array([&] { route->brokers.push_back(read_broker(in)); });
    } else if (key == "filterServerTable") {
      read_map(in, &route->filter_servers, [&] { return read_strings(in); });
    } else if (key == "orderTopicConf") {
      if (!in.null()) route->order_conf = in.text();
    } else if (key == "queueDatas") {
      in.array([&] { route->queues.push_back(read_queue(in)); });
    } else if (key == "topicQueueMappingByBroker") {
      read_map(in, &route->mappings, [&] { return read_mapping(in); });
    }
  });
}

void write_group(JsonWriter& out, const MemberGroup& group) {
  out.begin_object();
  out.key("brokerAddrs");
  write_values(out, group.addresses);
  out.member("brokerName", group.broker_name);
  out.member("cluster", group.cluster);
  out.end_object();
}

void read_group(JsonReader& in, MemberGroup* group) {
  in.object([&](JsonKey key) {
    if (key == "brokerAddrs") {
      read_addresses(in, &group->addresses);
    } else if (key == "brokerName") {
      group->broker_name = in.text();
    } else if (key == "cluster") {
      group->cluster = in.text();
    }
  });
}

}  // namespace

std::string encode_route(const TopicRoute& route, bool standard_json) {
  std::string json;
  JsonWriter out(json, {.quoted_numbers = standard_json});
  out.begin_object();
  out.key("brokerDatas");
  out.begin_array();
  for (const BrokerData& broker : route.brokers) write_broker(out, broker);
  out.end_array();
  out.key("filterServerTable");
  write_map(out, route.filter_servers, [&](const auto& list) { write_strings(out, list); });
  if (route.order_conf) out.member("orderTopicConf", *route.order_conf);
  out.key("queueDatas");
  out.begin_array();
  for (const QueueData& queue : route.queues) write_queue(out, queue);
  out.end_array();
  if (!route.mappings.empty()) {
    out.key("topicQueueMappingByBroker");
    write_map(out, route.mappings, [&](const QueueMapping& m) { write_mapping(out, m); });
  }
  out.end_object();
  return json;
}

Result<TopicRoute> decode_route(std::string_view json) {
  return decode_json<TopicRoute>(json, read_route);
}

std::string encode_cluster_info(const ClusterInfo& info) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  out.key("brokerAddrTable");
  write_map(out, info.brokers, [&](const BrokerData& broker) { write_broker(out, broker); });
  out.key("clusterAddrTable");
  write_map(out, info.clusters, [&](const auto& names) { write_strings(out, names); });
  out.end_object();
  return json;
}

Result<ClusterInfo> decode_cluster_info(std::string_view json) {
  return decode_json<ClusterInfo>(json, [](JsonReader& in, ClusterInfo* info) {
    in.object([&](JsonKey key) {
      if (key == "brokerAddrTable") {
        read_map(in, &info->brokers, [&] { return read_broker(in); });
      } else if (key == "clusterAddrTable") {
        read_map(in, &info->clusters, [&] { return read_strings(in); });
      }
    });
  });
}

std::string encode_topic_list(const TopicList& list) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  if (!list.broker_address.empty()) out.member("brokerAddr", list.broker_address);
  out.key("topicList");
  write_strings(out, list.topics);
  out.end_object();
  return json;
}

Result<TopicList> decode_topic_list(std::string_view json) {
  return decode_json<TopicList>(json, [](JsonReader& in, TopicList* list) {
    in.object([&](JsonKey key) {
      if (key == "brokerAddr") {
        list->broker_address = in.text();
      } else if (key == "topicList") {
        list->topics = read_strings(in);
      }
    });
  });
}

std::string encode_kv_table(const KvTable& table) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  out.key("table");
  write_values(out, table);
  out.end_object();
  return json;
}

Result<KvTable> decode_kv_table(std::string_view json) {
  return decode_json<KvTable>(json, [](JsonReader& in, KvTable* table) {
    in.object([&](JsonKey key) {
      if (key == "table") read_map(in, table, [&] { return std::string(in.text()); });
    });
  });
}

std::string encode_member_group(const MemberGroup& group) {
  std::string json;
  JsonWriter out(json);
  out.begin_object();
  out.key("brokerMemberGroup");
  write_group(out, group);
  out.end_object();
  return json;
}

Result<MemberGroup> decode_member_group(std::string_view json) {
  return decode_json<MemberGroup>(json, [](JsonReader& in, MemberGroup* group) {
    in.object([&](JsonKey key) {
      if (key == "brokerMemberGroup") read_group(in, group);
    });
  });
}

}  // namespace bolide::naming
