// SPDX-License-Identifier: Apache-2.0
//
// Tests of the error table and of Result.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/result.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return fail(Errc::invalid_argument, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  BOLIDE_TRY(int h, half(n));
  return half(h);
}

Result<> check(int n) {
  BOLIDE_CHECK(half(n));
  return {};
}

TEST(Errors, rows_stand_in_the_order_of_the_enum) {
  std::size_t index = 0;
  for (const ErrorRow& row : error_rows()) {
    EXPECT_EQ(static_cast<std::size_t>(row.code), index++);
    EXPECT_FALSE(row.text.empty());
    EXPECT_FALSE(row.fix.empty());
  }
  EXPECT_EQ(index, static_cast<std::size_t>(Errc::quota_exceeded) + 1);
}

TEST(Result, try_passes_values_and_errors_on) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().code, Errc::invalid_argument);
  EXPECT_TRUE(check(2).has_value());
  EXPECT_FALSE(check(3).has_value());
}

TEST(Result, message_names_the_context_and_the_cause) {
  Error error = Error{Errc::disk_full, "append"}.in("topic t");
  EXPECT_EQ(error.message(), "topic t: append: the disk of the store is full");
}

TEST(Result, an_errors_own_fix_stands_above_that_of_its_row) {
  EXPECT_EQ((Error{Errc::config, "x"}.fix()), error_row(Errc::config).fix);
  const Error error = Error{Errc::config, "x"}.fixed_by("turn it off and on").in("y");
  EXPECT_EQ(error.fix(), "turn it off and on");
  EXPECT_EQ(error.context, "y: x");
}

}  // namespace
}  // namespace bolide
