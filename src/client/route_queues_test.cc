// SPDX-License-Identifier: Apache-2.0
//
// The queues in a route, of plain and of static topics.
#include "client/route_queues.h"

#include "base/fields_json.h"
#include "client/consumer_core.h"
#include "client/publish_table.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

// Queue 1 has moved from a to b; a's part is from before.
constexpr std::string_view route_json =
    R"({"brokerDatas":[{"brokerAddrs":{0:"1.1.1.1:1"},"brokerName":"a","cluster":"c"},)"
    R"({"brokerAddrs":{0:"2.2.2.2:2"},"brokerName":"b","cluster":"c"}],)"
    R"("queueDatas":[{"brokerName":"a","perm":6,"readQueueNums":2,"writeQueueNums":2},)"
    R"({"brokerName":"b","perm":6,"readQueueNums":1,"writeQueueNums":1}],)"
    R"("topicQueueMappingByBroker":{"a":{"bname":"a","currIdMap":{0:0,1:1},"dirty":false,)"
    R"("epoch":5,"scope":"__global__","topic":"T","totalQueues":3},"b":{"bname":"b",)"
    R"("currIdMap":{1:0},"dirty":false,"epoch":6,"scope":"__global__","topic":"T",)"
    R"("totalQueues":3}}})";

TopicRoute route() {
  return from_json<TopicRoute>(route_json).value();
}

QueueId queue(std::int32_t id) {
  return {"T", "__syslo__global__", id};
}

TEST(LogicalQueues, lie_on_the_broker_that_took_them_last) {
  const std::map<QueueId, std::string> expected = {
      {queue(0), "a"}, {queue(1), "b"}, {queue(2), ""}};
  EXPECT_EQ(logical_queues(route(), "T"), expected);
  TopicRoute plain = route();
  plain.mappings.clear();
  EXPECT_TRUE(logical_queues(plain, "T").empty());
}

TEST(LogicalQueues, are_named_by_no_broker) {
  EXPECT_TRUE(is_logical(queue(0).broker));
  EXPECT_FALSE(is_logical("broker-a"));
  TopicRoute other = route();
  other.mappings.erase("a");
  other.mappings.at("b").scope = "mine";
  EXPECT_EQ(logical_queues(other, "T").begin()->first.broker, "__syslo__mine");
}

TEST(LogicalQueues, are_what_producers_send_to_where_somebody_has_them) {
  const auto shared = std::make_shared<const TopicRoute>(route());
  const PublishTable table(shared, "T", 8, 0);
  EXPECT_EQ(table.queues(), (std::vector<QueueId>{queue(0), queue(1)}));
  EXPECT_EQ(table.at(1).address, "2.2.2.2:2");
}

TEST(LogicalQueues, are_what_consumers_share) {
  EXPECT_EQ(readable_queues(route(), "T"), (std::vector<QueueId>{queue(0), queue(1), queue(2)}));
}

// a: 2 queues to read, 3 to write; b: to read only; c: to write only; d: nobody says where it is.
constexpr std::string_view plain_json =
    R"({"brokerDatas":[{"brokerAddrs":{0:"1.1.1.1:1"},"brokerName":"a","cluster":"c"},)"
    R"({"brokerAddrs":{0:"2.2.2.2:2"},"brokerName":"b","cluster":"c"},)"
    R"({"brokerAddrs":{0:"3.3.3.3:3"},"brokerName":"c","cluster":"c"}],)"
    R"("queueDatas":[{"brokerName":"d","perm":6,"readQueueNums":1,"writeQueueNums":1},)"
    R"({"brokerName":"c","perm":2,"readQueueNums":1,"writeQueueNums":1},)"
    R"({"brokerName":"b","perm":4,"readQueueNums":1,"writeQueueNums":1},)"
    R"({"brokerName":"a","perm":6,"readQueueNums":2,"writeQueueNums":3}]})";

std::vector<QueueId> ids(const std::vector<RouteQueue>& queues) {
  std::vector<QueueId> all;
  for (const RouteQueue& one : queues) all.push_back(one.queue);
  return all;
}

TEST(PlainQueues, are_read_in_order_where_that_is_permitted_and_the_broker_is_known) {
  const auto plain = from_json<TopicRoute>(plain_json).value();
  const std::vector<RouteQueue> queues = queues_to_read(plain, "T");
  EXPECT_EQ(ids(queues), (std::vector<QueueId>{{"T", "a", 0}, {"T", "a", 1}, {"T", "b", 0}}));
  EXPECT_EQ(queues.back().broker, plain.broker("b"));
}

TEST(PlainQueues, are_written_up_to_a_number_of_each_broker) {
  const auto plain = from_json<TopicRoute>(plain_json).value();
  EXPECT_EQ(ids(queues_to_write(plain, "T", 8)),
            (std::vector<QueueId>{{"T", "a", 0}, {"T", "a", 1}, {"T", "a", 2}, {"T", "c", 0}}));
  const std::vector<RouteQueue> few = queues_to_write(plain, "T", 1);
  EXPECT_EQ(ids(few), (std::vector<QueueId>{{"T", "a", 0}, {"T", "c", 0}}));
  EXPECT_EQ(few.front().broker, plain.broker("a"));
}

}  // namespace
}  // namespace bolide::client
