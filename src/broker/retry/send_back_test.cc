// SPDX-License-Identifier: Apache-2.0
//
// Retries and dead letters through the core (rocketmq semantics 3.7).
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;

class SendBackTest : public ::testing::Test {
 protected:
  SendBackTest() {
    rig_.put_topic("orders", 1);
    rig_.heartbeat(8, {.group = "readers", .subscriptions = {{.topic = "orders"}}});
  }
  Result<> give_back(const SendBackRequest& request) {
    Answer<void> answer;
    rig_.core->send_back(rig_.anonymous, request, answer.reply());
    rig_.core->end_of_turn();
    return answer.get();
  }
  std::int64_t position_of(std::string_view topic, std::int64_t offset) {
    const PullResult result = rig_.pull(topic, offset);
    return CoreRig::record(result).position;
  }

  CoreRig rig_;
};

TEST_F(SendBackTest, brings_a_message_again_after_the_delay_of_its_attempt) {
  rig_.send("orders", "m", 0, property("UNIQ_KEY", "A1") + property("TAGS", "t"));
  const std::int64_t position = position_of("orders", 0);
  ASSERT_TRUE(give_back({.group = "readers", .position = position}));
  rig_.pass_ms(9'999);
  EXPECT_EQ(rig_.visible_end("%RETRY%readers"), 0) << "the third level is ten seconds";
  rig_.pass_ms(1);
  ASSERT_EQ(rig_.visible_end("%RETRY%readers"), 1);
  const PullResult result = rig_.pull("%RETRY%readers", 0);
  const store::Record again = CoreRig::record(result);
  EXPECT_EQ(again.body, "m");
  EXPECT_EQ(again.reconsume_times, 1);
  EXPECT_EQ(store::find_property(again.properties, "RETRY_TOPIC"), "orders");
  EXPECT_EQ(store::find_property(again.properties, "UNIQ_KEY"), "A1");
  EXPECT_EQ(store::find_property(again.properties, "TAGS"), "t");
  EXPECT_EQ(store::find_property(again.properties, "ORIGIN_MESSAGE_ID").size(), 32U);
  EXPECT_EQ(store::find_property(again.properties, "DELAY"), "3");
}

TEST_F(SendBackTest, keeps_the_first_topic_and_message_id_over_all_attempts) {
  rig_.send("orders", "m");
  const std::int64_t first = position_of("orders", 0);
  ASSERT_TRUE(give_back({.group = "readers", .position = first, .delay_level = 1}));
  rig_.pass_ms(1'000);
  const PullResult once = rig_.pull("%RETRY%readers", 0);
  const std::string id(store::find_property(CoreRig::record(once).properties, "ORIGIN_MESSAGE_ID"));
  ASSERT_TRUE(give_back(
      {.group = "readers", .position = CoreRig::record(once).position, .delay_level = 1}));
  rig_.pass_ms(1'000);
  const PullResult twice = rig_.pull("%RETRY%readers", 1);
  const store::Record again = CoreRig::record(twice);
  EXPECT_EQ(again.reconsume_times, 2);
  EXPECT_EQ(store::find_property(again.properties, "RETRY_TOPIC"), "orders");
  EXPECT_EQ(store::find_property(again.properties, "ORIGIN_MESSAGE_ID"), id);
}

TEST_F(SendBackTest, makes_a_dead_letter_after_the_last_attempt_or_at_wish) {
  rig_.send("orders", "m");
  const std::int64_t position = position_of("orders", 0);
  ASSERT_TRUE(give_back({.group = "readers", .position = position, .reconsume_times_max = 0}));
  ASSERT_EQ(rig_.visible_end("%DLQ%readers"), 1);
  ASSERT_TRUE(give_back({.group = "readers", .position = position, .delay_level = -1}));
  ASSERT_EQ(rig_.visible_end("%DLQ%readers"), 2);
  const PullResult result = rig_.pull("%DLQ%readers", 0);
  EXPECT_EQ(store::find_property(CoreRig::record(result).properties, "RETRY_TOPIC"), "orders");
  EXPECT_EQ(rig_.visible_end("%RETRY%readers"), 0);
}

TEST_F(SendBackTest, refuses_what_is_no_message_or_no_group) {
  rig_.send("orders", "m");
  const std::int64_t position = position_of("orders", 0);
  EXPECT_EQ(give_back({.group = "readers", .position = position + 1}).error().code,
            Errc::not_found);
  EXPECT_EQ(give_back({.group = "no/group", .position = position}).error().code,
            Errc::invalid_argument);
}

TEST_F(SendBackTest, drops_messages_of_a_group_without_retry_queues) {
  Answer<void> put;
  rig_.core->put_group(rig_.anonymous, {.name = "once", .retry_queues = 0}, put.reply());
  rig_.send("orders", "m");
  ASSERT_TRUE(give_back({.group = "once", .position = position_of("orders", 0)}));
  EXPECT_EQ(rig_.core->topics().find("%RETRY%once"), nullptr);
}

TEST_F(SendBackTest, answers_when_the_disk_is_full_and_stores_nothing) {
  rig_.send("orders", "m");
  const std::int64_t position = position_of("orders", 0);
  rig_.fs.fail_at(os::FileOperation::write, 1, Errc::io, true);
  EXPECT_FALSE(give_back({.group = "readers", .position = position}));
}

TEST_F(SendBackTest, routes_a_consumers_own_copy_to_the_dead_letters_when_it_gave_up) {
  SendRequest copy = rig_.request("%RETRY%readers", "m", 0);
  copy.reconsume_times = 3;
  copy.reconsume_times_max = 3;
  rig_.send(copy);
  EXPECT_EQ(rig_.visible_end("%RETRY%readers"), 1);
  copy.reconsume_times = 4;
  rig_.send(copy);
  EXPECT_EQ(rig_.visible_end("%DLQ%readers"), 1);
  // An ordered consumer sends its copy only when it has given up.
  Answer<std::vector<QueueRef>> locked;
  rig_.core->lock_queues(rig_.anonymous, "readers", "client-8", {{.topic = "orders"}},
                         locked.reply());
  ASSERT_EQ(locked.get()->size(), 1U);
  copy.reconsume_times = 1;
  rig_.send(copy);
  EXPECT_EQ(rig_.visible_end("%DLQ%readers"), 2);
}

TEST_F(SendBackTest, survives_a_kill_between_two_attempts) {
  rig_.send("orders", "m");
  ASSERT_TRUE(give_back({.group = "readers", .position = position_of("orders", 0)}));
  rig_.kill_and_reopen();
  rig_.pass_ms(10'000);
  rig_.pass_ms(100);
  EXPECT_EQ(CoreRig::bodies(rig_.pull("%RETRY%readers", 0)), std::vector<std::string>{"m"});
}

}  // namespace
}  // namespace bolide::broker
