// SPDX-License-Identifier: Apache-2.0
//
// Tests of JsonReader and JsonWriter; nlohmann's reader is the judge on standard JSON.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/json_reader.h"
#include "base/json_writer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>
#include <vector>

namespace bolide {
namespace {

template <class Read>
auto read(std::string_view text, Read&& pull) {
  JsonReader in(text);
  auto value = pull(in);
  EXPECT_TRUE(in.finish().has_value()) << text;
  return value;
}

std::string text_of(std::string_view json) {
  return read(json, [](JsonReader& in) { return std::string(in.text()); });
}

std::string error_of(std::string_view json, auto&& pull) {
  JsonReader in(json);
  pull(in);
  const Result<> result = in.finish();
  return result ? "" : result.error().context;
}

constexpr auto pull_int = [](JsonReader& in) { return in.integer<int>(); };
constexpr auto pull_bool = [](JsonReader& in) { return in.boolean(); };
constexpr auto pull_all = [](JsonReader& in) { in.skip(); };

TEST(JsonReader, reads_members_and_skips_the_unread) {
  JsonReader in(R"( {"topic" : "t", "x":{"y":[1,{"z":"]}"}]}, "queueId": 7, "live":true} rest)");
  std::string topic;
  int queue = 0;
  bool live = false;
  in.object([&](const JsonKey& key) {
    if (key == "topic") topic = in.text();
    if (key == "queueId") queue = in.integer<int>();
    if (key == "live") live = in.boolean();
  });
  ASSERT_TRUE(in.finish().has_value());
  EXPECT_EQ(topic, "t");
  EXPECT_EQ(queue, 7);
  EXPECT_TRUE(live);
  EXPECT_EQ(in.offset(), 69U);
}

TEST(JsonReader, converts_whole_numbers_as_fastjson_does) {
  const std::pair<std::string_view, int> rows[] = {
      {"34", 34},      {"\"34\"", 34},
      {"1.9", 1},      {"-1.9", -1},
      {"\"1.5\"", 1},  {"null", 0},
      {"\"\"", 0},     {"1e3", 1000},
      {"true", 1},     {"01", 1},
      {"+1", 1},       {"'-5'", -5},
      {"-0", 0},       {"2147483647", 2147483647},
      {"12.5e1", 125}, {".5", 0},
      {"7.", 7},
  };
  for (const auto& [json, value] : rows) EXPECT_EQ(read(json, pull_int), value) << json;
  for (std::string_view json :
       {"\"x\"", "2147483648", "-2147483649", "{}", "[3]", "1e10", "-", "", "\"1.5.5\"",
        "9223372036854775808", "\"1x\"", "1e", "nul", "1e400"}) {
    EXPECT_NE(error_of(json, pull_int), "") << json;
  }
}

TEST(JsonReader, keeps_all_digits_of_64_bit_numbers) {
  const auto pull = [](JsonReader& in) { return in.integer<std::int64_t>(); };
  EXPECT_EQ(read("9223372036854775807", pull), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(read("-9223372036854775808", pull), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read("9007199254740993.9", pull), 9007199254740993);
  EXPECT_NE(error_of("9223372036854775808", pull), "");
}

TEST(JsonReader, reads_booleans_in_all_their_forms) {
  for (std::string_view json : {"true", "\"true\"", "\"TRUE\"", "1", "\"1\"", "\"Y\""}) {
    EXPECT_TRUE(read(json, pull_bool)) << json;
  }
  for (std::string_view json : {"false", "'False'", "0", "null", "\"\"", "\"N\""}) {
    EXPECT_FALSE(read(json, pull_bool)) << json;
  }
  EXPECT_NE(error_of("\"x\"", pull_bool), "");
}

TEST(JsonReader, gives_any_value_as_text) {
  EXPECT_EQ(text_of("1.50"), "1.50");
  EXPECT_EQ(text_of("true"), "true");
  EXPECT_EQ(text_of("null"), "");
  EXPECT_EQ(text_of(R"({"a":1, "b":[1]})"), R"({"a":1, "b":[1]})");
  EXPECT_EQ(text_of("'it\"s'"), "it\"s");
}

TEST(JsonReader, unescapes_strings) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {R"("a\u0001b\u0002")",
       "a\x01"
       "b\x02"},
      {R"("\"\\\/\b\f\n\r\t\'\v")", "\"\\/\b\f\n\r\t'\v"},
      {R"("\u00e9\u4E2D\uD83D\uDE00")", "\u00e9\u4e2d\U0001F600"},
      {R"("\uD83D")", "?"},
      {R"("\uD83Dx\uDE00\uD83D\uD83D\uDE00\uD83D\u0041")", "?x??\U0001F600?A"},
      {"\"a\nb\xff\xc3\"", "a\nb\xff\xc3"},
      {"\"\u4e2d\"", "\u4e2d"},
      {R"('say "x" or \'y\'')", "say \"x\" or 'y'"},
      {R"("")", ""},
  };
  for (const auto& [json, value] : rows) EXPECT_EQ(text_of(json), value) << json;
  EXPECT_EQ(text_of(R"("\u0000")"), std::string(1, '\0'));
  for (std::string_view json : {R"("\q")", R"("\u00zz")", R"("\u12)", R"("abc)", R"("\)", "'a\""}) {
    EXPECT_NE(error_of(json, [](JsonReader& in) { in.text(); }), "") << json;
  }
}

TEST(JsonReader, keeps_every_text_of_one_document_alive) {
  std::string scratch;
  for (int round = 0; round < 2; ++round) {
    JsonReader in(R"({"a\u0001":"b\u0002","plain":"p","c\n":"d\t"})", {.scratch = &scratch});
    std::vector<std::string_view> views;
    in.object([&](const JsonKey& key) {
      views.push_back(key.text);
      views.push_back(in.text());
    });
    ASSERT_TRUE(in.finish().has_value());
    EXPECT_EQ(views, (std::vector<std::string_view>{"a\x01", "b\x02", "plain", "p", "c\n", "d\t"}));
  }
}

TEST(JsonReader, takes_names_without_quotes) {
  JsonReader in(R"({0:"ip:1", -7 : 'x',name:1,'q':2,"3":4,})");
  std::vector<std::string> names;
  std::vector<std::optional<int>> numbers;
  in.object([&](const JsonKey& key) {
    names.emplace_back(key.text);
    numbers.push_back(key.integer<int>());
  });
  ASSERT_TRUE(in.finish().has_value());
  EXPECT_EQ(names, (std::vector<std::string>{"0", "-7", "name", "q", "3"}));
  EXPECT_EQ(numbers, (std::vector<std::optional<int>>{0, -7, {}, {}, 3}));
}

TEST(JsonReader, takes_whole_objects_as_names) {
  JsonReader in(
      R"({"offsetTable":{{"brokerName":"b}","queueId":2,"topic":"t"}:5, {"queueId":3}:6}})");
  std::vector<std::pair<int, int>> offsets;
  in.object([&](const JsonKey& table) {
    EXPECT_TRUE(table == "offsetTable");
    in.object([&](const JsonKey& key) {
      EXPECT_TRUE(key.object);
      EXPECT_FALSE(key == key.text);
      EXPECT_EQ(key.integer<int>(), std::nullopt);
      JsonReader queue(key.text);
      queue.object([&](const JsonKey& name) {
        if (name == "queueId") offsets.emplace_back(queue.integer<int>(), in.integer<int>());
      });
      EXPECT_TRUE(queue.finish().has_value());
    });
  });
  ASSERT_TRUE(in.finish().has_value());
  EXPECT_EQ(offsets, (std::vector<std::pair<int, int>>{{2, 5}, {3, 6}}));
}

TEST(JsonReader, takes_null_as_an_empty_object_and_array) {
  JsonReader in(R"({"a":null,"b":null,"c":null})");
  int seen = 0;
  in.object([&](const JsonKey& key) {
    ++seen;
    if (key == "a") in.object([&](const JsonKey&) { ADD_FAILURE(); });
    if (key == "b") in.array([&] { ADD_FAILURE(); });
    if (key == "c") {
      EXPECT_TRUE(in.null());
    }
  });
  EXPECT_TRUE(in.finish().has_value());
  EXPECT_EQ(seen, 3);
}

TEST(JsonReader, tells_the_kind_of_the_next_value) {
  const std::pair<std::string_view, JsonKind> rows[] = {
      {" {", JsonKind::object}, {"[", JsonKind::array},       {"'", JsonKind::string},
      {"-1", JsonKind::number}, {"false", JsonKind::boolean}, {"null", JsonKind::null},
      {"", JsonKind::none},     {"]", JsonKind::none},
  };
  for (const auto& [json, kind] : rows) EXPECT_EQ(JsonReader(json).peek(), kind) << json;
}

TEST(JsonReader, refuses_what_is_not_json) {
  for (std::string_view json : {"",
                                "  ",
                                "x",
                                "{",
                                "[",
                                "{,}",
                                "{\"a\"}",
                                "{\"a\" 1}",
                                "{\"a\":}",
                                "{\"a\":1;}",
                                "[1 2]",
                                "[,1]",
                                "{\"a\":1,,\"b\":2}",
                                "tru",
                                "[1}",
                                "{\"a\":1]",
                                "{:1}",
                                "{{:1}",
                                "{{}1}",
                                "{[]:1}",
                                "+",
                                "1e"}) {
    EXPECT_NE(error_of(json, pull_all), "") << json;
  }
}

TEST(JsonReader, names_offset_member_and_cause) {
  const auto pull = [](JsonReader& in) { in.object([&](const JsonKey&) { in.integer<int>(); }); };
  EXPECT_EQ(error_of(R"({"queueId":"x"})", pull),
            "JSON, offset 14, at \"queueId\": a whole number expected");
  JsonReader in("{}");
  in.fail("no topic");
  in.fail("later causes do not matter");
  EXPECT_EQ(in.finish().error().context, "JSON, offset 0: no topic");
  EXPECT_EQ(in.finish().error().code, Errc::malformed);
  EXPECT_EQ(in.text(), "");
}

TEST(JsonReader, bounds_the_depth) {
  const auto nested = [](std::size_t depth, std::string_view open, std::string_view close) {
    std::string json;
    for (std::size_t i = 0; i < depth; ++i) json += open;
    json += "1";
    for (std::size_t i = 0; i < depth; ++i) json += close;
    return json;
  };
  EXPECT_EQ(error_of(nested(64, "[", "]"), pull_all), "");
  EXPECT_NE(error_of(nested(65, "[", "]"), pull_all), "");
  EXPECT_EQ(error_of(nested(64, "{\"a\":", "}"), pull_all), "");
  EXPECT_NE(error_of(nested(1000000, "{\"a\":", "}"), pull_all), "");
  EXPECT_NE(error_of(nested(1000000, "{", ":1}"), pull_all), "");
  EXPECT_NE(error_of(nested(1000000, "[", ""), [](JsonReader& in) { in.raw(); }), "");
  JsonReader shallow("[[1]]", {.depth_max = 1});
  shallow.skip();
  EXPECT_TRUE(shallow.failed());
}

TEST(JsonReader, fails_on_every_truncation) {
  for (std::string_view json :
       {R"({"a":"b\u0001\uD83D\uDE00","c":[1,2.5e-3,true,null,{"d":'e'}], 0:-1})",
        R"({"offsetTable":{{"brokerName":"b","queueId":0,"topic":"t"}:{"x":1}}})",
        R"([[],{},"",'\\',null])",
        R"({"topicConfigTable":{"TBW102":{"attributes":{},"order":false,"perm":7}}})"}) {
    ASSERT_EQ(error_of(json, pull_all), "");
    for (std::size_t size = 0; size < json.size(); ++size) {
      const std::vector<char> exact(json.begin(), json.begin() + static_cast<std::ptrdiff_t>(size));
      const std::string_view cut(exact.data(), exact.size());
      EXPECT_NE(error_of(cut, pull_all), "") << cut;
      EXPECT_NE(
          error_of(cut, [](JsonReader& in) { in.object([&](const JsonKey&) { in.text(); }); }), "")
          << cut;
    }
  }
}

TEST(JsonWriter, writes_compact_json_with_fastjson_escapes) {
  std::string out;
  JsonWriter to(out);
  to.begin_object();
  to.member("s", "a/b\t\n\r\b\f\x0b\x01\x1f\x7f'\"\\<>\u4e2d");
  to.member("n", std::int64_t{-9223372036854775807 - 1});
  to.member(7, true);
  to.key("o");
  to.begin_object();
  to.end_object();
  to.key("l");
  to.begin_array();
  to.value(1);
  to.null();
  to.raw("{}");
  to.value("x");
  to.end_array();
  to.end_object();
  EXPECT_EQ(out, R"({"s":"a/b\t\n\r\b\f\u000b\u0001\u001f)"
                 "\x7f"
                 R"('\"\\<>)"
                 "\u4e2d"
                 R"(","n":-9223372036854775808,7:true,"o":{},"l":[1,null,{},"x"]})");
}

TEST(JsonWriter, writes_objects_as_names_and_numbers_as_names) {
  const auto write = [](JsonStyle style) {
    std::string out;
    JsonWriter to(out, style);
    to.begin_object();
    to.key("offsetTable");
    to.begin_object();
    for (int queue : {0, 1}) {
      to.begin_object_key();
      to.member("brokerName", "b");
      to.member("queueId", queue);
      to.end_object_key();
      to.value(5);
    }
    to.end_object();
    to.member(0, "x");
    to.end_object();
    return out;
  };
  EXPECT_EQ(write({}), R"({"offsetTable":{{"brokerName":"b","queueId":0}:5,)"
                       R"({"brokerName":"b","queueId":1}:5},0:"x"})");
  EXPECT_NE(write({.quoted_numbers = true}).find(R"("0":"x")"), std::string::npos);
}

TEST(JsonWriter, indents_by_tabs) {
  std::string out;
  JsonWriter to(out, {.pretty = true});
  to.begin_object();
  to.key("t");
  to.begin_object();
  to.member(0, 1);
  to.member(1, 2);
  to.end_object();
  to.key("e");
  to.begin_object();
  to.end_object();
  to.key("l");
  to.begin_array();
  to.value(1);
  to.value(2);
  to.end_array();
  to.end_object();
  EXPECT_EQ(out,
            "{\n\t\"t\":{\n\t\t0:1,\n\t\t1:2\n\t},\n\t\"e\":{},\n\t\"l\":[\n\t\t1,\n\t\t2\n\t]\n}");
}

TEST(JsonWriter, prints_real_numbers_as_java_does) {
  const std::pair<double, std::string_view> rows[] = {
      {1, "1.0"},
      {0.1, "0.1"},
      {1e10, "1.0E10"},
      {12345678.9, "1.23456789E7"},
      {1e-5, "1.0E-5"},
      {100, "100.0"},
      {1e7, "1.0E7"},
      {1234567, "1234567.0"},
      {0.001, "0.001"},
      {1e21, "1.0E21"},
      {-0.0, "-0.0"},
      {9.999e-4, "9.999E-4"},
      {-12.25, "-12.25"},
      {0, "0.0"},
      {1.0 / 3, "0.3333333333333333"},
      {std::numeric_limits<double>::quiet_NaN(), "null"},
      {-std::numeric_limits<double>::infinity(), "null"},
  };
  for (const auto& [number, text] : rows) {
    std::string out;
    JsonWriter(out).value(number);
    EXPECT_EQ(out, text);
  }
}

// Standard JSON at random, and the same through our reader and writer, are the same to the judge.
class Judged : public testing::TestWithParam<unsigned> {
 public:
  nlohmann::json make(int depth) {
    switch (below(depth > 0 ? 8 : 6)) {
      case 0: return nullptr;
      case 1: return below(2) == 1;
      case 2: return static_cast<std::int64_t>(random_() << 1U) >> below(64);
      case 3:
        return std::ldexp(static_cast<double>(random_() >> 11U),
                          static_cast<int>(below(200)) - 100);
      case 4:
      case 5: return make_string();
      case 6: {
        auto list = nlohmann::json::array();
        for (auto n = below(6); n > 0; --n) list.push_back(make(depth - 1));
        return list;
      }
      default: {
        auto object = nlohmann::json::object();
        for (auto n = below(6); n > 0; --n) object[make_string()] = make(depth - 1);
        return object;
      }
    }
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  std::string make_string() {
    static constexpr std::string_view parts[] = {"a",    "topic",  "\"",     "\\",         "\n",
                                                 "\x01", "\u00e9", "\u4e2d", "\U0001F600", "/",
                                                 "'",    "}",      "12",     " "};
    std::string text;
    for (auto n = below(12); n > 0; --n) text += parts[below(std::size(parts))];
    return text;
  }
  std::mt19937_64 random_{GetParam()};
};

void copy(JsonReader& in, JsonWriter& to) {
  switch (in.peek()) {
    case JsonKind::object:
      to.begin_object();
      in.object([&](const JsonKey& key) {
        to.key(key.text);
        copy(in, to);
      });
      return to.end_object();
    case JsonKind::array:
      to.begin_array();
      in.array([&] { copy(in, to); });
      return to.end_array();
    case JsonKind::string: return to.value(in.text());
    case JsonKind::number: {
      const std::string_view digits = in.raw();
      JsonReader again(digits);
      if (digits.find_first_of(".eE") != digits.npos) return to.value(again.real());
      return to.value(again.integer<std::int64_t>());
    }
    case JsonKind::boolean: return to.value(in.boolean());
    case JsonKind::null: return in.null() ? to.null() : in.fail("no null");
    case JsonKind::none: return in.skip();
  }
}

TEST_P(Judged, standard_json_is_read_and_written_the_same) {
  for (int round = 0; round < 200; ++round) {
    const nlohmann::json document = make(6);
    const std::string text =
        document.dump(below(2) == 1 ? 2 : -1, ' ', below(2) == 1 /* non-ASCII as escapes */);
    JsonReader in(text);
    std::string out;
    JsonWriter to(out, {.pretty = below(2) == 1});
    copy(in, to);
    ASSERT_TRUE(in.finish().has_value()) << in.finish().error().context << '\n' << text;
    ASSERT_EQ(in.offset(), text.size());
    ASSERT_EQ(nlohmann::json::parse(out), document) << out << '\n' << text;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Judged, testing::Range(1U, 11U));

}  // namespace
}  // namespace bolide
