// SPDX-License-Identifier: Apache-2.0
//
// Tests of the parser of command lines and of what is written from its declarations.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/arguments.h"

#include "app/help.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bolide::app {
namespace {

using Words = std::vector<std::string>;

CommandLine parsed(const Words& words) {
  auto line = parse_arguments(words);
  EXPECT_TRUE(line) << line.error().message();
  return line ? std::move(*line) : CommandLine{};
}

std::string refusal(const Words& words) {
  const auto line = parse_arguments(words);
  if (line) return "accepted";
  EXPECT_EQ(line.error().code, Errc::usage);
  return line.error().context;
}

TEST(Arguments, without_a_command_ask_for_help) {
  EXPECT_EQ(parsed({}).verb, Verb::help);
  EXPECT_EQ(parsed({"--help"}).verb, Verb::help);
  const CommandLine line = parsed({"topic", "create", "--help"});
  EXPECT_EQ(line.verb, Verb::help);
  EXPECT_EQ(line.path, (Words{"topic", "create"}));
}

TEST(Arguments, of_server_may_repeat_settings_and_roles) {
  const CommandLine line = parsed({"server", "--data-dir", "d", "--config", "c", "--set", "a.b=1",
                                   "--set", "c.d=2", "--role", "naming", "--role", "broker"});
  EXPECT_EQ(line.verb, Verb::server);
  EXPECT_EQ(line.server.data_dir, "d");
  EXPECT_EQ(line.server.config_path, "c");
  EXPECT_EQ(line.server.sets, (Words{"a.b=1", "c.d=2"}));
  EXPECT_EQ(line.server.roles, (Words{"naming", "broker"}));
}

TEST(Arguments, that_concern_all_commands_stand_before_or_after_them) {
  for (const Words& words : {Words{"--namesrv", "h:1", "-o", "json", "topic", "list"},
                             Words{"topic", "list", "--namesrv=h:1", "--output=json"}}) {
    const CommandLine line = parsed(words);
    EXPECT_EQ(line.verb, Verb::topic_list);
    EXPECT_EQ(line.name_servers, "h:1");
    EXPECT_TRUE(line.json);
  }
}

TEST(Arguments, of_pub_take_words_that_name_commands_as_messages) {
  const CommandLine line = parsed({"pub", "hello", "version", "two words", "--tag", "t", "--key",
                                   "a", "--key", "b", "--property", "x=y", "--queue", "2"});
  EXPECT_EQ(line.verb, Verb::pub);
  EXPECT_EQ(line.pub.topic, "hello");
  EXPECT_EQ(line.pub.messages, (Words{"version", "two words"}));
  EXPECT_EQ(line.pub.tag, "t");
  EXPECT_EQ(line.pub.keys, (Words{"a", "b"}));
  EXPECT_EQ(line.pub.properties, (Words{"x=y"}));
  EXPECT_EQ(line.pub.queue, 2);
}

TEST(Arguments, of_pub_behind_two_dashes_are_messages_whatever_they_look_like) {
  EXPECT_EQ(parsed({"pub", "hello", "--", "--tag"}).pub.messages, Words{"--tag"});
}

TEST(Arguments, of_pub_keep_brackets_and_quotes) {
  EXPECT_EQ(parsed({"pub", "t", "[1,2]", "\"x\"", "{\"a\":1}"}).pub.messages,
            (Words{"[1,2]", "\"x\"", "{\"a\":1}"}));
}

TEST(Arguments, of_sub_have_defaults) {
  const CommandLine line = parsed({"sub", "hello"});
  EXPECT_EQ(line.verb, Verb::sub);
  EXPECT_EQ(line.sub.from, "last");
  EXPECT_EQ(line.sub.count, 0U);
  EXPECT_EQ(parsed({"sub", "t", "--from", "first", "--count", "3"}).sub.count, 3U);
}

TEST(Arguments, that_are_wrong_are_named) {
  EXPECT_NE(refusal({"nonsense"}).find("nonsense"), std::string::npos);
  EXPECT_NE(refusal({"pub"}).find("TOPIC"), std::string::npos);
  EXPECT_NE(refusal({"topic"}).find("topic"), std::string::npos);
  EXPECT_NE(refusal({"topic", "create", "x", "--queues", "0"}).find("0"), std::string::npos);
  EXPECT_NE(refusal({"topic", "create", "x", "--queues", "many"}).find("many"), std::string::npos);
  EXPECT_NE(refusal({"sub", "t", "--wat"}).find("--wat"), std::string::npos);
  EXPECT_NE(refusal({"completion", "tcsh"}).find("tcsh"), std::string::npos);
  EXPECT_NE(refusal({"-o", "xml", "topic", "list"}).find("xml"), std::string::npos);
  EXPECT_NE(refusal({"server", "--role", "queen"}).find("queen"), std::string::npos);
}

TEST(Help, of_the_program_fits_on_a_screen_and_names_every_command) {
  const CommandInfo program = describe_program();
  const std::string text = help_text(program, {});
  EXPECT_LE(std::ranges::count(text, '\n'), 40);
  for (const CommandInfo& command : program.commands)
    EXPECT_NE(text.find("\n  " + command.name), std::string::npos) << command.name;
}

TEST(Help, of_a_command_shows_its_own_options_and_the_general_ones) {
  const std::string text = help_text(describe_program(), {"topic", "create"});
  EXPECT_NE(text.find("Usage: bolide topic create TOPIC [OPTIONS]"), std::string::npos) << text;
  EXPECT_NE(text.find("--queues"), std::string::npos);
  EXPECT_NE(text.find("--perm r|w|rw"), std::string::npos) << text;
  EXPECT_NE(text.find("--namesrv"), std::string::npos);
  EXPECT_NE(text.find("Examples:"), std::string::npos);
}

TEST(Help, lines_are_not_wider_than_a_terminal_of_ours) {
  const CommandInfo program = describe_program();
  for (const CommandAt& command : all_commands(program)) {
    const std::string text = help_text(program, command.path);
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      EXPECT_LE(end - at, 110U) << text.substr(at, end - at);
      at = end + 1;
    }
  }
}

TEST(Completions, know_every_command_and_option) {
  const CommandInfo program = describe_program();
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const std::string text = completion_text(program, shell);
    for (const CommandAt& command : all_commands(program)) {
      if (command.path.empty()) continue;
      EXPECT_NE(text.find(command.path.back()), std::string::npos) << shell << command.text();
    }
    EXPECT_NE(text.find("data-dir"), std::string::npos) << shell;
  }
}

TEST(Manual, has_a_section_for_every_command) {
  const CommandInfo program = describe_program();
  const std::string text = man_text(program, "1.2.3");
  EXPECT_TRUE(text.starts_with(".TH BOLIDE 1"));
  for (const CommandAt& command : all_commands(program)) {
    if (command.path.empty() || !command.info->commands.empty()) continue;
    EXPECT_NE(text.find(".SS bolide " + command.text()), std::string::npos) << command.text();
  }
}

}  // namespace
}  // namespace bolide::app
