// SPDX-License-Identifier: Apache-2.0
//
// Subscriptions by tags, and the choice of the kind (rocketmq semantics 3.11).
#include "broker/subscription.h"

#include "base/strings.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

std::shared_ptr<const TagSet> compiled(std::string_view expression) {
  auto set = TagSet::compile(expression);
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
  const auto set = TagSet::compile(" || ");
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, Errc::subscription_invalid);
}

TEST(Matcher, is_of_tags_or_of_an_expression) {
  for (std::string_view type : {"", "TAG"}) {
    const auto by_tags = Matcher::compile("a", type);
    ASSERT_TRUE(by_tags);
    EXPECT_TRUE(by_tags->tags && !by_tags->sql);
  }
  const auto by_properties = Matcher::compile("a > 3", "SQL92");
  ASSERT_TRUE(by_properties);
  EXPECT_TRUE(by_properties->sql && !by_properties->tags);
}

TEST(Matcher, refuses_what_cannot_be_compiled) {
  for (const auto& [expression, type] :
       {std::pair{"a >", "SQL92"}, {"a > 3", "SQL"}, {"a > 3", "sql92"}, {"||", "TAG"}}) {
    const auto matcher = Matcher::compile(expression, type);
    ASSERT_FALSE(matcher) << expression;
    EXPECT_EQ(matcher.error().code, Errc::subscription_invalid);
  }
}

}  // namespace
}  // namespace bolide::broker
