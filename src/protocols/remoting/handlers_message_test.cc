// SPDX-License-Identifier: Apache-2.0
//
// Sending, pulling and looking up over the wire (rocketmq wire 1.9, 1.13; the answers of 9.4).
#include "base/strings.h"
#include "protocols/remoting/front_test_util.h"
#include "protocols/remoting/wire/request_codes.h"
#include "store/record.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

using broker::testing::batch_element;
using broker::testing::property;
using testing::BrokerDesk;
using testing::FieldList;
using testing::Received;
using testing::Request;

class MessageHandlersTest : public ::testing::TestWithParam<Serialization> {
 protected:
  Received ask(Request request) {
    request.serialization = GetParam();
    Received answer = desk_.ask(request);
    EXPECT_EQ(answer.serialization, GetParam());
    return answer;
  }
  // A send of the short form; `changes` replace fields, an empty name drops nothing.
  Received send(std::string_view body, const FieldList& changes = {}) {
    return ask({.code = request_code::send_message_v2, .fields = v2(changes), .body = body});
  }
  static FieldList v2(const FieldList& changes = {}) {
    FieldList fields = {{"a", "producers"}, {"b", "orders"}, {"c", "TBW102"},        {"d", "4"},
                        {"e", "0"},         {"f", "0"},      {"g", "1700000000000"}, {"h", "0"},
                        {"j", "0"},         {"k", "false"},  {"m", "false"}};
    replace(&fields, changes);
    return fields;
  }
  static void replace(FieldList* fields, const FieldList& changes) {
    for (const ExtField& change : changes) {
      std::erase_if(*fields, [&](const ExtField& f) { return f.first == change.first; });
      if (change.second != "absent") fields->push_back(change);
    }
  }
  static FieldList pull_fields(const FieldList& changes = {}) {
    FieldList fields = {{"consumerGroup", "readers"},
                        {"topic", "orders"},
                        {"queueId", "0"},
                        {"queueOffset", "0"},
                        {"maxMsgNums", "32"},
                        {"sysFlag", "4"},
                        {"commitOffset", "0"},
                        {"subVersion", "0"},
                        {"subscription", "*"},
                        {"suspendTimeoutMillis", "15000"}};
    replace(&fields, changes);
    return fields;
  }
  Received pull(const FieldList& changes = {}) {
    return ask({.code = request_code::pull_message, .fields = pull_fields(changes)});
  }
  std::int32_t park(const FieldList& changes = {}) {
    return desk_.peer.send({.code = request_code::pull_message,
                            .fields = pull_fields(changes),
                            .serialization = GetParam()});
  }
  static std::vector<std::string> bodies(const Received& answer) {
    std::vector<std::string> found;
    std::string_view rest = answer.body;
    store::Record record;
    while (!rest.empty() && store::decode_record(rest, store::Verify::checksums, &record) ==
                                store::DecodeStatus::record) {
      found.emplace_back(record.body);
      rest.remove_prefix(record.total_size);
    }
    EXPECT_TRUE(rest.empty()) << "records stand one behind the other and nothing else";
    return found;
  }

  BrokerDesk desk_;
  int sent_ = 0;
};

INSTANTIATE_TEST_SUITE_P(EachSerialization, MessageHandlersTest,
                         ::testing::Values(Serialization::json, Serialization::binary),
                         [](const auto& test) {
                           return test.param == Serialization::json ? "json" : "binary";
                         });

TEST_P(MessageHandlersTest, answers_a_send_with_all_that_java_reads) {
  const std::string properties = property("UNIQ_KEY", "7F00000100001");
  for (int i = 0; i < 3; ++i) {
    const Received answer = send("body", {{"i", properties}, {"e", "2"}});
    EXPECT_EQ(answer.code, response_code::success);
    EXPECT_EQ(answer.fields.at("queueId"), "2");
    EXPECT_EQ(answer.fields.at("queueOffset"), std::to_string(i));
    EXPECT_EQ(answer.fields.at("MSG_REGION"), "DefaultRegion");
    EXPECT_EQ(answer.fields.at("TRACE_ON"), "true");
    EXPECT_EQ(answer.fields.at("transactionId"), "7F00000100001");
    EXPECT_EQ(answer.fields.at("msgId").size(), 32U);
    EXPECT_EQ(answer.body, "");
  }
}

TEST_P(MessageHandlersTest, reads_numbers_of_every_length_and_refuses_what_is_none) {
  for (const char* const number : {"0", "007", "-7", "999999999", "2147483647", "-2147483648"}) {
    ASSERT_EQ(send("body", {{"h", number}}).code, response_code::success) << number;
    const Received read = pull({{"queueOffset", std::to_string(sent_++)}});
    store::Record record;
    ASSERT_EQ(store::decode_record(read.body, store::Verify::checksums, &record),
              store::DecodeStatus::record);
    EXPECT_EQ(record.flag, std::stoi(number));
  }
  for (const char* const text :
       {"+1", " 1", "1 ", "1x", "x", "/", ":", "-", "2147483648", "99999999999999999999"}) {
    const Received answer = send("body", {{"h", text}});
    EXPECT_EQ(answer.code, response_code::system_error) << text;
    EXPECT_NE(answer.remark.find(text), std::string::npos) << answer.remark;
  }
}

TEST_P(MessageHandlersTest, takes_the_long_form_of_a_send) {
  const FieldList fields = {{"producerGroup", "p"},
                            {"topic", "orders"},
                            {"defaultTopic", "TBW102"},
                            {"defaultTopicQueueNums", "4"},
                            {"queueId", "1"},
                            {"sysFlag", "0"},
                            {"bornTimestamp", "1700000000000"},
                            {"flag", "0"}};
  const Received answer =
      ask({.code = request_code::send_message, .fields = fields, .body = "old"});
  EXPECT_EQ(answer.code, response_code::success);
  EXPECT_EQ(answer.fields.at("queueId"), "1");
  EXPECT_EQ(bodies(pull({{"queueId", "1"}})), std::vector<std::string>{"old"});
}

TEST_P(MessageHandlersTest, cuts_up_a_batch_however_its_flag_is_written) {
  const std::string body = batch_element("a") + batch_element("b");
  for (std::string_view yes : {"true", "TRUE", "True"}) {
    send(body, {{"m", yes}});
    FieldList fields = {{"topic", "orders"}, {"queueId", "0"}, {"sysFlag", "0"}, {"batch", yes}};
    ask({.code = request_code::send_message, .fields = fields, .body = body});
  }
  EXPECT_EQ(bodies(pull()).size(), 3 * 2 * 2U);
}

TEST_P(MessageHandlersTest, names_every_message_of_a_batch) {
  const std::string body = batch_element("a") + batch_element("b") + batch_element("c");
  const Received answer =
      ask({.code = request_code::send_batch_message, .fields = v2({{"m", "true"}}), .body = body});
  ASSERT_EQ(answer.code, response_code::success);
  EXPECT_EQ(answer.fields.at("queueOffset"), "0");
  EXPECT_EQ(answer.fields.at("msgId").size(), 3 * 32U + 2);
  EXPECT_FALSE(answer.fields.contains("transactionId"));
  const std::string third = answer.fields.at("msgId").substr(2 * 33);
  EXPECT_EQ(bodies(pull()), (std::vector<std::string>{"a", "b", "c"}));
  const std::string position = std::to_string(std::stoll(third.substr(16), nullptr, 16));
  EXPECT_EQ(bodies(ask({.code = 33, .fields = {{"offset", position}}})),
            std::vector<std::string>{"c"});
}

TEST_P(MessageHandlersTest, refuses_sends_as_rocketmq_does) {
  const auto code = [&](const FieldList& changes, std::string_view body = "body") {
    return send(body, changes).code;
  };
  EXPECT_EQ(code({{"b", "absent"}}), 1);
  EXPECT_EQ(code({{"e", "absent"}}), 1);
  EXPECT_EQ(code({{"f", "absent"}}), 1);
  EXPECT_EQ(code({{"e", "x"}}), 1);
  EXPECT_EQ(code({{"e", ""}}), 1);
  EXPECT_EQ(code({{"f", ""}}), 1);
  EXPECT_EQ(code({{"e", "99999999999"}}), 1);
  EXPECT_EQ(code({}, ""), 1);
  EXPECT_EQ(code({{"b", " "}}), 29);
  EXPECT_EQ(code({{"b", "a/b"}}), 29);
  EXPECT_EQ(code({{"e", "4"}}), 29);
  EXPECT_EQ(code({{"b", "SELF_TEST_TOPIC"}}), 16);
  EXPECT_EQ(code({{"b", "unknown"}, {"c", "absent"}}), 17);
  EXPECT_EQ(code({{"a", "absent"}, {"c", "absent"}}), 0) << "nobody needs these";
  EXPECT_EQ(code({{"e", "-1"}}), 0);
  EXPECT_EQ(code({{"g", ""}, {"d", ""}, {"j", ""}}), 0);
}

TEST_P(MessageHandlersTest, stores_one_way_sends_and_says_nothing) {
  for (std::string_view body : {"stored", ""}) {
    desk_.peer.send({.code = request_code::send_message_v2,
                     .fields = v2(),
                     .body = body,
                     .serialization = GetParam(),
                     .one_way = true});
    desk_.rig.core->end_of_turn();
    EXPECT_EQ(desk_.peer.connection.take(), "");
  }
  EXPECT_EQ(bodies(pull()), std::vector<std::string>{"stored"});
}

TEST_P(MessageHandlersTest, keeps_the_address_and_time_of_the_sender) {
  send("body", {{"g", "12345"}, {"h", "6"}});
  store::Record record;
  const Received answer = pull();
  ASSERT_EQ(store::decode_record(answer.body, store::Verify::checksums, &record),
            store::DecodeStatus::record);
  EXPECT_EQ(record.born_ms, 12345);
  EXPECT_EQ(record.flag, 6);
  EXPECT_EQ(record.born_host.text(), "127.0.0.1:50000");
}

TEST_P(MessageHandlersTest, gives_messages_with_their_offsets) {
  for (const char* body : {"a", "b", "c"}) send(body);
  for (std::int32_t code : {request_code::pull_message, request_code::lite_pull_message}) {
    const Received answer = ask({.code = code, .fields = pull_fields({{"queueOffset", "1"}})});
    EXPECT_EQ(answer.code, response_code::success);
    EXPECT_EQ(answer.remark, "FOUND");
    EXPECT_EQ(answer.fields.at("nextBeginOffset"), "3");
    EXPECT_EQ(answer.fields.at("minOffset"), "0");
    EXPECT_EQ(answer.fields.at("maxOffset"), "3");
    EXPECT_EQ(answer.fields.at("suggestWhichBrokerId"), "0");
    EXPECT_EQ(bodies(answer), (std::vector<std::string>{"b", "c"}));
  }
}

TEST_P(MessageHandlersTest, maps_the_status_of_a_pull_to_its_code) {
  EXPECT_EQ(pull().code, response_code::pull_not_found) << "an empty queue from its start";
  EXPECT_EQ(pull({{"queueOffset", "5"}}).code, response_code::pull_offset_moved);
  send("body", {{"i", "TAGS\001a\002"}});
  const auto expect = [&](const FieldList& changes, std::int32_t code, std::string_view remark,
                          std::string_view next) {
    const Received answer = pull(changes);
    EXPECT_EQ(answer.code, code) << remark;
    EXPECT_EQ(answer.remark, remark);
    EXPECT_EQ(answer.fields.at("nextBeginOffset"), next) << remark;
    EXPECT_EQ(answer.body, "");
  };
  expect({{"queueOffset", "1"}}, 19, "OFFSET_OVERFLOW_ONE", "1");
  expect({{"queueOffset", "2"}}, 21, "OFFSET_OVERFLOW_BADLY", "1");
  expect({{"queueOffset", "-1"}}, 21, "OFFSET_TOO_SMALL", "0");
  expect({{"subscription", "b"}}, 20, "NO_MATCHED_MESSAGE", "1");
}

TEST_P(MessageHandlersTest, refuses_pulls_as_rocketmq_does) {
  EXPECT_EQ(pull({{"topic", "unknown"}}).code, 17);
  EXPECT_EQ(pull({{"queueId", "4"}}).code, 29);
  EXPECT_EQ(pull({{"queueId", "-1"}}).code, 29);
  EXPECT_EQ(pull({{"sysFlag", "0"}}).code, 24) << "no subscription is known";
  EXPECT_EQ(pull({{"queueOffset", "absent"}}).code, 1);
  EXPECT_EQ(pull({{"queueOffset", "x"}}).code, 1);
  EXPECT_EQ(pull({{"consumerGroup", "absent"}}).code, 1);
}

TEST_P(MessageHandlersTest, holds_a_pull_until_a_message_comes) {
  const std::int32_t opaque = park({{"sysFlag", "6"}});
  EXPECT_EQ(desk_.peer.connection.take(), "");
  testing::Peer sender(desk_.front);
  sender.send({.code = request_code::send_message_v2, .fields = v2(), .body = "news"});
  desk_.rig.core->end_of_turn();
  const Received answer = desk_.peer.answer(opaque);
  EXPECT_EQ(answer.serialization, GetParam());
  EXPECT_EQ(bodies(answer), std::vector<std::string>{"news"});
}

TEST_P(MessageHandlersTest, ends_a_wait_with_not_found) {
  const std::int32_t opaque = park({{"sysFlag", "6"}, {"suspendTimeoutMillis", "1000"}});
  desk_.rig.pass_ms(999);
  EXPECT_EQ(desk_.peer.connection.take(), "");
  desk_.rig.pass_ms(1);
  EXPECT_EQ(desk_.peer.answer(opaque).code, response_code::pull_not_found);
}

TEST_P(MessageHandlersTest, commits_with_a_pull_only_when_the_flag_says_so) {
  pull({{"commitOffset", "7"}});
  EXPECT_FALSE(desk_.rig.core->offsets().find("readers", "orders", 0));
  pull({{"commitOffset", "7"}, {"sysFlag", "5"}});
  EXPECT_EQ(desk_.rig.core->offsets().find("readers", "orders", 0), 7);
}

TEST_P(MessageHandlersTest, finds_messages_by_key_and_by_id) {
  const std::string properties = property("KEYS", "k1") + property("UNIQ_KEY", "U1");
  const Received sent = send("body", {{"i", properties}});
  const FieldList query = {{"topic", "orders"},
                           {"key", "k1"},
                           {"maxNum", "32"},
                           {"beginTimestamp", "0"},
                           {"endTimestamp", "9999999999999"}};
  EXPECT_EQ(bodies(ask({.code = request_code::query_message, .fields = query})),
            std::vector<std::string>{"body"});
  FieldList other = query;
  replace(&other, {{"key", "k2"}});
  EXPECT_EQ(ask({.code = request_code::query_message, .fields = other}).code, 22);
  FieldList unique = query;
  replace(&unique, {{"key", "U1"}});
  unique.emplace_back("_UNIQUE_KEY_QUERY", "true");
  EXPECT_EQ(bodies(ask({.code = request_code::query_message, .fields = unique})).size(), 1U);
  const std::int64_t position = std::stoll(sent.fields.at("msgId").substr(16), nullptr, 16);
  const std::string at = std::to_string(position);
  EXPECT_EQ(bodies(ask({.code = 33, .fields = {{"offset", at}}})).size(), 1U);
  const std::string inside = std::to_string(position + 1);
  const Received missing = ask({.code = 33, .fields = {{"offset", inside}}});
  EXPECT_EQ(missing.code, response_code::system_error);
  EXPECT_EQ(missing.body, "") << "never raw bytes of the log";
}

}  // namespace
}  // namespace bolide::remoting
