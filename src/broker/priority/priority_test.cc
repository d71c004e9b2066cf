// SPDX-License-Identifier: Apache-2.0
//
// Messages with a priority (rocketmq semantics 3.19).
#include "broker/priority/priority.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;

struct PriorityRig : CoreRig {
  explicit PriorityRig(std::string_view attributes = "+message.type=PRIORITY") {
    Answer<void> made;
    core->put_topic(anonymous, {.name = "urgent", .read_queues = 4, .write_queues = 4}, attributes,
                    made.reply());
    BOLIDE_ASSERT(made.get().has_value());
  }
  std::int32_t sent_to(std::string_view priority, std::string_view more = {}) {
    return send("urgent", std::string(priority), 1,
                property("_SYS_MSG_PRIORITY_", priority) + std::string(more))
        .queue_id;
  }
  std::vector<std::string> pop(std::int32_t messages_max = 1, bool ordered = false) {
    PopRequest request;
    request.ticket = {.sink = &sink, .session = 9, .token = 1};
    request.group = "workers";
    request.topic = "urgent";
    request.messages_max = messages_max;
    request.ordered = ordered;
    core->pop(request);
    core->end_of_turn();
    store::ReadResult read;
    read.records = sink.popped.back().result.records;
    return store::testing::bodies(read);
  }
};

TEST(Priority, chooses_the_queue) {
  PriorityRig rig;
  EXPECT_EQ(rig.sent_to("0"), 0);
  EXPECT_EQ(rig.sent_to("3"), 3);
  EXPECT_EQ(rig.sent_to("99"), 3);
  EXPECT_EQ(rig.sent_to("-1"), 1) << "as the sender said";
  EXPECT_EQ(rig.sent_to("high"), 1);
}

TEST(Priority, is_taken_from_messages_that_are_ordered_for_later_or_of_transactions) {
  PriorityRig rig;
  EXPECT_EQ(rig.sent_to("3", property("__SHARDINGKEY", "k")), 1);
  const PullResult pulled = [&] {
    PullRequest request = rig.pull_request("urgent", 0);
    request.queue_id = 1;
    return rig.pull(request);
  }();
  EXPECT_EQ(store::find_property(CoreRig::record(pulled).properties, "_SYS_MSG_PRIORITY_"), "");
  EXPECT_EQ(rig.sent_to("3", property("DELAY", "1")), 1);
  EXPECT_EQ(rig.sent_to("3", property("TRAN_MSG", "true") + property("PGROUP", "p")), 1);
}

TEST(Priority, of_the_highest_is_popped_first) {
  PriorityRig rig;
  for (const char* priority : {"0", "2", "1", "3"}) rig.sent_to(priority);
  EXPECT_EQ(rig.pop(3), (std::vector<std::string>{"3", "2", "1"}));
  EXPECT_EQ(rig.pop(), (std::vector<std::string>{"0"}));
}

TEST(Priority, counts_for_nothing_in_other_topics_and_for_groups_that_do_not_want_it) {
  const TopicConfig plain{.name = "t"};
  TopicConfig urgent = plain;
  urgent.attributes["message.type"] = "PRIORITY";
  GroupConfig group{.name = "g"};
  EXPECT_EQ(priority_factor(group), 100);
  EXPECT_TRUE(pops_by_priority(urgent, 100, 99));
  EXPECT_FALSE(pops_by_priority(plain, 100, 99));
  group.attributes["priority.factor"] = "30";
  EXPECT_TRUE(pops_by_priority(urgent, priority_factor(group), 129));
  EXPECT_FALSE(pops_by_priority(urgent, priority_factor(group), 130));
  group.attributes["priority.factor"] = "0";
  EXPECT_FALSE(pops_by_priority(urgent, priority_factor(group), 0));
}

}  // namespace
}  // namespace bolide::broker
