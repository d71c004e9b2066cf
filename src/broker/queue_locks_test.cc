// SPDX-License-Identifier: Apache-2.0
//
// Tests of queue locks.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/queue_locks.h"

#include "os/sim_file_system.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

constexpr WallMs start_ms = 1'700'000'000'000;
constexpr std::int64_t lock_ms = QueueLocks::lock_ms;

class QueueLocksTest : public ::testing::Test {
 protected:
  QueueLocksTest() { open(at(0)); }
  // As after a kill of the broker, `now` by the clocks of the new start.
  void open(const Now& now) {
    locks_.reset();
    metadata_.reset();
    fs_.kill();
    auto opened = Metadata::open(fs_, "meta");
    ASSERT_TRUE(opened) << opened.error().message();
    metadata_ = std::move(opened->metadata);
    locks_ = std::make_unique<QueueLocks>(*metadata_);
    locks_->load(opened->stored.locks, now);
  }
  static Now at(std::int64_t ms) {
    return {.wall_ms = start_ms + ms, .steady_ns = (1'000'000 + ms) * 1'000'000};
  }
  bool lock(std::int32_t queue_id, std::string_view client_id, std::int64_t ms) {
    const bool held = locks_->lock("g", "t", queue_id, client_id, at(ms));
    EXPECT_TRUE(metadata_->flush());
    return held;
  }

  os::SimFileSystem fs_;
  std::unique_ptr<Metadata> metadata_;
  std::unique_ptr<QueueLocks> locks_;
};

TEST_F(QueueLocksTest, are_held_by_one_client_of_a_group) {
  EXPECT_TRUE(lock(0, "a", 1));
  EXPECT_FALSE(lock(0, "b", 2));
  EXPECT_TRUE(lock(1, "b", 2));
  EXPECT_TRUE(locks_->lock("other", "t", 0, "b", at(2)));
  EXPECT_TRUE(locks_->holds_any("g", at(3).steady_ms()));
  EXPECT_FALSE(locks_->holds_any("her", at(3).steady_ms())) << "the end of a name is no name";
}

TEST_F(QueueLocksTest, are_of_their_group_after_a_start_whatever_its_name_holds) {
  EXPECT_TRUE(locks_->lock("%LMQ%g@@@h", "%LMQ%t@u", 0, "a", at(0)));
  EXPECT_TRUE(metadata_->flush());
  open(at(1));
  EXPECT_TRUE(locks_->holds_any("%LMQ%g@@@h", at(1).steady_ms()));
  EXPECT_FALSE(locks_->lock("%LMQ%g@@@h", "%LMQ%t@u", 0, "b", at(1)));
}

TEST_F(QueueLocksTest, are_counted_for_each_group) {
  EXPECT_TRUE(lock(0, "a", 0));
  EXPECT_TRUE(lock(1, "a", 1'000));
  EXPECT_TRUE(locks_->lock("other", "t", 0, "b", at(0)));
  EXPECT_EQ(locks_->size(), 3U);
  EXPECT_TRUE(locks_->holds_any("g", at(lock_ms + 1).steady_ms())) << "one was taken later";
  EXPECT_FALSE(locks_->holds_any("other", at(lock_ms + 1).steady_ms()));
  locks_->unlock("g", "t", 1, "a");
  EXPECT_FALSE(locks_->holds_any("g", at(lock_ms + 1).steady_ms())) << "the later one is back";
  locks_->unlock("g", "t", 0, "a");
  EXPECT_FALSE(locks_->holds_any("g", at(1).steady_ms()));
  EXPECT_EQ(locks_->size(), 1U);
  EXPECT_EQ(locks_->all(at(2)).size(), 1U);
}

TEST_F(QueueLocksTest, end_when_they_are_given_back_or_not_renewed) {
  EXPECT_TRUE(lock(0, "a", 0));
  locks_->unlock("g", "t", 0, "b");
  EXPECT_FALSE(lock(0, "b", 1));
  locks_->unlock("g", "t", 0, "a");
  EXPECT_TRUE(lock(0, "b", 1));
  EXPECT_TRUE(lock(0, "b", lock_ms));
  EXPECT_FALSE(lock(0, "a", 2 * lock_ms));
  EXPECT_TRUE(lock(0, "a", 2 * lock_ms + 1));
}

TEST_F(QueueLocksTest, are_forgotten_once_they_have_ended) {
  EXPECT_TRUE(lock(0, "a", 0));
  EXPECT_TRUE(lock(1, "a", 1));
  locks_->expire(at(lock_ms + 1).steady_ms());
  EXPECT_EQ(locks_->size(), 1U);
  EXPECT_FALSE(lock(1, "b", lock_ms + 1));
  locks_->expire(at(lock_ms + 2).steady_ms());
  EXPECT_EQ(locks_->size(), 0U);
}

TEST_F(QueueLocksTest, are_held_over_a_kill_of_the_broker_for_the_rest_of_their_time) {
  EXPECT_TRUE(lock(0, "a", 0));
  EXPECT_TRUE(lock(1, "a", 0));
  locks_->unlock("g", "t", 1, "a");
  ASSERT_TRUE(metadata_->flush());
  open({.wall_ms = start_ms + 1'000, .steady_ns = 5'000'000});
  const auto after = [](std::int64_t ms) {
    return Now{.wall_ms = start_ms + 1'000 + ms, .steady_ns = (5 + ms) * 1'000'000};
  };
  EXPECT_FALSE(locks_->lock("g", "t", 0, "b", after(0)));
  EXPECT_TRUE(locks_->lock("g", "t", 1, "b", after(0))) << "it was given back";
  EXPECT_FALSE(locks_->lock("g", "t", 0, "b", after(lock_ms - 1'000)));
  EXPECT_TRUE(locks_->lock("g", "t", 0, "b", after(lock_ms - 999)));
}

TEST_F(QueueLocksTest, are_noted_on_the_disk_now_and_then_while_they_are_renewed) {
  EXPECT_TRUE(lock(0, "a", 0));
  const std::uint64_t once = metadata_->journal()->change_bytes();
  for (int ms = 100; ms < QueueLocks::save_every_ms; ms += 100) EXPECT_TRUE(lock(0, "a", ms));
  EXPECT_EQ(metadata_->journal()->change_bytes(), once);
  EXPECT_TRUE(lock(0, "a", QueueLocks::save_every_ms));
  EXPECT_GT(metadata_->journal()->change_bytes(), once);
  open(at(lock_ms + 5'000));
  EXPECT_FALSE(lock(0, "b", lock_ms + 5'000));
}

TEST_F(QueueLocksTest, that_ended_while_the_broker_was_down_are_forgotten) {
  EXPECT_TRUE(lock(0, "a", 0));
  open(at(lock_ms + 1));
  EXPECT_EQ(locks_->size(), 0U);
  EXPECT_TRUE(lock(0, "b", lock_ms + 1));
}

}  // namespace
}  // namespace bolide::broker
