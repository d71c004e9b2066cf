// SPDX-License-Identifier: Apache-2.0
//
// Tests of the journal of timers beside a model: merged again and again, killed between.
// Runs on: the test's thread, which is the background agent too.  Owns: a simulated disk.
// Invariant: none.
#include "broker/timers/timer_log.h"

#include "base/log.h"
#include "base/random.h"
#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace bolide::broker {
namespace {

using os::FileOperation;

class TimerLogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log(LogLevel::off);
    open();
  }

  void open() {
    log_.reset();
    background_.drop();
    fs_.kill();
    auto opened = TimerLog::open(fs_, "timers", background_.background());
    ASSERT_TRUE(opened.has_value());
    log_ = std::move(opened->log);
    ASSERT_EQ(opened->waiting.size(), waiting_.size());
    for (const TimerEntry& entry : opened->waiting) {
      const auto expected = waiting_.find(entry.offset);
      ASSERT_NE(expected, waiting_.end());
      ASSERT_EQ(entry.due_ms, expected->second.due_ms);
      ASSERT_EQ(entry.position, expected->second.position);
      ASSERT_EQ(entry.key_hash, expected->second.key_hash);
    }
    ASSERT_EQ(opened->recalled.size(), recalled_.size());
    for (const Recalled& recalled : opened->recalled)
      ASSERT_EQ(recalled_.at(recalled.key_hash), recalled.due_ms);
    ASSERT_EQ(opened->next_offset, next_);
    ASSERT_EQ(opened->settled_position, settled_);
  }
  void arrive() {
    const TimerEntry entry{.due_ms = static_cast<std::int64_t>(random_.below(1'000'000)),
                           .offset = next_++,
                           .position = next_ * 300,
                           .key_hash = random_.below(UINT64_MAX)};
    waiting_.emplace(entry.offset, entry);
    log_->add(entry);
  }
  void leave() {
    if (waiting_.empty()) return;
    auto at = waiting_.lower_bound(
        static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(next_))));
    if (at == waiting_.end()) at = waiting_.begin();
    log_->remove(at->first);
    waiting_.erase(at);
  }
  void recall() {
    const Recalled recalled{.key_hash = random_.below(500),
                            .due_ms = static_cast<std::int64_t>(random_.below(1'000))};
    if (recalled_.erase(recalled.key_hash) > 0) return log_->remove(recalled);
    recalled_.emplace(recalled.key_hash, recalled.due_ms);
    log_->add(recalled);
  }
  // What comes and goes between two saves, about `waiting` messages staying, and the save.
  void turn(std::size_t waiting) {
    for (int i = 0; i < 1'000; ++i) {
      arrive();
      if (waiting_.size() > waiting) leave();
    }
    recall();
    log_->read_up_to(next_);
    if (random_.below(10) == 0) log_->settled_below(settled_ = next_);
    ASSERT_TRUE(log_->flush());
    log_->compact_if_due(waiting_.size(), now_ms_ += 5'000);
  }
  std::uint64_t bytes_on_disk() {
    std::uint64_t bytes = 0;
    const auto names = fs_.list("timers").value();
    for (const std::string& name : names)
      bytes += fs_.open("timers/" + name, os::OpenMode::read).value()->size().value();
    return bytes;
  }

  os::SimFileSystem fs_;
  store::testing::StepAgent background_{false};
  Random random_{3};
  std::unique_ptr<TimerLog> log_;
  std::map<std::int64_t, TimerEntry> waiting_;
  std::map<std::uint64_t, std::int64_t> recalled_;
  std::int64_t next_ = 0;
  std::int64_t settled_ = 0;
  std::int64_t now_ms_ = 0;
};

TEST_F(TimerLogTest, holds_what_waits_through_merges_and_kills_and_keeps_to_its_size) {
  std::uint64_t most = 0;
  for (int i = 0; i < 400; ++i) {
    turn(20'000);
    background_.run_one();
    most = std::max(most, bytes_on_disk());
    if (i % 7 != 0 || random_.below(3) != 0) continue;
    open();
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(fs_.count(FileOperation::rename), 2U) << "merged several times";
  // Twice the changes that ask for a merge, what comes meanwhile, and two snapshots.
  EXPECT_LT(most, 24U << 20U);
  open();
}

TEST_F(TimerLogTest, tries_a_failed_merge_again_ever_more_rarely) {
  fs_.fail_at(FileOperation::rename, 1, Errc::io, true);
  const std::uint64_t renames = fs_.count(FileOperation::rename);
  for (int i = 0; i < 100; ++i) turn(100);
  ASSERT_GT(bytes_on_disk(), 8U << 20U);
  for (int i = 0; i < 6'000; ++i) {
    log_->compact_if_due(waiting_.size(), now_ms_ += 10);
    background_.run();
    ASSERT_TRUE(log_->flush());
  }
  EXPECT_LT(fs_.count(FileOperation::rename) - renames, 16U) << "in a minute";
  fs_.clear_faults();
  log_->compact_if_due(waiting_.size(), now_ms_ += 10'000);
  background_.run();
  EXPECT_LT(bytes_on_disk(), 1U << 20U);
  open();
}

}  // namespace
}  // namespace bolide::broker
