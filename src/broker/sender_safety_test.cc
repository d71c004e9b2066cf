// SPDX-License-Identifier: Apache-2.0
//
// Nothing is answered or shown before it is safe, and a disk that fails is not lied about.
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::CoreRig;
using testing::property;

TEST(SyncLevel, answers_and_shows_nothing_before_the_sync_ran) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.put_topic("orders", 1);
  rig.core->pull(rig.pull_request("orders", 0, 10'000));
  rig.core->send(rig.request("orders", "one"));
  rig.core->send(rig.request("orders", "two"));
  rig.core->end_of_turn();
  EXPECT_TRUE(rig.sink.sent.empty());
  EXPECT_TRUE(rig.sink.pulled.empty());
  EXPECT_EQ(rig.visible_end("orders"), 0);
  ASSERT_GT(rig.sync.waiting(), 0U);
  rig.sync.run();
  EXPECT_EQ(rig.sink.sent.size(), 2U);
  EXPECT_EQ(rig.visible_end("orders"), 2);
  ASSERT_EQ(rig.sink.pulled.size(), 1U);
  EXPECT_EQ(rig.sink.pulled[0].result.messages, 2);
}

TEST(SyncLevel, keeps_what_it_answered_over_a_loss_of_power) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.put_topic("orders", 1);
  rig.pass_ms(1000);
  rig.core->send(rig.request("orders", "answered"));
  rig.core->end_of_turn();
  rig.sync.run();
  ASSERT_EQ(rig.sink.sent.size(), 1U);
  rig.core->send(rig.request("orders", "not answered"));
  rig.core->end_of_turn();
  EXPECT_EQ(rig.sink.sent.size(), 1U);
  rig.fs.crash();
  rig.kill_and_reopen();
  const auto queue = rig.store->find_queue("orders", 0);
  ASSERT_TRUE(queue);
  EXPECT_GE(rig.store->next_offset(*queue), 1);
}

TEST(SyncLevel, keeps_the_topic_that_an_answered_send_has_made_over_a_loss_of_power) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.core->send(rig.request("first", "one"));
  rig.core->end_of_turn();
  rig.core->send(rig.request("second", "made while a sync waits"));
  rig.core->end_of_turn();
  EXPECT_TRUE(rig.sink.sent.empty());
  rig.sync.run();
  ASSERT_EQ(rig.sink.sent.size(), 2U);
  rig.fs.crash();
  rig.kill_and_reopen();
  EXPECT_EQ(rig.pull("first", 0).messages, 1);
  EXPECT_EQ(rig.pull("second", 0).messages, 1);
}

TEST(SyncLevel, keeps_the_topic_of_an_administrator_once_a_send_to_it_was_answered) {
  CoreRig rig({.level = store::ReplyLevel::sync});
  rig.put_topic("orders", 1);
  ASSERT_FALSE(rig.send("orders", "one").error);
  rig.fs.crash();
  rig.kill_and_reopen();
  EXPECT_EQ(rig.pull("orders", 0).messages, 1);
}

TEST(SyncLevel, refuses_a_send_whose_topic_could_not_be_synced) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.core->send(rig.request("orders", "one"));
  rig.core->end_of_turn();
  rig.fs.fail_at(os::FileOperation::sync, 1, Errc::io);  // the journal's: it comes first
  rig.sync.run();
  ASSERT_EQ(rig.sink.sent.size(), 1U);
  EXPECT_TRUE(rig.sink.sent[0].error);
  EXPECT_TRUE(rig.store->stopped());
}

TEST(AsyncLevel, syncs_topics_groups_and_offsets_with_the_log_at_intervals) {
  CoreRig rig;
  rig.send("orders", "one");
  for (int i = 0; i < 10; ++i) rig.pass_ms(100);
  rig.fs.crash();
  rig.kill_and_reopen();
  EXPECT_EQ(rig.pull("orders", 0).messages, 1);
}

TEST(SyncLevel, has_answered_all_only_when_the_disk_has_all) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.put_topic("orders", 1);
  EXPECT_TRUE(rig.core->answered());
  rig.core->send(rig.request("orders", "m"));
  rig.core->drain();
  EXPECT_FALSE(rig.core->answered());
  EXPECT_TRUE(rig.sink.sent.empty());
  rig.sync.run();
  EXPECT_TRUE(rig.core->answered());
  EXPECT_EQ(rig.sink.sent.size(), 1U);
}

TEST(SyncLevel, refuses_all_that_waits_when_the_sync_fails) {
  CoreRig rig({.level = store::ReplyLevel::sync, .inline_sync = false});
  rig.put_topic("orders", 1);
  rig.core->send(rig.request("orders", "one"));
  rig.core->end_of_turn();
  rig.core->send(rig.request("orders", "two"));
  rig.core->end_of_turn();
  rig.fs.fail_at(os::FileOperation::sync, 1, Errc::io);
  rig.sync.run();
  ASSERT_EQ(rig.sink.sent.size(), 2U);
  for (const auto& sent : rig.sink.sent) {
    ASSERT_TRUE(sent.error);
    EXPECT_EQ(error_row(sent.error->code).rocketmq, 14);
  }
  EXPECT_EQ(rig.visible_end("orders"), 0);
  EXPECT_EQ(rig.refused(rig.request("orders", "three")), Errc::storage_stopped);
}

TEST(FailedWrite, refuses_all_and_freezes_what_is_visible) {
  CoreRig rig;
  rig.send("orders", "good");
  rig.core->pull(rig.pull_request("orders", 1, 10'000));
  rig.fs.fail_at(os::FileOperation::write, 1, Errc::io, true);
  rig.core->send(rig.request("orders", "lost"));
  rig.core->send(rig.request("orders", "lost too"));
  rig.core->end_of_turn();
  ASSERT_EQ(rig.sink.sent.size(), 3U);
  EXPECT_TRUE(rig.sink.sent[1].error);
  EXPECT_TRUE(rig.sink.sent[2].error);
  EXPECT_EQ(rig.visible_end("orders"), 1);
  EXPECT_TRUE(rig.sink.pulled.empty());
  EXPECT_EQ(rig.refused(rig.request("orders", "later")), Errc::storage_stopped) << "it never heals";
  rig.pass_ms(1000);
  EXPECT_EQ(rig.refused(rig.request("orders", "later")), Errc::storage_stopped);
  EXPECT_EQ(rig.pull("orders", 0).messages, 1) << "what was safe can be read on";
}

TEST(FullDisk, refuses_and_heals) {
  CoreRig rig;
  ASSERT_FALSE(rig.send("orders", "before").error);
  const auto space = rig.fs.space("store");
  ASSERT_TRUE(space);
  rig.fs.set_capacity(space->total_bytes - space->free_bytes);
  for (int i = 0; i < 100; ++i) rig.pass_ms(100);
  EXPECT_EQ(rig.refused(rig.request("orders", "full")), Errc::disk_full);
  EXPECT_EQ(rig.visible_end("orders"), 1);
  EXPECT_EQ(rig.pull("orders", 0).messages, 1) << "reading goes on";
  rig.fs.set_capacity(space->total_bytes);
  for (int i = 0; i < 100; ++i) rig.pass_ms(100);
  const auto healed = rig.send("orders", "after");
  ASSERT_FALSE(healed.error) << healed.error->message();
  EXPECT_EQ(healed.queue_offset, 1);
}

// The oldest message is one that retention has to wait for, and the disk fills up behind it.
class CrowdedDisk : public ::testing::Test {
 protected:
  void fill_behind(std::string_view properties) {
    rig_.put_topic("orders", 1);
    rig_.fs.set_capacity(4U << 20U);
    ASSERT_FALSE(rig_.send("orders", "oldest", 0, properties).error);
    const std::string filler(16U << 10U, 'x');
    while (used_percent() <= 65) ASSERT_FALSE(rig_.send("filler", filler).error);
    rig_.pass_ms(1'100);
    rig_.pass_ms(1'100);
    ASSERT_EQ(rig_.refused(rig_.request("filler", "refused")), Errc::disk_full);
  }
  int used_percent() {
    const auto space = rig_.fs.space("store");
    BOLIDE_ASSERT(space.has_value());
    return static_cast<int>((space->total_bytes - space->free_bytes) * 100 / space->total_bytes);
  }
  void expect_that_space_returns() {
    for (int i = 0; i < 120; ++i) rig_.pass_ms(500);
    EXPECT_GT(rig_.store->stats().min_position, 0);
    EXPECT_FALSE(rig_.send("filler", "taken").error);
  }

  CoreRig rig_{{.segment_bytes = 64U << 10U,
                .disk_max_used_percent = 50,
                .disk_full_percent = 60,
                .core = {.transactions = {
                             .timeout_ms = 1'000, .check_interval_ms = 1'000, .checks_max = 2}}}};
};

TEST_F(CrowdedDisk, does_not_stop_a_message_that_is_due) {
  fill_behind(property("DELAY", "3"));
  expect_that_space_returns();
  EXPECT_EQ(rig_.visible_end("orders"), 1);
}

TEST_F(CrowdedDisk, does_not_stop_the_move_of_a_message_that_waits_on) {
  fill_behind(property("TIMER_DELAY_MS", "3600000"));
  expect_that_space_returns();
  for (int i = 0; i < 3; ++i) rig_.pass_ms(1'800'000);
  EXPECT_EQ(rig_.visible_end("orders"), 1);
}

TEST_F(CrowdedDisk, does_not_stop_the_end_of_a_transaction_that_nobody_ends) {
  fill_behind(property("TRAN_MSG", "true") + property("PGROUP", "payers"));
  expect_that_space_returns();
  EXPECT_EQ(rig_.visible_end("TRANS_CHECK_MAX_TIME_TOPIC"), 1);
}

}  // namespace
}  // namespace bolide::broker
