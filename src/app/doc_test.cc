// SPDX-License-Identifier: Apache-2.0
//
// Tests of results as JSON, YAML and tables.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/doc.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

Doc sample() {
  Doc rows = Doc::array();
  rows.add(Doc::object({{"name", "a"}, {"count", 3}, {"ok", true}, {"at_ms", 0}}));
  rows.add(Doc::object({{"name", "b c"}, {"count", -12}, {"ok", false}, {"none", Doc()}}));
  return rows;
}

TEST(Doc, is_written_as_json_in_the_order_of_its_members) {
  EXPECT_EQ(sample().json(), R"([{"name":"a","count":3,"ok":true,"at_ms":0},)"
                             R"({"name":"b c","count":-12,"ok":false,"none":null}])");
  EXPECT_EQ(Doc("quote \" and \n").json(), R"("quote \" and \n")");
  EXPECT_EQ(Doc::array().json(), "[]");
}

TEST(Doc, is_written_as_yaml_with_quotes_where_they_are_needed) {
  EXPECT_EQ(sample().yaml(),
            "- name: a\n  count: 3\n  ok: true\n  at_ms: 0\n"
            "- name: \"b c\"\n  count: -12\n  ok: false\n  none: null\n");
  const Doc doc = Doc::object({{"yes", "no"},
                               {"number", "12"},
                               {"empty", ""},
                               {"list", Doc(std::vector<std::string>{"x", "y: z"})},
                               {"nothing", Doc::array()},
                               {"deep", Doc::object({{"a", Doc::object({{"b", "c"}})}})}});
  EXPECT_EQ(doc.yaml(),
            "\"yes\": \"no\"\nnumber: \"12\"\nempty: \"\"\nlist:\n  - x\n  - \"y: z\"\n"
            "nothing: []\ndeep:\n  a:\n    b: c\n");
}

TEST(Doc, is_written_as_a_table_of_chosen_members) {
  EXPECT_EQ(
      table_text(sample(),
                 {{"NAME", "name"}, {"COUNT", "count"}, {"OK", "ok"}, {"AT", "at_ms", Show::time}}),
      "NAME  COUNT  OK   AT\na         3  yes   -\nb c     -12  no    -\n");
}

TEST(Cells, show_values_for_people) {
  const Doc list(std::vector<std::string>{"a", "b"});
  EXPECT_EQ(cell_text(&list), "a,b");
  const Doc pairs(std::map<std::string, std::string>{{"k", "v"}, {"l", "w"}});
  EXPECT_EQ(cell_text(&pairs), "k=v,l=w");
  const Doc size(std::int64_t{1536});
  EXPECT_EQ(cell_text(&size, Show::size), "1.5 KiB");
  const Doc time(std::int64_t{1'000});
  EXPECT_EQ(cell_text(&time, Show::time), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(cell_text(nullptr), "-");
}

}  // namespace
}  // namespace bolide::app
