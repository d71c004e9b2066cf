// SPDX-License-Identifier: Apache-2.0
//
// The readers of configuration files, entry by entry.
#include "table/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bolide::table {
namespace {

using testing::HasSubstr;

std::string flat(const Result<std::vector<ConfigEntry>>& entries) {
  if (!entries) return "error " + entries.error().context;
  std::string text;
  for (const ConfigEntry& entry : *entries) {
    text += std::to_string(entry.line) + "<" + entry.key + "><" + entry.value + ">";
  }
  return text;
}

std::string properties(std::string_view text) {
  return flat(read_properties("f", text));
}
std::string toml(std::string_view text) {
  return flat(read_toml("f", text));
}

TEST(Properties, are_keys_and_values_with_their_lines) {
  EXPECT_EQ(properties("a=1\n# c\n! c\n\n  b : 2 \r\nc=\nd=x=y:z"),
            "1<a><1>5<b><2>6<c><>7<d><x=y:z>");
  EXPECT_EQ(properties("\xEF\xBB\xBF"
                       "a=1"),
            "1<a><1>");
  EXPECT_EQ(properties(""), "");
}

TEST(Properties, continue_after_a_backslash) {
  EXPECT_EQ(properties("a=1,\\\n   2,\\\n 3\nb=4"), "1<a><1,2,3>4<b><4>");
  EXPECT_EQ(properties("a=1\\"), "1<a><1>");
  EXPECT_EQ(properties("a=1\\\\\nb=2"), "1<a><1\\>2<b><2>");
}

TEST(Properties, know_escapes) {
  EXPECT_EQ(properties("a\\=b=c\\:d\\te\\\\f"), "1<a=b><c:d\te\\f>");
  EXPECT_THAT(properties("a=\\u0041"), HasSubstr("error f:1: an escape"));
}

TEST(Properties, refuse_a_line_without_key_or_separator) {
  EXPECT_EQ(properties("a=1\nnonsense\n"), "error f:2: expects key=value");
  EXPECT_EQ(properties("=1\n"), "error f:1: expects key=value");
  EXPECT_EQ(properties("\\\n"), "error f:1: expects key=value");
}

TEST(Toml, gives_values_as_text_in_the_order_of_lines) {
  EXPECT_EQ(toml("z = true\n[s]\nb = 1_000\na = [\"x\", 2]\n[s.t]\nq = 'lit'\n"),
            "1<z><true>3<s.b><1000>4<s.a><x,2>6<s.t.q><lit>");
}

TEST(Toml, names_the_place_of_what_it_cannot_read) {
  EXPECT_THAT(toml("a = 1\na = 2\n"), HasSubstr("error f:2: "));
  EXPECT_THAT(toml("a = 1\n[`x]\n"), HasSubstr("error f:2: "));
  EXPECT_THAT(toml("[s]\nd = [[1]]\n"), HasSubstr("error f:2: s.d: a value of this kind"));
}

TEST(Toml, wants_quotes_around_characters_beyond_ascii) {
  for (const char* text : {"a = 1\né = 2\n", "a = \"x\\\"y\"\nb =\u00A0'x'\n", "a = '\\'\né",
                           "a = 1 # é\nb = é", "a = 'x\né'"}) {
    EXPECT_EQ(toml(text), "error f:2: a character beyond ASCII needs quotes around it");
  }
  EXPECT_EQ(toml("\xEF\xBB\xBF# é\na = \"é\\\"é\"\nb = 'é'\n"), "2<a><é\"é>3<b><é>");
  EXPECT_EQ(toml("a = \"\"\"\né\"\"\"\"\"\nb = '''é'''\n"), "1<a><é\"\">3<b><é>");
}

TEST(ConfigFile, is_told_by_its_name_or_its_lines) {
  EXPECT_TRUE(looks_like_toml("a.toml", "x=1"));
  EXPECT_FALSE(looks_like_toml("a.properties", "x=\"1\""));
  EXPECT_TRUE(looks_like_toml("a.conf", "# c\n[broker]\nname = \"x\"\n"));
  EXPECT_TRUE(looks_like_toml("a", "broker.name = \"x\"\n"));
  EXPECT_FALSE(looks_like_toml("broker.conf", "brokerName = x\nlistenPort=1\n"));
  EXPECT_FALSE(looks_like_toml("a", ""));
}

}  // namespace
}  // namespace bolide::table
