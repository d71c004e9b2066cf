// SPDX-License-Identifier: Apache-2.0
//
// Tests of the small text helpers.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/strings.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

namespace bolide {
namespace {

TEST(Strings, put_hex_writes_so_many_digits_and_no_more) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{9}, std::uint64_t{0xA}, std::uint64_t{0xF0},
        std::uint64_t{0x99AA55FF}, std::uint64_t{0x123456789ABCDEF0}, ~std::uint64_t{0}}) {
    for (int digits = 1; digits <= 16; ++digits) {
      std::string text(20, '.');
      put_hex(text.data() + 2, value, digits);
      const std::string whole = fmt::format("{:016X}", value);
      const auto size = static_cast<std::size_t>(digits);
      EXPECT_EQ(text, ".." + whole.substr(16 - size) + std::string(18 - size, '.')) << digits;
    }
  }
}

}  // namespace
}  // namespace bolide
