// SPDX-License-Identifier: Apache-2.0
//
// Tests of what may stand at the end of a command line.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/complete.h"

#include "app/arguments.h"
#include "base/strings.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bolide::app {
namespace {

using Words = std::vector<std::string>;

Words candidates(const Words& words) {
  Words found;
  for (const Candidate& one : complete(words).candidates) found.push_back(one.word);
  return found;
}

bool offered(const Words& words, std::string_view word) {
  return std::ranges::count(candidates(words), word) > 0;
}

TEST(Complete, offers_commands_below_what_is_typed) {
  EXPECT_EQ(candidates({"topi"}), Words{"topic"});
  EXPECT_EQ(candidates({"topic", "de"}), (Words{"describe", "delete"}));
  EXPECT_EQ(candidates({"--namesrv", "h:1", "-ojson", "topic", "li"}), Words{"list"});
  EXPECT_TRUE(offered({""}, "pub"));
  EXPECT_TRUE(offered({}, "pub"));
  EXPECT_TRUE(candidates({"topic", "list", "to"}).empty());
}

TEST(Complete, knows_every_command_and_option) {
  for (const CommandRow& row : commands()) {
    Words words;
    for (const std::string_view word : split(row.path, ' ')) words.emplace_back(word);
    EXPECT_TRUE(offered(words, words.back())) << row.path;
    words.emplace_back();
    for (const OptionRow& option : row.options) {
      if (option.positional()) continue;
      words.back() = option.key();
      EXPECT_TRUE(offered(words, option.key())) << row.path << option.key();
    }
  }
}

TEST(Complete, offers_options_of_the_command_and_those_of_connections_only_where_it_connects) {
  EXPECT_EQ(candidates({"topic", "create", "x", "--qu"}), Words{"--queues"});
  EXPECT_TRUE(offered({"topic", "create", "x", "-"}, "--namesrv"));
  EXPECT_FALSE(offered({"man", "-"}, "--namesrv"));
  EXPECT_FALSE(offered({"topic", "create", "-"}, "-o")) << "--output says more";
  EXPECT_TRUE(offered({"topic", "create", "-o"}, "-o"));
  EXPECT_TRUE(candidates({"topic", "create", "--", "--qu"}).empty());
}

TEST(Complete, offers_the_choices_of_a_value) {
  EXPECT_EQ(candidates({"topic", "create", "x", "--perm", "r"}), (Words{"r", "rw"}));
  EXPECT_EQ(candidates({"topic", "create", "x", "--perm=r"}), (Words{"--perm=r", "--perm=rw"}));
  EXPECT_EQ(candidates({"completion", "f"}), Words{"fish"});
  EXPECT_TRUE(candidates({"completion", "fish", "f"}).empty());
  EXPECT_TRUE(candidates({"topic", "create", "x", "--unknown=r"}).empty());
}

TEST(Complete, asks_for_names_with_the_connection_that_is_typed) {
  const Completion topic = complete({"--namesrv", "h:1", "topic", "describe", "or"});
  EXPECT_EQ(topic.names, Takes::topic);
  EXPECT_EQ(topic.typed, "or");
  ASSERT_EQ(topic.connection.size(), 1U);
  EXPECT_EQ(topic.connection[0].first->key(), "--namesrv");
  EXPECT_EQ(topic.connection[0].second, "h:1");
  EXPECT_EQ(complete({"group", "describe", "g", "--topic", ""}).names, Takes::topic);
  const Completion behind = complete({"group", "describe", "g", "--topic=or"});
  EXPECT_EQ(behind.names, Takes::topic);
  EXPECT_EQ(behind.prefix, "--topic=");
  EXPECT_EQ(behind.typed, "or");
  EXPECT_EQ(complete({"topic", "list", "--context", ""}).names, Takes::context);
  EXPECT_EQ(complete({"topic", "describe", "orders", ""}).names, std::nullopt);
  EXPECT_EQ(complete({"pub", "topic", ""}).names, std::nullopt) << "a topic may be called so";
}

}  // namespace
}  // namespace bolide::app
