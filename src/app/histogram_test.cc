// SPDX-License-Identifier: Apache-2.0
//
// Tests of the histogram of durations.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/histogram.h"

#include <gtest/gtest.h>

#include <memory>

namespace bolide::app {
namespace {

TEST(Histogram, is_empty_at_first) {
  const auto histogram = std::make_unique<Histogram>();
  EXPECT_EQ(histogram->count(), 0U);
  EXPECT_EQ(histogram->at(0.99), 0);
}

TEST(Histogram, knows_small_values_exactly) {
  const auto histogram = std::make_unique<Histogram>();
  for (int i = 1; i <= 10; ++i) histogram->record(i);
  EXPECT_EQ(histogram->at(0.5), 5);
  EXPECT_EQ(histogram->at(0.9), 9);
  EXPECT_EQ(histogram->at(1), 10);
  EXPECT_EQ(histogram->at(0), 1);
}

TEST(Histogram, is_never_below_and_at_most_two_percent_above) {
  for (std::int64_t value : {100LL, 1'000LL, 123'456'789LL, 5'000'000'000'000LL}) {
    const auto histogram = std::make_unique<Histogram>();
    histogram->record(value);
    EXPECT_GE(histogram->at(0.5), value);
    EXPECT_LE(histogram->at(0.5), value + value / 50);
  }
}

TEST(Histogram, holds_every_value) {
  const auto histogram = std::make_unique<Histogram>();
  histogram->record(-5);
  histogram->record(0);
  histogram->record(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(histogram->count(), 3U);
  EXPECT_EQ(histogram->at(0.5), 0);
  EXPECT_EQ(histogram->at(1), std::numeric_limits<std::int64_t>::max());
}

}  // namespace
}  // namespace bolide::app
