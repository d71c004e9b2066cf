// SPDX-License-Identifier: Apache-2.0
//
// Tests of the rates of consuming.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/consume_stats.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

TEST(ConsumeStats, knows_nothing_before_its_first_sample) {
  ConsumeStats stats;
  stats.pulled(3, 5);
  EXPECT_EQ(stats.rates(1000).pulled_per_s, 0);
}

TEST(ConsumeStats, rates_are_of_the_last_minute_and_failures_of_the_last_hour) {
  ConsumeStats stats;
  stats.sample(0);
  stats.consumed(0, 10, 100);
  for (std::int64_t now = 10'000; now <= 600'000; now += 10'000) stats.sample(now);
  stats.pulled(120, 30);
  stats.pulled(0, 10);
  stats.consumed(60, 6, 660'000'000);
  const auto rates = stats.rates(600'000);
  EXPECT_DOUBLE_EQ(rates.pulled_per_s, 2);
  EXPECT_DOUBLE_EQ(rates.pull_ms, 20);
  EXPECT_DOUBLE_EQ(rates.ok_per_s, 1);
  EXPECT_DOUBLE_EQ(rates.failed_per_s, 0.1);
  EXPECT_DOUBLE_EQ(rates.consume_ms, 10);
  EXPECT_EQ(rates.failed_in_hour, 16);

  for (std::int64_t now = 610'000; now <= 3'700'000; now += 10'000) stats.sample(now);
  EXPECT_EQ(stats.rates(3'700'000).failed_in_hour, 6);
  EXPECT_EQ(stats.rates(3'700'000).ok_per_s, 0);
}

}  // namespace
}  // namespace bolide::client
