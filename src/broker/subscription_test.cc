// SPDX-License-Identifier: Apache-2.0
//
// Tag subscriptions (rocketmq semantics 3.11).
#include "broker/subscription.h"

#include "base/strings.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

std::shared_ptr<const TagSet> compiled(std::string_view expression) {
  auto set = TagSet::compile(expression, "TAG");
  EXPECT_TRUE(set) << expression;
  return set ? *set : nullptr;
}

TEST(TagSet, lets_everything_through_for_a_star_or_nothing) {
  for (std::string_view expression : {"*", "", "  ", " * "}) {
    const auto set = compiled(expression);
    EXPECT_TRUE(set->matches(0));
    EXPECT_TRUE(set->matches(java_hash("anything")));
    EXPECT_EQ(set->filter().matches, nullptr);
  }
}

TEST(TagSet, cuts_at_double_bars_only) {
  const auto set = compiled(" TagA || TagB||  ||C|D");
  for (std::string_view tag : {"TagA", "TagB", "C|D"})
    EXPECT_TRUE(set->matches(java_hash(tag))) << tag;
  for (std::string_view tag : {"", "C", "D", "taga"})
    EXPECT_FALSE(set->matches(java_hash(tag))) << tag;
  EXPECT_FALSE(set->matches(0)) << "a message without a tag";
}

TEST(TagSet, hashes_as_java_does) {
  const auto set = compiled("\xE4\xBD\xA0\xE5\xA5\xBD");  // two characters outside of ASCII
  EXPECT_TRUE(set->matches(652829));
}

TEST(TagSet, answers_the_store_through_its_filter) {
  const auto set = compiled("a||b");
  const store::TagFilter filter = set->filter();
  ASSERT_NE(filter.matches, nullptr);
  EXPECT_TRUE(filter.matches(filter.context, java_hash("b")));
  EXPECT_FALSE(filter.matches(filter.context, java_hash("c")));
}

TEST(TagSet, refuses_an_expression_without_a_tag) {
  const auto set = TagSet::compile(" || ", "TAG");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Errc::subscription_invalid);
}

TEST(TagSet, refuses_other_kinds_of_filters) {
  EXPECT_TRUE(TagSet::compile("a", ""));
  const auto set = TagSet::compile("a > 3", "SQL92");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Errc::not_supported);
}

}  // namespace
}  // namespace bolide::broker
