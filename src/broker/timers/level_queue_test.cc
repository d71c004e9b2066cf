// SPDX-License-Identifier: Apache-2.0
//
// One delay level, over a store of its own.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/timers/level_queue.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::CoreRig;

class LevelQueueTest : public ::testing::Test {
 protected:
  LevelQueueTest() : queue_(rig_.store->queue("level", 0)) {
    for (const std::string_view body : {"a", "b", "c"})
      EXPECT_TRUE(store::testing::append(*rig_.store, queue_, body, rig_.clock.now()));
    EXPECT_TRUE(rig_.store->write_turn(rig_.clock.now()));
    visible_ = std::make_unique<Visible>(*rig_.store);
    level_ = std::make_unique<LevelQueue>(
        QueueTail({.store = *rig_.store,
                   .visible = *visible_,
                   .background = rig_.background.background()},
                  queue_, 0),
        1'000, [this](const store::Record&, const Now&, OwnSends::Done done) {
          given_.push_back(std::move(done));
        });
    rig_.clock.advance_ms(1'000);
  }
  void run() { level_->run(rig_.clock.now(), 100); }

  CoreRig rig_;
  store::QueueNo queue_;
  std::unique_ptr<Visible> visible_;
  std::unique_ptr<LevelQueue> level_;
  std::vector<OwnSends::Done> given_;
};

TEST_F(LevelQueueTest, settles_nothing_before_what_stands_in_front_of_it) {
  run();
  ASSERT_EQ(given_.size(), 3U);
  given_[1](Stored{});  // dropped: it has no copy
  EXPECT_EQ(level_->settle(1), 0);
  given_[2](Stored{.queue_offset = 0, .position = 900});
  given_[0](Stored{.queue_offset = 1, .position = 950});
  EXPECT_EQ(level_->settle(950), 0) << "the disk has the third alone";
  EXPECT_EQ(level_->settle(951), 3);
}

TEST_F(LevelQueueTest, gives_out_again_from_the_first_that_failed_on) {
  run();
  given_[1](fail(Errc::disk_full, "for a test"));
  given_[2](Stored{.queue_offset = 0, .position = 900});
  given_[0](Stored{.queue_offset = 1, .position = 950});
  EXPECT_EQ(level_->settle(2'000), 1);
  rig_.clock.advance_ms(1'000);
  run();
  ASSERT_EQ(given_.size(), 5U);
  given_[3](Stored{.queue_offset = 2, .position = 1'000});
  given_[4](Stored{.queue_offset = 3, .position = 1'050});
  EXPECT_EQ(level_->settle(2'000), 3);
}

}  // namespace
}  // namespace bolide::broker
