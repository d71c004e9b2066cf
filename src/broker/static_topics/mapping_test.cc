// SPDX-License-Identifier: Apache-2.0
//
// The mapping of a static topic: its JSON, and what an administrator may change.
#include "broker/static_topics/mapping.h"

#include "broker/config.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace bolide::broker {
namespace {

TopicMapping mapping(std::int64_t epoch = 5) {
  return {.broker = "a",
          .epoch = epoch,
          .queues = {{0, {{.number = 0, .queue_id = 0, .broker = "a"}}},
                     {2, {{.number = 0, .queue_id = 1, .broker = "a"}}}},
          .topic = "T",
          .total_queues = 4};
}

// Its queue 0 has moved to b.
TopicMapping moved(std::int64_t epoch = 6, std::int64_t logic_offset = 10'000) {
  TopicMapping next = mapping(epoch);
  next.queues[0].push_back(
      {.number = 1, .queue_id = 7, .broker = "b", .logic_offset = logic_offset});
  return next;
}

std::string refusal(const TopicMapping* known, TopicMapping next) {
  const auto merged = merge_mapping(known, std::move(next), false);
  if (merged) return "";
  EXPECT_EQ(merged.error().code, Errc::malformed);
  return merged.error().context;
}

TEST(TopicMapping, is_written_as_apache_writes_it_and_read_back) {
  const std::string json = mapping_json(mapping());
  EXPECT_EQ(json, R"({"bname":"a","currIdMap":{},"dirty":false,"epoch":5,"hostedQueues":{)"
                  R"(0:[{"bname":"a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":0,)"
                  R"("startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}],)"
                  R"(2:[{"bname":"a","endOffset":-1,"gen":0,"logicOffset":0,"queueId":1,)"
                  R"("startOffset":0,"timeOfEnd":-1,"timeOfStart":-1}]},)"
                  R"("scope":"__global__","topic":"T","totalQueues":4})");
  EXPECT_EQ(parse_mapping(json).value(), mapping());
}

TEST(TopicMapping, is_read_with_names_in_quotes_too) {
  const auto read = parse_mapping(
      R"({"hostedQueues":{"3":[{"bname":"b","gen":2,"queueId":1,"logicOffset":-1}]},"topic":"T"})");
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->queues.at(3).front().number, 2);
  EXPECT_FALSE(read->queues.at(3).front().placed());
  EXPECT_FALSE(parse_mapping("[]"));
  EXPECT_FALSE(parse_mapping(R"({"hostedQueues":{"x":[]}})"));
}

TEST(TopicMapping, names_the_queues_that_its_broker_leads) {
  TopicMapping some = moved();
  EXPECT_EQ(led_queue(some, 0), nullptr) << "b leads it now";
  EXPECT_EQ(led_queue(some, 1), nullptr);
  ASSERT_NE(led_queue(some, 2), nullptr);
  EXPECT_EQ(led_queues(some), (std::map<std::int32_t, std::int32_t>{{2, 1}}));
}

// Journals know queues by these numbers.
TEST(TopicMapping, numbers_its_queues_as_any_topic_does) {
  for (const std::int32_t id : {-1, queues_max, INT32_MAX}) {
    TopicMapping next = mapping();
    next.queues[id] = next.queues[0];
    EXPECT_EQ(refusal(nullptr, next),
              "queue " + std::to_string(id) + ": a number that no queue may have");
  }
  TopicMapping last = mapping();
  last.queues[queues_max - 1] = last.queues[0];
  EXPECT_EQ(refusal(nullptr, last), "");
}

TEST(TopicMapping, may_move_queues_in_a_new_epoch) {
  const TopicMapping known = mapping();
  EXPECT_EQ(merge_mapping(&known, moved(), false).value(), moved());
  const TopicMapping undecided = moved(6, -1);
  EXPECT_EQ(refusal(&known, undecided), "");
  EXPECT_EQ(refusal(&undecided, moved(6)), "") << "its place is told later";
}

TEST(TopicMapping, keeps_queues_that_a_new_epoch_does_not_name) {
  const TopicMapping known = mapping();
  TopicMapping next = mapping(6);
  next.queues.erase(2);
  EXPECT_EQ(merge_mapping(&known, next, false)->queues.size(), 2U);
  next.epoch = 5;
  EXPECT_EQ(refusal(&known, next), "queue 2: is missing in the same epoch");
}

TEST(TopicMapping, refuses_what_contradicts_what_was_told) {
  const TopicMapping known = moved();
  EXPECT_EQ(refusal(&known, mapping(5)), "epoch 5 is older than 6");
  TopicMapping next = moved(7);
  next.scope = "other";
  EXPECT_EQ(refusal(&known, next), "scope other where it was __global__");
  EXPECT_EQ(refusal(&known, mapping(6)), "queue 0: another leader in the same epoch");
  EXPECT_EQ(refusal(&known, moved(7, 30'000)),
            "queue 0: a generation that was told otherwise before");
  next = moved(7);
  next.queues[0].front().queue_id = 9;
  EXPECT_EQ(refusal(&known, next), "queue 0: a generation that was told otherwise before");
  EXPECT_TRUE(merge_mapping(&known, next, true)) << "by force";
}

TEST(TopicMapping, refuses_numbers_whose_sums_no_number_holds) {
  const std::string_view wrong = "queue 0: a generation with an offset that no queue has";
  for (std::int64_t QueueGeneration::* const field :
       {&QueueGeneration::start_offset, &QueueGeneration::logic_offset,
        &QueueGeneration::end_offset}) {
    TopicMapping next = moved();
    next.queues[0].back().*field = INT64_MAX;
    EXPECT_EQ(refusal(nullptr, next), wrong);
  }
}

TEST(TopicMapping, has_so_many_generations_that_all_can_be_asked) {
  TopicMapping next = mapping(1);
  Generations& queue = next.queues[0];
  const QueueGeneration first = queue.front();
  for (std::int32_t number = 1; number <= 1'000; ++number) {
    queue.push_back(first);
    queue.back().number = number;
    queue.back().logic_offset = 10'000LL * number;
  }
  EXPECT_EQ(refusal(nullptr, next), "queue 0: more than 1000 generations");
  queue.pop_back();
  EXPECT_TRUE(merge_mapping(nullptr, next, false));
}

TEST(TopicMapping, refuses_generations_that_do_not_follow_each_other) {
  EXPECT_EQ(refusal(nullptr, moved(6, 0)), "queue 0: generations that overlap");
  TopicMapping next = moved();
  next.queues[0].front().end_offset = 10'000;
  EXPECT_EQ(refusal(nullptr, next), "queue 0: generations that overlap");
  next = moved();
  next.queues[0].back().number = 0;
  EXPECT_EQ(refusal(nullptr, next), "queue 0: generations out of order");
  next = moved();
  next.queues[0].front().logic_offset = -1;
  EXPECT_EQ(refusal(nullptr, next), "queue 0: an earlier generation without its place");
  next = moved();
  next.queues[0].front().start_offset = -1;
  EXPECT_EQ(refusal(nullptr, next), "queue 0: a generation with an offset that no queue has");
  next = moved();
  next.queues[0].front().start_offset = 5;
  next.queues[0].front().end_offset = 4;
  EXPECT_EQ(refusal(nullptr, next), "queue 0: a generation that ends before it starts");
}

}  // namespace
}  // namespace bolide::broker
