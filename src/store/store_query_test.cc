// SPDX-License-Identifier: Apache-2.0
//
// The store's other questions: by key, by time, by position; trimmed queues; old segments.
#include "store/message_store.h"

#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace bolide::store {
namespace {

using testing::append;
using testing::bodies;
using testing::StepAgent;

class StoreQueries : public ::testing::Test {
 protected:
  StoreQueries() {
    options_.directory = "/store";
    options_.segment_bytes = 16 << 10;
    options_.tail_cache_bytes = 8 << 10;
    options_.index_run_bytes = 10 << 10;
  }
  void open() {
    store_.reset();
    auto opened =
        open_store(disk_, options_, {background_.background(), sync_.background()}, clock_.now());
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
    queue_ = store_->queue("topic", 0);
  }
  // Each message 10 ms after the one before, stored at start_ + 10 * offset.
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string name = "k" + std::to_string(store_->next_offset(queue_) % 10);
      const std::string_view key = name;
      const std::string properties = "KEYS\1" + name + "\2";
      AppendRequest request;
      request.queue = queue_;
      request.record.body = "m";
      request.record.properties = properties;
      request.keys = {&key, 1};
      const auto done = store_->append(request, clock_.now());
      ASSERT_TRUE(done) << done.error().message();
      positions_.push_back(done->position);
      ASSERT_TRUE(store_->write_turn(clock_.now()));
      clock_.advance_ms(10);
      if (i % 20 == 0) store_->tick(clock_.now());
    }
  }

  os::SimFileSystem disk_;
  StoreOptions options_;
  ManualClock clock_;
  std::int64_t start_ = clock_.now().wall_ms;
  StepAgent background_;
  StepAgent sync_;
  std::unique_ptr<MessageStore> store_;
  QueueNo queue_ = 0;
  std::vector<std::int64_t> positions_;
};

TEST_F(StoreQueries, finds_keys_newest_first_and_within_the_time_asked_for) {
  open();
  fill(400);
  for (int life = 0; life < 2; ++life) {
    const auto found = store_->find_key("topic", "k3", 0, INT64_MAX, 5);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, (std::vector<std::int64_t>{positions_[393], positions_[383], positions_[373],
                                                 positions_[363], positions_[353]}));
    const auto old = store_->find_key("topic", "k3", start_, start_ + 250, 10);
    ASSERT_TRUE(old);
    EXPECT_EQ(*old, (std::vector<std::int64_t>{positions_[23], positions_[13], positions_[3]}));
    EXPECT_TRUE(store_->find_key("other", "k3", 0, INT64_MAX, 5)->empty());
    open();
  }
}

TEST_F(StoreQueries, finds_offsets_by_time) {
  open();
  fill(300);
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(store_->offset_by_time(queue_, start_ + 1000, false), 100);
    EXPECT_EQ(store_->offset_by_time(queue_, start_ + 1000, true), 100);
    EXPECT_EQ(store_->offset_by_time(queue_, start_ + 1001, false), 101);
    EXPECT_EQ(store_->offset_by_time(queue_, start_ + 1001, true), 100);
    EXPECT_EQ(store_->offset_by_time(queue_, 0, false), 0);
    EXPECT_EQ(store_->offset_by_time(queue_, 0, true), 0);
    EXPECT_EQ(store_->offset_by_time(queue_, start_ + 9'000'000, false), 300);
    EXPECT_EQ(store_->offset_by_time(queue_, start_ + 9'000'000, true), 299);
    EXPECT_EQ(store_->store_time(queue_, 7), start_ + 70);
    EXPECT_FALSE(store_->store_time(queue_, 300));
    open();
  }
}

TEST_F(StoreQueries, gives_a_record_only_where_one_begins) {
  open();
  fill(200);
  for (const std::int64_t position : {positions_[0], positions_[77], positions_[199]}) {
    EXPECT_EQ(store_->read_position(position).messages, 1);
    for (std::int64_t inside = 1; inside < 40; ++inside)
      EXPECT_EQ(store_->read_position(position + inside).messages, 0);
  }
  EXPECT_EQ(store_->read_position(-1).messages, 0);
  EXPECT_EQ(store_->read_position(store_->stats().max_position).messages, 0);
  EXPECT_EQ(store_->read_position(INT64_MAX).messages, 0);
  // Nothing in the rest of a segment behind its blank.
  for (std::int64_t at = (16 << 10) - 120; at < 16 << 10; ++at) {
    const bool begins = std::find(positions_.begin(), positions_.end(), at) != positions_.end();
    EXPECT_EQ(store_->read_position(at).messages, begins ? 1 : 0);
  }
}

TEST_F(StoreQueries, passes_over_what_the_filter_does_not_want) {
  open();
  AppendRequest request;
  request.queue = queue_;
  request.record.body = "m";
  for (int i = 0; i < 300; ++i) {
    request.tag_hash = i % 100;
    ASSERT_TRUE(store_->append(request, clock_.now()));
  }
  ASSERT_TRUE(store_->write_turn(clock_.now()));
  const TagFilter seven{[](const void* wanted, std::int32_t tag) {
                          return tag == *static_cast<const std::int32_t*>(wanted);
                        },
                        nullptr};
  const std::int32_t wanted = 7;
  TagFilter filter = seven;
  filter.context = &wanted;
  ReadResult result = store_->read(queue_, 0, 300, {.messages_max = 2}, filter);
  EXPECT_EQ(result.messages, 2);
  EXPECT_GE(result.next_offset, 108);
  EXPECT_LE(result.next_offset, 207);
  result = store_->read(queue_, result.next_offset, 300, {.messages_max = 2}, filter);
  EXPECT_EQ(result.messages, 1);
  EXPECT_EQ(result.next_offset, 300);
  result = store_->read(queue_, 208, 300, {.messages_max = 2}, filter);
  EXPECT_EQ(result.messages, 0);
  EXPECT_EQ(result.status, ReadStatus::ok);
  EXPECT_EQ(result.next_offset, 300);
}

TEST_F(StoreQueries, gives_the_first_record_whatever_its_size_and_no_more_bytes_than_asked) {
  open();
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(append(*store_, queue_, std::string(1000, 'x'), clock_.now()));
  ASSERT_TRUE(store_->write_turn(clock_.now()));
  EXPECT_EQ(store_->read(queue_, 0, 5, {.messages_max = 9, .bytes_max = 10}, {}).messages, 1);
  EXPECT_EQ(store_->read(queue_, 0, 5, {.messages_max = 9, .bytes_max = 2500}, {}).messages, 2);
  EXPECT_EQ(store_->read(queue_, 0, 3, {.messages_max = 9}, {}).messages, 3);
}

TEST_F(StoreQueries, a_trimmed_queue_goes_on_with_its_offsets) {
  open();
  fill(100);
  store_->trim_queue(queue_, store_->stats().max_position);
  store_->trim_queue(queue_, 0);
  EXPECT_EQ(store_->min_offset(queue_), 100);
  EXPECT_EQ(store_->next_offset(queue_), 100);
  fill(5);
  EXPECT_EQ(store_->min_offset(queue_), 100);
  EXPECT_EQ(store_->next_offset(queue_), 105);
  clock_.advance_ms(500);
  store_->tick(clock_.now());
  store_->tick(clock_.now());
  open();
  EXPECT_EQ(store_->min_offset(queue_), 100);
  EXPECT_EQ(store_->next_offset(queue_), 105);
  ASSERT_TRUE(store_->close());
  open();
  EXPECT_EQ(store_->min_offset(queue_), 100);
  EXPECT_EQ(bodies(store_->read(queue_, 100, 105, {}, {})).size(), 5U);
}

TEST_F(StoreQueries, old_segments_go_and_the_offsets_stay) {
  options_.retention_ms = 60'000;
  open();
  const QueueNo idle = store_->queue("idle", 0);
  ASSERT_TRUE(append(*store_, idle, "m", clock_.now()));
  fill(400);
  const std::int64_t before = store_->stats().max_position;
  clock_.advance_ms(61'000);
  for (int i = 0; i < 50; ++i) {
    fill(1);
    clock_.advance_ms(1100);
    store_->tick(clock_.now());
  }
  EXPECT_GT(store_->stats().min_position, before / 2);
  const std::int64_t min = store_->min_offset(queue_);
  EXPECT_GT(min, 200);
  EXPECT_EQ(store_->store_time(queue_, min - 1), std::nullopt);
  EXPECT_EQ(store_->read(queue_, min, min + 1, {}, {}).messages, 1);
  EXPECT_EQ(store_->min_offset(idle), 1);
  EXPECT_EQ(store_->next_offset(idle), 1);
  EXPECT_FALSE(disk_.exists("/store/commitlog/00000000000000000000"));
  for (int life = 0; life < 2; ++life) {
    open();
    EXPECT_EQ(store_->min_offset(queue_), min);
    EXPECT_EQ(store_->next_offset(queue_), 450);
    EXPECT_EQ(store_->next_offset(store_->queue("idle", 0)), 1);
    ASSERT_TRUE(store_->close());
  }
}

TEST_F(StoreQueries, a_crowded_disk_loses_the_oldest_but_never_the_last_two_segments) {
  disk_.set_capacity(1 << 20);
  options_.disk_max_used_percent = 0;
  open();
  fill(2000);
  for (int i = 0; i < 40; ++i) {
    clock_.advance_ms(1100);
    store_->tick(clock_.now());
  }
  const std::int64_t min = store_->min_offset(queue_);
  EXPECT_GT(min, 1500);
  EXPECT_LT(min, 2000 - 60);
  EXPECT_EQ(store_->next_offset(queue_), 2000);
}

}  // namespace
}  // namespace bolide::store
