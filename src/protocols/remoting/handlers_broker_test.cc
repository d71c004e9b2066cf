// SPDX-License-Identifier: Apache-2.0
//
// Clients, offsets, topics and groups over the wire (rocketmq wire 2.7, 2.8; the answers of 9.4).
#include "protocols/remoting/bodies.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using testing::BrokerDesk;
using testing::FieldList;
using testing::Peer;
using testing::Received;

constexpr std::string_view consumer_beat =
    R"({"clientID":"10.0.0.1@7","consumerDataSet":[{"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET",)"
    R"("consumeType":"CONSUME_PASSIVELY","groupName":"readers","messageModel":"CLUSTERING",)"
    R"("subscriptionDataSet":[{"classFilterMode":false,"codeSet":[97],"expressionType":"TAG",)"
    R"("subString":"a","subVersion":1700000000000,"tagsSet":["a"],"topic":"orders"}],)"
    R"("unitMode":false}],"heartbeatFingerprint":0,"producerDataSet":[{"groupName":"writers"}],)"
    R"("withoutSub":false})";

class BrokerHandlersTest : public ::testing::Test {
 protected:
  Received ask(std::int32_t code, const FieldList& fields = {}, std::string_view body = {}) {
    return desk_.ask({.code = code, .fields = fields, .body = body});
  }
  // Joins as a consumer; the answer (the notice of the change follows it).
  Received beat(std::string_view body = consumer_beat) {
    desk_.peer.send({.code = request_code::heart_beat, .body = body}, desk_.rig.clock.now());
    auto answers = desk_.peer.take();
    BOLIDE_ASSERT(!answers.empty());
    return answers.front();
  }
  static bool has(const Received& answer, std::string_view text) {
    return answer.body.find(text) != std::string::npos;
  }

  BrokerDesk desk_;
};

TEST_F(BrokerHandlersTest, take_any_json_object_as_a_heartbeat_and_nothing_else) {
  const Received empty = beat("{}");
  EXPECT_EQ(empty.code, response_code::success);
  EXPECT_EQ(empty.fields.at("IS_SUPPORT_HEART_BEAT_V2"), "true");
  EXPECT_EQ(empty.fields.at("IS_SUB_CHANGE"), "true");
  for (std::string_view body : {"", "x", "[]", "null", "{", "{\"clientID\":", "\"\""}) {
    EXPECT_EQ(beat(body).code, response_code::system_error) << body;
  }
}

TEST_F(BrokerHandlersTest, tell_members_one_way_behind_the_answer) {
  desk_.peer.send({.code = request_code::heart_beat, .body = consumer_beat});
  const auto first = desk_.peer.take();
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].code, response_code::success);
  EXPECT_EQ(first[1].code, request_code::notify_consumer_ids_changed);
  EXPECT_EQ(first[1].flag, header_flag::one_way);
  EXPECT_EQ(first[1].fields.at("consumerGroup"), "readers");
  Peer second(desk_.front);
  second.send({.code = request_code::heart_beat,
               .body = R"({"clientID":"other","consumerDataSet":)"
                       R"([{"groupName":"readers"}]})"});
  EXPECT_EQ(desk_.peer.take().at(0).code, request_code::notify_consumer_ids_changed);
  second.close();
  EXPECT_EQ(desk_.peer.take().at(0).code, request_code::notify_consumer_ids_changed);
}

TEST_F(BrokerHandlersTest, list_who_is_connected) {
  EXPECT_EQ(ask(38, {{"consumerGroup", "readers"}}).code, response_code::system_error);
  EXPECT_EQ(ask(203, {{"consumerGroup", "readers"}}).code, 206);
  beat();
  EXPECT_EQ(ask(38, {{"consumerGroup", "readers"}}).body, R"({"consumerIdList":["10.0.0.1@7"]})");
  const Received consumers = ask(203, {{"consumerGroup", "readers"}});
  EXPECT_TRUE(has(consumers, R"("clientId":"10.0.0.1@7")")) << consumers.body;
  EXPECT_TRUE(has(consumers, R"("clientAddr":"127.0.0.1:50000")")) << consumers.body;
  EXPECT_TRUE(has(consumers, R"("subscriptionTable":{"orders":{)")) << consumers.body;
  EXPECT_TRUE(has(consumers, R"("codeSet":[97])")) << consumers.body;
  EXPECT_TRUE(has(ask(204, {{"producerGroup", "writers"}}), R"("clientId":"10.0.0.1@7")"));
  EXPECT_TRUE(has(ask(328), R"("writers":[{)"));
  EXPECT_TRUE(has(ask(345, {{"group", "readers"}, {"topic", "orders"}}), R"("subString":"a")"));
}

TEST_F(BrokerHandlersTest, let_a_client_leave) {
  beat();
  EXPECT_EQ(ask(35, {{"clientID", "10.0.0.1@7"}, {"producerGroup", "writers"}}).code, 0);
  EXPECT_EQ(ask(204, {{"producerGroup", "writers"}}).code, response_code::system_error);
  EXPECT_EQ(ask(35, {{"clientID", "10.0.0.1@7"}, {"consumerGroup", "readers"}}).code, 0);
  EXPECT_EQ(ask(203, {{"consumerGroup", "readers"}}).code, 206);
  EXPECT_EQ(ask(35).code, response_code::system_error) << "who?";
}

TEST_F(BrokerHandlersTest, check_filters_of_clients) {
  EXPECT_EQ(ask(46, {},
                R"({"clientId":"c","group":"g","subscriptionData":{"topic":"orders",)"
                R"("subString":"a||b","expressionType":"TAG"}})")
                .code,
            0);
  const auto sql = [](const std::string& expression) {
    return R"({"subscriptionData":{"topic":"orders","subString":")" + expression +
           R"(","expressionType":"SQL92"}})";
  };
  EXPECT_EQ(ask(46, {}, sql("a > 5")).code, 0);
  const auto refused = ask(46, {}, sql("a > "));
  EXPECT_EQ(refused.code, 23);
  EXPECT_TRUE(refused.remark.starts_with("at character 5: expected")) << refused.remark;
  EXPECT_EQ(ask(46, {}, R"({"subscriptionData":{"topic":"orders","expressionType":"CLASS"}})").code,
            23);
}

TEST_F(BrokerHandlersTest, give_and_take_offsets_of_consumers) {
  const FieldList queue = {{"consumerGroup", "readers"}, {"topic", "orders"}, {"queueId", "1"}};
  EXPECT_EQ(ask(14, queue).fields.at("offset"), "0") << "a young queue";
  FieldList strict = queue;
  strict.emplace_back("setZeroIfNotFound", "false");
  EXPECT_EQ(ask(14, strict).code, response_code::query_not_found);
  FieldList update = queue;
  update.emplace_back("commitOffset", "12");
  EXPECT_EQ(ask(15, update).code, 26) << "a group never seen";
  beat();
  EXPECT_EQ(ask(15, update).code, 0);
  EXPECT_EQ(ask(14, strict).fields.at("offset"), "12");
  EXPECT_EQ(ask(43).body, R"({"offsetTable":{"orders@readers":{1:12}}})") << "bare keys";
  EXPECT_EQ(ask(15, queue).code, response_code::system_error) << "without an offset";
}

TEST_F(BrokerHandlersTest, give_offsets_of_queues) {
  desk_.rig.send("orders", "m", 1);
  const std::string now_ms = std::to_string(desk_.rig.clock.now().wall_ms);
  const FieldList queue = {{"topic", "orders"}, {"queueId", "1"}};
  EXPECT_EQ(ask(30, queue).fields.at("offset"), "1");
  EXPECT_EQ(ask(31, queue).fields.at("offset"), "0");
  EXPECT_EQ(ask(32, queue).fields.at("timestamp"), now_ms);
  FieldList search = queue;
  search.emplace_back("timestamp", now_ms);
  EXPECT_EQ(ask(29, search).fields.at("offset"), "0");
  EXPECT_EQ(ask(30, {{"topic", "orders"}, {"queueId", "9"}}).code, 29);
  EXPECT_EQ(ask(30, {{"topic", "unknown"}, {"queueId", "0"}}).code, 17);
}

TEST_F(BrokerHandlersTest, reset_and_clone_offsets) {
  EXPECT_EQ(ask(222, {{"group", "readers"}, {"topic", "orders"}, {"timestamp", "-1"}}).code, 26);
  beat();
  desk_.rig.send("orders", "m", 1);
  const Received reset = ask(
      222, {{"group", "readers"}, {"topic", "orders"}, {"timestamp", "-1"}, {"isForce", "true"}});
  EXPECT_EQ(reset.code, 0);
  EXPECT_TRUE(has(reset, R"({"brokerName":"broker-a","queueId":1,"topic":"orders"}:1)"))
      << reset.body;
  EXPECT_EQ(ask(314, {{"srcGroup", "readers"}, {"destGroup", "clones"}, {"topic", "orders"}}).code,
            0);
  EXPECT_EQ(ask(14, {{"consumerGroup", "clones"}, {"topic", "orders"}, {"queueId", "1"}})
                .fields.at("offset"),
            "1");
}

TEST_F(BrokerHandlersTest, make_show_and_delete_topics) {
  const FieldList topic = {{"topic", "news"},      {"defaultTopic", "TBW102"},
                           {"readQueueNums", "3"}, {"writeQueueNums", "2"},
                           {"perm", "6"},          {"topicFilterType", "SINGLE_TAG"},
                           {"order", "false"},     {"attributes", "+message.type=FIFO"}};
  EXPECT_EQ(ask(17, topic).code, 0);
  const Received shown = ask(351, {{"topic", "news"}});
  EXPECT_TRUE(has(shown, R"("attributes":{"message.type":"FIFO"})")) << shown.body;
  EXPECT_TRUE(has(shown, R"("readQueueNums":3)")) << shown.body;
  EXPECT_TRUE(has(ask(21), R"("news":{)"));
  EXPECT_TRUE(has(ask(202, {{"topic", "news"}}),
                  R"({"brokerName":"broker-a","queueId":1,"topic":"news"}:{)"));
  EXPECT_TRUE(has(ask(305), "TBW102"));
  EXPECT_EQ(
      ask(17, {{"topic", "TBW102"}, {"readQueueNums", "1"}, {"writeQueueNums", "1"}, {"perm", "6"}})
          .code,
      29);
  EXPECT_EQ(ask(215, {{"topic", "news"}}).code, 0);
  EXPECT_EQ(ask(215, {{"topic", "news"}}).code, 0) << "what is not there is deleted";
  EXPECT_EQ(ask(351, {{"topic", "news"}}).code, 17);
  EXPECT_EQ(ask(215, {{"topic", "TBW102"}}).code, 29);
  EXPECT_EQ(ask(18, {},
                R"({"topicConfigList":[{"topicName":"x","readQueueNums":1,)"
                R"("writeQueueNums":1,"perm":6},{"topicName":"y"}]})")
                .code,
            0);
  EXPECT_EQ(ask(351, {{"topic", "y"}}).code, 0);
}

TEST_F(BrokerHandlersTest, make_show_and_delete_groups) {
  EXPECT_EQ(ask(200, {}, R"({"groupName":"g","consumeEnable":false,"retryMaxTimes":3})").code, 0);
  const Received shown = ask(352, {{"group", "g"}});
  EXPECT_TRUE(has(shown, R"("retryMaxTimes":3)")) << shown.body;
  EXPECT_TRUE(has(ask(201), R"("subscriptionGroupTable":{"g":{)"));
  EXPECT_EQ(ask(200, {}, "not JSON").code, response_code::system_error);
  EXPECT_EQ(ask(200, {}, R"({"groupName":"a b"})").code, 29);
  EXPECT_EQ(ask(225, {}, R"({"groupConfigList":[{"groupName":"h"}]})").code, 0);
  EXPECT_EQ(ask(207, {{"groupName", "h"}, {"cleanOffset", "true"}}).code, 0);
  EXPECT_EQ(ask(207, {{"groupName", "h"}}).code, 0);
}

TEST_F(BrokerHandlersTest, tell_how_far_consumers_are) {
  beat();
  desk_.rig.send("orders", "m", 1);
  ask(15,
      {{"consumerGroup", "readers"}, {"topic", "orders"}, {"queueId", "1"}, {"commitOffset", "1"}});
  const Received stats = ask(208, {{"consumerGroup", "readers"}});
  EXPECT_TRUE(has(stats, R"("consumerOffset":1)")) << stats.body;
  EXPECT_TRUE(has(ask(300, {{"topic", "orders"}}), R"("groupList":["readers"])"));
  EXPECT_TRUE(has(ask(343, {{"group", "readers"}}), R"("orders")"));
  EXPECT_TRUE(
      has(ask(303, {{"topic", "orders"}, {"group", "readers"}}), R"("consumeTimeSpanSet":[{)"));
}

TEST_F(BrokerHandlersTest, tell_how_far_the_consumers_of_all_groups_are) {
  EXPECT_TRUE(has(ask(317, {{"isOrder", "false"}}), R"("totalDiff":0)"));
  desk_.ask({.code = 17,
             .fields = {{"topic", "orders"},
                        {"defaultTopic", "TBW102"},
                        {"readQueueNums", "1"},
                        {"writeQueueNums", "1"},
                        {"perm", "6"},
                        {"topicFilterType", "SINGLE_TAG"}}});
  ask(200, {}, R"({"groupName":"readers"})");
  ask(15,
      {{"consumerGroup", "readers"}, {"topic", "orders"}, {"queueId", "0"}, {"commitOffset", "0"}});
  const Received all = ask(317, {{"isOrder", "false"}});
  EXPECT_EQ(all.code, response_code::success);
  EXPECT_TRUE(has(all, R"({"readers":[{"consumeTps":0.0,"offsetTable":{{"brokerName":)"))
      << all.body;
}

TEST_F(BrokerHandlersTest, have_no_replicas_and_nothing_to_clean) {
  EXPECT_EQ(ask(907).body, R"({"haConnectionInfo":[],"inSyncSlaveNums":0,"master":true,)"
                           R"("masterCommitLogMaxOffset":0})");
  for (std::int32_t code : {306, 316, 329, 908}) {
    EXPECT_EQ(ask(code).code, response_code::success) << code;
  }
}

TEST_F(BrokerHandlersTest, tell_about_the_broker) {
  EXPECT_EQ(ask(26).body, "brokerName=broker-a\n");
  EXPECT_TRUE(has(ask(28), R"({"table":{)"));
}

TEST_F(BrokerHandlersTest, lock_queues_for_one_client_at_a_time) {
  const auto lock = [&](std::string_view client) {
    const std::string body = R"({"clientId":")" + std::string(client) +
                             R"(","consumerGroup":"readers","mqSet":[{"brokerName":"broker-a",)"
                             R"("queueId":1,"topic":"orders"}]})";
    return ask(41, {}, body).body;
  };
  const std::string held =
      R"({"lockOKMQSet":[{"brokerName":"broker-a","queueId":1,"topic":"orders"}]})";
  EXPECT_EQ(lock("one"), held);
  EXPECT_EQ(lock("two"), R"({"lockOKMQSet":[]})");
  EXPECT_EQ(ask(42, {},
                R"({"clientId":"one","consumerGroup":"readers","mqSet":[{"brokerName":)"
                R"("broker-a","queueId":1,"topic":"orders"}]})")
                .code,
            0);
  EXPECT_EQ(lock("two"), held);
}

// --- questions that are passed on to a consumer ---

TEST_F(BrokerHandlersTest, pass_a_question_on_and_take_the_answer_only_from_whom_was_asked) {
  beat();
  desk_.peer.take();
  Peer asker(desk_.front);
  Peer stranger(desk_.front);
  const FieldList whom = {{"consumerGroup", "readers"}, {"clientId", "10.0.0.1@7"}};
  const std::int32_t opaque =
      asker.send({.code = 307, .fields = whom, .serialization = Serialization::binary});
  const auto questions = desk_.peer.take();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(questions[0].code, 307);
  EXPECT_EQ(questions[0].fields.at("clientId"), "10.0.0.1@7");
  const std::string answer = testing::frame_of(
      R"({"code":0,"flag":1,"opaque":)" + std::to_string(questions[0].opaque) + "}", "running");
  stranger.feed(answer);
  EXPECT_TRUE(asker.take().empty()) << "anybody could answer for the client";
  desk_.peer.feed(answer);
  EXPECT_EQ(asker.answer(opaque).body, "running");
  desk_.peer.feed(answer);
  EXPECT_TRUE(asker.take().empty()) << "answered once";
}

TEST_F(BrokerHandlersTest, pass_a_question_on_to_the_newest_connection_of_a_client) {
  beat();
  desk_.peer.take();
  Peer again(desk_.front);
  again.send({.code = 34, .body = consumer_beat});
  desk_.peer.take();
  again.take();
  Peer asker(desk_.front);
  asker.send({.code = 307, .fields = {{"consumerGroup", "readers"}, {"clientId", "10.0.0.1@7"}}});
  EXPECT_TRUE(desk_.peer.take().empty()) << "it may be dead";
  EXPECT_EQ(again.take().size(), 1U);
}

TEST_F(BrokerHandlersTest, let_a_consumer_consume_a_stored_message_at_once) {
  beat();
  desk_.peer.take();
  desk_.rig.send("orders", "again please", 1);
  Peer asker(desk_.front);
  const auto refused = [&](std::string_view id) {
    return asker.answer(asker.send({.code = 309,
                                    .fields = {{"consumerGroup", "readers"},
                                               {"clientId", "10.0.0.1@7"},
                                               {"msgId", std::string(id)}}}));
  };
  EXPECT_NE(refused("").code, response_code::success);
  EXPECT_NE(refused("0000000X").code, response_code::success);
  EXPECT_NE(refused("7F00000100002A9F0000000000000001").code, response_code::success);
  asker.send({.code = 309,
              .fields = {{"consumerGroup", "readers"},
                         {"clientId", "10.0.0.1@7"},
                         {"msgId", "7F00000100002A9F0000000000000000"}}});
  const auto questions = desk_.peer.take();
  ASSERT_EQ(questions.size(), 1U);
  EXPECT_EQ(questions[0].code, 309);
  EXPECT_TRUE(has(questions[0], "again please"));
}

TEST_F(BrokerHandlersTest, refuse_to_pass_on_a_header_that_grows_too_long_for_a_frame) {
  beat();
  desk_.peer.take();
  Peer asker(desk_.front);
  const std::string field(4U << 20U, '\x01');  // six characters each in JSON
  const FieldList fields = {
      {"consumerGroup", "readers"}, {"clientId", "10.0.0.1@7"}, {"huge", field}};
  const std::int32_t opaque =
      asker.send({.code = 307, .fields = fields, .serialization = Serialization::binary});
  EXPECT_EQ(asker.answer(opaque).code, response_code::system_error);
  EXPECT_TRUE(desk_.peer.take().empty());
}

TEST(Heartbeat, is_read_with_members_that_are_not_known) {
  const auto heartbeat = parse_heartbeat(consumer_beat);
  ASSERT_TRUE(heartbeat);
  EXPECT_EQ(heartbeat->client_id, "10.0.0.1@7");
  ASSERT_EQ(heartbeat->consumers.size(), 1U);
  const broker::ConsumerData& data = heartbeat->consumers[0];
  EXPECT_EQ(data.group, "readers");
  EXPECT_EQ(data.type, broker::ConsumeType::passively);
  EXPECT_EQ(data.from, broker::ConsumeFrom::last_offset);
  ASSERT_EQ(data.subscriptions.size(), 1U);
  EXPECT_EQ(data.subscriptions[0].expression, "a");
  EXPECT_EQ(data.subscriptions[0].version, 1'700'000'000'000);
  EXPECT_EQ(heartbeat->producer_groups, std::vector<std::string>{"writers"});
  const auto strange = parse_heartbeat(R"({"x":{"y":[1,{}]},"consumerDataSet":[{"z":null}],)"
                                       R"("producerDataSet":[{}],"heartbeatFingerprint":-5})");
  ASSERT_TRUE(strange);
  EXPECT_EQ(strange->fingerprint, -5);
  EXPECT_EQ(strange->consumers.size(), 1U);
}

}  // namespace
}  // namespace bolide::remoting
