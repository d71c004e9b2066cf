// SPDX-License-Identifier: Apache-2.0
//
// The name server over the wire (rocketmq wire 2.3, 2.8; the answers of 9.4).
#include "naming/bodies.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using testing::FieldList;
using testing::frame_of;
using testing::NamingDesk;
using testing::Peer;
using testing::Received;

class NamingHandlersTest : public ::testing::Test {
 protected:
  Received ask(std::int32_t code, const FieldList& fields = {}, std::string_view body = {}) {
    return desk_.peer.ask({.code = code, .fields = fields, .body = body});
  }
  static std::string body_of(bool compressed = false) {
    naming::RegisterBody body;
    body.table.version = {.timestamp_ms = 5, .counter = 1};
    body.table.topics = {{.name = "orders", .read_queues = 4, .write_queues = 4},
                         {.name = "others", .read_queues = 4, .write_queues = 4}};
    return compressed ? naming::encode_register_compressed(body) : naming::encode_register(body);
  }
  static FieldList broker_fields() {
    return {{"brokerName", "broker-a"},
            {"brokerAddr", "10.0.0.1:10911"},
            {"clusterName", "C"},
            {"haServerAddr", "10.0.0.1:10912"},
            {"brokerId", "0"}};
  }
  Received register_on(Peer& peer) {
    return peer.ask(
        {.code = request_code::register_broker, .fields = broker_fields(), .body = body_});
  }
  Received route(std::string_view topic, const FieldList& more = {}) {
    FieldList fields = {{"topic", topic}};
    fields.insert(fields.end(), more.begin(), more.end());
    return ask(request_code::get_route_info_by_topic, fields);
  }
  // A question for the route by a client of that version.
  Received route_for_version(int version) {
    desk_.peer.feed(frame_of(R"({"code":105,"opaque":1,"version":)" + std::to_string(version) +
                             R"(,"extFields":{"topic":"orders"}})"));
    return desk_.peer.take().at(0);
  }

  NamingDesk desk_;
  std::string body_ = body_of();
};

TEST_F(NamingHandlersTest, have_no_route_before_a_broker_came) {
  const Received answer = route("orders");
  EXPECT_EQ(answer.code, response_code::topic_not_exist);
  EXPECT_TRUE(
      answer.remark.starts_with("No topic route info in name server for the topic: orders"));
}

TEST_F(NamingHandlersTest, answer_the_route_in_the_json_that_the_client_reads) {
  ASSERT_EQ(register_on(desk_.peer).code, 0);
  const Received old = route_for_version(400);
  EXPECT_NE(old.body.find(R"("brokerAddrs":{0:"10.0.0.1:10911"})"), std::string::npos) << old.body;
  const Received standard = route_for_version(401);
  EXPECT_NE(standard.body.find(R"("brokerAddrs":{"0":"10.0.0.1:10911"})"), std::string::npos)
      << standard.body;
  desk_.peer.feed(frame_of(R"({"code":105,"version":1,"extFields":{"topic":"orders",)"
                           R"("acceptStandardJsonOnly":"true"}})"));
  EXPECT_EQ(desk_.peer.take().at(0).body, standard.body);
  for (const Received& answer : {old, standard}) {
    const auto decoded = naming::decode_route(answer.body);
    ASSERT_TRUE(decoded) << answer.body;
    ASSERT_EQ(decoded->queues.size(), 1U);
    EXPECT_EQ(decoded->queues[0].write_queues, 4);
    EXPECT_EQ(decoded->brokers.at(0).addresses.at(0), "10.0.0.1:10911");
  }
}

TEST_F(NamingHandlersTest, take_compressed_and_checked_registrations) {
  const std::string compressed = body_of(true);
  FieldList fields = broker_fields();
  fields.emplace_back("compressed", "true");
  EXPECT_EQ(ask(103, fields, compressed).code, 0);
  EXPECT_EQ(route("orders").code, 0);
  FieldList wrong = broker_fields();
  wrong.emplace_back("bodyCrc32", "1");
  EXPECT_EQ(ask(103, wrong, body_).code, response_code::system_error);
  const std::string right = std::to_string(naming::register_crc(body_));
  FieldList checked = broker_fields();
  checked.emplace_back("bodyCrc32", right);
  EXPECT_EQ(ask(103, checked, body_).code, 0);
  EXPECT_EQ(ask(103, broker_fields(), "not JSON").code, response_code::system_error);
  EXPECT_EQ(ask(103, {{"brokerName", "b"}}, body_).code, response_code::system_error);
}

TEST_F(NamingHandlersTest, forget_a_broker_that_leaves_or_whose_connection_closes) {
  register_on(desk_.peer);
  EXPECT_EQ(ask(104, broker_fields()).code, 0);
  EXPECT_EQ(route("orders").code, response_code::topic_not_exist);
  Peer broker(desk_.front);
  register_on(broker);
  EXPECT_EQ(route("orders").code, 0);
  broker.close();
  EXPECT_EQ(route("orders").code, response_code::topic_not_exist);
}

TEST_F(NamingHandlersTest, answer_questions_about_brokers_and_topics) {
  register_on(desk_.peer);
  const auto info = naming::decode_cluster_info(ask(106).body);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->clusters.at("C").size(), 1U);
  const auto topics = naming::decode_topic_list(ask(206).body);
  ASSERT_TRUE(topics);
  EXPECT_EQ(topics->topics, (std::vector<std::string>{"orders", "others"}));
  EXPECT_EQ(naming::decode_topic_list(ask(224, {{"cluster", "C"}}).body)->topics.size(), 2U);
  EXPECT_EQ(ask(304).code, 0);
  for (std::int32_t code : {311, 312, 313}) EXPECT_EQ(ask(code).code, 0);
  const auto group = naming::decode_member_group(
      ask(901, {{"clusterName", "C"}, {"brokerName", "broker-a"}}).body);
  ASSERT_TRUE(group);
  EXPECT_EQ(ask(319).body, "listenPort=9876\n");
  EXPECT_EQ(ask(904, {{"clusterName", "C"}, {"brokerAddr", "10.0.0.1:10911"}}).code, 0);
}

TEST_F(NamingHandlersTest, tell_whether_a_broker_has_changed) {
  register_on(desk_.peer);
  const FieldList fields = {{"clusterName", "C"}, {"brokerAddr", "10.0.0.1:10911"}};
  const std::string same = naming::encode_version({.timestamp_ms = 5, .counter = 1});
  EXPECT_EQ(ask(322, fields, same).fields.at("changed"), "false");
  const std::string newer = naming::encode_version({.timestamp_ms = 6, .counter = 2});
  EXPECT_EQ(ask(322, fields, newer).fields.at("changed"), "true");
}

TEST_F(NamingHandlersTest, take_and_give_the_permission_to_write) {
  register_on(desk_.peer);
  EXPECT_EQ(ask(205, {{"brokerName", "broker-a"}}).fields.at("wipeTopicCount"), "2");
  EXPECT_EQ(naming::decode_route(route("orders").body)->queues.at(0).permission,
            broker::perm::read);
  EXPECT_EQ(ask(327, {{"brokerName", "broker-a"}}).fields.at("addTopicCount"), "2");
  EXPECT_EQ(naming::decode_route(route("orders").body)->queues.at(0).permission,
            broker::perm::read | broker::perm::write);
}

TEST_F(NamingHandlersTest, delete_a_topic) {
  register_on(desk_.peer);
  EXPECT_EQ(ask(216, {{"topic", "orders"}}).code, 0);
  EXPECT_EQ(route("orders").code, response_code::topic_not_exist);
  EXPECT_EQ(ask(216, {{"topic", "orders"}}).code, 0);
}

TEST_F(NamingHandlersTest, keep_small_settings) {
  const FieldList place = {{"namespace", "ORDER_TOPIC_CONFIG"}, {"key", "orders"}};
  EXPECT_EQ(ask(101, place).code, response_code::query_not_found);
  EXPECT_EQ(ask(219, {{"namespace", "ORDER_TOPIC_CONFIG"}}).code, response_code::query_not_found);
  FieldList put = place;
  put.emplace_back("value", "broker-a:4");
  EXPECT_EQ(ask(100, put).code, 0);
  EXPECT_EQ(ask(101, place).fields.at("value"), "broker-a:4");
  EXPECT_EQ(ask(219, {{"namespace", "ORDER_TOPIC_CONFIG"}}).body,
            R"({"table":{"orders":"broker-a:4"}})");
  EXPECT_EQ(ask(102, place).code, 0);
  EXPECT_EQ(ask(101, place).code, response_code::query_not_found);
  EXPECT_EQ(ask(100, place).code, response_code::system_error) << "without a value";
}

TEST_F(NamingHandlersTest, register_a_single_topic) {
  register_on(desk_.peer);
  EXPECT_EQ(ask(217, {{"topic", "single"}},
                R"({"brokerDatas":[],"queueDatas":[{"brokerName":"broker-a","perm":6,)"
                R"("readQueueNums":2,"writeQueueNums":2}]})")
                .code,
            0);
  EXPECT_EQ(naming::decode_route(route("single").body)->queues.at(0).read_queues, 2);
}

}  // namespace
}  // namespace bolide::remoting
