// SPDX-License-Identifier: Apache-2.0
//
// Tests of checksums and hashes against published values.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/crc.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

TEST(Crc, crc32_gives_the_published_check_value) {
  EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
}

TEST(Crc, crc32_can_be_continued) {
  EXPECT_EQ(crc32("6789", crc32("12345")), crc32("123456789"));
}

TEST(Crc, java_hash_counts_utf16_units) {
  EXPECT_EQ(java_hash(""), 0);
  EXPECT_EQ(java_hash("TagA"), 2598919);
  EXPECT_EQ(java_hash("Aa"), java_hash("BB"));
  EXPECT_EQ(java_hash("\xF0\x9F\x98\x80"), static_cast<std::int32_t>(0xD83DU * 31 + 0xDE00U));
}

}  // namespace
}  // namespace bolide
