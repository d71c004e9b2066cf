// SPDX-License-Identifier: Apache-2.0
//
// The config/*.json files of a RocketMQ store directory (rocketmq disk 4).
#include "broker/rocketmq_files.h"

#include "os/sim_file_system.h"

#include <gtest/gtest.h>

#include <map>

namespace bolide::broker {
namespace {

class RocketmqFilesTest : public ::testing::Test {
 protected:
  RocketmqFilesTest() { EXPECT_TRUE(fs_.make_directories("store/config")); }
  void write(std::string_view name, std::string_view text) {
    ASSERT_TRUE(os::replace_file(fs_, "store/config/" + std::string(name), text));
  }
  StoredMetadata read() {
    auto all = read_rocketmq_files(fs_, "store");
    EXPECT_TRUE(all) << all.error().message();
    return all ? *all : StoredMetadata{};
  }
  Error read_error() {
    const auto all = read_rocketmq_files(fs_, "store");
    EXPECT_FALSE(all);
    return all ? Error{} : all.error();
  }

  os::SimFileSystem fs_;
};

TEST_F(RocketmqFilesTest, are_empty_where_there_are_none) {
  EXPECT_TRUE(read().topics.empty());
  os::SimFileSystem bare;
  EXPECT_TRUE(read_rocketmq_files(bare, "nowhere"));
}

TEST_F(RocketmqFilesTest, are_read_as_rocketmq_writes_them) {
  write("topics.json", R"({
	"dataVersion":{"counter":3,"stateVersion":0,"timestamp":1700000000000},
	"topicConfigTable":{
		"orders":{"attributes":{"message.type":"FIFO"},"order":false,"perm":6,"readQueueNums":4,
			"topicFilterType":"SINGLE_TAG","topicName":"orders","topicSysFlag":0,"writeQueueNums":5},
		"%RETRY%readers":{"order":false,"perm":6,"readQueueNums":1,"writeQueueNums":1}
	}})");
  write("subscriptionGroup.json", R"({"dataVersion":{"counter":1,"timestamp":5},
	"forbiddenTable":{},
	"subscriptionGroupTable":{"readers":{"brokerId":0,"consumeBroadcastEnable":true,
		"consumeEnable":false,"groupName":"readers","groupRetryPolicy":{"type":"CUSTOMIZED"},
		"retryMaxTimes":16,"retryQueueNums":1,"whichBrokerWhenConsumeSlowly":1}}})");
  write("consumerOffset.json", R"({"dataVersion":{"counter":9},
	"offsetTable":{"orders@readers":{0:12,1:3},"%RETRY%readers@readers":{0:0}}})");
  const StoredMetadata all = read();
  ASSERT_EQ(all.topics.size(), 2U);
  EXPECT_EQ(all.topics[0].name, "orders");
  EXPECT_EQ(all.topics[0].write_queues, 5);
  EXPECT_EQ(all.topics[0].attributes.at("message.type"), "FIFO");
  EXPECT_EQ(all.topics[1].name, "%RETRY%readers") << "from the key";
  EXPECT_EQ(all.topic_version.counter, 3);
  ASSERT_EQ(all.groups.size(), 1U);
  EXPECT_FALSE(all.groups[0].consume_enabled);
  EXPECT_EQ(all.group_version.timestamp_ms, 5);
  ASSERT_EQ(all.offsets.size(), 3U);
  EXPECT_EQ(all.offsets[0].topic, "orders");
  EXPECT_EQ(all.offsets[0].group, "readers");
  EXPECT_EQ(all.offsets[1].queue_id, 1);
  EXPECT_EQ(all.offsets[1].offset, 3);
}

TEST_F(RocketmqFilesTest, read_and_write_the_offsets_of_light_queues) {
  write("consumerOffset.json", R"({"offsetTable":{"orders@readers":{0:1},"old@readers":{0:7}}})");
  write("lmqConsumerOffset.json", R"({"dataVersion":{"counter":9},
	"lmqOffsetTable":{"%LMQ%a@b@%LMQ%g@@@h":5},
	"offsetTable":{"orders@readers":{0:2,1:3},"%LMQ%a@b@readers":{0:4}}})");
  const StoredMetadata all = read();
  std::map<std::string, std::int64_t> found;
  for (const OffsetEntry& entry : all.offsets)
    found[entry.topic + " " + entry.group + std::to_string(entry.queue_id)] = entry.offset;
  const std::map<std::string, std::int64_t> expected = {{"orders readers0", 2},
                                                        {"orders readers1", 3},
                                                        {"old readers0", 7},
                                                        {"%LMQ%a@b readers0", 4},
                                                        {"%LMQ%a@b %LMQ%g@@@h0", 5}};
  EXPECT_EQ(found, expected);
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", all));
  const auto text = os::read_file(fs_, "store/config/lmqConsumerOffset.json");
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("lmqOffsetTable"), std::string::npos);
  EXPECT_EQ(read().offsets.size(), all.offsets.size());
}

TEST_F(RocketmqFilesTest, give_back_what_was_written) {
  StoredMetadata all;
  all.topics = {{.name = "orders", .read_queues = 3, .write_queues = 2, .permission = 4}};
  all.groups = {{.name = "readers", .retry_max_times = 3}};
  all.offsets = {{.topic = "orders", .group = "readers", .queue_id = 1, .offset = 1LL << 40},
                 {.topic = "orders", .group = "readers", .queue_id = 0, .offset = 1}};
  all.topic_version = {.state_version = 1, .timestamp_ms = 2, .counter = 3};
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", all));
  const StoredMetadata again = read();
  EXPECT_EQ(again.topics, all.topics);
  EXPECT_EQ(again.topic_version, all.topic_version);
  ASSERT_EQ(again.groups.size(), 1U);
  EXPECT_EQ(again.groups[0].retry_max_times, 3);
  ASSERT_EQ(again.offsets.size(), 2U);
  EXPECT_EQ(again.offsets[1].offset, 1LL << 40);
  const auto text = os::read_file(fs_, "store/config/consumerOffset.json");
  ASSERT_TRUE(text);
  EXPECT_NE(text->find("0:1"), std::string::npos) << "keys are bare numbers: " << *text;
}

TEST_F(RocketmqFilesTest, leave_the_old_ones_as_backups) {
  StoredMetadata all;
  all.topics = {{.name = "first"}};
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", all));
  all.topics = {{.name = "second"}};
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", all));
  EXPECT_EQ(read().topics.at(0).name, "second");
  ASSERT_TRUE(fs_.remove("store/config/topics.json"));
  EXPECT_EQ(read().topics.at(0).name, "first");
}

TEST_F(RocketmqFilesTest, that_are_broken_or_empty_give_way_to_their_backups) {
  write("topics.json.bak", R"({"topicConfigTable":{"saved":{}}})");
  write("topics.json", "");
  EXPECT_EQ(read().topics.at(0).name, "saved");
  write("topics.json", R"({"topicConfigTable":{"torn":{"per)");
  const StoredMetadata all = read();
  ASSERT_EQ(all.topics.size(), 1U);
  EXPECT_EQ(all.topics[0].name, "saved");
}

TEST_F(RocketmqFilesTest, that_are_broken_without_a_backup_are_an_error_that_names_them) {
  for (std::string_view name : {"topics.json", "subscriptionGroup.json", "consumerOffset.json"}) {
    for (std::string_view text : {"{", "[]", "{\"dataVersion\":3}", "\x01\x02"}) {
      SCOPED_TRACE(std::string(name) + " " + std::string(text));
      write(name, text);
      if (name == "consumerOffset.json" && text.find("dataVersion") != text.npos) continue;
      const Error error = read_error();
      EXPECT_EQ(error.code, Errc::storage_corrupt);
      EXPECT_NE(error.context.find(name), std::string::npos) << error.context;
    }
    write(name, "{}");
  }
}

TEST_F(RocketmqFilesTest, that_the_disk_does_not_give_are_an_error_and_not_empty) {
  write("topics.json", R"({"topicConfigTable":{"orders":{}}})");
  fs_.fail_at(os::FileOperation::read, 1, Errc::io, true);
  fs_.fail_at(os::FileOperation::read_cached, 1, Errc::io, true);
  const Error error = read_error();
  EXPECT_EQ(error.code, Errc::io);
  EXPECT_NE(error.context.find("topics.json"), std::string::npos) << error.context;
}

TEST_F(RocketmqFilesTest, pass_over_offsets_that_cannot_be) {
  write("consumerOffset.json",
        R"({"offsetTable":{"t@g":{"-1":5,"70000":5,"x":5,"2":7},"nogroup":{0:1},"t@":{0:1}}})");
  const StoredMetadata all = read();
  ASSERT_EQ(all.offsets.size(), 1U);
  EXPECT_EQ(all.offsets[0].queue_id, 2);
}

// Journal and files after a clean stop; then another broker writes.
class ForeignChangesTest : public RocketmqFilesTest {
 protected:
  ForeignChangesTest() {
    ours_.topics = {{.name = "kept"}, {.name = "deleted"}};
    ours_.groups = {{.name = "readers"}};
    ours_.offsets = {{.topic = "kept", .group = "readers", .queue_id = 0, .offset = 7},
                     {.topic = "kept", .group = "readers", .queue_id = 1, .offset = 9}};
    EXPECT_TRUE(write_rocketmq_files(fs_, "store", ours_));
  }
  ForeignChanges take() {
    auto changes = take_foreign_changes(fs_, "store", &ours_);
    EXPECT_TRUE(changes) << changes.error().message();
    return changes ? *changes : ForeignChanges{};
  }
  std::map<std::int32_t, std::int64_t> offsets() {
    std::map<std::int32_t, std::int64_t> found;
    for (const OffsetEntry& entry : ours_.offsets) found[entry.queue_id] = entry.offset;
    return found;
  }

  StoredMetadata ours_;
};

TEST_F(ForeignChangesTest, are_none_in_files_that_we_wrote) {
  EXPECT_FALSE(take().any());
  EXPECT_TRUE(remember_rocketmq_files(fs_, "store", InStep::no));
  EXPECT_FALSE(take().any());
  EXPECT_EQ(ours_.topics.size(), 2U);
}

TEST_F(ForeignChangesTest, replace_what_the_journal_has_of_the_changed_file_alone) {
  write("topics.json", R"({"dataVersion":{"counter":5},
	"topicConfigTable":{"kept":{"writeQueueNums":9},"new":{}}})");
  const ForeignChanges changes = take();
  EXPECT_TRUE(changes.topics);
  EXPECT_FALSE(changes.groups || changes.offsets);
  ASSERT_EQ(changes.topics_gone.size(), 1U);
  EXPECT_EQ(changes.topics_gone[0].name, "deleted");
  ASSERT_EQ(ours_.topics.size(), 2U);
  EXPECT_EQ(ours_.topics[0].write_queues, 9);
  EXPECT_EQ(ours_.topics[1].name, "new");
  EXPECT_EQ(ours_.topic_version.counter, 5);
  EXPECT_EQ(ours_.groups.size(), 1U);
  EXPECT_EQ(ours_.offsets.size(), 2U);
}

TEST_F(ForeignChangesTest, may_set_offsets_back) {
  write("consumerOffset.json", R"({"offsetTable":{"kept@readers":{0:3,1:9}}})");
  EXPECT_TRUE(take().offsets);
  EXPECT_EQ(offsets(), (std::map<std::int32_t, std::int64_t>{{0, 3}, {1, 9}}));
}

TEST_F(ForeignChangesTest, delete_nothing_that_only_a_killed_server_knew) {
  ASSERT_TRUE(remember_rocketmq_files(fs_, "store", InStep::no));
  ours_.topics.push_back({.name = "made before the kill"});
  ours_.offsets[0].offset = 70;
  write("topics.json", R"({"topicConfigTable":{"kept":{},"deleted":{}}})");
  write("consumerOffset.json", R"({"offsetTable":{"kept@readers":{0:8,1:12,2:1}}})");
  const ForeignChanges changes = take();
  EXPECT_TRUE(changes.topics_gone.empty());
  EXPECT_EQ(ours_.topics.size(), 3U);
  EXPECT_EQ(offsets(), (std::map<std::int32_t, std::int64_t>{{0, 70}, {1, 12}, {2, 1}}));
}

TEST_F(ForeignChangesTest, are_not_read_from_files_that_are_gone_or_empty) {
  write("topics.json", "");
  ASSERT_TRUE(fs_.remove("store/config/consumerOffset.json"));
  EXPECT_FALSE(take().any());
}

TEST_F(ForeignChangesTest, leave_members_alone_that_we_do_not_know) {
  write("subscriptionGroup.json", R"({"dataVersion":{},"forbiddenTable":{"readers":{"kept":1}},
	"subscriptionGroupTable":{}})");
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", ours_));
  const std::string text = *os::read_file(fs_, "store/config/subscriptionGroup.json");
  EXPECT_NE(text.find(R"("forbiddenTable":{"readers":{"kept":1}})"), std::string::npos) << text;
  EXPECT_EQ(read().groups.size(), 1U);
}

TEST_F(RocketmqFilesTest, carry_the_places_in_the_delay_levels) {
  write("delayOffset.json", R"({"offsetTable":{1:10,18:2,0:5}})");
  StoredMetadata all = read();
  ASSERT_EQ(all.offsets.size(), 2U);
  EXPECT_EQ(all.offsets[0].topic, "SCHEDULE_TOPIC_XXXX");
  EXPECT_EQ(all.offsets[0].queue_id, 0);
  EXPECT_EQ(all.offsets[0].offset, 10);
  EXPECT_EQ(all.offsets[1].queue_id, 17);
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", all));
  EXPECT_EQ(read().offsets.size(), 2U);
  const std::string text = *os::read_file(fs_, "store/config/consumerOffset.json");
  EXPECT_EQ(text.find("SCHEDULE"), std::string::npos) << text;
}

TEST_F(RocketmqFilesTest, carry_the_mappings_of_static_topics) {
  EXPECT_TRUE(read().mappings.empty());
  write("topicQueueMapping.json", R"({"dataVersion":{"counter":2},"topicQueueMappingInfoMap":{"T":{
	"bname":"a","currIdMap":{},"dirty":false,"epoch":7,"hostedQueues":{1:[{"bname":"a","endOffset":-1,
	"gen":0,"logicOffset":0,"queueId":3,"startOffset":0}]},"scope":"__global__","totalQueues":2}}})");
  const StoredMetadata all = read();
  ASSERT_EQ(all.mappings.size(), 1U);
  EXPECT_EQ(all.mappings[0].topic, "T");
  EXPECT_EQ(all.mappings[0].queues.at(1).at(0).queue_id, 3);
  ASSERT_TRUE(write_rocketmq_files(fs_, "store", all));
  EXPECT_EQ(read().mappings, all.mappings);
}

TEST_F(RocketmqFilesTest, tell_how_far_timed_messages_were_delivered) {
  EXPECT_EQ(read_timer_check(fs_, "store"), 0);
  ASSERT_TRUE(
      os::replace_file(fs_, "store/timercheck", std::string("\0\0\0\0\0\0\1\2", 8) + "rest"));
  EXPECT_EQ(read_timer_check(fs_, "store"), 258);
}

}  // namespace
}  // namespace bolide::broker
