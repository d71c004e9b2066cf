// SPDX-License-Identifier: Apache-2.0
//
// The name of a queue in a journal.
#include "broker/queue_key.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

TEST(QueueKey, names_one_queue_whatever_its_names_hold) {
  for (const std::string_view topic : {"orders", "%LMQ%a", "%LMQ%a@b", "%LMQ%a@%LMQ%b"}) {
    for (const std::string_view group : {"readers", "%LMQ%g", "%LMQ%g@@@h", "%LMQ%b@%LMQ%c"}) {
      const std::string key = queue_key(topic, group, 3);
      const auto read = parse_queue_key(key);
      ASSERT_TRUE(read) << key;
      EXPECT_EQ(read->topic, topic);
      EXPECT_EQ(read->group, group);
      EXPECT_EQ(read->queue_id, 3);
    }
  }
}

// What earlier versions wrote.
TEST(QueueKey, ends_in_the_group_behind_the_last_mark) {
  EXPECT_EQ(queue_key("orders", "readers", 1), "1/orders@readers");
  const auto read = parse_queue_key("0/%LMQ%a@b@readers");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->topic, "%LMQ%a@b");
  EXPECT_EQ(read->group, "readers");
}

TEST(QueueKey, is_no_other_text) {
  for (const std::string_view key : {"", "/", "0", "0/", "0/orders", "x/orders@readers", "@0/"})
    EXPECT_FALSE(parse_queue_key(key)) << key;
}

}  // namespace
}  // namespace bolide::broker
