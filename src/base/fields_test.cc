// SPDX-License-Identifier: Apache-2.0
//
// Tests of the field tables: JSON bodies and ext fields, both ways.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/fields_ext.h"
#include "base/fields_json.h"

#include <gtest/gtest.h>

#include <limits>

namespace bolide::testing_fields {
namespace {

enum class Mode { clustering, broadcasting };

void read_json(JsonReader& in, Mode& mode) {
  const std::string_view name = in.text();
  if (name != "BROADCASTING" && name != "CLUSTERING") return in.fail("not a mode");
  mode = name == "BROADCASTING" ? Mode::broadcasting : Mode::clustering;
}

void write_json(JsonWriter& out, const Mode& mode) {
  out.value(mode == Mode::broadcasting ? "BROADCASTING" : "CLUSTERING");
}

struct Queue {
  std::string broker;
  int id = 0;
  static constexpr auto fields = std::tuple{
      Field{"brokerName", &Queue::broker},
      Field{"queueId", &Queue::id, Need::required},
  };
  auto operator<=>(const Queue&) const = default;
};

struct Body {
  std::map<std::int64_t, std::string> addresses;
  std::map<std::string, std::vector<int>> lists;
  Mode mode = Mode::clustering;
  std::optional<std::int64_t> epoch;
  std::map<Queue, double> offsets;
  bool order = false;
  std::vector<Queue> queues;
  std::string topic = "default";
  static constexpr auto fields = std::tuple{
      Field{"brokerAddrs", &Body::addresses},
      Field{"lists", &Body::lists},
      Field{"mode", &Body::mode},
      Field{"epoch", &Body::epoch},
      Field{"offsetTable", &Body::offsets},
      Field{"order", &Body::order},
      Field{"queues", &Body::queues},
      Field{"topic", &Body::topic, Need::required},
  };
  bool operator==(const Body&) const = default;
};

constexpr std::string_view full =
    R"({"brokerAddrs":{0:"ip:1",1:"ip:2"},"lists":{"a":[1,2],"b":[]},"mode":"BROADCASTING",)"
    R"("epoch":7,"offsetTable":{{"brokerName":"b","queueId":0}:1.5},"order":true,)"
    R"("queues":[{"brokerName":"x","queueId":3}],"topic":"t"})";

TEST(FieldsJson, write_what_they_read) {
  const Result<Body> body = from_json<Body>(full);
  ASSERT_TRUE(body.has_value()) << body.error().context;
  EXPECT_EQ(body->addresses.at(1), "ip:2");
  EXPECT_EQ(body->lists.at("a"), (std::vector<int>{1, 2}));
  EXPECT_EQ(body->mode, Mode::broadcasting);
  EXPECT_EQ(body->epoch, 7);
  EXPECT_EQ(body->offsets.at(Queue{"b", 0}), 1.5);
  EXPECT_EQ(body->queues, (std::vector<Queue>{{"x", 3}}));
  EXPECT_EQ(to_json(*body), full);
  const Result<Body> again =
      from_json<Body>(to_json(*body, {.quoted_numbers = true, .pretty = true}));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, *body);
}

TEST(FieldsJson, omit_empty_optionals_and_keep_defaults) {
  const Result<Body> body =
      from_json<Body>(R"({"unknown":{"topic":"no"},"topic":"a","topic":"b","epoch":null,)"
                      R"("order":null,"queues":null})");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->topic, "b");
  EXPECT_EQ(to_json(*body).find("epoch"), std::string::npos);
  EXPECT_EQ(body->queues.size(), 0U);
}

TEST(FieldsJson, let_the_last_of_equal_names_win_whole) {
  const Result<Body> body = from_json<Body>(
      R"({"topic":"t","lists":{"a":[1],"a":[2]},"brokerAddrs":{0:"x"},"brokerAddrs":{"1":"y"}})");
  ASSERT_TRUE(body.has_value());
  EXPECT_EQ(body->lists.at("a"), std::vector<int>{2});
  EXPECT_EQ(body->addresses, (std::map<std::int64_t, std::string>{{1, "y"}}));
}

TEST(FieldsJson, name_the_field_that_is_missing_or_wrong) {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"{}", "\"topic\": missing"},
      {R"({"topic":null})", "\"topic\": missing"},
      {R"({"topic":"t","queues":[{"brokerName":"b"}]})", "\"queueId\": missing"},
      {R"({"topic":"t","queues":[{"queueId":"x"}]})", "\"queueId\": a whole number expected"},
      {R"({"topic":"t","mode":"x"})", "\"mode\": not a mode"},
      {R"({"topic":"t","brokerAddrs":{"x":"y"}})", "the name is not a number"},
      {R"({"topic":"t","offsetTable":{"x":1}})", "the name cannot be read"},
      {R"({"topic":"t","offsetTable":{{"queueId":[]}:1}})", "the name cannot be read"},
      {R"([])", "an object expected"},
      {"null", "an object expected"},
      {R"({"topic":"t")", "expected"},
  };
  for (const auto& [json, cause] : rows) {
    const Result<Body> body = from_json<Body>(json);
    ASSERT_FALSE(body.has_value()) << json;
    EXPECT_EQ(body.error().code, Errc::malformed);
    EXPECT_NE(body.error().context.find(cause), std::string::npos)
        << json << ": " << body.error().context;
  }
}

struct Header {
  std::string_view group;
  std::string topic;
  int queue = 0;
  std::int64_t offset = -1;
  bool batch = false;
  std::optional<int> level;
  double ratio = 0;
  static constexpr auto fields = std::tuple{
      Field{"consumerGroup", &Header::group, Need::required},
      Field{"topic", &Header::topic},
      Field{"queueId", &Header::queue, Need::required},
      Field{"offset", &Header::offset},
      Field{"batch", &Header::batch},
      Field{"level", &Header::level},
      Field{"ratio", &Header::ratio},
  };
};

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

TEST(FieldsExt, read_decimal_numbers_and_java_booleans) {
  Header header;
  const Pairs pairs = {{"consumerGroup", "g"},
                       {"topic", "t"},
                       {"queueId", "1"},
                       {"queueId", "-3"},
                       {"offset", "9223372036854775807"},
                       {"batch", "TRUE"},
                       {"level", "3"},
                       {"ratio", "0.5"},
                       {"bname", "b"}};
  ASSERT_TRUE(read_ext(pairs, header).has_value());
  EXPECT_EQ(header.group, "g");
  EXPECT_EQ(header.topic, "t");
  EXPECT_EQ(header.queue, -3);
  EXPECT_EQ(header.offset, std::numeric_limits<std::int64_t>::max());
  EXPECT_TRUE(header.batch);
  EXPECT_EQ(header.level, 3);
  EXPECT_EQ(header.ratio, 0.5);
  ASSERT_TRUE(read_ext(Pairs{{"consumerGroup", "g"}, {"queueId", "0"}, {"batch", "1"}}, header));
  EXPECT_FALSE(header.batch);
}

TEST(FieldsExt, take_an_empty_value_as_absent) {
  Header header;
  ASSERT_TRUE(read_ext(
      Pairs{{"consumerGroup", "g"}, {"queueId", "0"}, {"offset", ""}, {"level", ""}}, header));
  EXPECT_EQ(header.offset, -1);
  EXPECT_FALSE(header.level.has_value());
}

TEST(FieldsExt, name_the_field_that_is_missing_or_wrong) {
  const std::pair<Pairs, std::string_view> rows[] = {
      {{}, "the field consumerGroup is missing"},
      {{{"consumerGroup", "g"}}, "the field queueId is missing"},
      {{{"consumerGroup", "g"}, {"queueId", ""}}, "the field queueId is missing"},
      {{{"queueId", "12x"}}, "the field queueId is not a number in its range: 12x"},
      {{{"queueId", "2147483648"}}, "the field queueId is not a number in its range: 2147483648"},
      {{{"level", " 1"}}, "the field level is not a number in its range:  1"},
      {{{"ratio", "nan"}}, "the field ratio is not a number in its range: nan"},
  };
  for (const auto& [pairs, context] : rows) {
    Header header;
    const Result<> result = read_ext(pairs, header);
    ASSERT_FALSE(result.has_value()) << context;
    EXPECT_EQ(result.error().context, context);
    EXPECT_EQ(result.error().code, Errc::malformed);
  }
}

TEST(FieldsExt, write_what_they_read) {
  Header header{
      .group = "g", .topic = "t", .queue = -3, .offset = 5, .batch = true, .level = {}, .ratio = 1};
  std::vector<std::pair<std::string, std::string>> written;
  write_ext(header, [&](std::string_view name, std::string_view text) {
    written.emplace_back(name, text);
  });
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"consumerGroup", "g"}, {"topic", "t"},    {"queueId", "-3"},
      {"offset", "5"},        {"batch", "true"}, {"ratio", "1.0"}};
  EXPECT_EQ(written, expected);
  Header again;
  ASSERT_TRUE(read_ext(written, again));
  EXPECT_EQ(again.queue, -3);
  EXPECT_FALSE(again.level.has_value());
}

}  // namespace
}  // namespace bolide::testing_fields
