// SPDX-License-Identifier: Apache-2.0
//
// Tests of what a command line lays over settings that are there.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "app/overlay.h"

#include "app/arguments.h"

#include <gtest/gtest.h>

#include <sstream>

namespace bolide::app {
namespace {

constexpr Setting queues{"queues", "--queues"};
const Present<int> alike{{"a", 8}, {"b", 8}};
const Present<int> unlike{{"a", 8}, {"b", 4}};

std::string told(const Overlay& overlay, bool was_there, const std::string& format) {
  const auto arguments = parse_arguments({"topic", "create", "t", "-o", format});
  std::ostringstream out;
  overlay.print_done(*arguments, out, was_there);
  return out.str();
}

TEST(Overlay, keeps_what_was_not_given) {
  Overlay overlay("topic", "t");
  EXPECT_EQ(overlay.take<int>(queues, alike, {}, 4).value(), 8);
  EXPECT_EQ(overlay.take<int>(queues, alike, 8, 4).value(), 8);
  EXPECT_EQ(told(overlay, true, "table"), "topic t is so already: nothing changed\n");
  EXPECT_EQ(told(overlay, true, "json"), R"({"topic":"t","created":false,"changes":[]})"
                                         "\n");
}

TEST(Overlay, takes_defaults_where_nothing_is_there) {
  Overlay overlay("topic", "t");
  EXPECT_EQ(overlay.take<int>(queues, {}, {}, 4).value(), 4);
  EXPECT_EQ(overlay.take<int>(queues, {}, 6, 4).value(), 6);
  EXPECT_EQ(told(overlay, false, "table"), "topic t created\n");
}

TEST(Overlay, tells_what_changes) {
  Overlay overlay("topic", "t");
  EXPECT_EQ(overlay.take<int>(queues, unlike, 8, 4).value(), 8);
  EXPECT_TRUE(overlay.take<bool>({"order", "--order"}, {{"a", false}}, true, false).value());
  overlay.note("message.type", "FIFO", Doc());
  EXPECT_EQ(told(overlay, true, "table"),
            "topic t changed: queues 4 -> 8, order no -> yes, message.type FIFO -> none\n");
  EXPECT_NE(told(overlay, true, "json").find(R"({"setting":"queues","from":4,"to":8})"),
            std::string::npos);
}

TEST(Overlay, does_not_guess_where_brokers_differ) {
  Overlay overlay("topic", "t");
  const auto refused = overlay.take<int>(queues, unlike, {}, 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::usage);
  EXPECT_EQ(refused.error().context, "brokers differ in 'queues' of topic t: a 8, b 4");
  EXPECT_EQ(refused.error().fix(), "say what it is to be: --queues");
}

TEST(Overlay, knows_flags_that_say_the_opposite) {
  const auto order = [](std::vector<std::string> words) {
    words.insert(words.begin(), {"topic", "create", "t"});
    return either_of(*parse_arguments(words), "--order", "--no-order");
  };
  EXPECT_EQ(order({}).value(), std::nullopt);
  EXPECT_EQ(order({"--order"}).value(), true);
  EXPECT_EQ(order({"--no-order"}).value(), false);
  EXPECT_FALSE(order({"--order", "--no-order"}));
}

}  // namespace
}  // namespace bolide::app
