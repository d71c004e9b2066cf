// SPDX-License-Identifier: Apache-2.0
//
// Pulls by an SQL92 expression: what they get, when they wait, how much they may look at.
#include "broker/delivery/matching_read.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace bolide::broker {
namespace {

using testing::CoreRig;

class PropertyPull : public ::testing::Test {
 protected:
  PropertyPull() { rig_.put_topic("orders", 1); }

  // A message of one property `n`, which is its body too.
  void send(int number) {
    const std::string text = std::to_string(number);
    rig_.send("orders", text, 0, testing::property("n", text));
  }
  PullRequest by(std::string_view expression, std::int64_t offset, std::int64_t suspend_ms = 0) {
    PullRequest request = rig_.pull_request("orders", offset, suspend_ms);
    request.subscription = expression;
    request.expression_type = "SQL92";
    return request;
  }
  std::vector<std::string> bodies(const PullResult& result) { return CoreRig::bodies(result); }

  CoreRig rig_;
};

using Bodies = std::vector<std::string>;

TEST_F(PropertyPull, gets_what_the_expression_selects) {
  for (int i = 0; i < 6; ++i) send(i);
  const PullResult result = rig_.pull(by("n > 1 AND n <> 4", 0));
  EXPECT_EQ(result.status, PullStatus::found);
  EXPECT_EQ(bodies(result), (Bodies{"2", "3", "5"}));
  EXPECT_EQ(result.next_offset, 6);
}

TEST_F(PropertyPull, goes_by_the_subscription_of_the_group) {
  for (int i = 0; i < 4; ++i) send(i);
  rig_.heartbeat(
      1,
      {.group = "readers",
       .subscriptions = {
           {.topic = "orders", .expression = "n = 2", .expression_type = "SQL92", .version = 5}}});
  PullRequest request = rig_.pull_request("orders", 0);
  request.group = "readers";
  request.subscription.reset();
  request.subscription_version = 5;
  EXPECT_EQ(bodies(rig_.pull(request)), Bodies{"2"});
}

TEST_F(PropertyPull, stops_at_the_first_match_that_does_not_fit) {
  for (int i = 0; i < 10; ++i) send(i);
  PullRequest request = by("n > 2", 0);
  request.messages_max = 2;
  PullResult result = rig_.pull(request);
  EXPECT_EQ(bodies(result), (Bodies{"3", "4"}));
  EXPECT_EQ(result.next_offset, 5);
  request.offset = result.next_offset;
  EXPECT_EQ(bodies(rig_.pull(request)), (Bodies{"5", "6"}));
  request.messages_max = 32;
  request.bytes_max = 1;
  EXPECT_EQ(bodies(rig_.pull(request)), Bodies{"5"}) << "one, however large";
}

TEST_F(PropertyPull, waits_for_a_message_that_matches) {
  send(0);
  rig_.core->pull(by("n = 7", 0, 10'000));
  for (int i = 1; i < 7; ++i) send(i);
  EXPECT_TRUE(rig_.sink.pulled.empty());
  send(7);
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(bodies(rig_.sink.pulled[0].result), Bodies{"7"});
  EXPECT_EQ(rig_.sink.pulled[0].result.next_offset, 8);
}

TEST_F(PropertyPull, moves_past_what_does_not_match_when_its_time_is_over) {
  send(0);
  rig_.core->pull(by("n = 7", 0, 1'000));
  rig_.pass_ms(1'000);
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(rig_.sink.pulled[0].result.next_offset, 1);
}

TEST_F(PropertyPull, finds_one_of_many) {
  constexpr int count = 3'000;
  for (int i = 0; i < count; ++i) send(i);
  const PullResult result = rig_.pull(by("n = 2500", 0));
  EXPECT_EQ(bodies(result), Bodies{"2500"});
  EXPECT_EQ(result.next_offset, count);
}

TEST_F(PropertyPull, looks_at_a_bounded_number_of_messages_at_once) {
  constexpr int count = 3'000;
  for (int i = 0; i < count; ++i) send(i);
  std::string expression = "n = 9999";
  for (int i = 0; i < 300; ++i) expression += " OR n = 9999";
  std::int64_t offset = 0;
  int pulls = 0;
  while (offset < count && pulls < count) {
    const PullResult result = rig_.pull(by(expression, offset));
    EXPECT_EQ(result.status, PullStatus::no_matched_message);
    ASSERT_GT(result.next_offset, offset);
    offset = result.next_offset;
    ++pulls;
  }
  EXPECT_GT(pulls, 1);
  EXPECT_LT(pulls, 100);
}

}  // namespace
}  // namespace bolide::broker
