// SPDX-License-Identifier: Apache-2.0
//
// Tests of the choice of a queue to send to.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/publish_table.h"

#include <gtest/gtest.h>

#include <set>

namespace bolide::client {
namespace {

struct Broker {
  std::string name;
  std::int32_t queues = 2;
  std::int32_t perm = 6;
  std::int64_t id = 0;
};

PublishTable table_of(const std::vector<Broker>& brokers, std::int32_t queues_max = 1000,
                      std::uint64_t start = 0) {
  auto route = std::make_shared<TopicRoute>();
  for (const Broker& broker : brokers) {
    route->queues.push_back({.broker = broker.name,
                             .read_queues = broker.queues,
                             .write_queues = broker.queues,
                             .perm = broker.perm});
    route->brokers.push_back(
        {.cluster = "c", .name = broker.name, .addresses = {{broker.id, broker.name + ":1"}}});
  }
  return {route, "t", queues_max, start};
}

std::string name(const PublishTable::Target& target) {
  return target.queue.broker + std::to_string(target.queue.queue);
}

// The brokers of so many choices.
std::multiset<std::string> brokers_of(PublishTable& table, int choices, std::string_view avoid,
                                      const FaultTable* faults = nullptr, std::int64_t now_ms = 0) {
  std::multiset<std::string> brokers;
  for (int i = 0; i < choices; ++i) brokers.insert(table.next(avoid, faults, now_ms).queue.broker);
  return brokers;
}

TEST(PublishTable, takes_the_queues_in_turn_from_the_start_it_is_given) {
  PublishTable table = table_of({{"b"}, {"a"}}, 1000, 5);
  std::string turns;
  for (int i = 0; i < 6; ++i) turns += name(table.next("", nullptr, 0)) + " ";
  EXPECT_EQ(turns, "a1 b0 b1 a0 a1 b0 ");
}

TEST(PublishTable, leaves_out_queues_that_may_not_be_written) {
  const PublishTable table =
      table_of({{"a"}, {.name = "read-only", .perm = 4}, {.name = "replica", .id = 1}});
  EXPECT_EQ(table.queues(), (std::vector<QueueId>{{"t", "a", 0}, {"t", "a", 1}}));
  EXPECT_TRUE(table_of({{.name = "replica", .id = 1}}).empty());
}

TEST(PublishTable, takes_no_more_queues_of_a_broker_than_asked) {
  EXPECT_EQ(table_of({{"a", 8}, {"b", 3}}, 4).queues().size(), 7U);
}

TEST(PublishTable, avoids_the_broker_of_the_last_attempt) {
  PublishTable table = table_of({{"a"}, {"b"}});
  EXPECT_EQ(brokers_of(table, 10, "a").count("b"), 10U);
  PublishTable lonely = table_of({{"a"}});
  EXPECT_EQ(brokers_of(lonely, 4, "a").count("a"), 4U) << "the only one is better than none";
}

TEST(PublishTable, avoids_brokers_that_are_in_disgrace) {
  PublishTable table = table_of({{"a"}, {"b"}, {"c"}});
  FaultTable faults;
  faults.failed("a", 0);
  const auto brokers = brokers_of(table, 30, "b", &faults, 100);
  EXPECT_EQ(brokers.count("c"), 30U);
  faults.failed("c", 0);
  const auto others = brokers_of(table, 30, "b", &faults, 100);
  EXPECT_EQ(others.count("b"), 0U) << "another than the last is tried although it is slow";
}

TEST(FaultTable, leaves_a_slow_broker_alone_for_a_while) {
  FaultTable faults;
  struct Case {
    std::int64_t latency_ms, away_ms;
  };
  for (const auto& [latency_ms, away_ms] :
       {Case{549, 0}, Case{550, 2000}, Case{1799, 2000}, Case{1800, 5000}, Case{3000, 6000},
        Case{5000, 10'000}, Case{15'000, 30'000}, Case{99'000, 30'000}}) {
    faults.answered("b", latency_ms, 1000);
    EXPECT_EQ(faults.is_available("b", 1000), away_ms == 0) << latency_ms;
    EXPECT_EQ(faults.is_available("b", 1000 + away_ms - 1), away_ms == 0) << latency_ms;
    EXPECT_TRUE(faults.is_available("b", 1000 + away_ms)) << latency_ms;
  }
}

TEST(FaultTable, counts_a_failure_as_ten_seconds_and_forgives_after_a_quick_answer) {
  FaultTable faults;
  faults.failed("b", 0);
  EXPECT_FALSE(faults.is_available("b", 9999));
  EXPECT_TRUE(faults.is_available("other", 0));
  faults.answered("b", 3, 1);
  EXPECT_TRUE(faults.is_available("b", 1));
}

}  // namespace
}  // namespace bolide::client
