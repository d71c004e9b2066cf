// SPDX-License-Identifier: Apache-2.0
//
// Compacted topics (rocketmq semantics 3.16).
#include "broker/compaction/compaction.h"

#include "broker/compaction/compaction_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::Bodies;
using testing::compacted;
using testing::CompactedTest;
using testing::CoreRig;
using testing::day_ms;
using testing::property;

TEST(Compaction, refuses_a_message_without_a_key) {
  CoreRig rig;
  rig.put_topic("state", 1, compacted);
  EXPECT_EQ(rig.refused(rig.request("state", "v")), Errc::message_invalid);
  const std::string blank = property("KEYS", "  ");
  SendRequest request = rig.request("state", "v");
  request.properties = blank;
  EXPECT_EQ(rig.refused(request), Errc::message_invalid);
  EXPECT_FALSE(rig.send("state", "v", 0, property("KEYS", "k")).error);
  EXPECT_EQ(rig.visible_end("state"), 1);
}

TEST(Compaction, refuses_a_batch_of_which_one_message_has_no_key) {
  CoreRig rig;
  rig.put_topic("state", 1, compacted);
  const std::string keyed = testing::batch_element("a", property("KEYS", "k"));
  const std::string body = keyed + testing::batch_element("b");
  SendRequest batch = rig.request("state", body);
  batch.batch = true;
  EXPECT_EQ(rig.refused(batch), Errc::message_invalid);
  EXPECT_EQ(rig.visible_end("state"), 0);
  batch.body = keyed;
  EXPECT_FALSE(rig.send(batch).error);
  EXPECT_EQ(rig.visible_end("state"), 1);
}

TEST_F(CompactedTest, keeps_the_newest_message_of_each_key) {
  send("a", "a1");
  send("b", "b1");
  send("a", "a2");
  send("c", "c1");
  send("b", "b2");
  EXPECT_EQ(all(), (Bodies{"a1", "b1", "a2", "c1", "b2"}));
  age();
  ASSERT_GT(rig_.store->stats().min_position, 0);
  EXPECT_EQ(all(), (Bodies{"a2", "c1", "b2"}));
  EXPECT_EQ(all(3), (Bodies{"c1", "b2"}));
  EXPECT_EQ(min(), 2);
  EXPECT_EQ(rig_.visible_end("state"), 5);
}

TEST_F(CompactedTest, keeps_them_over_a_kill_and_what_comes_later) {
  send("a", "a1");
  send("b", "b1");
  age();
  rig_.kill_and_reopen();
  EXPECT_EQ(all(), (Bodies{"a1", "b1"}));
  send("a", "a2");
  EXPECT_EQ(all(), (Bodies{"a1", "b1", "a2"})) << "the older one until the log goes";
  age();
  EXPECT_EQ(all(), (Bodies{"b1", "a2"}));
  rig_.restart();
  EXPECT_EQ(all(), (Bodies{"b1", "a2"}));
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 2U);
}

TEST_F(CompactedTest, selects_by_tags_among_what_was_kept) {
  send("a", "red", property("TAGS", "red"));
  send("b", "blue", property("TAGS", "blue"));
  age();
  EXPECT_EQ(all(0, "blue"), Bodies{"blue"});
}

TEST_F(CompactedTest, forgets_a_topic_that_is_deleted) {
  send("a", "a1");
  age();
  Answer<void> gone;
  rig_.core->delete_topic(rig_.anonymous, "state", gone.reply());
  ASSERT_TRUE(gone.get());
  rig_.put_topic("state", 1, compacted);
  send("b", "b1");
  EXPECT_EQ(all(rig_.visible_end("state") - 1), Bodies{"b1"});
  rig_.kill_and_reopen();
  EXPECT_EQ(all(), Bodies{"b1"});
}

TEST_F(CompactedTest, gives_to_pops_what_was_kept_and_then_what_the_log_has) {
  send("a", "a1");
  send("b", "b1");
  send("a", "a2");
  age();
  send("c", "c1");
  ASSERT_EQ(min(), 1);
  const PopResult kept = pop();
  EXPECT_EQ(bodies(kept), (Bodies{"b1", "a2"}));
  EXPECT_EQ(kept.queues.at(0).offsets, (std::vector<std::int64_t>{1, 2}));
  const PopResult fresh = pop();
  EXPECT_EQ(bodies(fresh), Bodies{"c1"});
  EXPECT_EQ(pop().status, PopStatus::nothing);
  for (const std::int64_t offset : {1, 2})
    EXPECT_EQ(ack(offset, kept.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 3);
  EXPECT_EQ(ack(3, fresh.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 4);
}

TEST_F(CompactedTest, gives_a_kept_message_again_when_its_lease_ends_and_over_a_kill) {
  send("a", "a1");
  send("b", "b1");
  age();
  const PopResult first = pop();
  EXPECT_EQ(ack(0, first.given_ms).value(), Settled::done);
  rig_.kill_and_reopen();
  EXPECT_EQ(pop().status, PopStatus::nothing);
  rig_.pass_ms(10'000);
  const PopResult again = pop();
  EXPECT_EQ(bodies(again), Bodies{"b1"});
  EXPECT_EQ(again.queues.at(0).times, std::vector<std::int32_t>{1});
  EXPECT_EQ(ack(1, first.given_ms).value(), Settled::stale);
  EXPECT_EQ(ack(1, again.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 2);
}

TEST_F(CompactedTest, counts_a_leased_message_as_done_that_a_newer_one_has_replaced) {
  send("a", "a1");
  send("b", "b1");
  send("c", "c1");
  EXPECT_EQ(bodies(pop()), (Bodies{"a1", "b1", "c1"}));
  send("b", "b2");
  age();
  EXPECT_EQ(all(), (Bodies{"a1", "c1", "b2"}));
  const PopResult again = pop();
  EXPECT_EQ(bodies(again), (Bodies{"a1", "c1", "b2"}));
  EXPECT_EQ(again.queues.at(0).times, (std::vector<std::int32_t>{1, 1, 0}));
  for (const std::int64_t offset : {0, 2})
    EXPECT_EQ(ack(offset, again.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 3) << "nobody has b1 any more";
  EXPECT_EQ(ack(3, again.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 4);
}

// What was replaced takes the turn of no other, even where one pop is for one message.
TEST_F(CompactedTest, passes_what_was_replaced_without_overtaking_in_order) {
  PopRequest ordered = pop_request();
  ordered.ordered = true;
  for (const std::string_view key : {"z", "a", "b"}) send(key, std::string(key) + "1");
  EXPECT_EQ(bodies(pop(ordered)), (Bodies{"z1", "a1", "b1"}));
  send("a", "a2");
  age();
  ordered.messages_max = 1;
  const PopResult first = pop(ordered);
  EXPECT_EQ(bodies(first), Bodies{"z1"});
  EXPECT_EQ(ack(0, first.given_ms).value(), Settled::done);
  EXPECT_EQ(pop(ordered).status, PopStatus::nothing) << "a1, which a2 has replaced";
  EXPECT_EQ(bodies(pop(ordered)), Bodies{"b1"});
  EXPECT_EQ(pop(ordered).status, PopStatus::nothing) << "b1 is held";
}

TEST_F(CompactedTest, counts_for_pops_what_is_left_and_no_gaps) {
  for (const std::string_view key : {"z", "a", "a", "b", "a"}) send(key, std::string(key) + "1");
  age();
  send("c", "c1");
  PopRequest one = pop_request();
  one.messages_max = 1;
  EXPECT_EQ(pop(one).rest, 3) << "b1, a1 and, in the log, c1";
  one.kind = PopKind::look;
  EXPECT_EQ(pop(one).rest, 3);
  one.kind = PopKind::take;
  EXPECT_EQ(pop(one).rest, 2);
  EXPECT_EQ(pop(one).rest, 1);
  EXPECT_EQ(pop(one).rest, 0);
}

TEST_F(CompactedTest, lets_nobody_wait_behind_what_was_replaced) {
  for (const std::string_view key : {"z", "a", "b", "a"}) send(key, std::string(key) + "1");
  EXPECT_EQ(pop().queues.at(0).offsets.size(), 4U);
  age();
  PopRequest one = pop_request();
  one.messages_max = 1;
  one.suspend_ms = 30'000;
  EXPECT_EQ(pop(one).queues.at(0).offsets, std::vector<std::int64_t>{0});
  EXPECT_EQ(pop(one).status, PopStatus::nothing) << "offset 1 was replaced";
  EXPECT_EQ(pop(one).queues.at(0).offsets, std::vector<std::int64_t>{2});
  EXPECT_EQ(pop(one).queues.at(0).offsets, std::vector<std::int64_t>{3});
}

TEST_F(CompactedTest, begins_a_group_at_the_end_whatever_was_kept) {
  send("a", "a1");
  send("b", "b1");
  age();
  ASSERT_GT(rig_.store->stats().min_position, 0);
  PopRequest late = pop_request();
  late.from_end = true;
  EXPECT_EQ(pop(late).status, PopStatus::nothing);
}

TEST_F(CompactedTest, takes_the_acknowledgement_of_a_message_that_was_kept_meanwhile) {
  send("a", "a1");
  send("b", "b1");
  PopRequest long_lease = pop_request();
  long_lease.invisible_ms = 100 * day_ms;
  const PopResult given = pop(long_lease);
  age();
  ASSERT_GT(rig_.store->stats().min_position, 0);
  EXPECT_EQ(pop().status, PopStatus::nothing);
  EXPECT_EQ(ack(1, given.given_ms).value(), Settled::done);
  EXPECT_EQ(ack(0, given.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 2);
}

TEST_F(CompactedTest, selects_for_pops_among_what_was_kept) {
  send("a", "red", property("TAGS", "red"));
  send("b", "blue", property("TAGS", "blue") + property("n", "1"));
  send("c", "sky", property("TAGS", "blue") + property("n", "2"));
  age();
  PopRequest blue = pop_request();
  blue.subscription = "blue";
  blue.kind = PopKind::look;
  EXPECT_EQ(bodies(pop(blue)), (Bodies{"blue", "sky"}));
  blue.kind = PopKind::take;
  EXPECT_EQ(bodies(pop(blue)), (Bodies{"blue", "sky"}));
  PopRequest second = pop_request();
  second.group = "others";
  second.subscription = "n = 2";
  second.expression_type = "SQL92";
  EXPECT_EQ(bodies(pop(second)), Bodies{"sky"});
}

TEST_F(CompactedTest, makes_a_dead_letter_of_a_kept_message_after_the_last_attempt) {
  Answer<void> put;
  rig_.core->put_group(rig_.anonymous, {.name = "workers", .retry_max_times = 1}, put.reply());
  send("a", "a1");
  age();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(bodies(pop()), Bodies{"a1"}) << i;
    rig_.pass_ms(10'000);
  }
  EXPECT_EQ(pop().status, PopStatus::nothing);
  rig_.core->end_of_turn();
  EXPECT_EQ(CoreRig::bodies(rig_.pull("%DLQ%workers", 0)), Bodies{"a1"});
}

TEST_F(CompactedTest, goes_back_to_what_was_kept_when_a_group_is_reset) {
  send("a", "a1");
  send("b", "b1");
  age();
  const PopResult first = pop();
  for (const std::int64_t offset : {0, 1})
    EXPECT_EQ(ack(offset, first.given_ms).value(), Settled::done);
  EXPECT_EQ(committed(), 2);
  Answer<std::map<std::int32_t, std::int64_t>> reset;
  rig_.core->reset_offsets(
      rig_.anonymous,
      {.group = "workers", .topic = "state", .queue_id = 0, .offset = 0, .force = true},
      reset.reply());
  ASSERT_TRUE(reset.get());
  EXPECT_EQ(bodies(pop()), (Bodies{"a1", "b1"}));
}

TEST_F(CompactedTest, finds_by_time_what_was_kept_and_what_the_log_has) {
  const std::int64_t first_ms = rig_.clock.now().wall_ms;
  send("a", "a1");
  rig_.pass_ms(1'000);
  send("b", "b1");
  rig_.pass_ms(1'000);
  send("b", "b2");
  age();
  const std::int64_t late_ms = rig_.clock.now().wall_ms;
  EXPECT_EQ(by_time(late_ms), 3) << "nothing so late";
  EXPECT_EQ(by_time(late_ms, true), 2);
  send("c", "c1");
  EXPECT_EQ(by_time(0), 0);
  EXPECT_EQ(by_time(first_ms), 0);
  EXPECT_EQ(by_time(first_ms + 1), 2) << "b1 was replaced";
  EXPECT_EQ(by_time(first_ms + 2'001), 3) << "in the log";
  EXPECT_EQ(by_time(first_ms - 1, true), 0) << "none so early: the first";
  EXPECT_EQ(by_time(first_ms + 1'999, true), 0);
  EXPECT_EQ(by_time(first_ms + 2'000, true), 2);
  EXPECT_EQ(by_time(late_ms, true), 3);
  Answer<std::int64_t> earliest;
  rig_.core->earliest_store_time(rig_.anonymous, {"state", 0}, earliest.reply());
  EXPECT_EQ(earliest.get().value(), first_ms);
}

TEST_F(CompactedTest, goes_back_to_what_was_kept_when_a_group_is_reset_to_a_time) {
  Answer<void> put;
  rig_.core->put_group(rig_.anonymous, {.name = "workers"}, put.reply());
  send("a", "a1");
  rig_.pass_ms(1'000);
  const std::int64_t second_ms = rig_.clock.now().wall_ms;
  send("b", "b1");
  age();
  Answer<std::map<std::int32_t, std::int64_t>> reset;
  rig_.core->reset_offsets(rig_.anonymous,
                           {.group = "workers",
                            .topic = "state",
                            .queue_id = 0,
                            .timestamp_ms = second_ms,
                            .force = true},
                           reset.reply());
  EXPECT_EQ(reset.get().value().at(0), 1);
  EXPECT_EQ(bodies(pop()), Bodies{"b1"});
}

TEST_F(CompactedTest, takes_back_a_kept_message_and_brings_it_again) {
  Answer<void> put;
  rig_.core->put_group(rig_.anonymous, {.name = "workers"}, put.reply());
  send("a", "a1");
  send("b", "b1");
  const std::int64_t position = CoreRig::record(rig_.pull("state", 1)).position;
  age();
  ASSERT_GT(rig_.store->stats().min_position, position);
  Answer<void> sent;
  rig_.core->send_back(rig_.anonymous, {.group = "workers", .position = position}, sent.reply());
  rig_.core->end_of_turn();
  ASSERT_TRUE(sent.get());
  rig_.pass_ms(10'000);
  const PullResult again = rig_.pull("%RETRY%workers", 0);
  ASSERT_EQ(CoreRig::bodies(again), Bodies{"b1"});
  EXPECT_EQ(CoreRig::record(again).reconsume_times, 1);
  EXPECT_EQ(store::find_property(CoreRig::record(again).properties, "RETRY_TOPIC"), "state");
}

TEST_F(CompactedTest, shows_a_kept_message_by_its_id_and_none_that_was_replaced) {
  send("a", "a1");
  send("b", "b1");
  const std::int64_t replaced = CoreRig::record(rig_.pull("state", 0)).position;
  const std::int64_t kept = CoreRig::record(rig_.pull("state", 1)).position;
  send("a", "a2");
  age();
  const auto at = [&](std::int64_t position) {
    Answer<Slices> answer;
    rig_.core->message_at(rig_.anonymous, position, answer.reply());
    return answer.get();
  };
  ASSERT_TRUE(at(kept));
  store::ReadResult shown;
  shown.records = *at(kept);
  EXPECT_EQ(store::testing::bodies(shown), Bodies{"b1"});
  EXPECT_EQ(at(replaced).error().code, Errc::not_found);
  EXPECT_EQ(at(kept + 1).error().code, Errc::not_found);
  rig_.fs.fail_at(os::FileOperation::read_cached, 1, Errc::io);
  EXPECT_EQ(at(kept).error().code, Errc::io);
}

}  // namespace
}  // namespace bolide::broker
