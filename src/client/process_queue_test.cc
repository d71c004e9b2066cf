// SPDX-License-Identifier: Apache-2.0
//
// Tests of what a consumer holds of one queue.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/process_queue.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

std::vector<ReceivedMessage> messages(std::int64_t first, std::int64_t last,
                                      std::int64_t step = 1) {
  std::vector<ReceivedMessage> made;
  for (std::int64_t offset = first; offset <= last; offset += step) {
    ReceivedMessage message;
    message.offset = offset;
    message.body = std::string(10, 'x');
    made.push_back(std::move(message));
  }
  return made;
}

std::vector<std::int64_t> offsets(const std::vector<ReceivedMessage>& some) {
  std::vector<std::int64_t> all;
  for (const ReceivedMessage& message : some) all.push_back(message.offset);
  return all;
}

TEST(ProcessQueue, gives_out_in_order_and_commits_behind_the_first_that_is_open) {
  ProcessQueue queue({"t", "b", 0}, 5);
  EXPECT_EQ(queue.committable(), 5);
  queue.put(messages(5, 9), 10);
  const auto first = queue.take(2);
  const auto second = queue.take(2);
  EXPECT_EQ(offsets(first), (std::vector<std::int64_t>{5, 6}));
  queue.done(second);
  EXPECT_EQ(queue.committable(), 5) << "5 and 6 are still being consumed";
  queue.done(first);
  EXPECT_EQ(queue.committable(), 9);
  queue.done(queue.take(10));
  EXPECT_EQ(queue.committable(), 10);
  EXPECT_TRUE(queue.is_idle());
}

TEST(ProcessQueue, commits_past_what_a_filter_left_out) {
  ProcessQueue queue({"t", "b", 0}, 0);
  queue.put(messages(3, 9, 3), 20);
  EXPECT_EQ(queue.committable(), 3);
  queue.done(queue.take(1));
  EXPECT_EQ(queue.committable(), 6);
  queue.done(queue.take(2));
  EXPECT_EQ(queue.committable(), 20);
}

TEST(ProcessQueue, counts_what_is_not_yet_consumed) {
  ProcessQueue queue({"t", "b", 0}, 0);
  EXPECT_EQ(queue.span(), 0);
  queue.put(messages(0, 99), 100);
  EXPECT_EQ(queue.messages(), 100U);
  EXPECT_EQ(queue.bytes(), 1000U);
  EXPECT_EQ(queue.span(), 99);
  const auto taken = queue.take(50);
  EXPECT_EQ(queue.messages(), 100U) << "taken is not consumed";
  queue.done(taken);
  EXPECT_EQ(queue.messages(), 50U);
  EXPECT_EQ(queue.bytes(), 500U);
  EXPECT_EQ(queue.span(), 49);
}

TEST(ProcessQueue, gives_again_what_was_put_back_before_the_rest) {
  ProcessQueue queue({"t", "b", 0}, 0);
  queue.put(messages(0, 4), 5);
  queue.put_back(queue.take(2));
  EXPECT_EQ(offsets(queue.take(3)), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(queue.committable(), 0);
}

TEST(ProcessQueue, does_not_count_twice_what_is_done_twice) {
  ProcessQueue queue({"t", "b", 0}, 0);
  queue.put(messages(0, 1), 2);
  const auto taken = queue.take(1);
  queue.done(taken);
  queue.done(taken);
  EXPECT_EQ(queue.bytes(), 10U);
  EXPECT_EQ(queue.messages(), 1U);
}

TEST(ProcessQueue, counts_once_what_a_broker_gives_twice) {
  ProcessQueue queue({"t", "b", 0}, 0);
  queue.put(messages(0, 9), 10);
  queue.done(messages(2, 4));
  queue.put(messages(3, 6), 7);
  EXPECT_EQ(queue.messages(), 9U) << "3 and 4 wait again";
  queue.done(messages(0, 9));
  EXPECT_EQ(queue.messages(), 0U);
  EXPECT_EQ(queue.bytes(), 0U);
  EXPECT_EQ(queue.committable(), 7);
}

}  // namespace
}  // namespace bolide::client
