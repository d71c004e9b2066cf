// SPDX-License-Identifier: Apache-2.0
//
// Tests of lite topics over the wire: the fields and codes that clients go by.
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/lite_bodies.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using broker::testing::property;
using testing::BrokerDesk;
using testing::FieldList;
using testing::Received;

constexpr std::int32_t ack = 200051;
constexpr std::int32_t change = 200053;
constexpr std::int32_t pop_lite = 200070;
constexpr std::int32_t control = 200071;
constexpr std::int32_t notice = 200073;

class LiteHandlers : public ::testing::Test {
 protected:
  LiteHandlers() {
    desk_.rig.put_topic("events", 1, "+message.type=LITE");
    put_group({{"+lite.bind.topic", "events"}});
  }
  void put_group(std::map<std::string, std::string> attributes) {
    broker::testing::Answer<void> answer;
    desk_.rig.core->put_group(desk_.rig.anonymous,
                              {.name = "workers", .attributes = std::move(attributes)},
                              answer.reply());
    ASSERT_TRUE(answer.get().has_value());
  }
  static std::string body(std::string_view action, std::string_view client,
                          std::string_view lite_topics) {
    return R"({"subscriptionSet":[{"action":")" + std::string(action) + R"(","clientId":")" +
           std::string(client) + R"(","group":"workers","liteTopicSet":[)" +
           std::string(lite_topics) + R"(],"topic":"events"}]})";
  }
  std::int32_t subscribe(std::string_view action, std::string_view client,
                         std::string_view lite_topics) {
    const std::string text = body(action, client, lite_topics);
    return desk_.ask({.code = control, .body = text}).code;
  }
  Received pop(std::string_view client) {
    return desk_.ask({.code = pop_lite,
                      .fields = {{"clientId", client},
                                 {"consumerGroup", "workers"},
                                 {"topic", "events"},
                                 {"maxMsgNum", "32"},
                                 {"invisibleTime", "10000"},
                                 {"pollTime", "0"}}});
  }
  void send(std::string_view lite, std::string_view text) {
    desk_.rig.send("events", text, 0, property("__LITE_TOPIC", lite));
  }
  FieldList lease_fields(std::string_view receipt, std::string_view offset) {
    return {{"consumerGroup", "workers"}, {"topic", "events"},    {"queueId", "0"},
            {"offset", offset},           {"extraInfo", receipt}, {"liteTopic", "a"},
            {"invisibleTime", "1000"},    {"suspend", "true"}};
  }
  static std::string receipt_of(const Received& popped, std::string_view offset) {
    return std::string(offset) + " " + popped.fields.at("popTime") + " 10000 999 0 broker-a 0 " +
           std::string(offset);
  }

  BrokerDesk desk_;
};

TEST_F(LiteHandlers, answer_with_what_receipts_are_made_of) {
  EXPECT_EQ(subscribe("PARTIAL_ADD", "c1", R"("a","b")"), 0);
  EXPECT_EQ(pop("c1").code, 210);
  send("a", "a0");
  send("a", "a1");
  send("b", "b0");
  const Received popped = pop("c1");
  EXPECT_EQ(popped.code, 0);
  EXPECT_EQ(popped.fields.at("reviveQid"), "999");
  EXPECT_EQ(popped.fields.at("orderCountInfo"), "0;0;0");
  const std::string first = receipt_of(popped, "0");
  const std::string second = receipt_of(popped, "1");
  EXPECT_EQ(desk_.ask({.code = ack, .fields = lease_fields(first, "0")}).code, 0);
  EXPECT_EQ(desk_.ask({.code = ack, .fields = lease_fields(first, "7")}).code, 208);
  const Received suspended = desk_.ask({.code = change, .fields = lease_fields(second, "1")});
  EXPECT_EQ(suspended.code, 0);
  EXPECT_EQ(suspended.fields.at("popTime"), popped.fields.at("popTime"));
  EXPECT_EQ(suspended.fields.at("invisibleTime"), "1000");
  EXPECT_EQ(suspended.fields.at("reviveQid"), "999");
  desk_.rig.pass_ms(1'100);
  EXPECT_EQ(pop("c1").fields.at("orderCountInfo"), "0 qo0%1 1");
}

TEST_F(LiteHandlers, tell_a_client_that_another_took_its_place) {
  put_group({{"+lite.sub.model", "Exclusive"}});
  EXPECT_EQ(subscribe("PARTIAL_ADD", "c1", R"("a")"), 0);
  const std::string text = body("PARTIAL_ADD", "c2", R"("a")");
  const std::int32_t opaque =
      desk_.peer.send({.code = control, .body = text}, desk_.rig.clock.now());
  const std::vector<Received> list = desk_.peer.take();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].code, notice);
  EXPECT_EQ(list[0].flag, header_flag::one_way);
  EXPECT_EQ(list[0].fields.at("clientId"), "c1");
  EXPECT_EQ(list[0].fields.at("consumerGroup"), "workers");
  EXPECT_EQ(list[0].fields.at("liteTopic"), "a");
  EXPECT_EQ(list[1].opaque, opaque);
}

TEST_F(LiteHandlers, refuse_subscriptions_by_codes_of_their_own) {
  EXPECT_EQ(desk_.ask({.code = control}).code, 604);
  EXPECT_EQ(desk_.ask({.code = control, .body = "{}"}).code, 604);
  EXPECT_EQ(desk_.ask({.code = control, .body = "[]"}).code, 1);
  EXPECT_EQ(subscribe("PARTIAL_TAKE", "c1", R"("a")"), 1);
  EXPECT_EQ(subscribe("PARTIAL_ADD", "c1", R"("no name")"), 604);
  put_group({{"+lite.sub.client.quota", "1"}});
  EXPECT_EQ(subscribe("PARTIAL_ADD", "c1", R"("a","b")"), 2018);
  put_group({{"+lite.sub.wildcard", "true"}});
  EXPECT_EQ(subscribe("PARTIAL_ADD", "c1", R"("a")"), 604);
}

TEST_F(LiteHandlers, tell_administrators_in_the_shapes_of_the_protocol) {
  EXPECT_EQ(subscribe("PARTIAL_ADD", "c1", R"("a")"), 0);
  const auto body_of = [&](std::int32_t code, FieldList fields) {
    const Received answer = desk_.ask({.code = code, .fields = std::move(fields)});
    EXPECT_EQ(answer.code, 0) << answer.remark;
    return answer.body;
  };
  EXPECT_EQ(body_of(200075, {{"topic", "events"}}),
            R"({"groups":["workers"],"liteTopicCount":0,"lmqNum":0,"topic":"events","ttl":-1})");
  EXPECT_EQ(body_of(200076, {{"parentTopic", "events"}, {"liteTopic", "a"}}),
            R"({"liteTopic":"a","parentTopic":"events","shardingToBroker":true,)"
            R"("subscriber":[{"clientId":"c1","group":"workers"}],)"
            R"("topicOffset":{"lastUpdateTimestamp":0,"maxOffset":0,"minOffset":0}})");
  EXPECT_EQ(body_of(200077, {{"parentTopic", "events"}, {"group", "workers"}, {"clientId", "c1"}}),
            R"({"clientId":"c1","group":"workers","lastAccessTime":-1,"lastConsumeTime":0,)"
            R"("liteTopicCount":1,"liteTopicSet":["%LMQ%$events$a"],"parentTopic":"events"})");
  EXPECT_EQ(body_of(200077, {{"parentTopic", "events"}, {"group", "workers"}, {"clientId", "c2"}}),
            R"({"clientId":"c2","group":"workers","lastAccessTime":-1,"lastConsumeTime":0,)"
            R"("liteTopicCount":-1,"parentTopic":"events"})");
  EXPECT_EQ(body_of(200078, {{"group", "workers"}, {"topK", "3"}}),
            R"({"earliestUnconsumedTimestamp":-1,"group":"workers","lagCountTopK":[],)"
            R"("lagTimestampTopK":[],"parentTopic":"events","totalLagCount":0})");
  EXPECT_EQ(body_of(200078, {{"group", "workers"}, {"liteTopic", "a"}}),
            R"({"earliestUnconsumedTimestamp":-1,"group":"workers","liteTopic":"a",)"
            R"("parentTopic":"events","totalLagCount":-1})");
  EXPECT_EQ(body_of(200079, {{"group", "workers"}}), "");
  const std::string all = body_of(200074, {});
  EXPECT_NE(all.find(R"("groupMeta":{"events":["workers"]},"liteSubscriptionCount":1,)"),
            std::string::npos);
  EXPECT_NE(all.find(R"("topicMeta":{"events":-1}})"), std::string::npos);
}

TEST_F(LiteHandlers, refuse_questions_of_administrators_by_their_codes) {
  EXPECT_EQ(desk_.ask({.code = 200075, .fields = {{"topic", "nothing"}}}).code, 17);
  EXPECT_EQ(desk_.ask({.code = 200075, .fields = {{"topic", "orders"}}}).code, 29);
  EXPECT_EQ(desk_.ask({.code = 200078, .fields = {{"group", "workers"}}}).code, 1);
  EXPECT_EQ(desk_.ask({.code = 200079, .fields = {{"group", "unbound"}}}).code, 29);
}

TEST(LiteBodies, are_read_whole) {
  const auto list = parse_lite_subscriptions(
      R"({"subscriptionSet":[{"action":"COMPLETE_ADD","clientId":"c","group":"g",)"
      R"("liteTopicSet":["a","b"],"offsetOption":{"type":"TAIL_N","value":3},"topic":"t",)"
      R"("version":7},{"action":"COMPLETE_REMOVE","offsetOption":{"type":"POLICY","value":0}}]})");
  ASSERT_TRUE(list.has_value());
  ASSERT_EQ(list->size(), 2U);
  const broker::LiteSubscription& first = list->front();
  EXPECT_EQ(first.action, broker::LiteAction::replace);
  EXPECT_EQ(first.client_id, "c");
  EXPECT_EQ(first.group, "g");
  EXPECT_EQ(first.topic, "t");
  EXPECT_EQ(first.lite_topics, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(first.version, 7);
  ASSERT_TRUE(first.start.has_value());
  EXPECT_EQ(first.start->kind, broker::LiteStart::Kind::tail);
  EXPECT_EQ(first.start->value, 3);
  EXPECT_FALSE(list->back().start.has_value());
}

}  // namespace
}  // namespace bolide::remoting
