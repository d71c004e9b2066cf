// SPDX-License-Identifier: Apache-2.0
//
// Tests of popping over the wire: the fields from which clients make their receipts, and back.
#include "base/base64.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/pop_receipt.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using testing::BrokerDesk;
using testing::FieldList;
using testing::Received;

constexpr std::int32_t pop = 200050;
constexpr std::int32_t ack = 200051;
constexpr std::int32_t peek = 200052;
constexpr std::int32_t change = 200053;
constexpr std::int32_t notification = 200054;
constexpr std::int32_t polling_info = 200055;
constexpr std::int32_t batch_ack = 200151;

FieldList pop_fields(std::string_view order = "false") {
  return {{"consumerGroup", "workers"},
          {"topic", "orders"},
          {"queueId", "-1"},
          {"maxMsgNums", "32"},
          {"invisibleTime", "10000"},
          {"pollTime", "0"},
          {"bornTime", "0"},
          {"initMode", "0"},
          {"order", order}};
}

std::string receipt_of(const Received& popped, std::string_view queue, std::string_view offset) {
  const auto field = [&](const char* name) { return popped.fields.at(name); };
  return "0 " + field("popTime") + " " + field("invisibleTime") + " " + field("reviveQid") +
         " 0 broker-a " + std::string(queue) + " " + std::string(offset);
}

FieldList ack_fields(std::string_view receipt, std::string_view offset) {
  return {{"consumerGroup", "workers"},
          {"topic", "orders"},
          {"queueId", "0"},
          {"offset", offset},
          {"extraInfo", receipt}};
}

TEST(PopHandlers, answer_with_what_receipts_are_made_of) {
  BrokerDesk desk;
  desk.rig.send("orders", "a", 0);
  desk.rig.send("orders", "b", 0);
  const Received popped = desk.ask({.code = pop, .fields = pop_fields()});
  EXPECT_EQ(popped.code, 0);
  EXPECT_EQ(popped.remark, "FOUND");
  EXPECT_EQ(popped.fields.at("startOffsetInfo"), "0 0 0");
  EXPECT_EQ(popped.fields.at("msgOffsetInfo"), "0 0 0,1");
  EXPECT_EQ(popped.fields.at("reviveQid"), "0");
  EXPECT_EQ(popped.fields.at("restNum"), "0");
  const std::string receipt = receipt_of(popped, "0", "1");
  EXPECT_EQ(desk.ask({.code = ack, .fields = ack_fields(receipt, "1")}).code, 0);
  EXPECT_EQ(desk.ask({.code = ack, .fields = ack_fields(receipt, "9")}).code, 208);
  EXPECT_EQ(desk.ask({.code = ack, .fields = ack_fields("1 2 3", "1")}).code, 1);
}

TEST(PopHandlers, answer_an_empty_pop_by_its_own_code) {
  BrokerDesk desk;
  const Received none = desk.ask({.code = pop, .fields = pop_fields()});
  EXPECT_EQ(none.code, 210);
  for (const char* field : {"popTime", "invisibleTime", "reviveQid", "restNum"})
    EXPECT_TRUE(none.fields.contains(field)) << field;
}

TEST(PopHandlers, give_a_message_a_new_time) {
  BrokerDesk desk;
  desk.rig.send("orders", "a", 0);
  const Received popped = desk.ask({.code = pop, .fields = pop_fields()});
  const std::string receipt = receipt_of(popped, "0", "0");
  FieldList fields = ack_fields(receipt, "0");
  fields.emplace_back("invisibleTime", "500");
  const Received changed = desk.ask({.code = change, .fields = fields});
  EXPECT_EQ(changed.code, 0);
  EXPECT_EQ(changed.fields.at("invisibleTime"), "500");
  EXPECT_NE(changed.fields.at("popTime"), "0");
  desk.rig.pass_ms(600);
  const Received again = desk.ask({.code = pop, .fields = pop_fields()});
  EXPECT_EQ(again.code, 0);
}

TEST(PopHandlers, name_attempts_to_consumers_in_order) {
  BrokerDesk desk;
  desk.rig.send("orders", "a", 0);
  FieldList fields = pop_fields("true");
  fields[2].second = "0";
  const Received popped = desk.ask({.code = pop, .fields = fields});
  EXPECT_EQ(popped.fields.at("reviveQid"), "999");
  EXPECT_EQ(popped.fields.at("orderCountInfo"), "0 0 0;0 qo0%0 0");
  desk.rig.pass_ms(10'000);
  const Received again = desk.ask({.code = pop, .fields = fields});
  EXPECT_EQ(again.fields.at("orderCountInfo"), "0 0 1;0 qo0%0 1");
}

TEST(PopHandlers, acknowledge_many_at_once) {
  BrokerDesk desk;
  for (const char* body : {"a", "b", "c"}) desk.rig.send("orders", body, 0);
  const Received popped = desk.ask({.code = pop, .fields = pop_fields()});
  const std::string body =
      R"({"acks":[{"b":")" + base64("\x05") + R"(","c":"workers","it":10000,"pt":)" +
      popped.fields.at("popTime") +
      R"(,"q":0,"r":"0","rq":0,"so":0,"t":"orders"}],"brokerName":"broker-a"})";
  EXPECT_EQ(desk.ask({.code = batch_ack, .body = body}).code, 0);
  desk.rig.pass_ms(10'000);
  const Received again = desk.ask({.code = pop, .fields = pop_fields()});
  EXPECT_EQ(again.fields.at("msgOffsetInfo"), "0 0 1");
  EXPECT_EQ(desk.ask({.code = batch_ack, .body = "{}"}).code, 208);
  EXPECT_EQ(desk.ask({.code = batch_ack, .body = R"({"acks":[{"b":"?"}]})"}).code, 1);
}

TEST(PopHandlers, tell_of_messages_and_of_who_waits) {
  BrokerDesk desk;
  FieldList fields = {{"consumerGroup", "workers"},
                      {"topic", "orders"},
                      {"queueId", "-1"},
                      {"pollTime", "0"},
                      {"bornTime", "0"},
                      {"maxMsgNums", "8"}};
  EXPECT_EQ(desk.ask({.code = notification, .fields = fields}).fields.at("hasMsg"), "false");
  EXPECT_EQ(desk.ask({.code = peek, .fields = fields}).code, 19);
  FieldList waits = pop_fields();
  waits[5].second = "15000";
  desk.peer.send({.code = pop, .fields = waits}, desk.rig.clock.now());
  EXPECT_EQ(desk.ask({.code = polling_info, .fields = fields}).fields.at("pollingNum"), "1");
  desk.peer.close();
  desk.rig.send("orders", "a", 0);
}

TEST(PopReceipt, is_read_strictly) {
  EXPECT_TRUE(parse_receipt("0 1700000000000 60000 999 2 broker-a 3").has_value());
  const auto receipt = parse_receipt("7 1700000000000 60000 999 2 broker-a 3 9 1234");
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ(receipt->start_offset, 7);
  EXPECT_EQ(receipt->queue_id, 3);
  EXPECT_EQ(receipt->retry, broker::PopRetry::v2);
  EXPECT_TRUE(receipt->ordered());
  for (const char* bad : {"", "x", "0 1 2 3 0 b", "0 1 2 3 5 b 0", "-1 1 2 3 0 b 0", "0 1 2 3 0  0",
                          "0 1 2 3 0 b 99999999999"}) {
    EXPECT_FALSE(parse_receipt(bad).has_value()) << bad;
  }
}

TEST(BatchAck, is_read_up_to_a_number_of_messages) {
  const std::string all_bits = base64(std::string(512, '\xFF'));
  std::string body = R"({"acks":[)";
  const auto add = [&](std::string_view bits) {
    if (body.back() == '}') body += ',';
    body += R"({"b":")" + std::string(bits) + R"(","c":"g","q":0,"r":"0","so":0,"t":"t"})";
  };
  for (int i = 0; i < 16; ++i) add(all_bits);
  const auto most = parse_batch_ack(body + "]}");
  ASSERT_TRUE(most.has_value());
  EXPECT_EQ(most->back().offsets.size(), 4'096U);
  add(base64("\x01"));
  const auto more = parse_batch_ack(body + "]}");
  ASSERT_FALSE(more.has_value());
  EXPECT_EQ(more.error().code, Errc::malformed);
}

TEST(PopAssignment, shares_queues_by_the_mode_of_the_group) {
  BrokerDesk desk;
  desk.rig.heartbeat(5, {.group = "workers", .subscriptions = {{.topic = "orders"}}});
  const std::string ask =
      R"({"clientId":"client-5","consumerGroup":"workers","messageModel":"CLUSTERING",)"
      R"("strategyName":"AVG","topic":"orders"})";
  const Received pulled = desk.ask({.code = 400, .body = ask});
  EXPECT_EQ(pulled.code, 0);
  EXPECT_NE(pulled.body.find(R"("queueId":3,"topic":"orders"},"mode":"PULL"})"), std::string::npos)
      << pulled.body;
  const std::string mode =
      R"({"consumerGroup":"workers","mode":"POP","popShareQueueNum":0,"topic":"orders"})";
  EXPECT_EQ(desk.ask({.code = 401, .body = mode}).code, 0);
  EXPECT_EQ(desk.ask({.code = 400, .body = ask}).body,
            R"({"messageQueueAssignments":[{"messageQueue":)"
            R"({"brokerName":"broker-a","queueId":-1,"topic":"orders"},"mode":"POP"}]})");
  EXPECT_EQ(desk.ask({.code = 402}).body,
            R"({"messageRequestModeMap":{"orders":{"workers":)" + mode + "}}}");
  const std::string retry = R"({"consumerGroup":"workers","mode":"POP","topic":"%RETRY%workers"})";
  EXPECT_EQ(desk.ask({.code = 401, .body = retry}).code, 16);
  EXPECT_EQ(desk.ask({.code = 400, .body = "{}"}).code, 1);
}

TEST(PopAssignment, counts_a_client_once_that_has_come_back) {
  BrokerDesk desk;
  broker::Heartbeat heartbeat;
  heartbeat.client_id = "client-5";
  heartbeat.consumers = {{.group = "workers", .subscriptions = {{.topic = "orders"}}}};
  for (broker::SessionId session : {5U, 6U}) {
    desk.rig.core->heartbeat({}, {.sink = &desk.rig.sink, .session = session}, heartbeat,
                             [](const Result<broker::HeartbeatReply>&) {});
  }
  const Received given = desk.ask(
      {.code = 400,
       .body = R"({"clientId":"client-5","consumerGroup":"workers","messageModel":"CLUSTERING",)"
               R"("strategyName":"AVG","topic":"orders"})"});
  for (const char* queue : {"0", "1", "2", "3"}) {
    EXPECT_NE(given.body.find(std::string(R"("queueId":)") + queue), std::string::npos)
        << given.body;
  }
}

}  // namespace
}  // namespace bolide::remoting
