// SPDX-License-Identifier: Apache-2.0
//
// What the store does when the disk fails, is full or holds damaged bytes.
#include "store/message_store.h"

#include "base/log.h"
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

class StoreFault : public ::testing::Test {
 protected:
  StoreFault() {
    options_.directory = "/store";
    options_.segment_bytes = 32 << 10;
    options_.tail_cache_bytes = 16 << 10;
  }
  Result<std::unique_ptr<MessageStore>> try_open() {
    store_.reset();
    return open_store(disk_, options_, {background_.background(), sync_.background()},
                      clock_.now());
  }
  void open() {
    auto opened = try_open();
    ASSERT_TRUE(opened) << opened.error().message();
    store_ = std::move(*opened);
    queue_ = store_->queue("topic", 0);
  }
  void reopen_after_kill() {
    store_.reset();
    disk_.kill();
    open();
  }
  // Appends messages of about 300 bytes, each in a turn of its own.
  void fill(int count) {
    for (int i = 0; i < count; ++i) {
      const auto done = append(*store_, queue_, body(store_->next_offset(queue_)), clock_.now());
      ASSERT_TRUE(done) << done.error().message();
      last_ = *done;
      ASSERT_TRUE(store_->write_turn(clock_.now()));
    }
  }
  void let_time_pass(std::int64_t ms) {
    clock_.advance_ms(ms);
    store_->tick(clock_.now());
  }
  static std::string body(std::int64_t offset) {
    return "message " + std::to_string(offset) + std::string(180, '.');
  }
  ReadResult read(std::int64_t offset, std::int32_t count = 10'000) {
    ReadLimits limits{.messages_max = count, .bytes_max = 64 << 20};
    return store_->read(queue_, offset, store_->next_offset(queue_), limits, {});
  }
  void expect_all_readable() {
    std::int64_t at = store_->min_offset(queue_);
    while (at < store_->next_offset(queue_)) {
      const ReadResult result = read(at, 32);
      ASSERT_EQ(result.status, ReadStatus::ok) << at;
      for (const std::string& found : bodies(result)) ASSERT_EQ(found, body(at++));
    }
  }
  std::string log_path(std::int64_t segment = 0) const {
    const std::string digits = std::to_string(segment);
    return "/store/commitlog/" + std::string(20 - digits.size(), '0') + digits;
  }
  std::string only_run() {
    const auto names = disk_.list("/store/bolide/index");
    EXPECT_TRUE(names && !names->empty());
    return "/store/bolide/index/" + names->front();
  }

  os::SimFileSystem disk_;
  StoreOptions options_;
  ManualClock clock_;
  StepAgent background_;
  StepAgent sync_;
  std::unique_ptr<MessageStore> store_;
  QueueNo queue_ = 0;
  Appended last_;
};

TEST_F(StoreFault, a_failed_sync_stops_it_for_good) {
  options_.reply_level = ReplyLevel::sync;
  open();
  fill(3);
  const std::int64_t safe = store_->safe_position();
  EXPECT_EQ(safe, last_.end_position);
  int called = 0;
  store_->on_safe([&] { ++called; });
  disk_.fail_at(os::FileOperation::sync, 1, Errc::io);
  ASSERT_TRUE(append(*store_, queue_, "x", clock_.now()));
  (void)store_->write_turn(clock_.now());
  EXPECT_TRUE(store_->stopped());
  EXPECT_EQ(called, 1);
  const std::uint64_t syncs = disk_.count(os::FileOperation::sync);
  for (int i = 0; i < 5; ++i) {
    const auto refused = append(*store_, queue_, "x", clock_.now());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::storage_stopped);
    EXPECT_FALSE(store_->write_turn(clock_.now()));
    let_time_pass(1000);
  }
  EXPECT_EQ(store_->safe_position(), safe);
  EXPECT_EQ(disk_.count(os::FileOperation::sync), syncs);
  EXPECT_FALSE(store_->close());
}

TEST_F(StoreFault, a_failed_write_stops_it_for_good) {
  open();
  fill(3);
  const std::int64_t safe = store_->safe_position();
  disk_.fail_at(os::FileOperation::write, 1, Errc::io);
  ASSERT_TRUE(append(*store_, queue_, "x", clock_.now()));
  EXPECT_FALSE(store_->write_turn(clock_.now()));
  EXPECT_TRUE(store_->stopped());
  EXPECT_EQ(store_->safe_position(), safe);
  reopen_after_kill();
  EXPECT_EQ(store_->next_offset(queue_), 3);
  expect_all_readable();
}

TEST_F(StoreFault, one_sync_covers_what_was_written_before_it) {
  options_.reply_level = ReplyLevel::sync;
  sync_ = StepAgent(false);
  open();
  fill(1);
  const std::int64_t first = last_.end_position;
  fill(5);
  EXPECT_EQ(sync_.waiting(), 1U);
  EXPECT_LT(store_->safe_position(), first);
  int called = 0;
  store_->on_safe([&] {
    if (++called == 1) {
      EXPECT_EQ(store_->safe_position(), first);
    }
  });
  EXPECT_EQ(sync_.run(), 2);
  EXPECT_EQ(called, 2);
  EXPECT_EQ(store_->safe_position(), last_.end_position);
}

TEST_F(StoreFault, a_full_disk_refuses_before_it_gives_an_offset_and_heals) {
  options_.disk_full_percent = 100;
  open();
  fill(3);
  const auto space = disk_.space("/store");
  ASSERT_TRUE(space);
  disk_.set_capacity(128 << 10);
  Result<Appended> done = Appended{};
  while ((done = append(*store_, queue_, body(store_->next_offset(queue_)), clock_.now())))
    ASSERT_TRUE(store_->write_turn(clock_.now()));
  EXPECT_EQ(done.error().code, Errc::disk_full);
  EXPECT_FALSE(store_->stopped());
  const std::int64_t next = store_->next_offset(queue_);
  EXPECT_GT(next, 100);
  ASSERT_TRUE(store_->write_turn(clock_.now()));
  expect_all_readable();
  disk_.set_capacity(1 << 30);
  let_time_pass(150);
  fill(200);
  EXPECT_EQ(store_->next_offset(queue_), next + 200);
  reopen_after_kill();
  EXPECT_EQ(store_->next_offset(queue_), next + 200);
  expect_all_readable();
}

TEST_F(StoreFault, starts_and_gives_its_messages_on_a_full_disk) {
  options_.index_run_bytes = 8 << 10;
  options_.flush_interval_ms = 1'000'000;  // no run is written before the kill
  open();
  fill(300);
  store_.reset();
  disk_.kill();
  const auto space = disk_.space("/store");
  ASSERT_TRUE(space);
  disk_.set_capacity(space->total_bytes - space->free_bytes);
  open();
  EXPECT_EQ(store_->next_offset(queue_), 300);
  expect_all_readable();
  disk_.set_capacity(1 << 30);
  let_time_pass(1'000'001);
  let_time_pass(1100);
  let_time_pass(1100);
  fill(200);
  EXPECT_GT(store_->stats().index_runs, 5U);
  reopen_after_kill();
  EXPECT_EQ(store_->next_offset(queue_), 500);
  expect_all_readable();
}

TEST_F(StoreFault, refuses_appends_above_the_limit_of_the_disk) {
  disk_.set_capacity(1 << 20);
  options_.disk_full_percent = 20;
  options_.disk_max_used_percent = 99;
  open();
  Result<Appended> done = Appended{};
  for (int i = 0; i < 3000 && done; ++i) {
    done = append(*store_, queue_, body(i), clock_.now());
    ASSERT_TRUE(store_->write_turn(clock_.now()));
    let_time_pass(1100);
  }
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, Errc::disk_full);
  EXPECT_TRUE(store_->stats().appends_refused);
  disk_.set_capacity(64 << 20);
  let_time_pass(1100);
  EXPECT_TRUE(append(*store_, queue_, "x", clock_.now()));
}

TEST_F(StoreFault, removes_nothing_younger_while_an_old_file_cannot_be_removed) {
  options_.segment_bytes = 16 << 10;
  options_.retention_ms = 60'000;
  open();
  const auto age = [&] {
    fill(300);
    let_time_pass(100'000);
    for (int i = 0; i < 5; ++i) let_time_pass(1'100);
  };
  disk_.fail_at(os::FileOperation::remove, 1, Errc::io, true);
  set_log(LogLevel::warning);
  ::testing::internal::CaptureStderr();
  age();
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), 1) << log;
  const std::int64_t min = store_->stats().min_position;
  ASSERT_GT(min, 0);
  age();
  EXPECT_EQ(store_->stats().min_position, min) << "it would free nothing";
  disk_.clear_faults();
  disk_.fail_at(os::FileOperation::remove, 2, Errc::io);  // and then not at all, but for once
  for (int i = 0; i < 5; ++i) let_time_pass(1'100);
  EXPECT_GT(store_->stats().min_position, min);
  ASSERT_TRUE(store_->close());
  open();
  expect_all_readable();
  EXPECT_EQ(store_->next_offset(queue_), 600);
}

TEST_F(StoreFault, leaves_a_log_without_a_hole_when_it_stops_before_it_could_remove_a_file) {
  options_.segment_bytes = 16 << 10;
  options_.retention_ms = 60'000;
  open();
  fill(300);
  disk_.fail_at(os::FileOperation::remove, 1, Errc::io);
  let_time_pass(100'000);
  let_time_pass(1'100);
  fill(300);
  let_time_pass(100'000);
  for (int i = 0; i < 3; ++i) let_time_pass(1'100);
  ASSERT_GT(store_->stats().min_position, 0);
  ASSERT_TRUE(store_->close());
  const auto reopened = try_open();
  EXPECT_TRUE(reopened) << reopened.error().message();
}

TEST_F(StoreFault, damage_in_what_was_synced_is_refused_and_left_alone) {
  open();
  fill(50);
  let_time_pass(300);
  store_.reset();
  disk_.kill();
  disk_.flip_bit(log_path(), 5000);
  const auto before = os::read_file(disk_, log_path());
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::storage_corrupt);
  EXPECT_NE(refused.error().context.find(log_path()), std::string::npos);
  EXPECT_NE(refused.error().context.find("bolide store verify"), std::string::npos);
  EXPECT_EQ(*os::read_file(disk_, log_path()), *before);
}

TEST_F(StoreFault, damage_behind_what_was_synced_is_cut_saved_and_never_comes_back) {
  options_.flush_interval_ms = 1'000'000;
  open();
  fill(50);
  const std::int64_t size = last_.end_position / 50;
  store_.reset();
  disk_.kill();
  disk_.flip_bit(log_path(), static_cast<std::uint64_t>(20 * size + 100));
  open();
  const std::int64_t next = store_->next_offset(queue_);
  EXPECT_NEAR(static_cast<double>(next), 20, 1);
  expect_all_readable();
  const auto names = disk_.list("/store/bolide");
  ASSERT_TRUE(names);
  EXPECT_TRUE(std::any_of(names->begin(), names->end(),
                          [](const std::string& name) { return name.starts_with("cut-"); }));
  fill(1);  // as long as the record that was there: the stale ones would follow seamlessly
  reopen_after_kill();
  EXPECT_EQ(store_->next_offset(queue_), next + 1);
  expect_all_readable();
}

TEST_F(StoreFault, a_cold_read_says_what_to_warm_up) {
  open();
  fill(200);
  disk_.set_cached(false);
  const ReadResult cold = read(0, 10);
  ASSERT_EQ(cold.status, ReadStatus::cold);
  ASSERT_TRUE(cold.cold);
  EXPECT_EQ(cold.next_offset, 0);
  EXPECT_GT(cold.cold->size, 0U);
  warm_up(*cold.cold);
  disk_.set_cached(true);
  EXPECT_EQ(read(0, 10).messages, 10);
}

TEST_F(StoreFault, rebuilds_what_is_derived) {
  open();
  fill(300);
  ASSERT_TRUE(store_->close());
  for (const std::string& lost :
       {std::string("/store/bolide/checkpoint"), only_run(), std::string("/store/bolide/marks"),
        std::string("/store/bolide")}) {
    SCOPED_TRACE(lost);
    store_.reset();
    ASSERT_TRUE(disk_.remove_all(lost));
    open();
    EXPECT_EQ(store_->next_offset(queue_), 300);
    EXPECT_EQ(store_->min_offset(queue_), 0);
    expect_all_readable();
    ASSERT_TRUE(store_->close());
  }
}

TEST_F(StoreFault, heals_a_run_whatever_byte_of_it_is_damaged) {
  open();
  const std::string_view key = "k7";
  AppendRequest request;
  request.queue = queue_;
  const std::string text = body(0);
  request.record.body = text;
  request.record.properties = "KEYS\1k7\2";
  request.keys = {&key, 1};
  ASSERT_TRUE(store_->append(request, clock_.now()));
  fill(299);
  ASSERT_TRUE(store_->close());
  const std::string run = only_run();
  const std::string whole = *os::read_file(disk_, run);
  for (std::uint64_t at = 0; at < whole.size(); at += at < 200 ? 1 : 97) {
    SCOPED_TRACE(at);
    store_.reset();
    disk_.flip_bit(run, at, static_cast<unsigned>(at % 8));
    open();
    EXPECT_EQ(store_->next_offset(queue_), 300);
    expect_all_readable();
    if (HasFailure()) return;
    ASSERT_TRUE(store_->close());
    ASSERT_TRUE(os::replace_file(disk_, run, whole));  // keys that nobody asked for, too
  }
}

TEST_F(StoreFault, looks_through_a_run_once_however_often_a_damaged_record_is_asked_for) {
  open();
  fill(300);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const std::string segment = *os::read_file(disk_, log_path());
  disk_.flip_bit(log_path(), segment.find(body(5)));
  open();
  const auto reads_of_a_try = [&] {
    const auto before = disk_.count(os::FileOperation::read);
    const ReadResult failed = read(5, 1);
    EXPECT_EQ(failed.status, ReadStatus::failed);
    EXPECT_FALSE(failed.may_pass);
    EXPECT_EQ(failed.damaged_end, 6);
    return disk_.count(os::FileOperation::read) - before;
  };
  EXPECT_GT(reads_of_a_try(), 0U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(reads_of_a_try(), 0U);
  EXPECT_EQ(read(6, 1).messages, 1);
}

TEST_F(StoreFault, names_and_counts_each_damaged_record_once_with_its_place) {
  open();
  fill(100);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const std::string segment = *os::read_file(disk_, log_path());
  disk_.flip_bit(log_path(), segment.find(body(5)));
  disk_.flip_bit(log_path(), segment.find(body(7)));
  open();
  ::testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(read(0).next_offset, 5);
    EXPECT_EQ(read(5).damaged_end, 6);
    EXPECT_EQ(read(6).next_offset, 7);
    EXPECT_EQ(read(7).damaged_end, 8);
  }
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), 2) << log;
  EXPECT_NE(log.find("the message at offset 5 of topic 0"), std::string::npos) << log;
  EXPECT_NE(log.find(log_path() + ", byte "), std::string::npos) << log;
  EXPECT_NE(log.find("bolide store verify --data-dir /store"), std::string::npos) << log;
  EXPECT_EQ(store_->stats().damaged_records, 2U);
}

TEST_F(StoreFault, says_where_a_damaged_record_of_many_offsets_ends) {
  open();
  fill(3);
  AppendRequest request;
  request.queue = queue_;
  const std::string text = body(3);
  request.record.body = text;
  request.offsets = 4;
  ASSERT_TRUE(store_->append(request, clock_.now()));
  fill(3);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const std::string segment = *os::read_file(disk_, log_path());
  disk_.flip_bit(log_path(), segment.find(text));
  open();
  ASSERT_EQ(store_->next_offset(queue_), 10);
  for (std::int64_t offset = 3; offset < 7; ++offset)
    EXPECT_EQ(read(offset).damaged_end, 7) << offset;
  EXPECT_EQ(store_->stats().damaged_records, 1U);
}

TEST_F(StoreFault, takes_no_error_of_the_disk_for_damage) {
  open();
  fill(100);
  ASSERT_TRUE(store_->close());
  open();
  disk_.fail_at(os::FileOperation::read_cached, 1, Errc::io);
  const ReadResult failed = read(5);
  EXPECT_EQ(failed.status, ReadStatus::failed);
  EXPECT_TRUE(failed.may_pass);
  EXPECT_EQ(failed.damaged_end, 0);
  EXPECT_EQ(read(5).messages, 95);
  EXPECT_EQ(store_->stats().damaged_records, 0U);
}

TEST_F(StoreFault, a_damaged_checkpoint_is_noticed_at_every_byte) {
  open();
  fill(100);
  ASSERT_TRUE(store_->close());
  const std::string path = "/store/bolide/checkpoint";
  const std::size_t size = os::read_file(disk_, path)->size();
  for (std::uint64_t at = 0; at < size; ++at) {
    store_.reset();
    disk_.flip_bit(path, at, static_cast<unsigned>(at % 8));
    open();
    ASSERT_EQ(store_->next_offset(queue_), 100);
    ASSERT_TRUE(store_->close());
    if (HasFailure()) return;
  }
}

TEST_F(StoreFault, takes_over_a_log_that_others_have_cut) {
  options_.segment_bytes = 16 << 10;
  open();
  fill(300);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const auto names = disk_.list("/store/commitlog");
  ASSERT_GT(names->size(), 3U);
  for (std::size_t i = 2; i < names->size(); ++i)
    ASSERT_TRUE(disk_.remove("/store/commitlog/" + (*names)[i]));
  open();
  EXPECT_GT(store_->next_offset(queue_), 30);
  EXPECT_LT(store_->next_offset(queue_), 200);
  expect_all_readable();
}

TEST_F(StoreFault, sets_aside_what_apache_derived_from_the_log) {
  ASSERT_TRUE(disk_.make_directories("/store/consumequeue/topic/0"));
  ASSERT_TRUE(disk_.open("/store/checkpoint", os::OpenMode::create));
  open();
  EXPECT_FALSE(disk_.exists("/store/consumequeue"));
  EXPECT_FALSE(disk_.exists("/store/checkpoint"));
  EXPECT_TRUE(disk_.exists("/store/bolide/apache/consumequeue/topic/0"));
}

TEST_F(StoreFault, refuses_a_log_with_a_segment_missing_in_the_middle) {
  options_.segment_bytes = 16 << 10;
  open();
  fill(300);
  ASSERT_TRUE(store_->close());
  store_.reset();
  const std::string second = log_path(16 << 10);
  ASSERT_TRUE(disk_.remove(second));
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::storage_corrupt);
  EXPECT_NE(refused.error().context.find(second.substr(second.rfind('/') + 1)), std::string::npos);
}

TEST_F(StoreFault, leaves_a_directory_alone_that_is_no_store) {
  ASSERT_TRUE(disk_.make_directories("/store"));
  ASSERT_TRUE(disk_.open("/store/thesis.tex", os::OpenMode::create));
  const auto refused = try_open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::not_a_store);
  EXPECT_NE(refused.error().context.find("thesis.tex"), std::string::npos);
  EXPECT_EQ(disk_.list("/store")->size(), 1U);
}

}  // namespace
}  // namespace bolide::store
