// SPDX-License-Identifier: Apache-2.0
//
// Tests of addresses as text.
// Runs on: the test's thread.  Owns: nothing.  Invariant: -
#include "net/transport.h"

#include <gtest/gtest.h>

namespace bolide::net {
namespace {

TEST(Address, parses_what_it_prints) {
  for (const char* text : {"127.0.0.1:9876", "broker-a:0", "[::1]:65535", "[fe80::1]:10911"}) {
    const auto address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(Address::parse("[::1]:80")->host, "::1");
  EXPECT_EQ(Address::parse(":80")->host, "");
}

TEST(Address, refuses_what_is_no_address_and_says_why) {
  struct Case {
    const char* text;
    const char* cause;
  };
  for (const Case& wrong :
       {Case{"", "port is missing"}, Case{"host", "port is missing"},
        Case{"host:", "must be a number"}, Case{"host:65536", "must be a number"},
        Case{"host:1x", "must be a number"}, Case{"::1:80", "in brackets"},
        Case{"[::1:80", "not closed"}, Case{"[::1]80", "port is missing"}}) {
    const auto address = Address::parse(wrong.text);
    ASSERT_FALSE(address) << wrong.text;
    EXPECT_EQ(address.error().code, Errc::invalid_argument);
    EXPECT_NE(address.error().context.find(wrong.cause), std::string::npos)
        << address.error().context;
    EXPECT_NE(address.error().context.find("127.0.0.1:9876"), std::string::npos);
  }
}

TEST(PeerAddress, prints_both_families) {
  PeerAddress v4{.bytes = {10, 0, 0, 7}, .size = 4, .port = 10911};
  EXPECT_EQ(v4.text(), "10.0.0.7:10911");
  PeerAddress v6{.bytes = {}, .size = 16, .port = 1};
  v6.bytes[15] = 1;
  EXPECT_EQ(v6.text(), "[::1]:1");
}

}  // namespace
}  // namespace bolide::net
