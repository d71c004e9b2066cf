// SPDX-License-Identifier: Apache-2.0
//
// Light queues: one record in many queues (rocketmq semantics 3.15).
#include "store/multi_dispatch.h"
#include "base/errors.h"
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;

using Bodies = std::vector<std::string>;

class LightQueuesTest : public ::testing::Test {
 protected:
  LightQueuesTest() { rig_.put_topic("orders", 2); }
  testing::RecordingSink::Sent send(std::string_view body, std::string_view queues,
                                    std::string_view more = {}) {
    return rig_.send("orders", body, 0,
                     std::string(more) + property("INNER_MULTI_DISPATCH", queues));
  }
  Bodies bodies(std::string_view queue, std::int64_t offset = 0) {
    return CoreRig::bodies(rig_.pull(queue, offset));
  }

  CoreRig rig_;
};

TEST_F(LightQueuesTest, hold_what_names_them_in_order) {
  send("a", "%LMQ%x");
  send("b", "%LMQ%x,%LMQ%y");
  rig_.send("orders", "c");
  send("d", "%LMQ%y");
  EXPECT_EQ(bodies("orders"), (Bodies{"a", "b", "c", "d"}));
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "b"}));
  EXPECT_EQ(bodies("%LMQ%y", 1), (Bodies{"d"}));
  EXPECT_EQ(rig_.visible_end("%LMQ%x"), 2);
  EXPECT_EQ(rig_.visible_end("%LMQ%never"), 0);
}

TEST_F(LightQueuesTest, are_told_in_the_stored_message) {
  send("a", "%LMQ%x");
  send("b", "%LMQ%y,%LMQ%x", property("WAIT", "true") + property("INNER_MULTI_QUEUE_OFFSET", "9"));
  const PullResult pulled = rig_.pull("orders", 1);
  const store::Record record = CoreRig::record(pulled);
  EXPECT_EQ(store::find_property(record.properties, "INNER_MULTI_QUEUE_OFFSET"), "0,1");
  EXPECT_EQ(store::find_property(record.properties, "WAIT"), "");
  EXPECT_EQ(record.topic, "orders");
  EXPECT_EQ(record.queue_offset, 1);
}

TEST_F(LightQueuesTest, are_no_topics) {
  const auto topics = rig_.core->topics().all().size();
  for (int i = 0; i < 100; ++i) send("a", "%LMQ%" + std::to_string(i));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bodies("%LMQ%" + std::to_string(i)), Bodies{"a"});
  EXPECT_EQ(rig_.core->topics().all().size(), topics);
}

TEST_F(LightQueuesTest, are_there_again_after_a_kill) {
  send("a", "%LMQ%x,%LMQ%y");
  send("b", "%LMQ%x");
  rig_.kill_and_reopen();
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "b"}));
  EXPECT_EQ(bodies("%LMQ%y"), (Bodies{"a"}));
  send("c", "%LMQ%x");
  EXPECT_EQ(bodies("%LMQ%x", 2), (Bodies{"c"}));
  rig_.restart();
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "b", "c"}));
}

TEST_F(LightQueuesTest, are_read_from_a_cold_log) {
  const std::string large(1 << 20, 'x');
  send("a", "%LMQ%x");
  for (int i = 0; i < 20; ++i) rig_.send("orders", large);
  send("b", "%LMQ%x");
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "b"}));
}

TEST_F(LightQueuesTest, take_a_message_once_that_names_them_twice) {
  send("a", "%LMQ%x,%LMQ%x");
  send("b", "%LMQ%x");
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "b"}));
  rig_.kill_and_reopen();
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "b"}));
}

TEST_F(LightQueuesTest, wake_a_pull_that_waits_in_them) {
  rig_.core->pull(rig_.pull_request("%LMQ%x", 0, 10'000));
  EXPECT_TRUE(rig_.sink.pulled.empty());
  send("a", "%LMQ%x");
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(CoreRig::bodies(rig_.sink.pulled[0].result), Bodies{"a"});
}

TEST_F(LightQueuesTest, are_not_made_by_asking_for_them) {
  const std::size_t before = rig_.store->queue_count();
  for (int i = 0; i < 50; ++i) {
    const std::string name = "%LMQ%" + std::to_string(i);
    EXPECT_EQ(rig_.visible_end(name), 0);
    EXPECT_EQ(rig_.pull(name, 0).status, PullStatus::no_message_in_queue);
    rig_.core->pull(rig_.pull_request(name, 0, 10'000));
    PopRequest pop;
    pop.ticket = {.sink = &rig_.sink, .session = 9, .token = 1};
    pop.group = "workers";
    pop.topic = name;
    rig_.core->pop(pop);
    Answer<TopicConfig> config;
    rig_.core->topic(rig_.anonymous, name, config.reply());
    EXPECT_TRUE(config.get());
  }
  EXPECT_EQ(rig_.store->queue_count(), before);
  EXPECT_EQ(rig_.core->offsets().size(), 0U);
  EXPECT_EQ(rig_.core->core_stats().leases.queues, 0U);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 50U);
}

TEST_F(LightQueuesTest, wake_only_those_who_wait_in_them) {
  for (const std::string_view name : {"%LMQ%x", "%LMQ%y", "%LMQ%x"})
    rig_.core->pull(rig_.pull_request(name, 0, 10'000));
  PullRequest other = rig_.pull_request("%LMQ%x", 0, 10'000);
  other.ticket.session = 11;
  rig_.core->pull(other);
  rig_.core->session_closed(11);
  send("a", "%LMQ%x");
  EXPECT_EQ(rig_.sink.pulled.size(), 2U);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 1U);
  rig_.pass_ms(10'000);
  ASSERT_EQ(rig_.sink.pulled.size(), 3U);
  EXPECT_EQ(rig_.sink.pulled.back().result.status, PullStatus::no_message_in_queue);
  send("b", "%LMQ%y");
  EXPECT_EQ(rig_.sink.pulled.size(), 3U);
  EXPECT_EQ(bodies("%LMQ%y"), Bodies{"b"});
}

TEST(LightQueues, are_only_so_many) {
  testing::RigOptions options;
  options.core.light_queues_max = 3;
  CoreRig rig(options);
  const auto send = [&](std::string_view queues, std::string_view more = {}) {
    return rig.send("orders", "m", 0, std::string(more) + property("INNER_MULTI_DISPATCH", queues));
  };
  EXPECT_FALSE(send("%LMQ%a,%LMQ%b").error);
  const auto refused = send("%LMQ%c,%LMQ%d");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Errc::quota_exceeded);
  EXPECT_EQ(error_row(Errc::quota_exceeded).rocketmq, 2017);
  EXPECT_EQ(rig.visible_end("orders"), 1);
  EXPECT_FALSE(rig.send("%LMQ%c", "m").error) << "none of the two was made";
  EXPECT_TRUE(rig.send("%LMQ%d", "m").error);
  EXPECT_TRUE(send("%LMQ%d", property("DELAY", "1")).error) << "while it can be refused";
  EXPECT_FALSE(send("%LMQ%a,%LMQ%b,%LMQ%c").error);
  rig.kill_and_reopen();
  EXPECT_TRUE(rig.send("%LMQ%d", "m").error);
  EXPECT_FALSE(rig.send("%LMQ%a", "m").error);
}

class OneLightQueue : public ::testing::Test {
 protected:
  static testing::RigOptions options() {
    testing::RigOptions made;
    made.segment_bytes = 64U << 10U;
    made.retention_ms = 60'000;
    made.core.light_queues_max = 1;
    return made;
  }
  bool takes(std::string_view queue) { return !rig_.send(queue, "m").error; }

  CoreRig rig_{options()};
};

TEST_F(OneLightQueue, makes_room_for_another_when_it_is_deleted) {
  for (const bool restarted : {false, true}) {
    ASSERT_TRUE(takes("%LMQ%a"));
    EXPECT_FALSE(takes("%LMQ%b"));
    Answer<void> deleted;
    rig_.core->delete_topic(rig_.anonymous, "%LMQ%a", deleted.reply());
    ASSERT_TRUE(deleted.get());
    if (restarted) rig_.kill_and_reopen();
    EXPECT_TRUE(takes("%LMQ%b"));
    EXPECT_TRUE(takes("%LMQ%b"));
    EXPECT_FALSE(takes("%LMQ%a")) << "it counts like a new one";
    Answer<void> again;
    rig_.core->delete_topic(rig_.anonymous, "%LMQ%b", again.reply());
    ASSERT_TRUE(again.get());
  }
}

TEST_F(OneLightQueue, makes_room_for_another_when_its_messages_are_too_old) {
  ASSERT_TRUE(takes("%LMQ%a"));
  const std::string filler(16U << 10U, 'x');
  for (int i = 0; i < 20; ++i) rig_.send("filler", filler);
  EXPECT_FALSE(takes("%LMQ%b"));
  for (int i = 0; i < 100; ++i) rig_.pass_ms(1'000);
  ASSERT_GT(rig_.store->stats().min_position, 0);
  EXPECT_TRUE(takes("%LMQ%b"));
  EXPECT_FALSE(takes("%LMQ%a"));
}

// Who was promised that his message is delivered later is not let down by the bound.
TEST(LightQueues, of_messages_that_wait_are_made_after_a_start_too) {
  testing::RigOptions options;
  options.core.light_queues_max = 1;
  CoreRig rig(options);
  EXPECT_FALSE(rig.send("orders", "m", 0,
                        property("DELAY", "1") + property("INNER_MULTI_DISPATCH", "%LMQ%late"))
                   .error);
  rig.kill_and_reopen();
  EXPECT_FALSE(rig.send("%LMQ%other", "m").error);
  for (int i = 0; i < 3; ++i) rig.pass_ms(1'000);
  EXPECT_EQ(rig.visible_end("%LMQ%late"), 1);
}

TEST_F(LightQueuesTest, select_by_tags_and_properties) {
  send("red", "%LMQ%x", property("TAGS", "red") + property("size", "3"));
  send("blue", "%LMQ%x", property("TAGS", "blue") + property("size", "5"));
  send("late", "%LMQ%x", property("TAGS", "blue") + property("size", "9"));
  PullRequest request = rig_.pull_request("%LMQ%x", 0);
  request.subscription = "blue";
  EXPECT_EQ(CoreRig::bodies(rig_.pull(request)), (Bodies{"blue", "late"}));
  request.subscription = "size < 6";
  request.expression_type = "SQL92";
  request.messages_max = 1;
  const PullResult first = rig_.pull(request);
  EXPECT_EQ(CoreRig::bodies(first), (Bodies{"red"}));
  request.offset = first.next_offset;
  EXPECT_EQ(CoreRig::bodies(rig_.pull(request)), (Bodies{"blue"}));
}

TEST_F(LightQueuesTest, are_popped_by_their_own_offsets) {
  rig_.send("orders", "other");
  send("a", "%LMQ%x");
  send("b", "%LMQ%x");
  PopRequest request;
  request.ticket = {.sink = &rig_.sink, .session = 9, .token = 1};
  request.group = "workers";
  request.topic = "%LMQ%x";
  rig_.core->pop(request);
  rig_.core->end_of_turn();
  ASSERT_EQ(rig_.sink.popped.size(), 1U);
  const PopResult& popped = rig_.sink.popped[0].result;
  ASSERT_EQ(popped.queues.size(), 1U);
  EXPECT_EQ(popped.queues[0].offsets, (std::vector<std::int64_t>{0, 1}));
}

TEST_F(LightQueuesTest, wait_with_a_message_that_is_for_later) {
  send("a", "%LMQ%x", property("DELAY", "1"));
  EXPECT_EQ(rig_.visible_end("%LMQ%x"), 0);
  rig_.pass_ms(1'100);
  rig_.pass_ms(100);
  EXPECT_EQ(bodies("%LMQ%x"), Bodies{"a"});
}

TEST_F(LightQueuesTest, have_nothing_of_a_transaction_that_was_given_up) {
  send("m", "%LMQ%x", property("TRAN_MSG", "true") + property("PGROUP", "payers"));
  for (int i = 0; i < 20; ++i) rig_.pass_ms(60'000);
  ASSERT_EQ(rig_.visible_end("TRANS_CHECK_MAX_TIME_TOPIC"), 1);
  EXPECT_EQ(rig_.visible_end("%LMQ%x"), 0);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.visible_end("%LMQ%x"), 0);
}

TEST_F(LightQueuesTest, keep_groups_offsets_without_the_group) {
  const auto groups = rig_.core->groups().all().size();
  send("a", "%LMQ%x");
  ASSERT_TRUE(rig_.commit("%LMQ%g", {"%LMQ%x", 0}, 1));
  EXPECT_EQ(rig_.core->groups().all().size(), groups);
  rig_.pass_ms(1'000);
  rig_.kill_and_reopen();
  EXPECT_EQ(rig_.core->offsets().find("%LMQ%g", "%LMQ%x", 0), 1);
}

// As those of MQTT clients do, in queues and in groups.
TEST_F(LightQueuesTest, keep_offsets_whose_names_hold_the_mark_between_queue_and_group) {
  const std::vector<std::pair<std::string_view, std::string_view>> places = {
      {"%LMQ%GID@@@device", "readers"},
      {"%LMQ%GID@@@device", "%LMQ%GID@@@device"},
      {"%LMQ%a", "%LMQ%b@%LMQ%c"},
      {"%LMQ%a@%LMQ%b", "%LMQ%c"}};
  rig_.heartbeat(1, {.group = "readers"});
  std::int64_t offset = 0;
  for (const auto& [queue, group] : places) {
    for (int i = 0; i < 4; ++i) send("m", queue);
    ASSERT_TRUE(rig_.commit(group, {queue, 0}, ++offset)) << group;
  }
  const auto expect_all = [&] {
    offset = 0;
    for (const auto& [queue, group] : places)
      EXPECT_EQ(rig_.core->offsets().find(group, queue, 0), ++offset) << queue << ' ' << group;
  };
  rig_.pass_ms(1'000);
  rig_.kill_and_reopen();
  expect_all();
  rig_.restart();
  expect_all();
}

TEST_F(LightQueuesTest, are_empty_once_deleted_and_go_on_counting) {
  send("a", "%LMQ%x");
  Answer<void> deleted;
  rig_.core->delete_topic(rig_.anonymous, "%LMQ%x", deleted.reply());
  EXPECT_TRUE(deleted.get());
  send("b", "%LMQ%x");
  EXPECT_EQ(rig_.pull("%LMQ%x", 0).status, PullStatus::offset_too_small);
  rig_.kill_and_reopen();
  EXPECT_EQ(bodies("%LMQ%x", 1), Bodies{"b"});
  EXPECT_EQ(bodies("orders"), (Bodies{"a", "b"}));
}

TEST_F(LightQueuesTest, take_messages_that_are_sent_to_them_by_name) {
  send("a", "%LMQ%x");
  EXPECT_EQ(rig_.send("%LMQ%x", "direct").queue_offset, 1);
  EXPECT_EQ(rig_.send("%LMQ%x", "both", 0, property("INNER_MULTI_DISPATCH", "%LMQ%x")).queue_offset,
            2);
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "direct", "both"}));
  rig_.kill_and_reopen();
  EXPECT_EQ(bodies("%LMQ%x"), (Bodies{"a", "direct", "both"}));
}

TEST_F(LightQueuesTest, of_lite_topics_are_named_by_the_parent) {
  rig_.send("orders", "a", 0, property("__LITE_TOPIC", "dev-1"));
  EXPECT_EQ(bodies("%LMQ%$orders$dev-1"), Bodies{"a"});
}

TEST_F(LightQueuesTest, refuse_names_that_are_none_and_too_many) {
  for (const std::string_view names : {"x", "%LMQ%", "%LMQ%a/b", "%LMQ%a,,%LMQ%b", "%LMQ%a,b"})
    EXPECT_EQ(send("a", names).error->code, Errc::message_invalid) << names;
  std::string many;
  for (int i = 0; i <= 1024; ++i) many += "%LMQ%" + std::to_string(i) + ",";
  many.pop_back();
  EXPECT_EQ(send("a", many).error->code, Errc::message_invalid);
  many.resize(many.rfind(','));
  EXPECT_FALSE(send("a", many).error);
  EXPECT_EQ(rig_.visible_end("orders"), 1);
}

}  // namespace
}  // namespace bolide::broker
