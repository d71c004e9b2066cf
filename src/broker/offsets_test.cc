// SPDX-License-Identifier: Apache-2.0
//
// Committed offsets (rocketmq semantics 3.6).
#include "broker/offsets.h"

#include "os/sim_file_system.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

class OffsetsTest : public ::testing::Test {
 protected:
  OffsetsTest() { open(); }
  void open() {
    offsets_.reset();
    metadata_.reset();
    fs_.kill();
    auto opened = Metadata::open(fs_, "meta");
    ASSERT_TRUE(opened);
    metadata_ = std::move(opened->metadata);
    offsets_ = std::make_unique<Offsets>(*metadata_);
    offsets_->load(opened->stored.offsets);
  }
  void save() { ASSERT_TRUE(offsets_->save_dirty()); }

  os::SimFileSystem fs_;
  std::unique_ptr<Metadata> metadata_;
  std::unique_ptr<Offsets> offsets_;
};

TEST_F(OffsetsTest, are_absent_until_committed) {
  EXPECT_FALSE(offsets_->find("g", "t", 0));
  offsets_->commit("g", "t", 3, 10);
  EXPECT_EQ(offsets_->find("g", "t", 3), 10);
  EXPECT_FALSE(offsets_->find("g", "t", 0)) << "another queue";
  EXPECT_FALSE(offsets_->find("g", "t", 4));
  EXPECT_FALSE(offsets_->find("g", "u", 3));
  EXPECT_FALSE(offsets_->find("h", "t", 3));
  offsets_->commit("g", "t", 3, 4);
  EXPECT_EQ(offsets_->find("g", "t", 3), 4) << "backwards is allowed";
}

TEST_F(OffsetsTest, come_back_after_a_kill) {
  offsets_->commit("g", "t", 3, 10);
  offsets_->commit("g", "%RETRY%g", 0, 0);
  save();
  open();
  EXPECT_EQ(offsets_->find("g", "t", 3), 10);
  EXPECT_EQ(offsets_->find("g", "%RETRY%g", 0), 0);
  EXPECT_EQ(offsets_->all().size(), 2U);
}

TEST_F(OffsetsTest, are_cut_at_the_ends_of_the_queues_that_are_known) {
  offsets_->commit("g", "t", 0, 10);
  offsets_->commit("g", "t", 1, 10);
  offsets_->commit("g", "elsewhere", 0, 10);
  save();
  open();
  const auto end_of = [](std::string_view topic, std::int32_t queue_id) {
    return topic == "t" ? std::optional<std::int64_t>(queue_id == 0 ? 7 : 10) : std::nullopt;
  };
  EXPECT_TRUE(offsets_->cut(end_of));
  EXPECT_FALSE(offsets_->cut(end_of));
  save();
  open();
  EXPECT_EQ(offsets_->find("g", "t", 0), 7);
  EXPECT_EQ(offsets_->find("g", "t", 1), 10);
  EXPECT_EQ(offsets_->find("g", "elsewhere", 0), 10);
}

TEST_F(OffsetsTest, are_saved_once_however_often_they_were_committed) {
  const auto bytes_of_one_save = [&] {
    const auto before = fs_.space("meta")->free_bytes;
    save();
    return before - fs_.space("meta")->free_bytes;
  };
  offsets_->commit("g", "t", 0, 0);
  save();
  for (int i = 1; i <= 100'000; ++i) offsets_->commit("g", "t", 0, i);
  EXPECT_LE(bytes_of_one_save(), 4096U) << "one page at most";
  open();
  EXPECT_EQ(offsets_->find("g", "t", 0), 100'000);
}

TEST_F(OffsetsTest, write_nothing_when_the_same_is_committed_again) {
  offsets_->commit("g", "t", 0, 5);
  save();
  const auto before = fs_.count(os::FileOperation::write);
  offsets_->commit("g", "t", 0, 5);
  save();
  EXPECT_EQ(fs_.count(os::FileOperation::write), before);
}

TEST_F(OffsetsTest, tell_of_a_reset_once_and_ignore_commits_until_then) {
  offsets_->commit("g", "t", 0, 50);
  offsets_->reset("g", "t", 0, 7, true);
  EXPECT_EQ(offsets_->find("g", "t", 0), 7);
  offsets_->commit("g", "t", 0, 51);
  EXPECT_EQ(offsets_->find("g", "t", 0), 7) << "the consumer does not know of the reset yet";
  EXPECT_EQ(offsets_->take_reset("g", "t", 0), 7);
  EXPECT_FALSE(offsets_->take_reset("g", "t", 0));
  offsets_->commit("g", "t", 0, 8);
  EXPECT_EQ(offsets_->find("g", "t", 0), 8);
}

TEST_F(OffsetsTest, tell_nobody_of_a_reset_when_nobody_is_online) {
  offsets_->reset("g", "t", 0, 7, false);
  EXPECT_FALSE(offsets_->take_reset("g", "t", 0));
  offsets_->commit("g", "t", 0, 8);
  EXPECT_EQ(offsets_->find("g", "t", 0), 8);
  EXPECT_FALSE(offsets_->take_reset("never", "seen", 2));
}

TEST_F(OffsetsTest, keep_a_reset_over_a_kill) {
  offsets_->commit("g", "t", 0, 50);
  offsets_->reset("g", "t", 0, 7, true);
  save();
  open();
  EXPECT_EQ(offsets_->find("g", "t", 0), 7);
}

TEST_F(OffsetsTest, remember_what_was_pulled_apart_from_what_was_committed) {
  EXPECT_EQ(offsets_->pulled_offset("g", "t", 0), 0);
  offsets_->pulled("g", "t", 0, 30);
  EXPECT_EQ(offsets_->pulled_offset("g", "t", 0), 30);
  EXPECT_FALSE(offsets_->find("g", "t", 0));
  EXPECT_TRUE(offsets_->all().empty());
}

TEST_F(OffsetsTest, of_a_group_or_a_topic_can_be_erased) {
  for (const char* group : {"g", "h"}) {
    for (const char* topic : {"t", "u"}) offsets_->commit(group, topic, 1, 9);
  }
  save();
  EXPECT_EQ(offsets_->topics_of("g"), (std::vector<std::string>{"t", "u"}));
  EXPECT_EQ(offsets_->groups_of("t"), (std::vector<std::string>{"g", "h"}));
  offsets_->erase_group("g");
  offsets_->erase_topic("u");
  EXPECT_FALSE(offsets_->find("g", "t", 1));
  EXPECT_FALSE(offsets_->find("h", "u", 1));
  EXPECT_EQ(offsets_->find("h", "t", 1), 9);
  save();
  open();
  ASSERT_EQ(offsets_->all().size(), 1U);
  EXPECT_EQ(offsets_->find("h", "t", 1), 9);
}

TEST_F(OffsetsTest, that_were_erased_before_they_were_saved_stay_erased) {
  offsets_->commit("g", "t", 0, 5);
  offsets_->erase_group("g");
  offsets_->pulled("g", "t", 0, 5);  // the consumer goes on pulling
  save();
  open();
  EXPECT_FALSE(offsets_->find("g", "t", 0));
  EXPECT_TRUE(offsets_->all().empty());
}

TEST_F(OffsetsTest, that_come_back_after_erasing_are_saved) {
  offsets_->commit("g", "t", 0, 5);
  save();
  offsets_->erase_group("g");
  offsets_->commit("g", "t", 0, 6);
  save();
  open();
  EXPECT_EQ(offsets_->find("g", "t", 0), 6);
}

TEST_F(OffsetsTest, are_saved_later_when_the_journal_cannot_be_written_now) {
  offsets_->commit("kept", "t", 0, 1);
  offsets_->commit("gone", "t", 0, 2);
  save();
  offsets_->commit("kept", "t", 0, 3);
  offsets_->erase_group("gone");
  fs_.fail_at(os::FileOperation::write, 1, Errc::disk_full);
  EXPECT_EQ(offsets_->save_dirty().error().code, Errc::disk_full);
  metadata_->at({0, 1'000'000'000});
  save();
  open();
  EXPECT_EQ(offsets_->find("kept", "t", 0), 3);
  EXPECT_FALSE(offsets_->find("gone", "t", 0));
}

}  // namespace
}  // namespace bolide::broker
