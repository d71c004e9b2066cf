// SPDX-License-Identifier: Apache-2.0
//
// Tests of sharing queues among members. What each strategy gives here, Apache's Java client 5.5.0
// gave for the same queues and members: members of both libraries may share a group.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include <bolide/push_consumer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace bolide::allocate {
namespace {

const std::vector<std::string> members = {"10.0.0.1@a", "10.0.0.1@b", "10.0.0.2@c"};

std::vector<QueueId> queues() {
  std::vector<QueueId> all;
  for (const char* const broker : {"broker-a", "broker-b"}) {
    for (std::int32_t i = 0; i < 4; ++i) all.push_back({"orders", broker, i});
  }
  return all;
}

// "a0 b1 ": queue 0 of broker-a, queue 1 of broker-b.
std::string share(const AllocateStrategy& strategy, const std::string& self) {
  std::string text;
  for (const QueueId& queue : strategy(queues(), members, self))
    text += queue.broker.substr(7) + std::to_string(queue.queue) + " ";
  return text;
}

TEST(Allocate, averagely_gives_blocks) {
  EXPECT_EQ(share(averagely(), members[0]), "a0 a1 a2 ");
  EXPECT_EQ(share(averagely(), members[1]), "a3 b0 b1 ");
  EXPECT_EQ(share(averagely(), members[2]), "b2 b3 ");
}

TEST(Allocate, by_circle_gives_one_after_the_other) {
  EXPECT_EQ(share(averagely_by_circle(), members[0]), "a0 a3 b2 ");
  EXPECT_EQ(share(averagely_by_circle(), members[1]), "a1 b0 b3 ");
  EXPECT_EQ(share(averagely_by_circle(), members[2]), "a2 b1 ");
}

TEST(Allocate, consistent_hash_gives_what_the_java_client_gives) {
  EXPECT_EQ(share(consistent_hash(), members[0]), "a2 b2 ");
  EXPECT_EQ(share(consistent_hash(), members[1]), "a0 a3 b3 ");
  EXPECT_EQ(share(consistent_hash(), members[2]), "a1 b0 b1 ");
  EXPECT_EQ(share(consistent_hash(100), members[0]), "b0 b2 ");
  EXPECT_EQ(share(consistent_hash(100), members[1]), "a2 a3 b3 ");
  EXPECT_EQ(share(consistent_hash(100), members[2]), "a0 a1 b1 ");
}

TEST(Allocate, consistent_hash_moves_only_what_a_member_leaves_behind) {
  const std::vector<std::string> fewer = {members[0], members[2]};
  for (const std::string& stays : fewer) {
    const auto before = consistent_hash()(queues(), members, stays);
    const auto after = consistent_hash()(queues(), fewer, stays);
    EXPECT_TRUE(std::ranges::includes(after, before));
  }
}

TEST(Allocate, fixed_takes_what_is_there_of_its_own) {
  EXPECT_EQ(share(fixed({{"orders", "broker-b", 3}, {"orders", "broker-b", 9}}), members[0]),
            "b3 ");
}

TEST(Allocate, gives_every_queue_to_one_member_whatever_their_numbers) {
  const std::map<std::string, AllocateStrategy> strategies = {
      {"averagely", averagely()}, {"circle", averagely_by_circle()}, {"hash", consistent_hash()}};
  for (const auto& [name, strategy] : strategies) {
    for (std::size_t count = 0; count <= 8; ++count) {
      const auto all = queues();
      const std::vector<QueueId> some(all.begin(),
                                      all.begin() + static_cast<std::ptrdiff_t>(count));
      std::vector<QueueId> given;
      for (const std::string& member : members) {
        const auto own = strategy(some, members, member);
        given.insert(given.end(), own.begin(), own.end());
      }
      std::ranges::sort(given);
      EXPECT_EQ(given, some) << name << " of " << count;
    }
    EXPECT_TRUE(strategy(queues(), members, "nobody").empty()) << name;
    EXPECT_TRUE(strategy(queues(), {}, "nobody").empty()) << name;
  }
}

}  // namespace
}  // namespace bolide::allocate
