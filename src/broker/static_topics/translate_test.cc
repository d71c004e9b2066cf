// SPDX-License-Identifier: Apache-2.0
//
// Offsets of logical queues, there and back (rocketmq semantics 3.20).
#include "broker/static_topics/translate.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

// 50 messages on a, then on b from 10000 on, and now on c from 20000 on.
Generations three() {
  return {{.number = 0, .queue_id = 3, .broker = "a", .logic_offset = 0, .end_offset = 50},
          {.number = 1, .queue_id = 0, .broker = "b", .logic_offset = 10'000},
          {.number = 2, .queue_id = 1, .broker = "c", .logic_offset = 20'000}};
}

PullResult result(PullStatus status, std::int64_t next, std::int64_t min, std::int64_t max) {
  PullResult made;
  made.status = status;
  made.next_offset = next;
  made.min_offset = min;
  made.max_offset = max;
  return made;
}

TEST(LogicalOffsets, come_back_as_they_went) {
  const QueueGeneration moved{.logic_offset = 10'000, .start_offset = 7};
  for (const std::int64_t physical : {7, 8, 1'000}) {
    EXPECT_EQ(to_physical(moved, to_logical(moved, physical)), physical);
  }
  EXPECT_EQ(to_logical(moved, 7), 10'000);
  EXPECT_EQ(to_logical(moved, 3), 10'000) << "before its beginning";
  EXPECT_EQ(to_physical(moved, 10'010), 17);
}

TEST(LogicalOffsets, of_a_generation_without_a_place_are_unknown) {
  EXPECT_EQ(to_logical_inside({.logic_offset = -1}, 4), -1);
  EXPECT_EQ(to_logical_inside({.logic_offset = 100}, 4), 104);
  EXPECT_EQ(to_logical_inside({.logic_offset = 100, .end_offset = 3}, 4), 103);
}

TEST(LogicalOffsets, lie_in_the_newest_generation_that_has_begun_by_then) {
  const Generations queue = three();
  EXPECT_EQ(generation_at(queue, 0)->broker, "a");
  EXPECT_EQ(generation_at(queue, 60)->broker, "a") << "in the gap behind it";
  EXPECT_EQ(generation_at(queue, 10'000)->broker, "b");
  EXPECT_EQ(generation_at(queue, 19'999)->broker, "b");
  EXPECT_EQ(generation_at(queue, INT64_MAX)->broker, "c");
  EXPECT_EQ(generation_at(queue, -5)->broker, "a");
}

TEST(LogicalOffsets, are_not_looked_for_where_the_place_is_not_known_yet) {
  Generations queue = three();
  queue.back().logic_offset = -1;
  EXPECT_EQ(generation_at(queue, INT64_MAX)->broker, "b");
  EXPECT_EQ(generation_after(queue, queue[0]), &queue[1]);
  EXPECT_EQ(generation_after(queue, queue[1]), nullptr);
  queue.erase(queue.begin(), queue.begin() + 2);
  EXPECT_EQ(generation_at(queue, 0), nullptr);
}

TEST(LogicalPull, gives_messages_with_what_to_add_to_their_offsets) {
  const Generations queue = three();
  const PullResult got = to_logical(queue, queue[2], 5, result(PullStatus::found, 9, 0, 12));
  EXPECT_EQ(got.status, PullStatus::found);
  EXPECT_EQ(got.next_offset, 20'009);
  EXPECT_EQ(got.min_offset, 20'000);
  EXPECT_EQ(got.max_offset, 20'012);
  EXPECT_EQ(got.offset_delta, 20'000);
}

TEST(LogicalPull, goes_on_with_the_next_generation_behind_the_end_of_one) {
  const Generations queue = three();
  for (const PullStatus status :
       {PullStatus::offset_overflow_one, PullStatus::offset_overflow_badly}) {
    const PullResult got = to_logical(queue, queue[1], 30, result(status, 30, 0, 30));
    EXPECT_EQ(got.status, PullStatus::no_matched_message) << "the client asks again at once";
    EXPECT_EQ(got.next_offset, 20'000);
  }
  const PullResult empty =
      to_logical(queue, queue[1], 0, result(PullStatus::no_message_in_queue, 0, 0, 0));
  EXPECT_EQ(empty.next_offset, 20'000);
}

TEST(LogicalPull, never_passes_the_end_of_a_generation) {
  const Generations queue = three();
  const PullResult got = to_logical(queue, queue[0], 40, result(PullStatus::found, 60, 0, 60));
  EXPECT_EQ(got.next_offset, 50);
}

TEST(LogicalPull, waits_where_the_next_generation_has_no_place_yet) {
  Generations queue = three();
  queue.back().logic_offset = -1;
  const PullResult got =
      to_logical(queue, queue[1], 30, result(PullStatus::offset_overflow_one, 30, 0, 30));
  EXPECT_EQ(got.status, PullStatus::offset_overflow_one);
  EXPECT_EQ(got.next_offset, 10'030);
}

TEST(LogicalPull, jumps_over_what_is_gone) {
  const Generations queue = three();
  const PullResult oldest =
      to_logical(queue, queue[0], 3, result(PullStatus::offset_too_small, 20, 20, 50));
  EXPECT_EQ(oldest.status, PullStatus::offset_too_small) << "the client drops what it has";
  EXPECT_EQ(oldest.next_offset, 20);
  const PullResult later =
      to_logical(queue, queue[1], 3, result(PullStatus::offset_too_small, 20, 20, 50));
  EXPECT_EQ(later.status, PullStatus::no_matched_message);
  EXPECT_EQ(later.next_offset, 10'020);
}

TEST(LogicalPull, leads_back_from_behind_the_end_of_the_newest) {
  const Generations queue = three();
  const PullResult got =
      to_logical(queue, queue[2], 30, result(PullStatus::offset_overflow_badly, 12, 0, 12));
  EXPECT_EQ(got.status, PullStatus::offset_overflow_badly);
  EXPECT_EQ(got.next_offset, 20'012);
}

TEST(LogicalPull, passes_an_error_on) {
  const Generations queue = three();
  PullResult broken;
  broken.error = Error{Errc::storage_corrupt, "x"};
  EXPECT_EQ(to_logical(queue, queue[2], 0, std::move(broken)).error->code, Errc::storage_corrupt);
}

}  // namespace
}  // namespace bolide::broker
