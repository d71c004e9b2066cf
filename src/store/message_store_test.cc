// SPDX-License-Identifier: Apache-2.0
//
// The store through its door, on the machine's file system.
#include "store/message_store.h"

#include "os/test_dir.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <string>

namespace bolide::store {
namespace {

using testing::append;
using testing::bodies;
using testing::StepAgent;

class MessageStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<MessageStore>> try_open() {
    return open_store(os::posix_file_system(), options_,
                      {background_.background(), sync_.background()}, clock_.now());
  }
  void open() {
    store_.reset();
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
  }
  void fill(QueueNo queue, int from, int to) {
    for (int i = from; i < to; ++i) {
      const auto done = append(*store_, queue, "m" + std::to_string(i), clock_.now());
      ASSERT_TRUE(done) << done.error().message();
      EXPECT_EQ(done->queue_offset, i);
      clock_.advance_ms(1);
    }
    ASSERT_TRUE(store_->write_turn(clock_.now()));
  }
  // All bodies of a queue, in reads of up to 7.
  std::vector<std::string> all(QueueNo queue) {
    std::vector<std::string> found;
    std::int64_t at = store_->min_offset(queue);
    while (at < store_->next_offset(queue)) {
      const ReadResult result =
          store_->read(queue, at, store_->next_offset(queue), {.messages_max = 7}, {});
      EXPECT_EQ(result.status, ReadStatus::ok);
      if (result.status != ReadStatus::ok) break;
      for (std::string& body : bodies(result)) found.push_back(std::move(body));
      EXPECT_GT(result.next_offset, at);
      at = result.next_offset;
    }
    return found;
  }
  static std::vector<std::string> expected(int from, int to) {
    std::vector<std::string> names;
    for (int i = from; i < to; ++i) names.push_back("m" + std::to_string(i));
    return names;
  }

  os::TemporaryDirectory directory_;
  // How full the machine's disk is does not matter here.
  StoreOptions options_{.directory = directory_.path() + "/store",
                        .segment_bytes = 64 << 10,
                        .disk_max_used_percent = 100,
                        .disk_full_percent = 100};
  ManualClock clock_;
  StepAgent background_;
  StepAgent sync_;
  std::unique_ptr<MessageStore> store_;
};

TEST_F(MessageStoreTest, gives_back_what_was_appended) {
  open();
  const QueueNo queue = store_->queue("orders", 2);
  fill(queue, 0, 50);
  EXPECT_EQ(all(queue), expected(0, 50));
  EXPECT_EQ(store_->min_offset(queue), 0);
  EXPECT_EQ(store_->queue_name(queue).topic, "orders");
  EXPECT_EQ(store_->queue_name(queue).queue_id, 2);
  EXPECT_FALSE(store_->find_queue("orders", 3));
  EXPECT_EQ(store_->last_queue_id("orders"), 2);
  EXPECT_EQ(store_->last_queue_id("others"), -1);
}

TEST_F(MessageStoreTest, tells_which_queues_have_nothing) {
  open();
  const QueueNo queue = store_->queue("orders", 0);
  EXPECT_TRUE(store_->is_empty(queue));
  fill(queue, 0, 1);
  EXPECT_FALSE(store_->is_empty(queue));
  store_->trim_queue(queue, store_->stats().max_position);
  EXPECT_TRUE(store_->is_empty(queue));
  fill(queue, 1, 2);
  EXPECT_FALSE(store_->is_empty(queue));
}

TEST_F(MessageStoreTest, finds_everything_again_after_a_kill) {
  open();
  fill(store_->queue("orders", 0), 0, 2000);
  open();
  EXPECT_FALSE(store_->stats().clean_start);
  EXPECT_EQ(store_->stats().recovered_messages, 2000);
  const QueueNo queue = store_->queue("orders", 0);
  EXPECT_EQ(all(queue), expected(0, 2000));
  fill(queue, 2000, 2010);
  EXPECT_EQ(all(queue), expected(0, 2010));
}

TEST_F(MessageStoreTest, reads_nothing_from_the_log_after_a_clean_stop) {
  open();
  fill(store_->queue("orders", 0), 0, 2000);
  ASSERT_TRUE(store_->close());
  open();
  EXPECT_TRUE(store_->stats().clean_start);
  EXPECT_EQ(store_->stats().recovered_messages, 0);
  const QueueNo queue = store_->queue("orders", 0);
  EXPECT_EQ(store_->next_offset(queue), 2000);
  EXPECT_EQ(all(queue), expected(0, 2000));
}

TEST_F(MessageStoreTest, answers_from_runs_memtables_and_the_tail_alike) {
  options_.index_run_bytes = 16 << 10;
  options_.tail_cache_bytes = 64 << 10;
  open();
  const QueueNo one = store_->queue("one", 0);
  const QueueNo two = store_->queue("two", 0);
  for (int i = 0; i < 300; ++i) {
    fill(one, i * 10, i * 10 + 10);
    fill(two, i, i + 1);
    clock_.advance_ms(50);
    store_->tick(clock_.now());
  }
  EXPECT_GT(store_->stats().index_runs, 5U);
  EXPECT_EQ(all(one), expected(0, 3000));
  EXPECT_EQ(all(two), expected(0, 300));
  open();
  EXPECT_LT(store_->stats().recovered_messages, 1000);
  EXPECT_EQ(all(store_->queue("one", 0)), expected(0, 3000));
  EXPECT_EQ(all(store_->queue("two", 0)), expected(0, 300));
}

TEST_F(MessageStoreTest, takes_messages_while_many_index_runs_wait_to_be_written) {
  background_ = StepAgent(false);
  options_.segment_bytes = 8 << 20;
  options_.index_run_bytes = 4 << 10;
  open();
  const QueueNo queue = store_->queue("orders", 0);
  // The log of 75 runs, none of which is written.
  for (int i = 0; i < 3000; i += 10) fill(queue, i, i + 10);
  while (background_.run() > 0) store_->tick(clock_.now());
  EXPECT_GT(store_->stats().index_runs, 5U);
  EXPECT_LT(store_->stats().index_runs, 20U);
  EXPECT_EQ(all(queue), expected(0, 3000));
}

TEST_F(MessageStoreTest, makes_a_segment_once_however_late_the_background_agent_is) {
  background_ = StepAgent(false);
  options_.tail_cache_bytes = 4 << 10;  // what is read comes from the files
  open();
  const QueueNo queue = store_->queue("orders", 0);
  for (int i = 0; i < 2000; i += 10) {
    fill(queue, i, i + 10);
    if (i % 700 == 0) background_.run();
  }
  background_.run();
  fill(queue, 2000, 3000);
  EXPECT_GT(store_->stats().max_position, 4 * (64 << 10));
  EXPECT_EQ(all(queue), expected(0, 3000));
  background_.drop();
  open();
  EXPECT_EQ(all(store_->queue("orders", 0)), expected(0, 3000));
}

TEST_F(MessageStoreTest, lets_only_one_process_in) {
  open();
  const auto second = try_open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
  EXPECT_NE(second.error().context.find(options_.directory), std::string::npos);
}

}  // namespace
}  // namespace bolide::store
