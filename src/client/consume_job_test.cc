// SPDX-License-Identifier: Apache-2.0
//
// Tests of what is consumed in one go.
// Runs on: the test's thread and one of its own.  Owns: nothing.  Invariant: none.
#include "client/consume_job.h"

#include <gtest/gtest.h>

#include <thread>

namespace bolide::client {
namespace {

std::vector<ReceivedMessage> messages(std::int64_t count) {
  std::vector<ReceivedMessage> all(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) all[static_cast<std::size_t>(i)].offset = i;
  return all;
}

TEST(ConsumeJob, gives_pieces_and_takes_back_the_rest) {
  ConsumeJob job(nullptr, messages(7), 3);
  EXPECT_EQ(job.take().size(), 3U);
  const auto rest = job.take_back();
  ASSERT_EQ(rest.size(), 4U);
  EXPECT_EQ(rest.front().offset, 3);
  EXPECT_TRUE(job.take().empty());
  EXPECT_TRUE(job.take_back().empty());

  ConsumeJob whole(nullptr, messages(4), 3);
  EXPECT_EQ(whole.take().size(), 3U);
  EXPECT_EQ(whole.take().size(), 1U) << "the last piece may be short";
  EXPECT_TRUE(whole.take().empty());
  EXPECT_TRUE(whole.take_back().empty());
}

TEST(ConsumeJob, each_message_goes_to_one_side) {
  for (int round = 0; round < 200; ++round) {
    ConsumeJob job(nullptr, messages(100), 3);
    std::vector<std::int64_t> taken;
    std::thread worker([&] {
      for (auto piece = job.take(); !piece.empty(); piece = job.take())
        for (const auto& message : piece) taken.push_back(message.offset);
    });
    const auto rest = job.take_back();
    worker.join();
    ASSERT_EQ(taken.size() + rest.size(), 100U);
    for (std::size_t i = 0; i < taken.size(); ++i)
      ASSERT_EQ(taken[i], static_cast<std::int64_t>(i));
    if (rest.empty()) continue;
    ASSERT_EQ(rest.front().offset, static_cast<std::int64_t>(taken.size()));
  }
}

TEST(PieceClock, grows_with_quick_listeners_and_shrinks_at_once_with_slow_ones) {
  PieceClock clock;
  EXPECT_EQ(clock.pieces(), 1U) << "nothing is known";
  for (int i = 0; i < 40; ++i) clock.note(1000, 1);
  EXPECT_EQ(clock.pieces(), 256U);
  clock.note(100'000, 10);
  EXPECT_EQ(clock.pieces(), 50U);
  clock.note(1, 0);
  clock.note(10'000'000, 0);
  EXPECT_EQ(clock.pieces(), 50U) << "a job of which nothing was consumed tells nothing";
  clock.note(3'000'000, 3);
  EXPECT_EQ(clock.pieces(), 1U);
}

}  // namespace
}  // namespace bolide::client
