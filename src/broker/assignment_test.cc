// SPDX-License-Identifier: Apache-2.0
//
// Tests of how queues are shared among clients.
#include "broker/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bolide::broker {
namespace {

std::vector<QueueRef> queues(int count) {
  std::vector<QueueRef> list;
  for (int id = 0; id < count; ++id)
    list.push_back({.topic = "orders", .broker = "broker-a", .queue_id = id});
  return list;
}

std::vector<int> ids(const std::vector<QueueRef>& list) {
  std::vector<int> numbers;
  for (const QueueRef& queue : list) numbers.push_back(queue.queue_id);
  return numbers;
}

using Ids = std::vector<int>;
const std::vector<std::string> three = {"a", "b", "c"};

TEST(Assignment, gives_neighbours_and_the_first_clients_one_more) {
  EXPECT_EQ(ids(allocate("AVG", "a", queues(8), three)), (Ids{0, 1, 2}));
  EXPECT_EQ(ids(allocate("AVG", "b", queues(8), three)), (Ids{3, 4, 5}));
  EXPECT_EQ(ids(allocate("AVG", "c", queues(8), three)), (Ids{6, 7}));
  EXPECT_EQ(ids(allocate("AVG", "b", queues(2), three)), (Ids{1}));
  EXPECT_TRUE(allocate("AVG", "c", queues(2), three).empty());
  EXPECT_TRUE(allocate("AVG", "stranger", queues(8), three).empty());
}

TEST(Assignment, gives_by_turns) {
  EXPECT_EQ(ids(allocate("AVG_BY_CIRCLE", "b", queues(8), three)), (Ids{1, 4, 7}));
}

TEST(Assignment, lets_all_clients_pop_from_all_queues) {
  EXPECT_EQ(ids(allocate_popping("AVG", "b", queues(8), three, 0)), (Ids{-1}));
  EXPECT_EQ(ids(allocate_popping("AVG", "b", queues(8), three, 2)), (Ids{-1}));
  auto two_brokers = queues(2);
  two_brokers[1].broker = "broker-b";
  EXPECT_EQ(ids(allocate_popping("AVG", "b", two_brokers, three, -1)), (Ids{-1, -1}));
}

TEST(Assignment, lets_some_clients_share_the_queues_of_each) {
  EXPECT_EQ(ids(allocate_popping("AVG", "b", queues(6), three, 1)), (Ids{2, 3, 4, 5}));
  EXPECT_EQ(ids(allocate_popping("AVG", "c", queues(6), three, 1)), (Ids{4, 5, 0, 1}));
  EXPECT_EQ(ids(allocate_popping("AVG", "c", queues(2), three, 1)), (Ids{0}));
}

}  // namespace
}  // namespace bolide::broker
