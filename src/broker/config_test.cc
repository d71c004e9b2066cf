// SPDX-License-Identifier: Apache-2.0
//
// Names, attributes and the JSON of topics and groups (rocketmq semantics 3.1, 3.17; disk 4).
#include "broker/config.h"

#include "broker/metadata.h"

#include <gtest/gtest.h>

#include <string>

namespace bolide::broker {
namespace {

TEST(TopicName, takes_the_characters_and_lengths_of_rocketmq) {
  EXPECT_TRUE(validate_topic_name("a"));
  EXPECT_TRUE(validate_topic_name("A-z_0|9%x"));
  EXPECT_TRUE(validate_topic_name(std::string(127, 't')));
  EXPECT_TRUE(validate_topic_name("%RETRY%" + std::string(120, 'g')));
  EXPECT_TRUE(validate_topic_name("%DLQ%" + std::string(250, 'g')));
}

TEST(TopicName, is_refused_when_blank_long_or_of_other_characters) {
  const std::string too_long(128, 't');
  const std::string too_long_retry = "%RETRY%" + std::string(249, 'g');
  for (std::string_view name :
       {std::string_view(""), std::string_view("  "), std::string_view("a b"),
        std::string_view("a/b"), std::string_view("a.b"), std::string_view("\xC3\xA9"),
        std::string_view(too_long), std::string_view(too_long_retry)}) {
    const auto result = validate_topic_name(name);
    ASSERT_FALSE(result) << name;
    EXPECT_EQ(result.error().code, Errc::topic_not_valid) << name;
    EXPECT_EQ(error_row(result.error().code).rocketmq, 29);
  }
}

TEST(GroupName, has_at_most_120_characters) {
  EXPECT_TRUE(validate_group_name(std::string(120, 'g')));
  EXPECT_FALSE(validate_group_name(std::string(121, 'g')));
  EXPECT_FALSE(validate_group_name(""));
  EXPECT_FALSE(validate_group_name("a@b"));
  EXPECT_FALSE(validate_group_name("a/b"));
}

TEST(SystemNames, are_told_apart_from_users) {
  for (std::string_view topic :
       {"SCHEDULE_TOPIC_XXXX", "RMQ_SYS_TRANS_HALF_TOPIC", "RMQ_SYS_TRANS_OP_HALF_TOPIC",
        "TRANS_CHECK_MAX_TIME_TOPIC", "SELF_TEST_TOPIC", "OFFSET_MOVED_EVENT"}) {
    EXPECT_TRUE(send_forbidden(topic)) << topic;
    EXPECT_TRUE(is_system_topic(topic)) << topic;
  }
  for (std::string_view topic : {"TBW102", "BenchmarkTest", "RMQ_SYS_TRACE_TOPIC",
                                 "CHECKPOINT_TOPIC", "rmq_sys_wheel_timer"}) {
    EXPECT_FALSE(send_forbidden(topic)) << topic;
    EXPECT_TRUE(is_system_topic(topic)) << topic;
  }
  EXPECT_FALSE(is_system_topic("orders"));
  EXPECT_TRUE(is_system_group("CID_RMQ_SYS_TRANS"));
  EXPECT_FALSE(is_system_group("orders"));
  EXPECT_EQ(retry_topic("g"), "%RETRY%g");
}

TEST(Attributes, are_set_and_removed) {
  std::map<std::string, std::string> attributes;
  ASSERT_TRUE(apply_attributes("+message.type=FIFO, +reserve.time=1000", true, &attributes));
  EXPECT_EQ(attributes.at("message.type"), "FIFO");
  EXPECT_EQ(attributes.at("reserve.time"), "1000");
  ASSERT_TRUE(apply_attributes("-message.type,+reserve.time=-1", false, &attributes));
  EXPECT_FALSE(attributes.contains("message.type"));
  EXPECT_EQ(attributes.at("reserve.time"), "-1");
  ASSERT_TRUE(apply_attributes("", false, &attributes));
  EXPECT_EQ(attributes.size(), 1U);
}

TEST(Attributes, change_as_a_whole_or_not_at_all) {
  const std::map<std::string, std::string> before = {{"message.type", "NORMAL"}};
  for (std::string_view changes :
       {"+message.type=FIFO,+nonsense=1", "+message.type=NEVER", "message.type=FIFO",
        "+message.type", "+reserve.time=-2", "+reserve.time=soon", "+cleanup.policy=COMPACTION",
        "-queue.type", "+=1", "+", "*message.type=FIFO"}) {
    auto attributes = before;
    const auto result = apply_attributes(changes, false, &attributes);
    ASSERT_FALSE(result) << changes;
    EXPECT_EQ(result.error().code, Errc::malformed) << changes;
    EXPECT_EQ(attributes, before) << changes;
  }
}

TEST(Attributes, are_refused_in_the_words_of_apaches_broker) {
  const auto text = [](std::string_view changes, bool creating) {
    std::map<std::string, std::string> attributes = {{"reserve.time", "5"}};
    const auto result = apply_attributes(changes, creating, &attributes);
    return result ? std::string() : result.error().context;
  };
  EXPECT_EQ(text("+colour=red", true), "unsupported key: colour");
  EXPECT_EQ(text("-reserve.time", true),
            "only add attribute is supported while creating topic. key: reserve.time");
  EXPECT_EQ(text("-message.type", false), "attempt to delete a nonexistent key: message.type");
  EXPECT_EQ(text("+queue.type=BatchCQ", false),
            "attempt to update an unchangeable attribute. key: queue.type");
  EXPECT_EQ(text("+lite.topic.expiration=43201", false), "value is not in range(-1, 43200)");
  EXPECT_EQ(text("+reserve.time=1,+reserve.time=2", false),
            "alter duplication key. key: reserve.time");
  EXPECT_EQ(text("+message.type=MIXED", true), "MIXED message type is not supported.");
}

TEST(Attributes, of_groups_are_set_and_removed) {
  std::map<std::string, std::string> attributes;
  ASSERT_TRUE(apply_group_attributes({{"+priority.factor", "50"}, {"+lite.sub.model", "Exclusive"}},
                                     true, &attributes));
  ASSERT_TRUE(apply_group_attributes({{"-lite.sub.model", ""}, {"priority.factor", "60"}}, false,
                                     &attributes));
  EXPECT_EQ(attributes, (std::map<std::string, std::string>{{"priority.factor", "60"}}));
  EXPECT_FALSE(apply_group_attributes({{"+priority.factor", "101"}}, false, &attributes));
  EXPECT_FALSE(apply_group_attributes({{"+lite.sub.wildcards", "x"}}, false, &attributes));
  EXPECT_FALSE(
      apply_group_attributes({{"+lite.sub.reset.offset.exclusive", "1"}}, false, &attributes));
}

TEST(Attributes, that_cannot_change_are_taken_when_the_topic_is_made) {
  std::map<std::string, std::string> attributes;
  ASSERT_TRUE(
      apply_attributes("+queue.type=BatchCQ,+cleanup.policy=COMPACTION", true, &attributes));
  EXPECT_EQ(attributes.size(), 2U);
}

template <class Value, class Write, class Read>
Value through_json(const Value& value, Write write, Read read) {
  std::string text;
  JsonWriter out(text);
  write(out, value);
  Value again;
  JsonReader in(text);
  read(in, &again);
  EXPECT_TRUE(in.finish()) << text;
  return again;
}

TEST(ConfigJson, gives_back_a_topic) {
  const TopicConfig topic{.name = "orders",
                          .read_queues = 3,
                          .write_queues = 2,
                          .permission = 4,
                          .filter_type = "MULTI_TAG",
                          .sys_flag = 1,
                          .order = true,
                          .attributes = {{"message.type", "FIFO"}}};
  EXPECT_EQ(through_json(topic, write_topic, read_topic), topic);
  EXPECT_EQ(through_json(TopicConfig{}, write_topic, read_topic), TopicConfig{});
}

TEST(ConfigJson, gives_back_a_group_with_its_retry_policy) {
  const GroupConfig group{.name = "readers",
                          .consume_enabled = false,
                          .consume_from_min_enabled = false,
                          .broadcast_enabled = false,
                          .orderly = true,
                          .retry_queues = 2,
                          .retry_max_times = 3,
                          .retry_policy_json = R"({"type":"EXPONENTIAL","x":[1,2]})",
                          .broker_id = 4,
                          .slow_consumer_broker_id = 5,
                          .notify_members = false,
                          .sys_flag = 6,
                          .consume_timeout_minutes = 7,
                          .attributes = {{"priority.factor", "50"}}};
  EXPECT_EQ(through_json(group, write_group, read_group), group);
}

TEST(ConfigJson, passes_over_members_that_it_does_not_know) {
  TopicConfig topic;
  JsonReader in(R"({"topicName":"a","news":{"x":[1]},"perm":2,"writeQueueNums":5})");
  read_topic(in, &topic);
  ASSERT_TRUE(in.finish());
  EXPECT_EQ(topic.name, "a");
  EXPECT_EQ(topic.permission, perm::write);
  EXPECT_EQ(topic.write_queues, 5);
  EXPECT_EQ(topic.read_queues, 16);
}

TEST(ConfigJson, gives_back_a_version) {
  const DataVersion version{.state_version = 1, .timestamp_ms = 1'700'000'000'000, .counter = 3};
  EXPECT_EQ(through_json(version, write_version, read_version), version);
}

}  // namespace
}  // namespace bolide::broker
