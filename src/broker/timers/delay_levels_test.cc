// SPDX-License-Identifier: Apache-2.0
//
// Delay levels as text.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/timers/delay_levels.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

TEST(DelayLevels, are_read_with_their_units) {
  const auto levels = DelayLevels::parse(" 1s 2m  3h 4d");
  ASSERT_TRUE(levels);
  EXPECT_EQ(levels->count(), 4);
  EXPECT_EQ(levels->delay_ms(1), 1'000);
  EXPECT_EQ(levels->delay_ms(2), 120'000);
  EXPECT_EQ(levels->delay_ms(3), 3 * 3'600'000);
  EXPECT_EQ(levels->delay_ms(4), 4LL * 86'400'000);
  EXPECT_EQ(levels->delay_ms(9), 4LL * 86'400'000);
}

TEST(DelayLevels, that_are_none_are_refused_by_name) {
  for (const char* bad : {"", "1", "s", "1x", "0s", "-1s", "1s 2", "99999999999d"}) {
    const auto levels = DelayLevels::parse(bad);
    EXPECT_FALSE(levels) << bad;
  }
  EXPECT_NE(DelayLevels::parse("1s 2q").error().message().find("2q"), std::string::npos);
}

}  // namespace
}  // namespace bolide::broker
