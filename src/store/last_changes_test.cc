// SPDX-License-Identifier: Apache-2.0
//
// Tests of the table of last changes, beside a map.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "store/last_changes.h"

#include "base/random.h"

#include <gtest/gtest.h>

#include <map>

namespace bolide::store {
namespace {

TEST(LastChanges, knows_nothing_before_the_first) {
  EXPECT_EQ(LastChanges().of("a"), 0U);
}

class LastChangesTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(LastChangesTest, is_what_a_map_is_while_it_grows_or_not) {
  Random random(7);
  LastChanges table;
  table.expect(GetParam());
  std::map<std::string, std::uint32_t> map;
  for (std::uint32_t sequence = 1; sequence <= 50'000; ++sequence) {
    std::string key(random.below(12), '\0');
    for (char& c : key) c = static_cast<char>(random.below(4));
    table.note(key, sequence);
    map[key] = sequence;
  }
  ASSERT_GT(map.size(), 5'000U);
  EXPECT_EQ(table.size(), map.size());
  for (const auto& [key, sequence] : map) ASSERT_EQ(table.of(key), sequence);
  EXPECT_EQ(table.of("absent"), 0U);
}

INSTANTIATE_TEST_SUITE_P(expecting, LastChangesTest, ::testing::Values(0, 100, 100'000));

}  // namespace
}  // namespace bolide::store
