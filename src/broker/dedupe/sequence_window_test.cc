// SPDX-License-Identifier: Apache-2.0
//
// Tests of the window of a producer's last messages.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/dedupe/sequence_window.h"

#include "base/random.h"

#include <gtest/gtest.h>

#include <map>

namespace bolide::broker {
namespace {

StoredAt at(std::int64_t position) {
  return {.position = position, .last = position, .offset = position / 100};
}

TEST(SequenceWindow, knows_what_was_put_and_nothing_else) {
  SequenceWindow window;
  EXPECT_EQ(window.find(0), nullptr);
  EXPECT_FALSE(window.is_too_old(0));
  window.put(3, at(300), 8);
  ASSERT_NE(window.find(3), nullptr);
  EXPECT_EQ(*window.find(3), at(300));
  EXPECT_EQ(window.find(2), nullptr);
  EXPECT_FALSE(window.is_too_old(2));
}

TEST(SequenceWindow, forgets_the_lowest_and_says_so) {
  SequenceWindow window;
  for (std::int64_t i = 0; i < 20; ++i) window.put(i, at(i), 8);
  EXPECT_EQ(window.size(), 8U);
  EXPECT_EQ(window.find(11), nullptr);
  EXPECT_TRUE(window.is_too_old(11));
  EXPECT_FALSE(window.is_too_old(12));
  EXPECT_NE(window.find(12), nullptr);
}

TEST(SequenceWindow, takes_numbers_in_any_order_and_with_gaps) {
  SequenceWindow window;
  for (const std::int64_t sequence : {50, 10, 40, 20, 30}) window.put(sequence, at(sequence), 8);
  for (std::size_t i = 1; i < window.size(); ++i)
    EXPECT_LT(window.at(i - 1).sequence, window.at(i).sequence);
  EXPECT_EQ(window.find(20)->position, 20);
  EXPECT_EQ(window.find(25), nullptr);
}

TEST(SequenceWindow, takes_nothing_below_its_floor) {
  SequenceWindow window;
  window.put(5, at(5), 8);
  window.raise_floor(7);
  EXPECT_EQ(window.find(5), nullptr);
  window.put(6, at(6), 8);
  EXPECT_EQ(window.size(), 0U);
  window.put(8, at(8), 8);
  EXPECT_EQ(window.size(), 1U);
}

TEST(SequenceWindow, is_a_sorted_map_of_the_highest) {
  Random random(7);
  SequenceWindow window;
  std::map<std::int64_t, std::int64_t> model;
  std::int64_t floor = -1;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const auto sequence = i / 4 + static_cast<std::int64_t>(random.below(100));
    window.put(sequence, at(i), 64);
    if (sequence > floor) model[sequence] = i;
    while (model.size() > 64) {
      floor = std::max(floor, model.begin()->first);
      model.erase(model.begin());
    }
    ASSERT_EQ(window.size(), model.size());
    ASSERT_EQ(window.floor(), floor);
    const auto asked = i / 4 + static_cast<std::int64_t>(random.below(100));
    const auto found = model.find(asked);
    const StoredAt* known = window.find(asked);
    ASSERT_EQ(known != nullptr, found != model.end());
    if (known != nullptr) {
      ASSERT_EQ(known->position, found->second);
    }
  }
}

}  // namespace
}  // namespace bolide::broker
