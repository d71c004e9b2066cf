// SPDX-License-Identifier: Apache-2.0
//
// Filter expressions: what they say of a message, and what is refused, where. The answers are those
// of Apache's filter, with which tests/interop/filter compares many more.
#include "broker/filter/sql_evaluate.h"
#include "broker/filter/sql_parser.h"

#include <gtest/gtest.h>

#include <string>

namespace bolide::broker {
namespace {

using namespace std::string_literals;
using enum SqlVerdict;

const std::string message =
    "a\0015\2b\001abc\2t\001true\2f\0015.5\2big\0013000000000\2TAGS\001paid\2empty\001\2"s;

SqlVerdict verdict(std::string_view expression, std::string_view properties = message) {
  const auto program = compile_sql(expression);
  if (!program) {
    ADD_FAILURE() << expression << ": " << program.error().message();
    return failed;
  }
  return evaluate(**program, properties);
}

// Why an expression is refused.
std::string refusal(std::string_view expression) {
  const auto program = compile_sql(expression);
  if (program) return "not refused";
  EXPECT_EQ(program.error().code, Errc::subscription_invalid);
  return program.error().context;
}

TEST(SqlFilter, compares_a_property_with_a_number) {
  for (std::string_view expression : {"a = 5", "a <> 4", "a > 4", "a >= 5", "a < 6", "a <= 5",
                                      "5 = a", "4 < a", "a = 5L", "a = 5.0", "f > 5.0", "a > -1"})
    EXPECT_EQ(verdict(expression), yes) << expression;
  for (std::string_view expression : {"a = 6", "a <> 5", "a > 5", "a < 5", "f < 5.5"})
    EXPECT_EQ(verdict(expression), no) << expression;
}

TEST(SqlFilter, fails_where_a_property_is_not_the_number_it_is_compared_with) {
  EXPECT_EQ(verdict("b > 5"), failed);
  EXPECT_EQ(verdict("b <> 5"), failed);
  EXPECT_EQ(verdict("f > 5"), failed) << "5.5 is no whole number";
  EXPECT_EQ(verdict("f > 5.0"), yes);
  EXPECT_EQ(verdict("big > 5"), failed) << "5 has 32 bits";
  EXPECT_EQ(verdict("big > 2000000000000"), no) << "this one has 64";
  EXPECT_EQ(verdict("a > b"), failed);
}

TEST(SqlFilter, lets_a_failure_end_all_but_what_was_decided_before) {
  EXPECT_EQ(verdict("b > 5 OR a = 5"), failed);
  EXPECT_EQ(verdict("a = 5 OR b > 5"), yes);
  EXPECT_EQ(verdict("a = 6 AND b > 5"), no);
  EXPECT_EQ(verdict("NOT (b > 5)"), failed);
}

TEST(SqlFilter, compares_texts) {
  EXPECT_EQ(verdict("b = 'abc'"), yes);
  EXPECT_EQ(verdict("b <> 'abc'"), no);
  EXPECT_EQ(verdict("TAGS = 'paid'"), yes);
  EXPECT_EQ(verdict("TAGS = 'Paid'"), no);
  EXPECT_EQ(verdict("tags = 'paid'"), unknown) << "names have their case";
  EXPECT_EQ(verdict("x = 'it''s'", "x\001it's\2"s), yes);
  EXPECT_EQ(verdict("x = '\xE4\xBD\xA0'", "x\001\xE4\xBD\xA0\2"s), yes);
}

TEST(SqlFilter, searches_in_texts) {
  EXPECT_EQ(verdict("b CONTAINS 'b'"), yes);
  EXPECT_EQ(verdict("b STARTSWITH 'ab'"), yes);
  EXPECT_EQ(verdict("b ENDSWITH 'bc'"), yes);
  EXPECT_EQ(verdict("b NOT CONTAINS 'x'"), yes);
  EXPECT_EQ(verdict("b NOT STARTSWITH 'a'"), no);
  EXPECT_EQ(verdict("b NOT ENDSWITH 'c'"), no);
}

TEST(SqlFilter, finds_nothing_for_an_empty_text_or_in_a_missing_property) {
  for (std::string_view word : {"CONTAINS", "STARTSWITH", "ENDSWITH"}) {
    for (std::string_view nots : {"", "NOT "}) {
      const std::string tail = " " + std::string(nots) + std::string(word);
      EXPECT_EQ(verdict("b" + tail + " ''"), no) << tail;
      EXPECT_EQ(verdict("missing" + tail + " 'x'"), no) << tail;
    }
  }
}

TEST(SqlFilter, looks_texts_up_in_a_list) {
  EXPECT_EQ(verdict("a IN ('4', '5')"), yes);
  EXPECT_EQ(verdict("a NOT IN ('4', '5')"), no);
  EXPECT_EQ(verdict("a IN ('9', '8', '7', '6', '05')"), no);
  EXPECT_EQ(verdict("missing IN ('4')"), unknown);
  EXPECT_EQ(verdict("missing NOT IN ('4')"), unknown);
}

TEST(SqlFilter, knows_ranges) {
  EXPECT_EQ(verdict("a BETWEEN 5 AND 6"), yes);
  EXPECT_EQ(verdict("a BETWEEN 6 AND 7"), no);
  EXPECT_EQ(verdict("a NOT BETWEEN 6 AND 7"), yes);
  EXPECT_EQ(verdict("a NOT BETWEEN 7 AND 6"), yes);
  EXPECT_EQ(verdict("missing BETWEEN 6 AND 7"), unknown);
  EXPECT_EQ(verdict("a BETWEEN 6 AND missing"), no);
  EXPECT_EQ(verdict("a BETWEEN 5 AND missing"), unknown);
}

TEST(SqlFilter, tells_null_from_a_value) {
  EXPECT_EQ(verdict("missing IS NULL"), yes);
  EXPECT_EQ(verdict("missing IS NOT NULL"), no);
  EXPECT_EQ(verdict("a IS NULL"), no);
  EXPECT_EQ(verdict("empty IS NULL"), yes) << "a property without a value is none";
  EXPECT_EQ(verdict("missing = 5"), unknown);
  EXPECT_EQ(verdict("5 = missing"), no) << "as at Apache's: null on the right is not equal";
  EXPECT_EQ(verdict("missing = absent"), yes);
}

TEST(SqlFilter, joins_with_three_values) {
  EXPECT_EQ(verdict("a = 5 AND missing = 5"), unknown);
  EXPECT_EQ(verdict("a = 6 AND missing = 5"), no);
  EXPECT_EQ(verdict("missing = 5 AND a = 6"), no);
  EXPECT_EQ(verdict("a = 5 OR missing = 5"), yes);
  EXPECT_EQ(verdict("missing = 5 OR a = 5"), yes);
  EXPECT_EQ(verdict("missing = 5 OR a = 6"), unknown);
  EXPECT_EQ(verdict("NOT (missing = 5)"), unknown);
  EXPECT_EQ(verdict("missing = 5 OR a = 6 OR a = 5"), yes);
}

TEST(SqlFilter, binds_not_before_comparisons_and_these_before_and_before_or) {
  EXPECT_EQ(verdict("a = 6 AND a = 6 OR a = 5"), yes);
  EXPECT_EQ(verdict("a = 6 AND (a = 6 OR a = 5)"), no);
  EXPECT_EQ(verdict("NOT b = FALSE"), no) << "(NOT b) = FALSE, and NOT b is true";
  EXPECT_EQ(verdict("NOT (b = TRUE)"), yes);
}

TEST(SqlFilter, reads_truth_values_from_texts_only_beside_an_equal_sign) {
  EXPECT_EQ(verdict("t = TRUE"), yes);
  EXPECT_EQ(verdict("b = FALSE"), yes) << "what is not true is false";
  EXPECT_EQ(verdict("TRUE = t"), failed);
  EXPECT_EQ(verdict("t"), no) << "a text is no condition";
  EXPECT_EQ(verdict("TRUE"), yes);
  EXPECT_EQ(verdict("NULL"), unknown);
}

TEST(SqlFilter, takes_words_in_any_case_and_comments) {
  EXPECT_EQ(verdict("a bEtWeEn 1 aNd 6 Or Not b is NULL"), yes);
  EXPECT_EQ(verdict("a /* the * amount */ = -- five\n 5"), yes);
  EXPECT_EQ(verdict("a=5AND\tb='abc'\r\n"), yes);
}

TEST(SqlFilter, takes_the_last_of_repeated_properties) {
  EXPECT_EQ(verdict("x = 2", "x\0011\2x\0012\2"s), yes);
}

TEST(SqlFilter, passes_over_what_follows_a_complete_expression) {
  const auto program = compile_sql("a = 5 LIKE #");
  ASSERT_TRUE(program);
  EXPECT_EQ(evaluate(**program, message), yes);
  EXPECT_EQ((*program)->used_bytes, 6U);
  EXPECT_EQ(verdict("a = 007"), no) << "0, and 07 behind it";
}

TEST(SqlFilter, names_the_place_of_a_mistake) {
  EXPECT_EQ(refusal(""),
            "at character 1: expected a property, a value, NOT or \"(\", found the end");
  EXPECT_EQ(refusal("a = "),
            "at character 5: expected a property, a value, NOT or \"(\", found the end");
  EXPECT_EQ(refusal("a == 5"),
            "at character 4: expected a property, a value, NOT or \"(\", found \"=\"");
  EXPECT_EQ(refusal("a = 5 #"), "at character 7: expected the end, found \"#\"");
  EXPECT_EQ(refusal("(a = 5 b"), "at character 8: expected \")\", found \"b\"");
  EXPECT_EQ(refusal("a IN (5)"), "at character 7: expected a text in single quotes, found \"5\"");
  EXPECT_EQ(refusal("a IS 5"), "at character 6: expected NULL or NOT NULL, found \"5\"");
  EXPECT_EQ(refusal("a NOT LIKE 'x'"),
            "at character 7: expected IN, BETWEEN, CONTAINS, STARTSWITH or ENDSWITH behind NOT, "
            "found \"LIKE\"");
  EXPECT_EQ(refusal("a = 'x"),
            "at character 5: expected a property, a value, NOT or \"(\", found a text without a "
            "closing quote");
  EXPECT_EQ(refusal("a = '\xE4\xBD\xA0' AND \v"),
            "at character 13: expected a property, a value, NOT or \"(\", found a character that "
            "only texts have");
}

TEST(SqlFilter, refuses_values_and_conditions_in_the_place_of_each_other) {
  EXPECT_EQ(refusal("5"), "at character 1: expected a condition, found a number");
  EXPECT_EQ(refusal("a = 5 AND 'x'"), "at character 11: expected a condition, found a text");
  EXPECT_EQ(refusal("NOT -a"), "at character 5: expected a condition, found a number");
  EXPECT_EQ(refusal("a > 'x'"),
            "at character 5: expected a property or a number: only numbers have an order");
  EXPECT_EQ(refusal("a > 5 > 3"),
            "at character 1: expected a property or a number: only numbers have an order");
  EXPECT_EQ(refusal("a = NULL"), "at character 5: NULL cannot be compared; write IS NULL");
  EXPECT_EQ(refusal("TRUE = 1"),
            "at character 8: expected TRUE or FALSE to compare a truth value with");
  EXPECT_EQ(refusal("a BETWEEN 5 AND 4"),
            "at character 17: the upper bound is below the lower one");
  EXPECT_EQ(refusal("'a' IN ('a')"), "at character 1: expected a property before IN");
}

TEST(SqlFilter, refuses_numbers_that_it_cannot_hold) {
  EXPECT_EQ(refusal("a > 9223372036854775808"),
            "at character 5: the number needs more than 64 bits");
  EXPECT_EQ(refusal("a > 1e400"), "at character 5: the number is too large");
  EXPECT_EQ(refusal("a > 0.0"), "at character 5: the number is too small: write 0 for zero");
}

TEST(SqlFilter, bounds_the_size_of_an_expression) {
  std::string conditions = "a=0";
  while (conditions.size() < 300 * 6) conditions += " OR a=0";
  EXPECT_EQ(verdict(conditions + " OR a=5"), yes);
  std::string many = "a=0";
  for (int i = 0; i < 400; ++i) many += " OR a=0";
  EXPECT_NE(refusal(many).find("too many parts"), std::string::npos);
  EXPECT_NE(refusal(std::string(sql_limit::bytes_max + 1, ' ')).find("longer than"),
            std::string::npos);
  std::string names = "a0=0";
  for (int i = 1; i < 100; ++i) names += " OR a" + std::to_string(i) + "=0";
  EXPECT_NE(refusal(names).find("too many properties"), std::string::npos);
  std::string list = "a IN ('0'";
  for (int i = 1; i < 2000; ++i) list += ",'" + std::to_string(i) + "'";
  EXPECT_EQ(verdict(list + ")"), yes);
}

TEST(SqlFilter, bounds_the_depth_of_an_expression) {
  const auto nested = [](int depth) {
    const auto count = static_cast<std::size_t>(depth);
    return std::string(count, '(') + "a = 5" + std::string(count, ')');
  };
  EXPECT_EQ(verdict(nested(60)), yes);
  EXPECT_NE(refusal(nested(100)).find("nested too deeply"), std::string::npos);
  EXPECT_NE(refusal(std::string(10'000, '-') + "a = 5").find("nested too deeply"),
            std::string::npos);
  std::string chain = "a";
  for (int i = 0; i < 100; ++i) chain += " IS NULL";
  EXPECT_NE(refusal(chain).find("nested too deeply"), std::string::npos);
}

}  // namespace
}  // namespace bolide::broker
