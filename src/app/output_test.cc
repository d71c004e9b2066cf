// SPDX-License-Identifier: Apache-2.0
//
// Tests of how commands print, and of places in time.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/output.h"

#include "app/time_place.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bolide::app {
namespace {

TEST(TextTable, is_as_wide_as_its_cells_with_numbers_to_the_right) {
  TextTable table({"NAME", "COUNT", "NOTE"});
  table.row({"a", "7", "x"});
  table.row({"longer", "12345", ""});
  table.row({"é", "-", "y"});
  EXPECT_EQ(table.text(),
            "NAME    COUNT  NOTE\n"
            "a           7  x\n"
            "longer  12345\n"
            "é           -  y\n");
}

TEST(Times, are_shown_in_utc_with_milliseconds) {
  EXPECT_EQ(time_text(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(time_text(1'700'000'000'123), "2023-11-14T22:13:20.123Z");
}

TEST(Utf8, is_told_from_other_bytes) {
  for (const char* text : {"", "plain", "h\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"})
    EXPECT_TRUE(is_utf8(text)) << text;
  for (const char* text : {"\xff", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                           "\xE0\x80\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80", "a\x80"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

TEST(Errors, are_printed_with_their_fix_and_give_the_exit_status) {
  std::ostringstream err;
  EXPECT_EQ(print_error(err, Error{Errc::topic_not_found, "topic x"}), 66);
  EXPECT_EQ(err.str(),
            "bolide: topic x: the topic does not exist\n"
            "  fix: create it: bolide topic create NAME\n");
}

TEST(Errors, several_at_once_are_a_line_each_with_one_fix) {
  std::ostringstream err;
  EXPECT_EQ(print_error(err, Error{Errc::config, "f:1: this\nf:2: that", "correct both"}), 78);
  EXPECT_EQ(err.str(),
            "bolide: f:1: this\n"
            "bolide: f:2: that\n"
            "  fix: correct both\n");
}

constexpr WallMs now_ms = 1'700'000'000'000;

TEST(TimePlaces, are_read_in_all_their_forms) {
  const auto place = [](std::string_view text) { return parse_time_place(text, now_ms).value(); };
  EXPECT_EQ(place("1700000000123"), 1'700'000'000'123);
  EXPECT_EQ(place("1700000000"), 1'700'000'000'000);
  EXPECT_EQ(place("0"), 0);
  EXPECT_EQ(place("15m"), now_ms - 900'000);
  EXPECT_EQ(place("90s"), now_ms - 90'000);
  EXPECT_EQ(place("2h"), now_ms - 7'200'000);
  EXPECT_EQ(place("3d"), now_ms - 259'200'000);
  EXPECT_EQ(place("2023-11-14"), 1'699'920'000'000);
  EXPECT_EQ(place("2023-11-14T22:13"), 1'699'999'980'000);
  EXPECT_EQ(place("2023-11-14T22:13:20"), 1'700'000'000'000);
  EXPECT_EQ(place("2023-11-14 22:13:20Z"), 1'700'000'000'000);
  EXPECT_EQ(place("2023-11-14T23:13:20+01:00"), 1'700'000'000'000);
  EXPECT_EQ(place("2023-11-14T18:43:20-0330"), 1'700'000'000'000);
}

TEST(TimePlaces, that_are_none_are_refused) {
  for (const char* text :
       {"", "soon", "-5", "5x", "m", "2023-13-01", "2023-02-30", "2023-11-14T", "2023-11-14T25:00",
        "2023-11-14T22:13:20Zulu", "2023-1-1", "99999999999999999999"})
    EXPECT_FALSE(parse_time_place(text, now_ms)) << text;
}

}  // namespace
}  // namespace bolide::app
