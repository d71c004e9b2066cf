// SPDX-License-Identifier: Apache-2.0
//
// What compacted topics keep, while the background agent is at work on it.
#include "broker/compaction/compactor.h"

#include "broker/compaction/compaction_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::compacted;
using testing::CoreRig;
using testing::day_ms;
using testing::property;

// Jobs of the background agent end when the test says so.
class CompactorTest : public ::testing::Test {
 protected:
  explicit CompactorTest(std::uint64_t segment_bytes = 8U << 20U)
      : rig_({.inline_background = false,
              .segment_bytes = segment_bytes,
              .retention_ms = 3 * day_ms}) {
    rig_.put_topic("filler", 1);
    rig_.put_topic("state", 1, compacted);
    rig_.background.run();
  }
  // Until retention wants to drop the segments.
  void age() {
    const std::string filler(1U << 20U, 'x');
    for (int i = 0; i < 30; ++i) {
      rig_.send("filler", filler);
      rig_.pass_ms(100);
      rig_.background.run();
    }
    rig_.clock.advance_ms(10 * day_ms);
  }
  void ask_until_there_is_a_job() {
    for (int i = 0; i < 100 && rig_.background.waiting() == 0; ++i) rig_.pass_ms(100);
    ASSERT_GT(rig_.background.waiting(), 0U);
  }

  CoreRig rig_;
};

class LargeSegmentTest : public CompactorTest {
 protected:
  LargeSegmentTest() : CompactorTest(32U << 20U) {}
};

TEST_F(CompactorTest, merges_once_what_lies_on_a_cold_disk) {
  for (int i = 0; i < 3'000; ++i)
    rig_.send("state", std::string(1'000, 'x'), 0, property("KEYS", std::to_string(i)));
  age();
  rig_.kill_and_reopen();
  rig_.background.run();
  rig_.fs.set_cached(false);
  for (int i = 0; i < 50; ++i) {
    rig_.pass_ms(100);
    EXPECT_LE(rig_.background.run(), 3) << "a disk that stays cold is left alone";
  }
  EXPECT_EQ(rig_.core->core_stats().compaction.merges, 0U);
  rig_.fs.set_cached(true);
  for (int i = 0; i < 20; ++i) {
    rig_.pass_ms(100);
    rig_.background.run();
  }
  EXPECT_EQ(rig_.core->core_stats().compaction.merges, 1U);
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 3'000U);
}

TEST_F(LargeSegmentTest, is_looked_through_a_piece_at_a_time_where_keys_are_few) {
  const std::string large(1U << 18U, 'x');
  for (int i = 0; i < 112; ++i) rig_.send("state", large, 0, property("KEYS", "k"));
  age();
  std::uint64_t reads_max = 0;
  for (int i = 0; i < 1'000 && rig_.core->core_stats().compaction.kept == 0; ++i) {
    const auto before = rig_.fs.count(os::FileOperation::read_cached);
    if (rig_.background.waiting() > 0)
      rig_.background.run_one();
    else
      rig_.pass_ms(100);
    reads_max = std::max(reads_max, rig_.fs.count(os::FileOperation::read_cached) - before);
  }
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 1U);
  EXPECT_GT(reads_max, 0U);
  EXPECT_LE(reads_max, 12U) << "of about 1 MiB, of 28";
}

TEST_F(CompactorTest, reads_what_was_kept_from_a_cold_disk_in_the_background) {
  for (int i = 0; i < 3; ++i) rig_.send("state", "v", 0, property("KEYS", std::to_string(i)));
  age();
  for (int i = 0; i < 100 && rig_.store->stats().min_position == 0; ++i) {
    rig_.pass_ms(100);
    rig_.background.run();
  }
  ASSERT_EQ(rig_.core->core_stats().compaction.kept, 3U);
  rig_.fs.set_cached(false);
  rig_.core->pull(rig_.pull_request("state", 0));
  PopRequest pop;
  pop.ticket = {.sink = &rig_.sink, .session = 9, .token = 1};
  pop.identity = &rig_.anonymous;
  pop.group = "workers";
  pop.topic = "state";
  rig_.core->pop(pop);
  EXPECT_TRUE(rig_.sink.pulled.empty());
  EXPECT_TRUE(rig_.sink.popped.empty());
  rig_.fs.set_cached(true);
  rig_.background.run();
  rig_.core->end_of_turn();
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(rig_.sink.pulled[0].result.messages, 3);
  ASSERT_EQ(rig_.sink.popped.size(), 1U);
  EXPECT_EQ(rig_.sink.popped[0].result.queues.at(0).offsets.size(), 3U);
}

TEST_F(CompactorTest, reads_a_kept_message_that_is_sent_back_in_the_background) {
  Answer<void> put;
  rig_.core->put_group(rig_.anonymous, {.name = "workers"}, put.reply());
  rig_.send("state", "v", 0, property("KEYS", "a"));
  const std::int64_t position = CoreRig::record(rig_.pull("state", 0)).position;
  age();
  for (int i = 0; i < 100 && rig_.store->stats().min_position == 0; ++i) {
    rig_.pass_ms(100);
    rig_.background.run();
  }
  const auto send_back = [&] {
    Answer<void> sent;
    rig_.core->send_back(rig_.anonymous, {.group = "workers", .position = position}, sent.reply());
    rig_.core->end_of_turn();
    return sent.get();
  };
  rig_.fs.set_cached(false);
  EXPECT_EQ(send_back().error().code, Errc::busy);
  EXPECT_EQ(rig_.background.run(), 1);
  rig_.fs.set_cached(true);
  EXPECT_TRUE(send_back());
}

TEST_F(CompactorTest, forgets_what_it_merges_when_its_topic_is_deleted) {
  rig_.send("state", "old", 0, property("KEYS", "a"));
  age();
  ask_until_there_is_a_job();
  Answer<void> gone;
  rig_.core->delete_topic(rig_.anonymous, "state", gone.reply());
  ASSERT_TRUE(gone.get());
  rig_.put_topic("state", 1, compacted);
  rig_.send("state", "new", 0, property("KEYS", "b"));
  rig_.background.run();
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 0U);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.core->core_stats().compaction.kept, 0U);
}

}  // namespace
}  // namespace bolide::broker
