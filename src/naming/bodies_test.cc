// SPDX-License-Identifier: Apache-2.0
//
// Tests of the bodies against bytes that Apache RocketMQ 5.5.0 made of the same values.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "naming/bodies.h"

#include "base/cursor.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace bolide::naming {
namespace {

constexpr std::string_view apache_table =
    R"({"dataVersion":{"counter":9,"stateVersion":0,"timestamp":1700000000123},)"
    R"("mappingDataVersion":{"counter":10,"stateVersion":1,"timestamp":1700000000124},)"
    R"("topicConfigTable":{"T":{"attributes":{"message.type":"FIFO"},"order":false,"perm":6,)"
    R"("readQueueNums":4,"topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":1,)"
    R"("writeQueueNums":8}},"topicQueueMappingDetailMap":{"T":{"bname":"broker-a","currIdMap":{},)"
    R"("dirty":false,"epoch":77,"hostedQueues":{0:[{"bname":"broker-a","endOffset":-1,"gen":0,)"
    R"("logicOffset":0,"queueId":1,"startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},)"
    R"("scope":"__global__","topic":"T","totalQueues":2}},"topicQueueMappingInfoMap":{"T":{)"
    R"("bname":"broker-a","currIdMap":{0:1},"dirty":false,"epoch":77,"scope":"__global__",)"
    R"("topic":"T","totalQueues":2}}})";

constexpr std::string_view apache_compressed =
    "78da4d8f4d6bc3300c86bd1f3230ef717825cec692fab6c35a02fb602cf43286715cad0b4b62e3388712f2dfe7961e"
    "2621"
    "905ef4e8833156ceb06e1a2205a8b5c0184da41d85b17503542610db9e92d87b2859641793f9ddc218bb4a7153f37b"
    "5ef2"
    "07fe51bd6e9f9f74fdb8e53312339a03ade2d1131436d5e60d27e2fa13322f565972a9d610ffaa125f97917e463398"
    "fe04"
    "36c1fd52b835a9d34e2154fb17930e99332517817d1be211eadb7423099077f607aa28d213d69dd76a7de85c633aad"
    "131f"
    "9d6f6d12eb731e4df73ed1442354befc0103e348e9";

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::string inflated(std::string_view bytes) {
  std::string out(4096, '\0');
  uLongf size = out.size();
  EXPECT_EQ(uncompress(reinterpret_cast<Bytef*>(out.data()), &size,
                       reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
            Z_OK);
  out.resize(size);
  return out;
}

std::string deflated(std::string_view bytes) {
  std::string out(compressBound(bytes.size()), '\0');
  uLongf size = out.size();
  EXPECT_EQ(compress(reinterpret_cast<Bytef*>(out.data()), &size,
                     reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()),
            Z_OK);
  out.resize(size);
  return out;
}

std::string counted(std::string_view part) {
  std::string out(4, '\0');
  store_big(out.data(), static_cast<std::uint32_t>(part.size()));
  return out.append(part);
}

std::string count(std::uint32_t value) {
  std::string out(4, '\0');
  store_big(out.data(), value);
  return out;
}

QueueMapping mapping() {
  return {.topic = "T",
          .total_queues = 2,
          .broker_name = "broker-a",
          .epoch = 77,
          .current_ids = {{0, 1}}};
}

TopicTable table() {
  TopicTable table;
  table.version = {.state_version = 0, .timestamp_ms = 1'700'000'000'123, .counter = 9};
  table.mapping_version = {.state_version = 1, .timestamp_ms = 1'700'000'000'124, .counter = 10};
  table.topics.push_back({.name = "T",
                          .read_queues = 4,
                          .write_queues = 8,
                          .sys_flag = 1,
                          .attributes = {{"message.type", "FIFO"}}});
  table.mappings["T"] = mapping();
  table.mapping_details["T"] =
      R"({"bname":"broker-a","currIdMap":{},"dirty":false,"epoch":77,"hostedQueues":)"
      R"({0:[{"bname":"broker-a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":1,)"
      R"("startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},"scope":"__global__","topic":"T",)"
      R"("totalQueues":2})";
  return table;
}

TopicRoute route() {
  TopicRoute route;
  route.queues = {{.broker_name = "broker-a",
                   .read_queues = 4,
                   .write_queues = 8,
                   .permission = 6,
                   .sys_flag = 1}};
  route.brokers = {{.cluster = "C\u00f6<l>",
                    .broker_name = "broker-a",
                    .addresses = {{0, "127.0.0.1:1"}, {1, "127.0.0.1:2"}, {10, "127.0.0.1:3"}},
                    .zone = "z\u00f6ne(1)\"&'",
                    .acting_master = true}};
  route.filter_servers = {{"127.0.0.1:1", {"f:1"}}};
  return route;
}

TEST(NamingBodies, version_has_apaches_bytes) {
  const DataVersion version{.state_version = 3, .timestamp_ms = 1'700'000'000'123, .counter = 9};
  const std::string json = encode_version(version);
  EXPECT_EQ(json, R"({"counter":9,"stateVersion":3,"timestamp":1700000000123})");
  EXPECT_EQ(decode_version(json).value(), version);
}

TEST(NamingBodies, topic_table_has_apaches_bytes_and_is_read_back) {
  EXPECT_EQ(encode_topic_table(table()), apache_table);
  EXPECT_EQ(decode_topic_table(apache_table).value(), table());
}

TEST(NamingBodies, topic_table_for_old_peers_has_no_mappings) {
  TopicTable plain = table();
  plain.version = {.state_version = 0, .timestamp_ms = 1, .counter = 2};
  EXPECT_EQ(
      encode_topic_table(plain, false),
      R"({"dataVersion":{"counter":2,"stateVersion":0,"timestamp":1},"topicConfigTable":{"T":)"
      R"({"attributes":{"message.type":"FIFO"},"order":false,"perm":6,"readQueueNums":4,)"
      R"("topicFilterType":"SINGLE_TAG","topicName":"T","topicSysFlag":1,)"
      R"("writeQueueNums":8}}})");
}

TEST(NamingBodies, registration_has_apaches_bytes_and_is_read_back) {
  const RegisterBody body{.table = table(),
                          .filter_servers = std::vector<std::string>{"127.0.0.1:9", "127.0.0.1:8"}};
  const std::string json = encode_register(body);
  EXPECT_EQ(json, R"({"filterServerList":["127.0.0.1:9","127.0.0.1:8"],)"
                  R"("topicConfigSerializeWrapper":)" +
                      std::string(apache_table) + "}");
  EXPECT_EQ(decode_register(json, false).value(), body);
}

TEST(NamingBodies, empty_registration_has_apaches_bytes) {
  RegisterBody body;
  body.table.version = {.state_version = 0, .timestamp_ms = 1, .counter = 2};
  body.table.mapping_version = {.state_version = 0, .timestamp_ms = 3, .counter = 0};
  EXPECT_EQ(encode_register(body),
            R"({"filterServerList":[],"topicConfigSerializeWrapper":{"dataVersion":{"counter":2,)"
            R"("stateVersion":0,"timestamp":1},"mappingDataVersion":{"counter":0,"stateVersion":0,)"
            R"("timestamp":3},"topicConfigTable":{},"topicQueueMappingDetailMap":{},)"
            R"("topicQueueMappingInfoMap":{}}})");
}

TEST(NamingBodies, missing_filter_servers_are_none_and_null_leaves_them) {
  EXPECT_TRUE(decode_register("{}", false)->filter_servers->empty());
  EXPECT_FALSE(decode_register(R"({"filterServerList":null})", false)->filter_servers.has_value());
}

TEST(NamingBodies, compressed_registration_holds_apaches_bytes) {
  const RegisterBody body{.table = table(),
                          .filter_servers = std::vector<std::string>{"127.0.0.1:9", "127.0.0.1:8"}};
  EXPECT_EQ(inflated(encode_register_compressed(body)), inflated(from_hex(apache_compressed)));
}

TEST(NamingBodies, apaches_compressed_registration_is_read) {
  const auto body = decode_register(from_hex(apache_compressed), true);
  ASSERT_TRUE(body);
  EXPECT_EQ(*body->filter_servers, (std::vector<std::string>{"127.0.0.1:9", "127.0.0.1:8"}));
  EXPECT_EQ(body->table.version, table().version);
  ASSERT_EQ(body->table.topics.size(), 1U);
  TopicConfig topic = table().topics[0];
  topic.sys_flag = 0;  // the form has no place for it
  EXPECT_EQ(body->table.topics[0], topic);
  EXPECT_EQ(body->table.mappings.at("T"), mapping());
}

TEST(NamingBodies, compressed_registration_of_an_old_peer_has_no_attributes_and_mappings) {
  const auto body = decode_register(
      deflated(counted("{}") + count(1) + counted("T 1 2 6 MULTI_TAG") + counted("[]")), true);
  ASSERT_TRUE(body);
  ASSERT_EQ(body->table.topics.size(), 1U);
  EXPECT_EQ(body->table.topics[0], (TopicConfig{.name = "T",
                                                .read_queues = 1,
                                                .write_queues = 2,
                                                .filter_type = "MULTI_TAG",
                                                .attributes = {}}));
}

TEST(NamingBodies, broken_compressed_registrations_are_malformed) {
  const std::string head = counted("{}");
  const std::string broken[] = {
      "",
      "x",
      from_hex(apache_compressed).substr(0, 40),
      deflated(""),
      deflated(head),
      deflated(head + count(1)),
      deflated(head + count(1) + counted("T 1 2 6")),
      deflated(head + count(1) + counted("T 1 x 6 SINGLE_TAG {}")),
      deflated(head + count(0xFFFFFFFFU)),
      deflated(head + count(0) + count(0x7FFFFFFFU)),
      deflated(count(0xFFFFFFFFU)),
      deflated(head + count(0) + counted("[]") + count(1) + counted("{")),
  };
  for (const std::string& bytes : broken) {
    const auto body = decode_register(bytes, true);
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, Errc::malformed);
  }
}

TEST(NamingBodies, a_registration_that_inflates_without_end_is_malformed) {
  const std::string bomb = deflated(std::string(register_bytes_max + 1, '\0'));
  EXPECT_LT(bomb.size(), std::size_t{100'000});
  EXPECT_EQ(decode_register(bomb, true).error().code, Errc::malformed);
}

TEST(NamingBodies, crc_of_a_registration_has_31_bits) {
  EXPECT_EQ(register_crc("123456789"), 0x4BF43926);  // CRC-32 is CBF43926
}

TEST(NamingBodies, route_for_old_clients_has_bare_numbers_as_keys) {
  const std::string json = encode_route(route(), false);
  EXPECT_EQ(
      json,
      "{\"brokerDatas\":[{\"brokerAddrs\":{0:\"127.0.0.1:1\",1:\"127.0.0.1:2\","
      "10:\"127.0.0.1:3\"},\"brokerName\":\"broker-a\",\"cluster\":\"C\u00f6<l>\","
      "\"enableActingMaster\":true,\"zoneName\":\"z\u00f6ne(1)\\\"&'\"}],"
      "\"filterServerTable\":{\"127.0.0.1:1\":[\"f:1\"]},\"queueDatas\":[{\"brokerName\":"
      "\"broker-a\",\"perm\":6,\"readQueueNums\":4,\"topicSysFlag\":1,\"writeQueueNums\":8}]}");
  EXPECT_EQ(decode_route(json).value(), route());
}

TEST(NamingBodies, route_in_standard_json_has_quoted_keys) {
  TopicRoute full = route();
  full.order_conf = "broker-a:4;\u0001\t\u007f/\u2028<script>\U0001F600";
  full.mappings["broker-a"] = mapping();
  full.mappings["broker-a"].current_ids = {{0, 1}, {2, 4}, {11, 3}};
  const std::string json = encode_route(full, true);
  EXPECT_EQ(json,
            "{\"brokerDatas\":[{\"brokerAddrs\":{\"0\":\"127.0.0.1:1\",\"1\":\"127.0.0.1:2\","
            "\"10\":\"127.0.0.1:3\"},\"brokerName\":\"broker-a\",\"cluster\":\"C\u00f6<l>\","
            "\"enableActingMaster\":true,\"zoneName\":\"z\u00f6ne(1)\\\"&'\"}],"
            "\"filterServerTable\":{\"127.0.0.1:1\":[\"f:1\"]},"
            "\"orderTopicConf\":\"broker-a:4;\\u0001\\t\u007f/\u2028<script>\U0001F600\","
            "\"queueDatas\":[{\"brokerName\":\"broker-a\",\"perm\":6,\"readQueueNums\":4,"
            "\"topicSysFlag\":1,\"writeQueueNums\":8}],"
            "\"topicQueueMappingByBroker\":{\"broker-a\":{\"bname\":\"broker-a\",\"currIdMap\":"
            "{\"0\":1,\"2\":4,\"11\":3},\"dirty\":false,\"epoch\":77,\"scope\":\"__global__\","
            "\"topic\":\"T\",\"totalQueues\":2}}}");
  EXPECT_EQ(decode_route(json).value(), full);
}

TEST(NamingBodies, empty_route_has_apaches_bytes) {
  EXPECT_EQ(encode_route({}, false),
            R"({"brokerDatas":[],"filterServerTable":{},"queueDatas":[]})");
}

TEST(NamingBodies, route_of_a_4x_name_server_calls_the_flag_syn) {
  const auto route = decode_route(R"({"queueDatas":[{"brokerName":"a","topicSynFlag":3}]})");
  ASSERT_TRUE(route);
  EXPECT_EQ(route->queues.at(0).sys_flag, 3);
}

TEST(NamingBodies, route_with_a_broker_id_that_is_no_number_is_malformed) {
  EXPECT_EQ(decode_route(R"({"brokerDatas":[{"brokerAddrs":{"x":"h:1"}}]})").error().code,
            Errc::malformed);
}

TEST(NamingBodies, bodies_that_are_not_objects_are_malformed) {
  for (const std::string_view json : {"", "[]", "null", "1", "\"x\"", "{", "{\"queueDatas\":"}) {
    EXPECT_FALSE(decode_route(json)) << json;
  }
}

TEST(NamingBodies, cluster_info_has_apaches_bytes) {
  ClusterInfo info;
  info.brokers["broker-a"] = {.cluster = "C",
                              .broker_name = "broker-a",
                              .addresses = {{0, "127.0.0.1:1"}, {10, "127.0.0.1:3"}},
                              .zone = {}};
  info.clusters["C"] = {"broker-a"};
  const std::string json = encode_cluster_info(info);
  EXPECT_EQ(json, R"({"brokerAddrTable":{"broker-a":{"brokerAddrs":{0:"127.0.0.1:1",)"
                  R"(10:"127.0.0.1:3"},"brokerName":"broker-a","cluster":"C",)"
                  R"("enableActingMaster":false}},"clusterAddrTable":{"C":["broker-a"]}})");
  EXPECT_EQ(decode_cluster_info(json).value(), info);
  EXPECT_EQ(encode_cluster_info({}), R"({"brokerAddrTable":{},"clusterAddrTable":{}})");
}

TEST(NamingBodies, topic_list_has_apaches_bytes) {
  const TopicList list{.topics = {"A", "B"}, .broker_address = "x:1"};
  EXPECT_EQ(encode_topic_list(list), R"({"brokerAddr":"x:1","topicList":["A","B"]})");
  EXPECT_EQ(decode_topic_list(encode_topic_list(list)).value(), list);
  EXPECT_EQ(encode_topic_list({}), R"({"topicList":[]})");
}

TEST(NamingBodies, kv_table_has_apaches_bytes) {
  const KvTable table{{"k", "v<"}};
  EXPECT_EQ(encode_kv_table(table), R"({"table":{"k":"v<"}})");
  EXPECT_EQ(decode_kv_table(encode_kv_table(table)).value(), table);
}

TEST(NamingBodies, member_group_has_apaches_bytes) {
  const MemberGroup group{
      .cluster = "C", .broker_name = "broker-a", .addresses = {{0, "h:1"}, {2, "h:2"}}};
  EXPECT_EQ(encode_member_group(group),
            R"({"brokerMemberGroup":{"brokerAddrs":{0:"h:1",2:"h:2"},"brokerName":"broker-a",)"
            R"("cluster":"C"}})");
  EXPECT_EQ(decode_member_group(encode_member_group(group)).value(), group);
}

}  // namespace
}  // namespace bolide::naming
