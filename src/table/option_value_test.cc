// SPDX-License-Identifier: Apache-2.0
//
// Values from text: units, bounds, lists, addresses; and the nearest word.
#include "table/option_value.h"

#include "table/options.h"
#include "table/suggest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bolide::table {
namespace {

using testing::HasSubstr;

std::int64_t quantity(std::string_view text, Unit unit) {
  const auto value = parse_quantity(text, unit);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(-1);
}

std::string refusal(Opt opt, std::string_view text) {
  const auto value = parse_option_value(option_row(opt), text);
  EXPECT_FALSE(value.has_value()) << text;
  return value ? "" : value.error().context;
}

TEST(Quantity, takes_sizes_in_powers_of_1024) {
  EXPECT_EQ(quantity("4096", Unit::bytes), 4096);
  EXPECT_EQ(quantity("64k", Unit::bytes), 65536);
  EXPECT_EQ(quantity("4MiB", Unit::bytes), 4 << 20);
  EXPECT_EQ(quantity(" 4 MB ", Unit::bytes), 4 << 20);
  EXPECT_EQ(quantity("1g", Unit::bytes), 1 << 30);
  EXPECT_EQ(quantity("7B", Unit::bytes), 7);
  EXPECT_EQ(quantity("2TiB", Unit::bytes), 2LL << 40);
}

TEST(Quantity, takes_durations_in_the_unit_of_the_row) {
  EXPECT_EQ(quantity("200", Unit::ms), 200);
  EXPECT_EQ(quantity("200ms", Unit::ms), 200);
  EXPECT_EQ(quantity("30s", Unit::ms), 30'000);
  EXPECT_EQ(quantity("2m", Unit::ms), 120'000);
  EXPECT_EQ(quantity("72", Unit::hours), 72);
  EXPECT_EQ(quantity("3d", Unit::hours), 72);
  EXPECT_EQ(quantity("120min", Unit::hours), 2);
  EXPECT_EQ(quantity("75%", Unit::percent), 75);
  EXPECT_EQ(quantity("-5", Unit::none), -5);
}

TEST(Quantity, refuses_everything_else) {
  for (const std::string_view text : {"", "k", "1.5k", "4XB", "1 2", "0x10", "1e3", "4Mi B", "--1",
                                      "9223372036854775808", "9223372036854775807k", "+1"}) {
    EXPECT_FALSE(parse_quantity(text, Unit::bytes).has_value()) << text;
  }
  EXPECT_FALSE(parse_quantity("90m", Unit::hours).has_value());
  EXPECT_FALSE(parse_quantity("10s", Unit::none).has_value());
  EXPECT_FALSE(parse_quantity("10k", Unit::ms).has_value());
}

TEST(OptionValue, is_held_to_the_bounds_of_its_row) {
  EXPECT_EQ(refusal(Opt::broker_default_queues, "0"), "must be at least 1 (1 to 65535)");
  EXPECT_EQ(refusal(Opt::broker_max_message_bytes, "1GiB"),
            "must be at most 64MiB (1KiB to 64MiB)");
  EXPECT_EQ(refusal(Opt::store_retention_hours, "0"), "must be at least 1 (1 to 876000 hours)");
  EXPECT_THAT(refusal(Opt::broker_name, std::string(128, 'a')), HasSubstr("at most 127"));
  EXPECT_THAT(refusal(Opt::broker_name, ""), HasSubstr("at least 1"));
}

TEST(OptionValue, refuses_what_is_not_of_its_type) {
  EXPECT_EQ(refusal(Opt::broker_auto_create_topics, "maybe"), "expects true or false");
  EXPECT_EQ(refusal(Opt::store_reply_level, "SYNC"), "expects one of async, sync");
  EXPECT_EQ(refusal(Opt::server_roles, "naming,proxy"), "expects one of naming, broker");
  EXPECT_THAT(refusal(Opt::server_roles, " , "), HasSubstr("at least one of"));
  EXPECT_THAT(refusal(Opt::broker_name, "a b"), HasSubstr("letters, digits"));
  EXPECT_THAT(refusal(Opt::server_data_dir, std::string_view("a\0b", 3)), HasSubstr("NUL"));
}

TEST(OptionValue, takes_booleans_in_their_common_spellings) {
  Options options;
  for (const std::string_view text : {"false", "OFF", "no", "0"}) {
    ASSERT_TRUE(options.set(Opt::broker_vip_enabled, text, {}).has_value());
    EXPECT_FALSE(options.boolean(Opt::broker_vip_enabled));
    ASSERT_TRUE(options.set(Opt::broker_vip_enabled, "True", {}).has_value());
    EXPECT_TRUE(options.boolean(Opt::broker_vip_enabled));
  }
}

TEST(OptionValue, drops_empty_and_repeated_items_of_a_list) {
  Options options;
  ASSERT_TRUE(options.set(Opt::broker_naming_servers, "a:1; b:2,,a:1;", {}).has_value());
  EXPECT_THAT(options.list(Opt::broker_naming_servers), testing::ElementsAre("a:1", "b:2"));
}

TEST(OptionValue, gives_a_choice_as_an_enumerator) {
  enum class Mode { disabled, permissive, enforcing };
  Options options;
  EXPECT_EQ(options.choice<Mode>(Opt::tls_mode), Mode::permissive);
  ASSERT_TRUE(options.set(Opt::tls_mode, "enforcing", {}).has_value());
  EXPECT_EQ(options.choice<Mode>(Opt::tls_mode), Mode::enforcing);
}

TEST(OptionValue, keeps_its_old_value_where_a_new_one_is_refused) {
  Options options;
  EXPECT_FALSE(options.set(Opt::broker_permission, "8", {Origin::Kind::flag, ""}).has_value());
  EXPECT_EQ(options.integer(Opt::broker_permission), 6);
  EXPECT_TRUE(options.is_default(Opt::broker_permission));
}

TEST(Address, needs_a_host_and_a_port) {
  for (const std::string_view text : {"127.0.0.1:0", "example.org:65535", "[::1]:80", "h_1:1"}) {
    EXPECT_TRUE(check_address(text).has_value()) << text;
  }
  for (const std::string_view text : {"", ":1", "h", "h:", "h:65536", "h:-1", "::1:80", "[]:1",
                                      "a b:1", "[::1]", "http://h:1", "h:1:2"}) {
    EXPECT_FALSE(check_address(text).has_value()) << text;
  }
}

TEST(Host, may_stand_with_or_without_a_port) {
  const OptionRow& row = option_row(Opt::broker_advertise);
  for (const std::string_view text : {"auto", "10.0.0.1", "h:1", "::1", "[::1]:1"}) {
    EXPECT_TRUE(parse_option_value(row, text).has_value()) << text;
  }
  for (const std::string_view text : {"", "h:x", "h/", "a b"}) {
    EXPECT_FALSE(parse_option_value(row, text).has_value()) << text;
  }
}

TEST(FormattedValue, reads_back) {
  for (const OptionRow& row : option_rows()) {
    const auto value = parse_option_value(row, row.default_text);
    ASSERT_TRUE(value.has_value());
    EXPECT_EQ(parse_option_value(row, format_option_value(row, *value)).value(), *value)
        << row.name;
  }
}

TEST(Suggestion, is_the_nearest_word_and_none_that_is_far) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("BrokerName", "brokername"), 0U);
  EXPECT_EQ(nearest("brokrName", {"brokerId", "brokerName", "listenPort"}), "brokerName");
  EXPECT_EQ(nearest("zzzz", {"brokerId", "brokerName"}), "");
  EXPECT_EQ(nearest(std::string(100'000, 'a'), {"a"}), "");
}

}  // namespace
}  // namespace bolide::table
