// SPDX-License-Identifier: Apache-2.0
//
// Batches that are one record (rocketmq wire 1.10).
#include "broker/inner_batch/inner_batch.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::batch_element;
using testing::CoreRig;
using testing::property;

class InnerBatchTest : public ::testing::Test {
 protected:
  InnerBatchTest() { rig_.put_topic("bulk", 1, "+queue.type=BatchCQ"); }
  testing::RecordingSink::Sent send(int count, std::string_view key = "KEY") {
    std::string body;
    for (int i = 0; i < count; ++i) body += batch_element("m" + std::to_string(next_++));
    SendRequest request = rig_.request("bulk", body);
    request.batch = true;
    const std::string properties = key.empty() ? "" : property("UNIQ_KEY", key);
    request.properties = properties;
    return rig_.send(request);
  }
  PullResult pull(std::int64_t offset, std::int32_t messages_max = 32) {
    PullRequest request = rig_.pull_request("bulk", offset);
    request.messages_max = messages_max;
    return rig_.pull(request);
  }

  CoreRig rig_;
  int next_ = 0;
};

TEST_F(InnerBatchTest, covers_an_offset_for_each_message) {
  const auto first = send(3);
  EXPECT_EQ(first.queue_offset, 0);
  EXPECT_EQ(first.positions.size(), 1U);
  EXPECT_EQ(first.unique_key, "KEY");
  EXPECT_EQ(send(2).queue_offset, 3);
  EXPECT_EQ(rig_.send("bulk", "single").queue_offset, 5);
  EXPECT_EQ(rig_.visible_end("bulk"), 6);
}

TEST_F(InnerBatchTest, is_told_in_its_record) {
  send(2);
  send(3);
  const PullResult pulled = pull(2);
  const store::Record record = CoreRig::record(pulled);
  EXPECT_EQ(record.queue_offset, 2);
  EXPECT_EQ(store::find_property(record.properties, "INNER_NUM"), "3");
  EXPECT_EQ(store::find_property(record.properties, "INNER_BASE"), "2");
  EXPECT_EQ(store::find_property(record.properties, "CLUSTER"), "DefaultCluster");
  EXPECT_EQ(record.sys_flag & 192, 192);
  EXPECT_EQ(pulled.next_offset, 5);
}

TEST_F(InnerBatchTest, is_given_whole_wherever_a_reader_begins) {
  send(4);
  send(4);
  for (std::int64_t offset = 0; offset < 4; ++offset) {
    const PullResult pulled = pull(offset, 1);
    ASSERT_EQ(pulled.messages, 1) << offset;
    EXPECT_EQ(CoreRig::record(pulled).queue_offset, 0) << offset;
    EXPECT_EQ(pulled.next_offset, 4) << offset;
  }
  EXPECT_EQ(pull(0).messages, 2);
  EXPECT_EQ(pull(0, 4).messages, 1);
}

TEST_F(InnerBatchTest, is_there_again_after_a_kill) {
  send(3);
  send(2);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.visible_end("bulk"), 5);
  EXPECT_EQ(CoreRig::record(pull(4)).queue_offset, 3);
  EXPECT_EQ(send(1).queue_offset, 5);
}

TEST_F(InnerBatchTest, needs_a_key_of_its_own_or_is_cut_up) {
  send(3, "");
  EXPECT_EQ(CoreRig::bodies(pull(0)), (std::vector<std::string>{"m0", "m1", "m2"}));
}

TEST_F(InnerBatchTest, is_refused_when_its_messages_cannot_be_counted) {
  SendRequest request = rig_.request("bulk", "no batch");
  request.batch = true;
  const std::string properties = property("UNIQ_KEY", "KEY");
  request.properties = properties;
  EXPECT_EQ(rig_.refused(request), Errc::malformed);
  EXPECT_FALSE(inner_batch_properties({}, "c", 32'768, 0));
}

TEST_F(InnerBatchTest, is_refused_where_it_asks_for_what_only_single_messages_may) {
  const std::string body = batch_element("m");
  for (const auto& [name, value] :
       {std::pair("DELAY", "1"), std::pair("TIMER_DELAY_MS", "5"), std::pair("TRAN_MSG", "true"),
        std::pair("__LITE_TOPIC", "x"), std::pair("INNER_MULTI_DISPATCH", "%LMQ%x")}) {
    SendRequest request = rig_.request("bulk", body);
    request.batch = true;
    const std::string properties = property("UNIQ_KEY", "KEY") + property(name, value) +
                                   property("INNER_MULTI_QUEUE_OFFSET", "7");
    request.properties = properties;
    EXPECT_EQ(rig_.refused(request), Errc::not_supported) << name;
  }
  EXPECT_EQ(rig_.visible_end("bulk"), 0);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.visible_end("%LMQ%x"), 0);
}

TEST_F(InnerBatchTest, is_not_claimed_by_a_client) {
  const std::string claim = property("INNER_NUM", "9") + property("INNER_BASE", "0");
  SendRequest request = rig_.request("bulk", "m");
  request.properties = claim;
  EXPECT_EQ(rig_.refused(request), Errc::message_invalid);
  const std::string body = batch_element("m") + batch_element("n", claim);
  SendRequest batch = rig_.request("bulk", body);
  batch.batch = true;
  EXPECT_EQ(rig_.refused(batch), Errc::message_invalid);
  EXPECT_EQ(rig_.visible_end("bulk"), 0);
}

TEST_F(InnerBatchTest, is_cut_up_where_the_newest_message_of_each_key_counts) {
  rig_.put_topic("states", 1, "+queue.type=BatchCQ,+cleanup.policy=COMPACTION");
  const std::string body =
      batch_element("a", property("KEYS", "k1")) + batch_element("b", property("KEYS", "k2"));
  SendRequest request = rig_.request("states", body);
  request.batch = true;
  const std::string properties = property("UNIQ_KEY", "KEY");
  request.properties = properties;
  EXPECT_FALSE(rig_.send(request).error);
  EXPECT_EQ(CoreRig::bodies(rig_.pull("states", 0)), (std::vector<std::string>{"a", "b"}));
}

TEST(InnerBatch, is_not_made_by_a_flag_alone) {
  store::Record record;
  record.sys_flag = store::sys_flag::inner_batch;
  EXPECT_EQ(store::offsets_covered(record), 1);
  const std::string properties = property("INNER_NUM", "9") + property("INNER_BASE", "5");
  record.properties = properties;
  record.queue_offset = 4;
  EXPECT_EQ(store::offsets_covered(record), 1);
  record.queue_offset = 5;
  EXPECT_EQ(store::offsets_covered(record), 9);
}

}  // namespace
}  // namespace bolide::broker
