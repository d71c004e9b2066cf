// SPDX-License-Identifier: Apache-2.0
//
// What is kept of the queues that name servers gave, and for how long.
#include "protocols/remoting/last_queues.h"

#include <gtest/gtest.h>

namespace bolide::remoting {
namespace {

std::vector<broker::QueueRef> queues(int count) {
  std::vector<broker::QueueRef> list;
  for (std::int32_t id = 0; id < count; ++id)
    list.push_back({.topic = "t", .broker = "b", .queue_id = id});
  return list;
}

TEST(LastQueues, are_those_that_were_told_last) {
  LastQueues last(10);
  EXPECT_EQ(last.find("t"), nullptr);
  last.put("t", queues(4));
  last.put("t", queues(2));
  ASSERT_NE(last.find("t"), nullptr);
  EXPECT_EQ(last.find("t")->size(), 2U);
  last.forget("t");
  last.forget("t");
  EXPECT_EQ(last.find("t"), nullptr);
}

TEST(LastQueues, make_room_for_newer_ones) {
  LastQueues last(10);
  last.put("a", queues(4));
  last.put("b", queues(4));
  last.put("a", queues(4));
  last.put("c", queues(2));
  EXPECT_NE(last.find("b"), nullptr) << "all have room";
  last.put("d", queues(1));
  EXPECT_EQ(last.find("b"), nullptr) << "a was told again later";
  EXPECT_NE(last.find("a"), nullptr);
  EXPECT_NE(last.find("d"), nullptr);
  last.put("a", queues(11));
  EXPECT_EQ(last.find("a"), nullptr) << "far too many";
  EXPECT_NE(last.find("c"), nullptr) << "and nothing goes for them";
  last.put("e", queues(10));
  EXPECT_EQ(last.find("e")->size(), 10U);
}

}  // namespace
}  // namespace bolide::remoting
