// SPDX-License-Identifier: Apache-2.0
//
// Numbers as Java 17 reads them: every answer here was seen there.
#include "broker/filter/java_number.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bolide::broker {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(JavaNumber, reads_integers_of_its_width) {
  EXPECT_EQ(java_int("5"), 5);
  EXPECT_EQ(java_int("+5"), 5);
  EXPECT_EQ(java_int("-005"), -5);
  EXPECT_EQ(java_int("2147483647"), 2147483647);
  EXPECT_EQ(java_int("-2147483648"), -2147483648LL);
  EXPECT_EQ(java_int("2147483648"), std::nullopt);
  EXPECT_EQ(java_long("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(java_long("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(java_long("9223372036854775808"), std::nullopt);
}

TEST(JavaNumber, takes_nothing_but_a_sign_and_digits_for_an_integer) {
  for (std::string_view text :
       {"", " ", "+", "-", "+-5", "-+5", "++5", " 5", "5 ", "5.0", "5L", "1e3", "0x10"}) {
    EXPECT_EQ(java_int(text), std::nullopt) << text;
    EXPECT_EQ(java_long(text), std::nullopt) << text;
  }
}

TEST(JavaNumber, reads_doubles_with_blanks_and_suffixes) {
  EXPECT_EQ(java_double("5"), 5.0);
  EXPECT_EQ(java_double(" \t+5.5\n"), 5.5);
  EXPECT_EQ(java_double("5."), 5.0);
  EXPECT_EQ(java_double(".5"), 0.5);
  EXPECT_EQ(java_double("-1.5E+2d"), -150.0);
  EXPECT_EQ(java_double("1e3F"), 1000.0);
  EXPECT_EQ(java_double("0.1"), 0.1);
}

TEST(JavaNumber, reads_hexadecimal_doubles_with_an_exponent) {
  EXPECT_EQ(java_double("0x1p3"), 8.0);
  EXPECT_EQ(java_double("-0X1.8P1d"), -3.0);
  EXPECT_EQ(java_double("0x.8p0"), 0.5);
  EXPECT_EQ(java_double("0x10"), std::nullopt);
  EXPECT_EQ(java_double("0x.p1"), std::nullopt);
}

TEST(JavaNumber, knows_what_is_no_finite_number) {
  EXPECT_TRUE(std::isnan(java_double("NaN").value_or(0)));
  EXPECT_EQ(java_double("-Infinity"), -infinity);
  EXPECT_EQ(java_double("nan"), std::nullopt);
  EXPECT_EQ(java_double("inf"), std::nullopt);
}

TEST(JavaNumber, makes_infinite_what_is_too_large_and_zero_what_is_too_small) {
  EXPECT_EQ(java_double("1e400"), infinity);
  EXPECT_EQ(java_double("-1e99999999999999999999"), -infinity);
  EXPECT_EQ(java_double("0.00001e400"), infinity);
  EXPECT_EQ(java_double(std::string(400, '9')), infinity);
  EXPECT_EQ(java_double("0x1p99999"), infinity);
  EXPECT_EQ(java_double("1e-400"), 0.0);
  EXPECT_EQ(java_double("100000e-400"), 0.0);
  EXPECT_EQ(java_double("0." + std::string(400, '0') + "1"), 0.0);
  EXPECT_EQ(java_double("0x1p-99999"), 0.0);
  EXPECT_EQ(java_double("0e99999999999999999999"), 0.0);
}

TEST(JavaNumber, refuses_what_looks_like_a_double) {
  for (std::string_view text : {"", " ", ".", "+", "e5", "1e", "1e+", "1.2.3", "1_0", "1,5", "--1",
                                "- 1", "1d5", "1dd", "5L", "d"}) {
    EXPECT_EQ(java_double(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace bolide::broker
