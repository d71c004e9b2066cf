// SPDX-License-Identifier: Apache-2.0
//
// Base64.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "base/base64.h"

#include <gtest/gtest.h>

namespace bolide {
namespace {

TEST(Base64, follows_the_examples_of_its_rfc) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFB\xFF"), "+/8=");
  EXPECT_EQ(base64_url("\xFB\xFF"), "-_8=");
}

TEST(Base64, gives_back_what_it_took) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64_url(base64_url(bytes)), bytes);
    EXPECT_EQ(from_base64(base64(bytes)), bytes);
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(from_base64_url("Zm8"), "fo");
}

TEST(Base64, that_is_none_is_refused) {
  for (const char* bad : {"Z", "Zg=g", "Z g", "+/8=", "Zh"})
    EXPECT_FALSE(from_base64_url(bad)) << bad;
}

}  // namespace
}  // namespace bolide
