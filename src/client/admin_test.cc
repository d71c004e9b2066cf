// SPDX-License-Identifier: Apache-2.0
//
// Tests of what an administrator's calls read and say, with answers as Apache's broker gives them.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include <bolide/admin.h>

#include "base/fields_json.h"
#include "base/message_id.h"
#include "client/admin_bodies.h"
#include "client/admin_calls.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

TEST(AdminBodies, read_groups_with_fields_that_are_not_known) {
  const auto table = from_json<GroupTable>(
      R"({"dataVersion":{"counter":0},"forbiddenTable":{},"subscriptionGroupTable":{"g":)"
      R"({"attributes":{},"brokerId":0,"consumeBroadcastEnable":false,"consumeEnable":true,)"
      R"("consumeMessageOrderly":true,"groupName":"g","groupRetryPolicy":{"type":"CUSTOMIZED"},)"
      R"("retryMaxTimes":3,"retryQueueNums":2}}})");
  ASSERT_TRUE(table) << table.error().message();
  const GroupBody& group = table->groups.at("g");
  EXPECT_EQ(group.retries_max, 3);
  EXPECT_EQ(group.retry_queues, 2);
  EXPECT_FALSE(group.broadcast_enable);
  EXPECT_TRUE(group.ordered);
}

TEST(AdminBodies, read_progress_whose_names_are_objects) {
  const auto stats = from_json<ConsumeStatsBody>(
      R"({"consumeTps":0.0,"offsetTable":{{"brokerName":"b","queueId":1,"topic":"t"}:)"
      R"({"brokerOffset":9,"consumerOffset":4,"lastTimestamp":7,"pullOffset":5}}})");
  ASSERT_TRUE(stats) << stats.error().message();
  EXPECT_EQ(stats->queues.begin()->first.queue, 1);
  EXPECT_EQ(stats->queues.begin()->second.pull_offset, 5);
}

TEST(AdminBodies, read_connections_and_producers) {
  const auto members = from_json<ConnectionsBody>(
      R"({"connectionSet":[{"clientAddr":"1.2.3.4:5","clientId":"c","language":"CPP",)"
      R"("version":513}],"consumeFromWhere":"CONSUME_FROM_LAST_OFFSET","consumeType":)"
      R"("CONSUME_PASSIVELY","messageModel":"CLUSTERING","subscriptionTable":{"t":)"
      R"({"topic":"t","subString":"a || b","expressionType":"TAG","tagsSet":["a"]}}})");
  ASSERT_TRUE(members) << members.error().message();
  EXPECT_EQ(members->connections.front().version, 513);
  EXPECT_EQ(members->subscriptions.at("t").expression, "a || b");
  const auto producers = from_json<ProducerTable>(
      R"({"data":{"p":[{"clientId":"c","language":"JAVA","lastUpdateTimestamp":5,)"
      R"("remoteIP":"1.2.3.4:5","version":409}]}})");
  ASSERT_TRUE(producers) << producers.error().message();
  EXPECT_EQ(producers->groups.at("p").front().address, "1.2.3.4:5");
}

TEST(Versions, are_told_from_their_numbers) {
  EXPECT_EQ(version_text(513), "5.5.0");
  EXPECT_EQ(version_text(479), "5.3.3");
  EXPECT_EQ(version_text(413), "5.0.0");
  EXPECT_EQ(version_text(412), "5.0.0-SNAPSHOT");
  EXPECT_EQ(version_text(409), "4.9.8");
  EXPECT_EQ(version_text(335), "4.6.1");
  EXPECT_EQ(version_text(121), "below 4.0");
}

TEST(OffsetIds, are_what_messages_say) {
  ReceivedMessage message;
  message.store_host.port = 10911;
  message.position = 123456789012;
  const auto place = parse_message_id(message.offset_id());
  ASSERT_TRUE(place) << place.error().message();
  EXPECT_EQ(place->store_host.text(), "127.0.0.1:10911");
  EXPECT_EQ(place->position, message.position);
  message.store_host.size = 16;
  const auto v6 = parse_message_id(message.offset_id());
  ASSERT_TRUE(v6) << v6.error().message();
  EXPECT_EQ(v6->store_host.text(), message.store_host.text());
}

TEST(OffsetIds, that_are_none_are_refused) {
  const std::string good = "7F00000100002A9F0000000000000000";
  EXPECT_TRUE(parse_message_id(good));
  for (const std::string& bad :
       {std::string(), good.substr(1), good + "0", "G" + good.substr(1), "-" + good.substr(1),
        std::string("7F00000100000000") + good.substr(16), good.substr(0, 16) + "FFFFFFFFFFFFFFFF"})
    EXPECT_FALSE(parse_message_id(bad)) << bad;
}

// A server that is not there: every call ends with the cause, and none hangs.
TEST(Admin, says_which_server_does_not_answer) {
  auto client = Client::open({.name_servers = "127.0.0.1:1"});
  ASSERT_TRUE(client.ok()) << client.status().message();
  const Admin admin(*client);
  const auto topics = admin.topics();
  ASSERT_FALSE(topics.ok());
  EXPECT_EQ(topics.status().code(), Errc::connection_failed);
  EXPECT_NE(topics.status().message().find("127.0.0.1:1"), std::string::npos);
  EXPECT_FALSE(admin.groups().ok());
  EXPECT_FALSE(admin.brokers().ok());
  EXPECT_FALSE(admin.put_topic({.name = "t"}).ok());
  EXPECT_EQ(admin.put_topic({.name = "a b"}).code(), Errc::topic_not_valid);
  EXPECT_EQ(admin.put_group({.name = ""}).code(), Errc::invalid_argument);
}

}  // namespace
}  // namespace bolide::client
