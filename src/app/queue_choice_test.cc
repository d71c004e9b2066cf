// SPDX-License-Identifier: Apache-2.0
//
// Tests of the choice of queues by their number.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/queue_choice.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

const std::vector<QueueId> queues = {{"t", "a", 0}, {"t", "a", 1}, {"t", "b", 0}};

TEST(QueueChoice, takes_brokers_in_turn) {
  EXPECT_EQ(choose_queue(queues, 0, 0), 0U);
  EXPECT_EQ(choose_queue(queues, 0, 1), 2U);
  EXPECT_EQ(choose_queue(queues, 1, 0), 1U);
  EXPECT_EQ(choose_queue(queues, 1, 1), 1U);
}

TEST(QueueChoice, takes_no_other_queue_where_there_is_none_of_that_number) {
  EXPECT_EQ(choose_queue(queues, 2, 0), queues.size()) << "which no producer takes for a queue";
}

}  // namespace
}  // namespace bolide::app
