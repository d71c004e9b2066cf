// SPDX-License-Identifier: Apache-2.0
//
// Properties that are changed.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/property_list.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <ctime>

namespace bolide::broker {
namespace {

using testing::property;

TEST(PropertyList, changes_what_it_is_told_and_keeps_the_rest_in_order) {
  PropertyList list(property("a", "1") + property("b", "2") + property("c", "3"));
  list.set("b", "two");
  list.set("d", std::int64_t{-4});
  list.erase("a");
  list.erase("none");
  EXPECT_EQ(list.find("b"), "two");
  EXPECT_EQ(list.find("a"), "");
  EXPECT_EQ(list.text(), property("b", "two") + property("c", "3") + property("d", "-4"));
}

TEST(PropertyList, lets_the_last_of_repeated_names_count) {
  EXPECT_EQ(PropertyList(property("a", "1") + property("a", "2")).text(), property("a", "2"));
}

TEST(PropertyList, finds_the_same_among_many) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 1'000; ++i) text += property("n" + std::to_string(i), "old");
  for (int i = 0; i < 1'000; i += 2) text += property("n" + std::to_string(i), "new");
  for (int i = 0; i < 1'000; ++i)
    expected += property("n" + std::to_string(i), i % 2 == 0 ? "new" : "old");
  EXPECT_EQ(PropertyList(text).text(), expected);
}

// Of the processor's time, which a busy machine does not stretch: half a minute where it is
// quadratic, well under a second where it is not, and two with sanitizers.
TEST(PropertyList, is_made_of_as_many_names_as_there_are) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += property(std::to_string(i), "1");
  const std::clock_t begin = std::clock();
  PropertyList list(text);
  EXPECT_LT(std::clock() - begin, 8 * CLOCKS_PER_SEC);
  EXPECT_EQ(list.find("199999"), "1");
}

TEST(PropertyList, passes_over_what_is_no_pair) {
  EXPECT_EQ(PropertyList("junk\x02" + property("a", "1") + property("", "x")).text(),
            property("a", "1"));
}

}  // namespace
}  // namespace bolide::broker
