// SPDX-License-Identifier: Apache-2.0
//
// Tests of the file of contexts.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/context.h"

#include "app/arguments.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

TEST(Contexts, are_read_as_they_were_written) {
  Contexts contexts{.current = "prod", .named = {}};
  contexts.named["prod"] = {.namesrv = "a:1;b:2",
                            .description = "the \"real\" one\n",
                            .tls = true,
                            .tls_insecure = false,
                            .tls_ca = "/etc/ca.pem",
                            .tls_cert = "",
                            .tls_key = "",
                            .access_key_file = "/etc/tools.yml"};
  contexts.named["test-1"] = {.namesrv = "c:3"};
  const std::string text = contexts_text(contexts);
  const auto read = parse_contexts("file", text);
  ASSERT_TRUE(read) << read.error().message() << text;
  EXPECT_EQ(read->current, "prod");
  ASSERT_EQ(read->named.size(), 2U);
  const Context& prod = read->named.at("prod");
  EXPECT_EQ(prod.namesrv, "a:1;b:2");
  EXPECT_EQ(prod.description, "the \"real\" one\n");
  EXPECT_TRUE(prod.tls);
  EXPECT_FALSE(prod.tls_insecure);
  EXPECT_EQ(prod.tls_ca, "/etc/ca.pem");
  EXPECT_EQ(prod.access_key_file, "/etc/tools.yml");
  EXPECT_EQ(read->named.at("test-1").namesrv, "c:3");
  EXPECT_EQ(contexts_text(*read), text);
}

TEST(Contexts, without_a_file_are_none) {
  const auto read = parse_contexts("file", "");
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->named.empty());
}

TEST(Contexts, name_the_line_that_is_wrong) {
  for (const char* text :
       {"nonsense = 1\n", "[context.a]\nnamesrf = \"x:1\"\n", "[context]\nnamesrv = \"x:1\"\n"}) {
    const auto read = parse_contexts("file", text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, Errc::config);
    EXPECT_TRUE(read.error().context.starts_with("file:")) << read.error().context;
  }
}

TEST(Contexts, that_are_gone_are_not_current) {
  const auto read = parse_contexts("file", "current = \"gone\"\n[context.a]\nnamesrv = \"x:1\"\n");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->current, "");
}

TEST(Contexts, stand_below_flags) {
  const auto arguments = parse_arguments({"topic", "list", "--namesrv", "x:1", "--tls-ca", "f"});
  ASSERT_TRUE(arguments);
  Context context{.namesrv = "y:2", .tls = true};
  merge_flags(*arguments, &context);
  EXPECT_EQ(context.namesrv, "x:1");
  EXPECT_EQ(context.tls_ca, "f");
  EXPECT_TRUE(context.tls);
}

}  // namespace
}  // namespace bolide::app
