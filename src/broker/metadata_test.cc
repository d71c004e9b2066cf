// SPDX-License-Identifier: Apache-2.0
//
// Topics, groups and offsets in the journal, over kills and losses of power.
#include "broker/metadata.h"

#include "os/sim_file_system.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace bolide::broker {
namespace {

class MetadataTest : public ::testing::Test {
 protected:
  MetadataTest() { open(); }
  void open() {
    metadata_.reset();
    fs_.kill();
    auto opened = Metadata::open(fs_, "meta");
    ASSERT_TRUE(opened) << opened.error().message();
    metadata_ = std::move(opened->metadata);
    stored_ = std::move(opened->stored);
    fresh_ = opened->fresh;
    std::ranges::sort(stored_.topics, {}, &TopicConfig::name);
    std::ranges::sort(stored_.offsets, {}, &OffsetEntry::queue_id);
  }

  os::SimFileSystem fs_;
  std::unique_ptr<Metadata> metadata_;
  StoredMetadata stored_;
  bool fresh_ = false;
};

TEST_F(MetadataTest, holds_nothing_at_first) {
  EXPECT_TRUE(fresh_);
  EXPECT_TRUE(stored_.topics.empty());
  EXPECT_TRUE(stored_.groups.empty());
  EXPECT_TRUE(stored_.offsets.empty());
}

TEST_F(MetadataTest, keeps_over_a_kill_what_was_flushed) {
  const TopicConfig topic{.name = "orders", .read_queues = 3, .write_queues = 2};
  const GroupConfig group{.name = "readers", .retry_max_times = 5};
  metadata_->save_topic(topic, {.timestamp_ms = 10, .counter = 1});
  metadata_->save_group(group, {.timestamp_ms = 20, .counter = 2});
  metadata_->save_offset("orders", "readers", 1, 42);
  metadata_->save_offset("%RETRY%readers", "readers", 0, 7);
  ASSERT_TRUE(metadata_->flush());
  open();
  EXPECT_FALSE(fresh_);
  ASSERT_EQ(stored_.topics.size(), 1U);
  EXPECT_EQ(stored_.topics[0], topic);
  ASSERT_EQ(stored_.groups.size(), 1U);
  EXPECT_EQ(stored_.groups[0].name, "readers");
  EXPECT_EQ(stored_.groups[0].retry_max_times, 5);
  EXPECT_EQ(stored_.topic_version.counter, 1);
  EXPECT_EQ(stored_.group_version.timestamp_ms, 20);
  ASSERT_EQ(stored_.offsets.size(), 2U);
  EXPECT_EQ(stored_.offsets[0].topic, "%RETRY%readers");
  EXPECT_EQ(stored_.offsets[1].topic, "orders");
  EXPECT_EQ(stored_.offsets[1].group, "readers");
  EXPECT_EQ(stored_.offsets[1].queue_id, 1);
  EXPECT_EQ(stored_.offsets[1].offset, 42);
}

TEST_F(MetadataTest, forgets_at_a_kill_only_what_was_not_flushed) {
  metadata_->save_topic({.name = "a"}, {});
  ASSERT_TRUE(metadata_->flush());
  metadata_->save_topic({.name = "b"}, {});
  open();
  ASSERT_EQ(stored_.topics.size(), 1U);
  EXPECT_EQ(stored_.topics[0].name, "a");
}

TEST_F(MetadataTest, keeps_the_last_value_and_drops_what_was_erased) {
  metadata_->save_topic({.name = "a", .read_queues = 1}, {.counter = 1});
  metadata_->save_topic({.name = "a", .read_queues = 9}, {.counter = 2});
  metadata_->save_topic({.name = "b"}, {.counter = 3});
  metadata_->erase_topic("b", 5, {.counter = 4});
  metadata_->save_group({.name = "g"}, {.counter = 1});
  metadata_->erase_group("g", {.counter = 2});
  metadata_->save_offset("a", "g", 0, 1);
  metadata_->erase_offset("a", "g", 0);
  metadata_->erase_offset("never", "was", 3);
  ASSERT_TRUE(metadata_->flush());
  open();
  ASSERT_EQ(stored_.topics.size(), 1U);
  EXPECT_EQ(stored_.topics[0].read_queues, 9);
  EXPECT_EQ(stored_.topic_version.counter, 4);
  EXPECT_TRUE(stored_.groups.empty());
  EXPECT_EQ(stored_.group_version.counter, 2);
  EXPECT_TRUE(stored_.offsets.empty());
}

// A loss of power may keep any part of what was written.
TEST_F(MetadataTest, deletes_a_topic_with_its_messages_and_mapping_or_not_at_all) {
  metadata_->save_topic({.name = "t"}, {.counter = 1});
  metadata_->save_mapping({.broker = "b", .topic = "t"});
  ASSERT_TRUE(metadata_->flush());
  std::string path;
  const auto names = fs_.list("meta");
  for (const std::string& name : *names) {
    if (name.starts_with("changes.")) path = "meta/" + name;
  }
  const std::size_t before = os::read_file(fs_, path)->size();
  metadata_->erase_topic("t", 5, {.counter = 2});
  ASSERT_TRUE(metadata_->flush());
  const std::string whole = *os::read_file(fs_, path);
  for (std::size_t bytes = before; bytes <= whole.size(); ++bytes) {
    metadata_.reset();
    ASSERT_TRUE(os::replace_file(fs_, path, whole.substr(0, bytes)));
    open();
    const bool deleted = bytes == whole.size();
    EXPECT_EQ(stored_.topics.empty(), deleted) << bytes;
    EXPECT_EQ(stored_.mappings.empty(), deleted) << bytes;
    EXPECT_EQ(stored_.trims.size(), deleted ? 1U : 0U) << bytes;
  }
  EXPECT_EQ(stored_.trims[0].topic, "t");
  EXPECT_EQ(stored_.trims[0].position, 5);
  metadata_->save_topic({.name = "t"}, {.counter = 3});
  ASSERT_TRUE(metadata_->flush());
  open();
  EXPECT_EQ(stored_.topics.size(), 1U) << "made again";
  EXPECT_EQ(stored_.trims.size(), 1U);
}

TEST_F(MetadataTest, keeps_a_snapshot_over_a_loss_of_power) {
  metadata_->save_topic({.name = "gone"}, {});
  ASSERT_TRUE(metadata_->flush());
  StoredMetadata all;
  all.topics = {{.name = "a"}, {.name = "b"}};
  all.groups = {{.name = "g"}};
  all.offsets = {{.topic = "a", .group = "g", .queue_id = 2, .offset = 5}};
  all.topic_version = {.counter = 8};
  ASSERT_TRUE(metadata_->snapshot(all));
  fs_.crash();
  open();
  ASSERT_EQ(stored_.topics.size(), 2U);
  EXPECT_EQ(stored_.topics[0].name, "a");
  EXPECT_EQ(stored_.topics[1].name, "b");
  ASSERT_EQ(stored_.groups.size(), 1U);
  ASSERT_EQ(stored_.offsets.size(), 1U);
  EXPECT_EQ(stored_.offsets[0].offset, 5);
  EXPECT_EQ(stored_.topic_version.counter, 8);
}

TEST_F(MetadataTest, asks_for_a_snapshot_when_the_log_has_grown) {
  EXPECT_FALSE(metadata_->wants_snapshot());
  StoredMetadata all;
  for (int i = 0; i < 500'000 && !metadata_->wants_snapshot(); ++i) {
    metadata_->save_offset("orders", "readers", 0, i);
    if (i % 1000 == 0) {
      ASSERT_TRUE(metadata_->flush());
    }
  }
  EXPECT_TRUE(metadata_->wants_snapshot());
  ASSERT_TRUE(metadata_->snapshot(all));
  EXPECT_FALSE(metadata_->wants_snapshot());
}

TEST_F(MetadataTest, asks_for_a_snapshot_of_much_after_as_much_has_changed) {
  StoredMetadata all;
  for (int i = 0; i < 400'000; ++i)
    all.offsets.push_back({.topic = "orders", .group = "readers", .queue_id = i, .offset = i});
  ASSERT_TRUE(metadata_->snapshot(all));
  const auto change = [&] {
    for (int i = 0; i < 150'000; ++i) metadata_->save_offset("orders", "readers", i, 0);
    ASSERT_TRUE(metadata_->flush());
  };
  change();
  EXPECT_FALSE(metadata_->wants_snapshot());
  open();
  change();
  EXPECT_FALSE(metadata_->wants_snapshot()) << "nor after a start";
  for (int i = 0; i < 2; ++i) change();
  EXPECT_TRUE(metadata_->wants_snapshot());
}

TEST_F(MetadataTest, writes_nothing_when_nothing_changed) {
  ASSERT_TRUE(metadata_->flush());
  const auto before = fs_.count(os::FileOperation::write);
  ASSERT_TRUE(metadata_->flush());
  EXPECT_EQ(fs_.count(os::FileOperation::write), before);
}

TEST_F(MetadataTest, says_that_the_disk_is_full_and_keeps_what_it_had) {
  metadata_->save_topic({.name = "a"}, {});
  ASSERT_TRUE(metadata_->flush());
  fs_.fail_at(os::FileOperation::write, 1, Errc::disk_full);
  metadata_->save_topic({.name = "b"}, {});
  const auto flushed = metadata_->flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, Errc::disk_full);
  open();
  ASSERT_GE(stored_.topics.size(), 1U);
  EXPECT_EQ(stored_.topics[0].name, "a");
}

TEST_F(MetadataTest, tries_a_failing_disk_ever_more_rarely_and_says_once_why_and_when_it_works) {
  fs_.fail_at(os::FileOperation::write, 1, Errc::io, true);
  const auto writes = fs_.count(os::FileOperation::write);
  std::int64_t now_ms = 0;
  ::testing::internal::CaptureStderr();
  for (; now_ms < 60'000; now_ms += 10) {
    metadata_->at({0, now_ms * 1'000'000});
    metadata_->save_topic({.name = "lost"}, {});
    ASSERT_EQ(metadata_->flush().error().code, Errc::io);
  }
  EXPECT_LT(fs_.count(os::FileOperation::write) - writes, 20U);
  fs_.clear_faults();
  metadata_->at({0, (now_ms + 10'000) * 1'000'000});
  metadata_->save_topic({.name = "made"}, {});
  EXPECT_TRUE(metadata_->flush());
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(log, '\n'), 2) << log;
  EXPECT_NE(log.find("cannot be written: write meta/changes."), log.npos) << log;
  EXPECT_NE(log.find("can be written again"), log.npos) << log;
  open();
  ASSERT_EQ(stored_.topics.size(), 1U) << "what was refused is forgotten";
  EXPECT_EQ(stored_.topics[0].name, "made");
}

}  // namespace
}  // namespace bolide::broker
