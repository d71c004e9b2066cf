// SPDX-License-Identifier: Apache-2.0
//
// Tests of queue locks.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/queue_locks.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

TEST(QueueLocks, are_held_by_one_client_of_a_group) {
  QueueLocks locks;
  EXPECT_TRUE(locks.lock("g", "t", 0, "a", 1));
  EXPECT_FALSE(locks.lock("g", "t", 0, "b", 2));
  EXPECT_TRUE(locks.lock("g", "t", 1, "b", 2));
  EXPECT_TRUE(locks.lock("other", "t", 0, "b", 2));
}

TEST(QueueLocks, end_when_they_are_given_back_or_not_renewed) {
  QueueLocks locks;
  EXPECT_TRUE(locks.lock("g", "t", 0, "a", 0));
  locks.unlock("g", "t", 0, "b");
  EXPECT_FALSE(locks.lock("g", "t", 0, "b", 1));
  locks.unlock("g", "t", 0, "a");
  EXPECT_TRUE(locks.lock("g", "t", 0, "b", 1));
  EXPECT_TRUE(locks.lock("g", "t", 0, "b", QueueLocks::lock_ms));
  EXPECT_FALSE(locks.lock("g", "t", 0, "a", 2 * QueueLocks::lock_ms));
  EXPECT_TRUE(locks.lock("g", "t", 0, "a", 2 * QueueLocks::lock_ms + 1));
}

TEST(QueueLocks, are_forgotten_once_they_have_ended) {
  QueueLocks locks;
  EXPECT_TRUE(locks.lock("g", "t", 0, "a", 0));
  EXPECT_TRUE(locks.lock("g", "t", 1, "a", 1));
  locks.expire(QueueLocks::lock_ms + 1);
  EXPECT_EQ(locks.size(), 1U);
  EXPECT_FALSE(locks.lock("g", "t", 1, "b", QueueLocks::lock_ms + 1));
  locks.expire(QueueLocks::lock_ms + 2);
  EXPECT_EQ(locks.size(), 0U);
}

}  // namespace
}  // namespace bolide::broker
