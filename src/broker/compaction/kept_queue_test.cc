// SPDX-License-Identifier: Apache-2.0
//
// Files of kept records: what is read of them, and what damage and a failing disk do.
#include "broker/compaction/kept_queue.h"

#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace bolide::broker {
namespace {

using os::FileOperation;
using Bodies = std::vector<std::string>;
using store::testing::bodies;

constexpr std::string_view path = "kept/0";

class KeptQueueTest : public ::testing::Test {
 protected:
  struct Message {
    std::int64_t offset = 0;
    std::string key;
    std::string body;
    std::string tag = {};
    std::int64_t store_ms = 0;
  };

  // What is on the disk, and `messages`.
  void merge(const std::vector<Message>& messages, KeptQueue::Ptr old = nullptr) {
    KeptBatch batch;
    for (const Message& message : messages) {
      std::string properties = "KEYS\1" + message.key + "\2";
      if (!message.tag.empty()) properties += "TAGS\1" + message.tag + "\2";
      store::Record record;
      record.queue_offset = message.offset;
      record.position = message.offset * 10'000;
      record.store_ms = message.store_ms;
      record.body = message.body;
      record.topic = "state";
      record.properties = properties;
      std::string bytes(store::record_size(record), '\0');
      store::encode_record(record, bytes.data());
      sizes_.push_back(bytes.size());
      batch.add(record, bytes);
    }
    auto merged = KeptQueue::merge(fs_, std::string(path), old, batch);
    ASSERT_TRUE(merged) << merged.error().message();
    queue_ = std::move(*merged);
  }
  store::ReadResult read(std::int64_t offset, const store::ReadLimits& limits = {},
                         const Matcher& matcher = {}) const {
    return queue_->read(offset, end, limits, matcher);
  }
  // So many messages, of which each `nth` has the tag "rare".
  void merge_many(std::int64_t count, std::int64_t nth, std::size_t body_bytes) {
    std::vector<Message> messages;
    for (std::int64_t i = 0; i < count; ++i)
      messages.push_back({.offset = i,
                          .key = "k" + std::to_string(i),
                          .body = std::string(body_bytes, 'x'),
                          .tag = i % nth == 0 ? "rare" : "usual"});
    merge(messages);
  }
  static Matcher tagged(std::string_view tag) { return Matcher::compile(tag, "TAG").value(); }
  // Of the memory that the result holds on to.
  static std::size_t held_bytes(const store::ReadResult& result) {
    std::set<const Chunk*> chunks;
    std::size_t bytes = 0;
    for (const Slice& slice : result.records)
      if (chunks.insert(slice.chunk.get()).second) bytes += slice.chunk->capacity();
    return bytes;
  }
  void damage(std::uint64_t at) { fs_.flip_bit(std::string(path), at, 3); }

  static constexpr std::int64_t end = 1'000'000;
  os::SimFileSystem fs_;
  KeptQueue::Ptr queue_;
  std::vector<std::size_t> sizes_;  // of the records that were merged
};

TEST(KeptBatch, has_the_newest_of_each_key_and_none_that_was_taken_away) {
  KeptBatch batch;
  const auto add = [&](std::int64_t offset, std::string_view key, std::string_view body) {
    const std::string properties = "KEYS\1" + std::string(key) + "\2";
    store::Record record;
    record.queue_offset = offset;
    record.properties = properties;
    record.body = body;
    batch.add(record, body);
  };
  add(0, "a", "a0");
  add(1, "b", "b1");
  add(2, "a", "a2");
  add(3, "b", "");
  EXPECT_EQ(batch.records(), (std::map<std::int64_t, std::string>{{2, "a2"}}));
  EXPECT_EQ(batch.bytes(), 2U);
  EXPECT_TRUE(batch.has("b"));
}

TEST_F(KeptQueueTest, passes_over_a_record_that_was_damaged_since_and_gives_the_others) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}, {7, "c", "c7"}});
  damage(sizes_[0] + 60);
  const auto all = read(0);
  EXPECT_EQ(all.status, store::ReadStatus::ok);
  EXPECT_EQ(bodies(all), (Bodies{"a0", "c7"}));
  EXPECT_EQ(all.next_offset, end);
  EXPECT_EQ(bodies(read(4)), Bodies{"c7"});
  damage(sizes_[0] + 60);
  EXPECT_EQ(bodies(read(0)), (Bodies{"a0", "b4", "c7"}));
}

TEST_F(KeptQueueTest, passes_over_what_a_cut_file_has_no_more) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}});
  auto file = fs_.open(std::string(path), os::OpenMode::read_write);
  ASSERT_TRUE(file);
  ASSERT_TRUE((*file)->truncate(sizes_[0] + 10));
  const auto all = read(0);
  EXPECT_EQ(bodies(all), Bodies{"a0"});
  EXPECT_EQ(all.next_offset, end);
  const auto opened = KeptQueue::open(fs_, std::string(path));
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->size(), 1U);
}

TEST_F(KeptQueueTest, opens_with_all_other_records_whatever_byte_of_one_is_damaged) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}, {7, "c", "c7"}});
  for (std::uint64_t at = sizes_[0]; at < sizes_[0] + sizes_[1]; ++at) {
    damage(at);
    const auto opened = KeptQueue::open(fs_, std::string(path));
    ASSERT_TRUE(opened) << at;
    EXPECT_EQ((*opened)->count(0, 1), 1U) << at;
    EXPECT_EQ((*opened)->count(7, 8), 1U) << at;
    const auto last = (*opened)->read(5, end, {}, {});
    EXPECT_EQ(bodies(last), Bodies{"c7"}) << at;
    damage(at);
  }
}

TEST_F(KeptQueueTest, opens_whatever_is_damaged) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}, {7, "c", "c7"}, {8, "d", std::string(300, 'd')}});
  const std::string sound = os::read_file(fs_, std::string(path)).value();
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes = sound;
    for (std::size_t n = 1 + random() % 8; n > 0; --n) {
      // Whole fields of zeros, too: a size of nothing leads nowhere.
      const std::size_t at = random() % (bytes.size() - 4);
      if (random() % 2 == 0)
        bytes.replace(at, 4, 4, '\0');
      else
        bytes[at] = static_cast<char>(random());
    }
    ASSERT_TRUE(os::replace_file(fs_, std::string(path), bytes));
    const auto opened = KeptQueue::open(fs_, std::string(path));
    ASSERT_TRUE(opened) << i;
    const auto all = (*opened)->read(0, INT64_MAX, {}, {});
    EXPECT_EQ(static_cast<std::size_t>(all.messages), (*opened)->size()) << i;
    EXPECT_EQ(all.next_offset, INT64_MAX) << i;
  }
  std::string bytes = sound;
  bytes.replace(sizes_[0], 4, 4, '\0');
  ASSERT_TRUE(os::replace_file(fs_, std::string(path), bytes));
  const auto opened = KeptQueue::open(fs_, std::string(path));
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->size(), 3U);
}

// The inner record's offset is the higher one, so that the records behind would be out of order.
TEST_F(KeptQueueTest, takes_no_record_out_of_the_body_of_a_damaged_one) {
  merge({{500, "x", "inner"}});
  auto inner = os::read_file(fs_, std::string(path));
  ASSERT_TRUE(inner);
  sizes_.clear();
  merge({{0, "a", *inner}, {4, "b", "b4"}});
  damage(40);
  const auto opened = KeptQueue::open(fs_, std::string(path));
  ASSERT_TRUE(opened);
  EXPECT_EQ(bodies((*opened)->read(0, end, {}, {})), Bodies{"b4"});
}

TEST_F(KeptQueueTest, merges_what_is_left_of_a_damaged_file) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}});
  damage(60);
  merge({{9, "c", "c9"}}, queue_);
  EXPECT_EQ(bodies(read(0)), (Bodies{"b4", "c9"}));
}

TEST_F(KeptQueueTest, merges_nothing_while_the_disk_fails) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}});
  fs_.fail_at(FileOperation::read, 1, Errc::io);
  const auto merged = KeptQueue::merge(fs_, std::string(path), queue_, {});
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, Errc::io);
  EXPECT_EQ(bodies(read(0)), (Bodies{"a0", "b4"}));
}

TEST_F(KeptQueueTest, says_that_an_error_of_the_disk_may_pass) {
  merge({{0, "a", "a0"}, {4, "b", "b4"}});
  fs_.fail_at(FileOperation::read_cached, 1, Errc::io);
  const auto failed = read(0);
  EXPECT_EQ(failed.status, store::ReadStatus::failed);
  EXPECT_TRUE(failed.may_pass);
  EXPECT_EQ(failed.next_offset, 0);
  EXPECT_EQ(bodies(read(0)), (Bodies{"a0", "b4"}));
}

TEST_F(KeptQueueTest, counts_records_and_no_gaps) {
  merge({{2, "a", "a2"}, {4, "b", "b4"}, {7, "c", "c7"}});
  EXPECT_EQ(queue_->count(0, 8), 3U);
  EXPECT_EQ(queue_->count(2, 7), 2U);
  EXPECT_EQ(queue_->count(3, 4), 0U);
  EXPECT_EQ(queue_->count(7, 4), 0U);
  EXPECT_EQ(queue_->count(8, end), 0U);
}

TEST_F(KeptQueueTest, finds_the_first_that_was_stored_from_a_time_on_and_the_last_until_then) {
  merge({{.offset = 2, .key = "a", .body = "a2", .store_ms = 100},
         {.offset = 4, .key = "b", .body = "b4", .store_ms = 300},
         {.offset = 7, .key = "c", .body = "c7", .store_ms = 200},  // the clock was set back
         {.offset = 9, .key = "d", .body = "d9", .store_ms = 400}});
  const auto from = [&](std::int64_t ms) { return queue_->offset_by_time(ms, false, end); };
  const auto until = [&](std::int64_t ms) { return queue_->offset_by_time(ms, true, end); };
  EXPECT_EQ(from(0), 2);
  EXPECT_EQ(from(100), 2);
  EXPECT_EQ(from(101), 4);
  EXPECT_EQ(from(300), 4);
  EXPECT_EQ(from(301), 9);
  EXPECT_EQ(from(401), std::nullopt);
  EXPECT_EQ(until(99), std::nullopt);
  EXPECT_EQ(until(100), 2);
  EXPECT_EQ(until(299), 2);
  EXPECT_EQ(until(300), 7);
  EXPECT_EQ(until(500), 9);
  EXPECT_EQ(queue_->offset_by_time(400, false, 9), std::nullopt) << "it stands in the log";
  EXPECT_EQ(queue_->offset_by_time(400, true, 9), 7);
  EXPECT_EQ(queue_->store_time(1), std::nullopt);
  EXPECT_EQ(queue_->store_time(3), 100);
  EXPECT_EQ(queue_->store_time(9), 400);
}

TEST_F(KeptQueueTest, finds_a_record_by_where_it_stood_in_the_log) {
  merge({{2, "a", "a2"}, {4, "b", "b4"}, {7, "c", "c7"}});
  for (const auto& [position, body] :
       std::map<std::int64_t, std::string>{{20'000, "a2"}, {40'000, "b4"}, {70'000, "c7"}})
    EXPECT_EQ(bodies(queue_->read_position(position)), Bodies{body});
  for (const std::int64_t position : {0, 19'999, 20'001, 50'000, 70'001})
    EXPECT_TRUE(queue_->read_position(position).records.empty()) << position;
}

TEST_F(KeptQueueTest, gives_adjacent_records_as_one_slice) {
  merge({{0, "a", "a0", "blue"}, {4, "b", "b4", "blue"}, {7, "c", "c7", "red"}, {9, "d", "d9"}});
  const auto all = read(0);
  EXPECT_EQ(all.records.size(), 1U);
  EXPECT_EQ(all.messages, 4);
  EXPECT_EQ(bodies(all), (Bodies{"a0", "b4", "c7", "d9"}));
  const auto blue = read(0, {}, tagged("blue || none"));
  EXPECT_EQ(blue.records.size(), 1U);
  EXPECT_EQ(bodies(blue), (Bodies{"a0", "b4"}));
}

TEST_F(KeptQueueTest, holds_on_to_little_memory_where_few_of_many_match) {
  merge_many(1'200, 100, 1'000);
  const auto rare = read(0, {}, tagged("rare"));
  EXPECT_EQ(rare.messages, 12);
  EXPECT_EQ(bodies(rare).size(), 12U);
  EXPECT_EQ(rare.next_offset, end);
  EXPECT_LE(held_bytes(rare), 2 * rare.bytes);
  const auto usual = read(0, {}, tagged("usual"));
  EXPECT_EQ(usual.messages, 32);
  EXPECT_EQ(bodies(usual).size(), 32U);
  EXPECT_LE(held_bytes(usual), 2 * usual.bytes);
}

}  // namespace
}  // namespace bolide::broker
