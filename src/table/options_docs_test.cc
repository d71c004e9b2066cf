// SPDX-License-Identifier: Apache-2.0
//
// What is generated from the option table is complete, true and readable again.
#include "table/options_docs.h"

#include "table/rocketmq_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

namespace bolide::table {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

Result<Options> load_toml(std::string text) {
  LoadRequest request;
  request.config_path = "x.toml";
  request.read_file = [text](const std::string&) -> Result<std::string> { return text; };
  return load_options(request);
}

TEST(OptionRows, have_a_sentence_a_prefix_and_bounds_that_hold_the_default) {
  for (const OptionRow& row : option_rows()) {
    SCOPED_TRACE(row.name);
    EXPECT_THAT(std::string(row.doc), EndsWith("."));
    EXPECT_TRUE(row.doc.front() >= 'A' && row.doc.front() <= 'Z');
    EXPECT_FALSE(option_prefix_doc(row.prefix()).empty());
    EXPECT_EQ(find_option(row.name), &row);
    EXPECT_TRUE(parse_option_value(row, row.default_text).has_value());
    const bool chooses = row.type == OptionType::choice || row.type == OptionType::choices ||
                         row.type == OptionType::host;
    EXPECT_EQ(row.choices.empty(), !chooses);
    EXPECT_EQ(row.name.ends_with("_ms"), row.unit == Unit::ms);
    EXPECT_EQ(row.name.ends_with("_hours"), row.unit == Unit::hours);
    EXPECT_EQ(row.name.ends_with("_bytes"), row.unit == Unit::bytes);
    EXPECT_EQ(row.name.ends_with("_percent"), row.unit == Unit::percent);
  }
}

TEST(OptionRows, of_one_prefix_stand_together) {
  std::vector<std::string_view> seen;
  for (const OptionRow& row : option_rows()) {
    if (!seen.empty() && seen.back() == row.prefix()) continue;
    EXPECT_EQ(std::ranges::find(seen, row.prefix()), seen.end()) << row.prefix();
    seen.push_back(row.prefix());
  }
}

TEST(OptionsMarkdown, has_every_option_and_every_key_of_rocketmq) {
  const std::string page = options_markdown();
  for (const OptionRow& row : option_rows()) {
    EXPECT_THAT(page, HasSubstr("| `" + std::string(row.name) + "` |"));
  }
  for (const RocketmqKey& key : rocketmq_keys()) {
    EXPECT_THAT(page, HasSubstr(std::string(key.key)));
  }
  EXPECT_THAT(page, HasSubstr("| `broker.listen` | host:port | `127.0.0.1:10911` | restart | "
                              "listenPort, bindAddress |"));
}

TEST(DefaultConfig, sets_nothing) {
  const auto options = load_toml(default_config_toml());
  ASSERT_TRUE(options.has_value()) << options.error().context;
  for (const OptionRow& row : option_rows()) EXPECT_TRUE(options->is_default(row.opt)) << row.name;
}

TEST(DefaultConfig, sets_every_option_to_its_default_without_the_comment_signs) {
  const std::string text =
      std::regex_replace(default_config_toml(), std::regex("\n#([a-z_]+ = )"), "\n$1");
  const auto options = load_toml(text);
  ASSERT_TRUE(options.has_value()) << options.error().context;
  const Options defaults;
  for (const OptionRow& row : option_rows()) {
    EXPECT_FALSE(options->is_default(row.opt)) << row.name;
    EXPECT_EQ(options->value(row.opt), defaults.value(row.opt)) << row.name;
  }
}

TEST(OptionsHelp, has_a_line_per_option_with_its_default) {
  const std::string page = options_help();
  for (const OptionRow& row : option_rows()) {
    EXPECT_THAT(page, HasSubstr("  " + std::string(row.name) + " "));
  }
  EXPECT_THAT(page, HasSubstr("[72 hours]"));
  EXPECT_THAT(page, HasSubstr("[85%]"));
  EXPECT_THAT(page, HasSubstr("[4MiB]"));
}

TEST(EffectiveToml, reads_back_to_the_same_settings) {
  Options options;
  const Origin origin{Origin::Kind::flag, ""};
  ASSERT_TRUE(options.set(Opt::server_data_dir, "/a \"b\"\\c\t\x7F", origin).has_value());
  ASSERT_TRUE(options.set(Opt::broker_naming_servers, "a:1,b:2", origin).has_value());
  ASSERT_TRUE(options.set(Opt::broker_max_message_bytes, "5000", origin).has_value());
  const std::string text = effective_toml(options);
  const auto again = load_toml(text);
  ASSERT_TRUE(again.has_value()) << again.error().context << "\n" << text;
  for (const OptionRow& row : option_rows()) {
    EXPECT_EQ(again->value(row.opt), options.value(row.opt)) << row.name;
  }
  EXPECT_THAT(text, HasSubstr("max_message_bytes = 5000  # --set\n"));
  EXPECT_THAT(text, HasSubstr("retention_hours = 72  # default\n"));
}

TEST(EffectiveSettings, hide_secrets) {
  Options options;
  ASSERT_TRUE(options.set(Opt::tls_key_password, "hunter2", {Origin::Kind::flag, ""}).has_value());
  EXPECT_EQ(options.text(Opt::tls_key_password), "hunter2");
  EXPECT_EQ(options.shown(Opt::tls_key_password), "***");
  EXPECT_THAT(effective_toml(options), Not(HasSubstr("hunter2")));
  EXPECT_THAT(effective_toml(options), HasSubstr("#key_password = \"***\"  # --set\n"));
  EXPECT_THAT(effective_json(options), Not(HasSubstr("hunter2")));
  EXPECT_THAT(effective_json(options), HasSubstr("\"value\":\"***\""));
}

TEST(EffectiveJson, gives_types_units_and_origins) {
  Options options;
  options.warn("careful");
  const std::string text = effective_json(options);
  EXPECT_THAT(text, HasSubstr(R"({"name":"store.retention_hours","value":72,"unit":"hours",)"
                              R"("origin":"default","default":true,"restart":true})"));
  EXPECT_THAT(text, HasSubstr(R"("value":["naming","broker"])"));
  EXPECT_THAT(text, HasSubstr(R"("value":true)"));
  EXPECT_THAT(text, EndsWith(R"("warnings":["careful"]})"));
}

}  // namespace
}  // namespace bolide::table
