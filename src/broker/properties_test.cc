// SPDX-License-Identifier: Apache-2.0
//
// Properties of a sent message (rocketmq wire 1.12).
#include "broker/properties.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::property;

TEST(SendProperties, finds_what_the_broker_must_know) {
  const std::string text = property("KEYS", "k1 k2") + property("colour", "red") +
                           property("UNIQ_KEY", "7F01") + property("TAGS", "TagA") +
                           property("WAIT", "true");
  const SendProperties found = scan_properties(text);
  EXPECT_EQ(found.indexed.keys, "k1 k2");
  EXPECT_EQ(found.indexed.unique_key, "7F01");
  EXPECT_EQ(found.indexed.tags, "TagA");
  EXPECT_EQ(found.dispatch, "");
}

TEST(SendProperties, needs_no_end_behind_the_last_pair) {
  std::string text = property("TAGS", "a");
  text.pop_back();
  EXPECT_EQ(scan_properties(text).indexed.tags, "a");
}

TEST(SendProperties, passes_over_what_is_no_pair) {
  for (std::string_view text : {"", "\x02", "\x01", "TAGS", "TAGS\x02", "TAGS\x01", "TAGS\x01\x02",
                                "\x01value\x02", "\x01\x02\x01\x02", "XTAGS\x01 a\x02"}) {
    const SendProperties found = scan_properties(text);
    EXPECT_EQ(found.indexed.tags, "") << text;
    EXPECT_EQ(found.dispatch, "") << text;
  }
  const std::string text = std::string("junk\x02\x01") + "x\x02" + property("TAGS", "a\x01b");
  EXPECT_EQ(scan_properties(text).indexed.tags, "a\x01b");
}

TEST(SendProperties, tell_what_is_not_stored_as_it_comes) {
  for (std::string_view name : {"TIMER_DELAY_SEC", "TIMER_DELAY_MS", "TIMER_DELIVER_MS", "DELAY"}) {
    EXPECT_TRUE(scan_properties(property(name, "3")).special) << name;
    EXPECT_FALSE(scan_properties(property(name, "3")).transaction) << name;
  }
  for (std::string_view yes : {"true", "TRUE", "True"}) {
    EXPECT_TRUE(scan_properties(property("TRAN_MSG", yes)).transaction) << yes;
    EXPECT_TRUE(scan_properties(property("TRAN_MSG", yes)).special) << yes;
  }
  EXPECT_FALSE(scan_properties(property("TRAN_MSG", "false")).special);
  EXPECT_FALSE(scan_properties(property("DELAY", "0")).special);
  EXPECT_FALSE(scan_properties(property("DELAYED", "3")).special);
  EXPECT_EQ(scan_properties(property("INNER_MULTI_DISPATCH", "3")).dispatch, "3");
}

TEST(SendProperties, repeated_count_as_the_last_which_is_what_a_rebuilt_index_finds_too) {
  testing::CoreRig rig;
  rig.send("orders", "m", 0,
           property("TAGS", "first") + property("KEYS", "k1") + property("TAGS", "last") +
               property("KEYS", "k2"));
  const auto check = [&] {
    PullRequest last = rig.pull_request("orders", 0);
    last.subscription = "last";
    EXPECT_EQ(rig.pull(last).messages, 1);
    PullRequest first = rig.pull_request("orders", 0);
    first.subscription = "first";
    EXPECT_EQ(rig.pull(first).messages, 0);
    for (const std::string_view key : {"k1", "k2"}) {
      testing::Answer<Slices> found;
      rig.core->find_messages(rig.anonymous, "orders", key, false, 10, 0, INT64_MAX, found.reply());
      EXPECT_EQ(found.get().has_value(), key == "k2") << key;
    }
  };
  check();
  rig.kill_and_reopen();
  check();
}

}  // namespace
}  // namespace bolide::broker
