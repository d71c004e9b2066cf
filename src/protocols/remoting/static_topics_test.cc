// SPDX-License-Identifier: Apache-2.0
//
// Static topics on the wire: how they are made, what is told of them, and how logical queues and
// those of the broker are told apart (rocketmq wire 1.8, 2.5; semantics 3.20).
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/topic_tables.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using testing::BrokerDesk;
using testing::FieldList;
using testing::Received;

constexpr std::string_view mapping_body =
    R"({"bname":"broker-a","currIdMap":{},"dirty":false,"epoch":5,"hostedQueues":{)"
    R"(2:[{"bname":"broker-a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":1,)"
    R"("startOffset":0,"timeOfEnd":-1,"timeOfStart":-1},{"bname":"broker-a","endOffset":-1,)"
    R"("gen":1,"logicOffset":10000,"queueId":0,"startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},)"
    R"("scope":"__global__","topic":"T","totalQueues":4})";

class StaticTopicsWireTest : public ::testing::Test {
 protected:
  Received put(std::string_view body = mapping_body) {
    return desk_.ask({.code = request_code::put_static_topic,
                      .fields = {{"topic", "T"},
                                 {"defaultTopic", "TBW102"},
                                 {"readQueueNums", "2"},
                                 {"writeQueueNums", "2"},
                                 {"perm", "6"},
                                 {"topicFilterType", "SINGLE_TAG"},
                                 {"order", "false"},
                                 {"force", "false"}},
                      .body = body});
  }
  Received send(std::string_view queue_id) {
    return desk_.ask({.code = request_code::send_message_v2,
                      .fields = {{"a", "writers"},
                                 {"b", "T"},
                                 {"c", "TBW102"},
                                 {"d", "4"},
                                 {"e", queue_id},
                                 {"f", "0"},
                                 {"g", "1"},
                                 {"h", "0"}},
                      .body = "hello"});
  }
  Received pull(std::string_view queue_id, std::string_view offset, FieldList more = {}) {
    FieldList fields = {{"consumerGroup", "readers"}, {"topic", "T"},
                        {"queueId", queue_id},        {"queueOffset", offset},
                        {"maxMsgNums", "32"},         {"sysFlag", "4"},
                        {"commitOffset", "0"},        {"suspendTimeoutMillis", "0"},
                        {"subscription", "*"},        {"subVersion", "0"}};
    fields.insert(fields.end(), more.begin(), more.end());
    return desk_.ask({.code = request_code::pull_message, .fields = fields});
  }
  Received ask_offset(std::int32_t code, std::string_view queue_id, FieldList more = {}) {
    FieldList fields = {{"topic", "T"}, {"queueId", queue_id}};
    fields.insert(fields.end(), more.begin(), more.end());
    return desk_.ask({.code = code, .fields = fields});
  }

  BrokerDesk desk_;
};

TEST_F(StaticTopicsWireTest, are_made_and_told_of) {
  ASSERT_EQ(put().code, 0);
  const Received told = desk_.ask(
      {.code = request_code::get_topic_config, .fields = {{"topic", "T"}, {"lo", "true"}}});
  EXPECT_TRUE(told.body.ends_with(",\"mappingDetail\":" + std::string(mapping_body) + "}"))
      << told.body;
  const Received plain =
      desk_.ask({.code = request_code::get_topic_config, .fields = {{"topic", "T"}}});
  EXPECT_EQ(plain.body.find("mappingDetail"), std::string::npos);
  const Received other = desk_.ask(
      {.code = request_code::get_topic_config, .fields = {{"topic", "orders"}, {"lo", "true"}}});
  EXPECT_EQ(other.body.find("mappingDetail"), std::string::npos);
  const Received all = desk_.ask({.code = request_code::get_all_topic_config});
  EXPECT_NE(all.body.find("\"topicQueueMappingDetailMap\":{\"T\":" + std::string(mapping_body)),
            std::string::npos);
  EXPECT_NE(all.body.find(R"("currIdMap":{2:0})"), std::string::npos);
}

TEST_F(StaticTopicsWireTest, are_refused_where_the_mapping_is_broken) {
  EXPECT_EQ(put("{").code, 1);
  std::string other(mapping_body);
  other.replace(other.find("broker-a"), 8, "broker-b");
  EXPECT_EQ(put(other).code, 1);
}

TEST_F(StaticTopicsWireTest, answer_in_logical_offsets) {
  ASSERT_EQ(put().code, 0);
  Received sent = send("2");
  EXPECT_EQ(sent.fields.at("queueId"), "2");
  EXPECT_EQ(sent.fields.at("queueOffset"), "10000");
  const Received got = pull("2", "10000");
  EXPECT_EQ(got.code, 0);
  EXPECT_EQ(got.fields.at("offsetDelta"), "10000");
  EXPECT_EQ(got.fields.at("nextBeginOffset"), "10001");
  EXPECT_EQ(pull("2", "0").fields.at("nextBeginOffset"), "10000");
  EXPECT_EQ(ask_offset(request_code::get_max_offset, "2").fields.at("offset"), "10001");
  EXPECT_EQ(ask_offset(request_code::get_min_offset, "2").fields.at("offset"), "0");
}

TEST_F(StaticTopicsWireTest, answer_with_501_for_queues_that_lie_elsewhere) {
  ASSERT_EQ(put().code, 0);
  EXPECT_EQ(send("1").code, 501);
  EXPECT_EQ(pull("1", "0").code, 501);
  EXPECT_EQ(ask_offset(request_code::get_max_offset, "1").code, 501);
  const FieldList group = {{"consumerGroup", "readers"}, {"commitOffset", "1"}};
  EXPECT_EQ(ask_offset(request_code::query_consumer_offset, "1", group).code, 501);
  EXPECT_EQ(ask_offset(request_code::update_consumer_offset, "1", group).code, 501);
}

TEST_F(StaticTopicsWireTest, are_read_as_the_broker_numbers_them_where_lo_is_false) {
  ASSERT_EQ(put().code, 0);
  send("2");
  const Received got = pull("0", "0", {{"lo", "false"}});
  EXPECT_EQ(got.code, 0);
  EXPECT_FALSE(got.fields.contains("offsetDelta"));
  EXPECT_EQ(ask_offset(request_code::get_max_offset, "0", {{"lo", "false"}}).fields.at("offset"),
            "1");
}

TEST(TopicTables, carry_whole_mappings_only_where_they_are_asked_for) {
  broker::TopicTable all{.topics = {{.name = "T"}}, .version = {.counter = 4}};
  all.mappings.push_back(broker::parse_mapping(mapping_body).value());
  const naming::TopicTable told = topic_table(all, false);
  EXPECT_TRUE(told.mapping_details.empty());
  EXPECT_EQ(told.mappings.at("T").epoch, 5);
  EXPECT_EQ(told.mappings.at("T").current_ids, (std::map<std::int32_t, std::int32_t>{{2, 0}}));
  EXPECT_EQ(topic_table(all, true).mapping_details.at("T"), mapping_body);
}

}  // namespace
}  // namespace bolide::remoting
