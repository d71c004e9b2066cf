// SPDX-License-Identifier: Apache-2.0
//
// Tests of the bodies that the client reads, as Apache's servers write them.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "client/bodies.h"

#include "base/fields_json.h"
#include "client/name_servers.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

TEST(Bodies, read_a_route_with_bare_and_quoted_ids) {
  for (const char* id : {"0", "\"0\""}) {
    const auto route = from_json<TopicRoute>(
        std::string(R"({"brokerDatas":[{"brokerAddrs":{)") + id +
        R"(:"10.0.0.1:10911",1:"10.0.0.2:10911"},"brokerName":"a","cluster":"c",)"
        R"("enableActingMaster":false}],"filterServerTable":{},"queueDatas":[{"brokerName":"a",)"
        R"("perm":6,"readQueueNums":8,"topicSysFlag":0,"writeQueueNums":4}]})");
    ASSERT_TRUE(route) << route.error().message();
    ASSERT_EQ(route->queues.size(), 1U);
    EXPECT_EQ(route->queues[0].read_queues, 8);
    EXPECT_EQ(route->queues[0].write_queues, 4);
    ASSERT_NE(route->broker("a"), nullptr);
    EXPECT_EQ(route->broker("a")->address(), "10.0.0.1:10911");
    EXPECT_TRUE(route->broker("a")->has_master());
    EXPECT_EQ(route->broker("b"), nullptr);
  }
}

TEST(Bodies, read_statistics_whose_names_are_objects) {
  const auto stats = from_json<TopicStats>(
      R"({"offsetTable":{{"brokerName":"a","queueId":1,"topic":"t"}:)"
      R"({"lastUpdateTimestamp":5,"maxOffset":9,"minOffset":2}},"topicPutTps":0.0})");
  ASSERT_TRUE(stats) << stats.error().message();
  ASSERT_EQ(stats->queues.size(), 1U);
  EXPECT_EQ(stats->queues.begin()->first.queue, 1);
  EXPECT_EQ(stats->queues.begin()->second.max, 9);
}

TEST(Bodies, read_clusters_topics_and_settings) {
  const auto info = from_json<ClusterInfo>(
      R"({"brokerAddrTable":{"a":{"brokerAddrs":{1:"h:1"},"brokerName":"a","cluster":"c"}},)"
      R"("clusterAddrTable":{"c":["a"]}})");
  ASSERT_TRUE(info) << info.error().message();
  EXPECT_FALSE(info->brokers.at("a").has_master());
  EXPECT_EQ(info->clusters.at("c"), std::vector<std::string>{"a"});
  const auto list = from_json<TopicList>(R"({"topicList":["x","y"]})");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->topics.size(), 2U);
  const auto config = from_json<TopicConfig>(
      R"({"attributes":{"message.type":"FIFO"},"order":true,"perm":4,"readQueueNums":2,)"
      R"("topicName":"t","writeQueueNums":3})");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->attributes.at("message.type"), "FIFO");
  EXPECT_TRUE(config->order);
}

TEST(Bodies, that_lack_what_is_needed_are_errors) {
  EXPECT_FALSE(from_json<TopicConfig>("{}"));
  EXPECT_FALSE(from_json<TopicRoute>("[]"));
  EXPECT_FALSE(from_json<TopicRoute>(R"({"queueDatas":[{"perm":6}]})"));
}

TEST(NameServers, are_separated_by_semicolons_or_commas) {
  const auto servers = parse_name_servers("127.0.0.1:1; host:2,[::1]:3;name");
  ASSERT_TRUE(servers) << servers.error().message();
  std::vector<std::string> texts;
  for (const auto& server : *servers) texts.push_back(server.text());
  EXPECT_EQ(texts, (std::vector<std::string>{"127.0.0.1:1", "host:2", "[::1]:3", "name:9876"}));
}

TEST(NameServers, that_are_none_are_refused) {
  for (const char* text : {"", ";", "host:", "host:x", ":1", "host:0"})
    EXPECT_FALSE(parse_name_servers(text)) << text;
}

}  // namespace
}  // namespace bolide::client
