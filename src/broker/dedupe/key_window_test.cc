// SPDX-License-Identifier: Apache-2.0
//
// Tests of the window of a topic's last keys.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/dedupe/key_window.h"

#include "base/random.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace bolide::broker {
namespace {

KeyPlace place(const std::string& key, std::int64_t stored_ms, std::int64_t position = 0) {
  return {.hash = KeyHash::of(key), .stored_ms = stored_ms, .position = position};
}

TEST(KeyWindow, finds_a_key_as_long_as_it_is_young) {
  KeyWindow window;
  EXPECT_EQ(window.find(KeyHash::of("a"), 0), nullptr);
  window.put(place("a", 1000, 7));
  ASSERT_NE(window.find(KeyHash::of("a"), 999), nullptr);
  EXPECT_EQ(window.find(KeyHash::of("a"), 999)->position, 7);
  EXPECT_EQ(window.find(KeyHash::of("a"), 1000), nullptr);
  EXPECT_EQ(window.find(KeyHash::of("b"), 0), nullptr);
}

TEST(KeyWindow, forgets_what_is_too_old) {
  KeyWindow window;
  for (int i = 0; i < 1000; ++i) window.put(place("key-" + std::to_string(i), i));
  window.expire(899);
  EXPECT_EQ(window.size(), 100U);
  EXPECT_EQ(window.find(KeyHash::of("key-899"), -1), nullptr);
  EXPECT_NE(window.find(KeyHash::of("key-900"), -1), nullptr);
  window.expire(1000);
  EXPECT_EQ(window.size(), 0U);
  window.put(place("again", 2000));
  EXPECT_NE(window.find(KeyHash::of("again"), -1), nullptr);
}

TEST(KeyWindow, keeps_the_later_message_of_a_key_that_came_back) {
  KeyWindow window;
  window.put(place("a", 1, 1));
  window.put(place("b", 2, 2));
  window.put(place("a", 3, 3));
  window.drop_oldest();
  ASSERT_NE(window.find(KeyHash::of("a"), -1), nullptr);
  EXPECT_EQ(window.find(KeyHash::of("a"), -1)->position, 3);
}

TEST(KeyWindow, is_a_map_in_order_of_arrival) {
  Random random(11);
  KeyWindow window;
  std::map<std::string, std::int64_t> model;
  std::vector<std::string> order;
  std::size_t first = 0;
  for (std::int64_t i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(random.below(600));
    window.put(place(key, i, i));
    model[key] = i;
    order.push_back(key);
    while (window.size() > 200) {
      window.drop_oldest();
      const auto found = model.find(order[first]);
      if (found->second == static_cast<std::int64_t>(first)) model.erase(found);
      ++first;
    }
    const std::string asked = std::to_string(random.below(600));
    const auto found = model.find(asked);
    const KeyPlace* known = window.find(KeyHash::of(asked), -1);
    ASSERT_EQ(known != nullptr, found != model.end()) << i;
    if (known != nullptr) {
      ASSERT_EQ(known->position, found->second);
    }
  }
}

}  // namespace
}  // namespace bolide::broker
