// SPDX-License-Identifier: Apache-2.0
//
// Tests of the parser of command lines and of what is written from the rows of commands.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/arguments.h"

#include "app/help.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace bolide::app {
namespace {

using Words = std::vector<std::string>;

Arguments parsed(const Words& words) {
  auto arguments = parse_arguments(words);
  EXPECT_TRUE(arguments) << arguments.error().message();
  static constexpr CommandRow nothing{.path = "nothing", .doc = ""};
  return arguments ? std::move(*arguments) : Arguments(&nothing);
}

std::string refusal(const Words& words) {
  const auto arguments = parse_arguments(words);
  if (arguments) return "accepted";
  EXPECT_EQ(arguments.error().code, Errc::usage);
  return arguments.error().context;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST(Arguments, that_are_wrong_point_to_the_help_of_their_command) {
  EXPECT_EQ(parse_arguments({"topic", "create"}).error().fix(), "see: bolide help topic create");
  EXPECT_EQ(parse_arguments({"topic", "nonsense"}).error().fix(), "see: bolide help topic");
  EXPECT_EQ(parse_arguments({"nonsense"}).error().fix(), "see: bolide --help");
}

TEST(Arguments, without_a_command_ask_for_help) {
  EXPECT_TRUE(parsed({}).help);
  EXPECT_TRUE(parsed({"--help"}).help);
  const Arguments arguments = parsed({"topic", "create", "--help"});
  EXPECT_TRUE(arguments.help);
  EXPECT_EQ(arguments.command().path, "topic create");
}

TEST(Arguments, that_begin_with_version_are_the_command_of_that_name) {
  for (const char* const word : {"--version", "-V"}) {
    EXPECT_EQ(parsed({word}).command().path, "version");
    EXPECT_EQ(parsed({word, "-o", "json"}).format(), Format::json);
    EXPECT_TRUE(contains(refusal({"topic", "list", word}), "is no option"));
  }
}

TEST(Arguments, of_server_may_repeat_settings_and_roles) {
  const Arguments arguments =
      parsed({"server", "--data-dir", "d", "--config", "c", "--set", "a.b=1", "--set", "c.d=2",
              "--role", "naming", "--role", "broker"});
  EXPECT_EQ(arguments.command().path, "server");
  EXPECT_EQ(arguments.text("--data-dir"), "d");
  EXPECT_EQ(arguments.text("--config"), "c");
  EXPECT_EQ(arguments.all("--set"), (Words{"a.b=1", "c.d=2"}));
  EXPECT_EQ(arguments.all("--role"), (Words{"naming", "broker"}));
}

TEST(Arguments, of_connections_are_refused_by_commands_that_do_not_connect) {
  for (const Words& words :
       {Words{"context", "list", "--namesrv", "h:1"}, Words{"--namesrv", "h:1", "context", "list"},
        Words{"context", "--tls", "list"}})
    EXPECT_TRUE(contains(refusal(words), "is no option of bolide context list"));
  EXPECT_TRUE(parsed({"--namesrv", "h:1", "context", "list", "--help"}).help);
}

TEST(Arguments, that_concern_all_commands_stand_before_or_after_them) {
  for (const Words& words : {Words{"--namesrv", "h:1", "-o", "json", "topic", "list"},
                             Words{"topic", "list", "--namesrv=h:1", "--output=json"},
                             Words{"topic", "-ojson", "list", "--namesrv=h:1"}}) {
    const Arguments arguments = parsed(words);
    EXPECT_EQ(arguments.command().path, "topic list");
    EXPECT_EQ(arguments.text("--namesrv"), "h:1");
    EXPECT_EQ(arguments.format(), Format::json);
  }
}

TEST(Arguments, of_pub_take_words_that_name_commands_as_messages) {
  const Arguments arguments = parsed({"pub", "hello", "version", "two words", "--tag", "t", "--key",
                                      "a", "--key", "b", "--property", "x=y", "--queue", "2"});
  EXPECT_EQ(arguments.command().path, "pub");
  EXPECT_EQ(arguments.text("TOPIC"), "hello");
  EXPECT_EQ(arguments.all("MESSAGE"), (Words{"version", "two words"}));
  EXPECT_EQ(arguments.text("--tag"), "t");
  EXPECT_EQ(arguments.all("--key"), (Words{"a", "b"}));
  EXPECT_EQ(arguments.number("--queue", 0), 2);
}

TEST(Arguments, behind_two_dashes_are_no_options_whatever_they_look_like) {
  EXPECT_EQ(parsed({"pub", "hello", "--", "--tag"}).all("MESSAGE"), Words{"--tag"});
}

TEST(Arguments, of_pub_keep_brackets_and_quotes) {
  EXPECT_EQ(parsed({"pub", "t", "[1,2]", "\"x\"", "{\"a\":1}"}).all("MESSAGE"),
            (Words{"[1,2]", "\"x\"", "{\"a\":1}"}));
}

TEST(Arguments, that_were_not_given_have_the_value_of_the_caller) {
  const Arguments arguments = parsed({"sub", "hello"});
  EXPECT_EQ(arguments.text("--from", "last"), "last");
  EXPECT_FALSE(arguments.has("--count"));
  EXPECT_EQ(parsed({"sub", "t", "-n3"}).number("--count", 0), 3);
  EXPECT_EQ(parsed({"sub", "t", "--wait", "2s"}).duration_ms("--wait", 0), 2000);
}

TEST(Arguments, of_which_one_counts_are_overwritten_by_the_last) {
  EXPECT_EQ(parsed({"sub", "t", "--tag", "a", "--tag", "b"}).all("--tag"), Words{"b"});
}

TEST(Arguments, that_are_wrong_are_named) {
  EXPECT_TRUE(contains(refusal({"nonsense"}), "nonsense"));
  EXPECT_TRUE(contains(refusal({"pub"}), "TOPIC"));
  EXPECT_TRUE(contains(refusal({"topic"}), "describe"));
  EXPECT_TRUE(contains(refusal({"topic", "create", "x", "--queues", "0"}), "below 1"));
  EXPECT_TRUE(contains(refusal({"topic", "create", "x", "--queues", "many"}), "many"));
  EXPECT_TRUE(contains(refusal({"topic", "create", "x", "y"}), "'y'"));
  EXPECT_TRUE(contains(refusal({"topic", "list", "--all=yes"}), "--all"));
  EXPECT_TRUE(contains(refusal({"sub", "t", "--count"}), "--count"));
  EXPECT_TRUE(contains(refusal({"sub", "t", "--wat"}), "--wat"));
  EXPECT_TRUE(contains(refusal({"sub", "t", "--wait", "5"}), "duration"));
  EXPECT_TRUE(contains(refusal({"completion", "tcsh"}), "tcsh"));
  EXPECT_TRUE(contains(refusal({"-o", "xml", "topic", "list"}), "xml"));
  EXPECT_TRUE(contains(refusal({"server", "--role", "queen"}), "queen"));
  EXPECT_TRUE(contains(refusal({"store", "verify"}), "--data-dir"));
}

TEST(Arguments, that_are_nearly_right_are_told_what_was_meant) {
  EXPECT_TRUE(contains(refusal({"topik", "list"}), "did you mean 'topic'"));
  EXPECT_TRUE(contains(refusal({"topic", "descirbe"}), "did you mean 'describe'"));
  EXPECT_TRUE(contains(refusal({"sub", "t", "--form", "first"}), "did you mean '--from'"));
  EXPECT_TRUE(contains(refusal({"topic", "list", "-o", "jsn"}), "did you mean 'json'"));
}

TEST(Durations, have_units) {
  EXPECT_EQ(parse_duration_ms("500ms"), 500);
  EXPECT_EQ(parse_duration_ms("10s"), 10'000);
  EXPECT_EQ(parse_duration_ms("5m"), 300'000);
  EXPECT_EQ(parse_duration_ms("2h"), 7'200'000);
  for (const char* text : {"", "5", "s", "-1s", "1w", "1.5s", "99999999999s"})
    EXPECT_FALSE(parse_duration_ms(text)) << text;
}

TEST(Commands, have_distinct_paths_behind_their_groups_and_an_example) {
  std::set<std::string_view> seen;
  for (const CommandRow& row : commands()) {
    EXPECT_TRUE(seen.insert(row.path).second) << row.path;
    const std::size_t cut = row.path.rfind(' ');
    if (cut != row.path.npos) {
      EXPECT_TRUE(seen.contains(row.path.substr(0, cut))) << row.path;
    }
    EXPECT_FALSE(row.doc.empty()) << row.path;
    if (row.run == nullptr) continue;
    EXPECT_TRUE(row.examples.starts_with("bolide ") ||
                contains(std::string(row.examples), "bolide completion"))
        << row.path;
  }
}

TEST(Commands, have_options_whose_names_are_distinct_and_values_shown) {
  for (const CommandRow& row : commands()) {
    std::set<std::string_view> seen;
    for (const auto options : {row.options, general_options(), connection_options()}) {
      for (const OptionRow& option : options) {
        EXPECT_TRUE(seen.insert(option.key()).second) << row.path << " " << option.key();
        EXPECT_FALSE(option.doc.empty()) << row.path << " " << option.key();
        const bool shows_value = option.positional() || !option.value.empty();
        EXPECT_EQ(shows_value, option.takes != Takes::flag) << row.path << " " << option.key();
      }
    }
  }
}

TEST(Help, of_the_program_fits_on_a_screen_and_names_every_command) {
  const std::string text = help_text("");
  EXPECT_LE(std::ranges::count(text, '\n'), 42);
  for (const CommandRow* const row : commands_below(""))
    EXPECT_TRUE(contains(text, "\n  " + std::string(row->path))) << row->path;
}

TEST(Help, of_a_command_shows_its_own_options_and_the_general_ones) {
  const std::string text = help_text("topic create");
  EXPECT_TRUE(contains(text, "Usage: bolide topic create TOPIC [OPTIONS]")) << text;
  EXPECT_TRUE(contains(text, "--queues N"));
  EXPECT_TRUE(contains(text, "--perm r|w|rw")) << text;
  EXPECT_TRUE(contains(text, "--namesrv"));
  EXPECT_TRUE(contains(text, "Examples:"));
  EXPECT_FALSE(contains(help_text("version"), "--namesrv"));
}

TEST(Help, lines_are_not_wider_than_a_terminal_of_ours) {
  std::vector<std::string_view> paths = {""};
  for (const CommandRow& row : commands()) paths.push_back(row.path);
  for (const std::string_view path : paths) {
    const std::string text = help_text(path);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      EXPECT_LE(end - at, 120U) << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Manual, has_a_section_for_every_command_and_so_has_the_page) {
  const std::string manual = man_text("1.2.3");
  const std::string page = cli_markdown();
  EXPECT_TRUE(manual.starts_with(".TH BOLIDE 1"));
  for (const CommandRow& row : commands()) {
    if (row.run == nullptr) continue;
    std::string title = ".SS bolide ";
    for (const char c : row.path) title += c == '-' ? "\\-" : std::string(1, c);
    EXPECT_TRUE(contains(manual, title)) << row.path;
    EXPECT_TRUE(contains(page, "### `bolide " + std::string(row.path))) << row.path;
  }
}

}  // namespace
}  // namespace bolide::app
