// SPDX-License-Identifier: Apache-2.0
//
// Tests of the file of an access key.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/access_key.h"

#include <gtest/gtest.h>

namespace bolide::app {
namespace {

TEST(AccessKeyFile, is_read_as_rocketmqs_tools_yml) {
  const auto key =
      parse_access_key("tools.yml", "# a user\n\naccessKey: rocket \nsecretKey: \"a:b\"\n");
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->name, "rocket");
  EXPECT_EQ(key->secret, "a:b");
  EXPECT_EQ(key->security_token, "");
  EXPECT_EQ(parse_access_key("f", "accessKey: a\nsecretKey: b\nsecurityToken: 'c'")->security_token,
            "c");
}

TEST(AccessKeyFile, names_the_line_that_is_wrong_and_what_is_missing) {
  for (const char* const text : {"accessKey: a\nsecret: b\n", "accessKey: a\nsecretKey b\n"}) {
    const auto key = parse_access_key("f", text);
    ASSERT_FALSE(key) << text;
    EXPECT_TRUE(key.error().context.starts_with("f:2: ")) << key.error().context;
    EXPECT_EQ(key.error().context.find("b"), std::string::npos) << "no secret in messages";
  }
  EXPECT_EQ(parse_access_key("f", "accessKey: a").error().context,
            "f: accessKey or secretKey is missing");
}

}  // namespace
}  // namespace bolide::app
