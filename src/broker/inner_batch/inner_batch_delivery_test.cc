// SPDX-License-Identifier: Apache-2.0
//
// Batches that are one record, popped, given back and given up.
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/core_test_util.h"
#include "broker/inner_batch/inner_batch.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::batch_element;
using testing::CoreRig;
using testing::property;

using Offsets = std::vector<std::int64_t>;

class InnerBatchDeliveryTest : public ::testing::Test {
 protected:
  InnerBatchDeliveryTest() { rig_.put_topic("bulk", 1, "+queue.type=BatchCQ"); }
  void send(int count) {
    std::string body;
    for (int i = 0; i < count; ++i)
      body += batch_element("m" + std::to_string(i), property("TAGS", "t" + std::to_string(i)));
    SendRequest request = rig_.request("bulk", body);
    request.batch = true;
    const std::string properties = property("UNIQ_KEY", "KEY");
    request.properties = properties;
    EXPECT_FALSE(rig_.send(request).error);
  }
  PopResult pop() {
    PopRequest request;
    request.ticket = {.sink = &rig_.sink, .session = 9, .token = 1};
    request.identity = &rig_.anonymous;
    request.group = "workers";
    request.topic = "bulk";
    request.invisible_ms = 10'000;
    const std::size_t before = rig_.sink.popped.size();
    rig_.core->pop(request);
    rig_.core->end_of_turn();
    EXPECT_EQ(rig_.sink.popped.size(), before + 1);
    return std::move(rig_.sink.popped.back().result);
  }
  Settled ack(std::int64_t offset, WallMs given_ms) {
    Answer<Settled> answer;
    rig_.core->ack(rig_.anonymous,
                   {.group = "workers",
                    .topic = "bulk",
                    .queue_id = 0,
                    .offset = offset,
                    .given_ms = given_ms},
                   answer.reply());
    rig_.core->end_of_turn();
    return answer.get().value();
  }
  void allow_no_retry() {
    Answer<void> put;
    GroupConfig group{.name = "workers"};
    group.retry_max_times = 0;
    rig_.core->put_group(rig_.anonymous, group, put.reply());
  }
  // Where the group stands, as a client that pulled has left it.
  void begin_at(std::int64_t offset) {
    Answer<void> put;
    GroupConfig group{.name = "workers"};
    group.retry_max_times = 1;
    rig_.core->put_group(rig_.anonymous, group, put.reply());
    ASSERT_TRUE(rig_.commit("workers", {"bulk", 0}, offset));
  }
  std::optional<std::int64_t> committed() {
    return rig_.core->offsets().find("workers", "bulk", 0);
  }
  static Offsets offsets(const PopResult& result) {
    return result.queues.empty() ? Offsets{} : result.queues.at(0).offsets;
  }
  static store::Record record(const PopResult& result, std::size_t index = 0) {
    store::Record found;
    std::string_view bytes = result.records.at(index).view();
    EXPECT_EQ(store::decode_record(bytes, store::Verify::checksums, &found),
              store::DecodeStatus::record);
    return found;
  }

  CoreRig rig_;
};

TEST_F(InnerBatchDeliveryTest, is_popped_whole_from_inside) {
  send(4);
  begin_at(2);
  const PopResult first = pop();
  ASSERT_EQ(offsets(first), Offsets{2});
  EXPECT_EQ(record(first).queue_offset, 0);
  EXPECT_EQ(pop().status, PopStatus::nothing);
  EXPECT_EQ(ack(2, first.given_ms), Settled::done);
  EXPECT_EQ(committed(), 4);
  rig_.pass_ms(20'000);
  EXPECT_EQ(pop().status, PopStatus::nothing);
}

TEST_F(InnerBatchDeliveryTest, comes_again_when_its_lease_ends_also_after_a_kill) {
  send(4);
  send(3);
  begin_at(3);
  ASSERT_EQ(offsets(pop()), (Offsets{3, 4}));
  rig_.kill_and_reopen();
  EXPECT_EQ(pop().status, PopStatus::nothing);
  rig_.pass_ms(10'000);
  const PopResult again = pop();
  ASSERT_EQ(offsets(again), (Offsets{3, 4}));
  EXPECT_EQ(record(again).reconsume_times, 1);
  EXPECT_EQ(elements_of(record(again)).size(), 4U);
  EXPECT_EQ(elements_of(record(again, 1)).size(), 3U);
  EXPECT_EQ(ack(3, again.given_ms), Settled::done);
  EXPECT_EQ(committed(), 4);
  EXPECT_EQ(ack(4, again.given_ms), Settled::done);
  EXPECT_EQ(committed(), 7);
}

TEST_F(InnerBatchDeliveryTest, becomes_a_dead_letter_for_each_message) {
  send(3);
  begin_at(1);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(offsets(pop()), Offsets{1}) << i;
    rig_.pass_ms(10'000);
  }
  EXPECT_EQ(pop().status, PopStatus::nothing);
  rig_.core->end_of_turn();
  ASSERT_EQ(rig_.visible_end("%DLQ%workers"), 3);
  const PullResult dead = rig_.pull("%DLQ%workers", 0);
  EXPECT_EQ(CoreRig::bodies(dead), (std::vector<std::string>{"m0", "m1", "m2"}));
  const store::Record letter = CoreRig::record(dead);
  EXPECT_EQ(letter.sys_flag & 192, 0);
  EXPECT_EQ(letter.reconsume_times, 2);
  EXPECT_EQ(store::find_property(letter.properties, "RETRY_TOPIC"), "bulk");
  EXPECT_EQ(store::find_property(letter.properties, "TAGS"), "t0");
  EXPECT_EQ(store::find_property(letter.properties, "INNER_NUM"), "");
  EXPECT_EQ(committed(), 3);
}

TEST_F(InnerBatchDeliveryTest, becomes_dead_letters_also_without_room_for_where_it_comes_from) {
  const std::string body =
      batch_element("large", property("own", std::string(32'700, 'x'))) + batch_element("small");
  SendRequest request = rig_.request("bulk", body);
  request.batch = true;
  const std::string properties = property("UNIQ_KEY", "KEY");
  request.properties = properties;
  ASSERT_FALSE(rig_.send(request).error);
  allow_no_retry();
  for (int i = 0; i < 4; ++i) {
    pop();
    rig_.pass_ms(61'000);
  }
  EXPECT_EQ(CoreRig::bodies(rig_.pull("%DLQ%workers", 0)),
            (std::vector<std::string>{"large", "small"}));
}

TEST_F(InnerBatchDeliveryTest, becomes_a_dead_letter_once_beside_one_that_never_can) {
  // As another program may have left it.
  const std::string body =
      batch_element("never", property("own", std::string(40'000, 'x'))) + batch_element("small");
  const std::string properties =
      property("UNIQ_KEY", "KEY") + property("INNER_NUM", "2") + property("INNER_BASE", "0");
  const auto queue = rig_.store->find_queue("bulk", 0);
  ASSERT_TRUE(queue.has_value());
  store::AppendRequest batch;
  batch.queue = *queue;
  batch.record.body = body;
  batch.record.properties = properties;
  batch.record.sys_flag = store::sys_flag::inner_batch | store::sys_flag::need_unwrap;
  batch.offsets = 2;
  ASSERT_TRUE(rig_.store->append(batch, rig_.clock.now()));
  ASSERT_TRUE(rig_.store->write_turn(rig_.clock.now()));
  rig_.kill_and_reopen();
  allow_no_retry();
  for (int i = 0; i < 4; ++i) {
    pop();
    rig_.pass_ms(61'000);
  }
  EXPECT_EQ(CoreRig::bodies(rig_.pull("%DLQ%workers", 0)), std::vector<std::string>{"small"});
}

TEST_F(InnerBatchDeliveryTest, is_not_sent_back_for_one_of_its_messages) {
  send(3);
  const PullResult pulled = rig_.pull("bulk", 0);
  Answer<void> answer;
  rig_.core->send_back(rig_.anonymous,
                       {.group = "readers", .position = CoreRig::record(pulled).position},
                       answer.reply());
  ASSERT_FALSE(answer.get());
  EXPECT_EQ(answer.get().error().code, Errc::message_invalid);
}

TEST(InnerBatch, has_elements_only_where_its_body_is_a_batch) {
  store::Record record;
  const std::string body = batch_element("a") + batch_element("b");
  record.body = body;
  EXPECT_TRUE(elements_of(record).empty());
  record.sys_flag = store::sys_flag::inner_batch | store::sys_flag::need_unwrap;
  EXPECT_EQ(elements_of(record).size(), 2U);
  record.body = record.body.substr(1);
  EXPECT_TRUE(elements_of(record).empty());
}

}  // namespace
}  // namespace bolide::broker
