// SPDX-License-Identifier: Apache-2.0
//
// Tests of merging a journal's files while changes go on: kills, errors and stops at every step.
// Runs on: the test's thread, which is the background agent too.  Owns: a simulated disk.
// Invariant: what a journal gives when it is opened is the model.
#include "base/log.h"
#include "base/random.h"
#include "os/sim_file_system.h"
#include "store/journal.h"
#include "store/journal_format.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

namespace bolide::store {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;
using os::FileOperation;

class JournalCompactTest : public ::testing::Test {
 protected:
  void SetUp() override {
    set_log(LogLevel::off);
    ASSERT_TRUE(open());
  }

  Result<> open() {
    Map map;
    journal_.reset();
    background_.drop();
    auto opened = open_journal(disk_, "meta", [&](auto key, auto value, bool erased) {
      if (erased)
        map.erase(std::string(key));
      else
        map[std::string(key)] = value;
    });
    if (!opened) return Failure(std::move(opened).error());
    journal_ = std::move(opened->journal);
    map_ = std::move(map);
    return {};
  }
  void kill_and_open() {
    journal_.reset();
    disk_.kill();
    ASSERT_TRUE(open());
  }
  void compact() {
    ended_.reset();
    journal_->compact(background_.background(), [this](const Result<>& ended) { ended_ = ended; });
  }
  void change() {
    const std::string key = "key" + std::to_string(random_.below(300));
    if (random_.below(3) == 0) {
      journal_->erase(key);
      model_.erase(key);
    } else {
      const std::string value(random_.below(30), static_cast<char>('a' + random_.below(26)));
      journal_->put(key, value);
      model_[key] = value;
    }
  }
  void work(int changes) {
    for (int i = 0; i < changes; ++i) {
      change();
      const bool write = random_.below(4) == 0;
      ASSERT_TRUE(!write || journal_->write());
    }
    ASSERT_TRUE(journal_->write());
  }
  // A new disk with some changes and a merge that has run `jobs` jobs, with changes between them.
  void start_over(int jobs) {
    journal_.reset();
    ASSERT_TRUE(disk_.remove_all("meta"));
    model_.clear();
    ASSERT_TRUE(open());
    work(200);
    compact();
    for (int i = 0; i < jobs && background_.run_one(); ++i) work(7);
  }
  // Enough for all jobs of a merge.
  static constexpr int jobs_max = 20;

  std::vector<std::string> files() { return disk_.list("meta").value(); }
  bool any_unfinished() {
    return std::ranges::any_of(files(), [](const auto& name) { return name.ends_with(".tmp"); });
  }
  std::uint64_t bytes_on_disk() {
    std::uint64_t bytes = 0;
    for (const std::string& name : files())
      bytes += disk_.open("meta/" + name, os::OpenMode::read).value()->size().value();
    return bytes;
  }
  std::string read(const std::string& name) {
    return os::read_file(disk_, "meta/" + name).value_or("");
  }
  void cut(const std::string& name, std::size_t bytes) {
    const std::string whole = read(name);
    ASSERT_TRUE(os::replace_file(disk_, "meta/" + name, whole.substr(0, whole.size() - bytes)));
  }

  os::SimFileSystem disk_;
  store::testing::StepAgent background_{false};
  Random random_{11};
  std::unique_ptr<Journal> journal_;
  Map map_;    // as opened
  Map model_;  // as written
  std::optional<Result<>> ended_;
};

TEST_F(JournalCompactTest, folds_the_changes_into_a_snapshot_while_others_are_written) {
  work(500);
  compact();
  EXPECT_TRUE(journal_->compacting());
  while (background_.run_one()) work(3);
  ASSERT_TRUE(ended_ && *ended_);
  EXPECT_FALSE(journal_->compacting());
  EXPECT_EQ(files(),
            (std::vector<std::string>{"changes.0000000000000002", "snapshot.0000000000000002"}));
  kill_and_open();
  EXPECT_EQ(map_, model_);
}

TEST_F(JournalCompactTest, keeps_what_is_larger_than_one_step) {
  for (int i = 0; i < 5'000; ++i) {
    const std::string key = "large" + std::to_string(i % 4'000);
    journal_->put(key, std::string(1'000, static_cast<char>('a' + i / 4'000)));
    model_[key] = std::string(1'000, static_cast<char>('a' + i / 4'000));
  }
  ASSERT_TRUE(journal_->write());
  for (int round = 0; round < 2; ++round) {
    compact();
    EXPECT_GT(background_.run(), 8) << "in small steps";
    ASSERT_TRUE(ended_ && *ended_);
    work(10);
    kill_and_open();
    ASSERT_EQ(map_, model_);
  }
}

TEST_F(JournalCompactTest, a_kill_at_any_step_loses_nothing_and_the_next_one_ends_it) {
  for (int jobs = 0; jobs < jobs_max; ++jobs) {
    SCOPED_TRACE(jobs);
    start_over(jobs);
    kill_and_open();
    ASSERT_EQ(map_, model_);
    EXPECT_FALSE(any_unfinished());
    work(20);
    kill_and_open();
    ASSERT_EQ(map_, model_);
    compact();
    background_.run();
    ASSERT_TRUE(ended_ && *ended_);
    EXPECT_EQ(files().size(), 2U);
    work(20);
    kill_and_open();
    ASSERT_EQ(map_, model_);
  }
}

TEST_F(JournalCompactTest, a_call_that_fails_leaves_all_as_it_was_and_may_be_tried_again) {
  for (const FileOperation operation :
       {FileOperation::open, FileOperation::read, FileOperation::write, FileOperation::truncate,
        FileOperation::sync, FileOperation::rename, FileOperation::sync_directory}) {
    bool failed = true;
    for (int nth = 1; failed; ++nth) {
      SCOPED_TRACE(std::to_string(static_cast<int>(operation)) + " " + std::to_string(nth));
      start_over(0);
      disk_.fail_at(operation, nth, nth % 2 == 0 ? Errc::disk_full : Errc::io);
      background_.run();
      disk_.clear_faults();
      ASSERT_TRUE(ended_.has_value());
      failed = !*ended_;
      EXPECT_FALSE(any_unfinished());
      work(30);
      if (nth % 3 == 0) kill_and_open();
      for (int again = 0; again < 3; ++again) {
        compact();
        background_.run();
        ASSERT_TRUE(ended_ && *ended_);
        work(10);
      }
      EXPECT_EQ(files().size(), 2U);
      kill_and_open();
      ASSERT_EQ(map_, model_);
    }
  }
}

TEST_F(JournalCompactTest, a_full_disk_is_met_again_and_again_and_heals) {
  for (int i = 0; i < 3'000; ++i) {
    journal_->put("key" + std::to_string(i), std::string(500, 'v'));
    model_["key" + std::to_string(i)] = std::string(500, 'v');
  }
  ASSERT_TRUE(journal_->write());
  disk_.set_capacity(bytes_on_disk() + (256U << 10U));
  std::uint64_t before = 0;
  for (int i = 0; i < 5; ++i) {
    compact();
    background_.run();
    ASSERT_TRUE(ended_ && !*ended_);
    EXPECT_EQ(ended_->error().code, Errc::disk_full);
    ASSERT_TRUE(journal_->write());
    EXPECT_TRUE(i == 0 || bytes_on_disk() == before) << "no attempt leaves anything";
    before = bytes_on_disk();
  }
  disk_.set_capacity(1ULL << 40U);
  compact();
  background_.run();
  ASSERT_TRUE(ended_ && *ended_);
  kill_and_open();
  EXPECT_EQ(map_, model_);
}

TEST_F(JournalCompactTest, a_stop_at_any_step_leaves_the_files_alone) {
  for (int jobs = 0; jobs < jobs_max; ++jobs) {
    SCOPED_TRACE(jobs);
    start_over(jobs);
    journal_->stop_compacting();
    EXPECT_FALSE(journal_->compacting());
    EXPECT_FALSE(any_unfinished());
    const std::uint64_t changes = disk_.count_of_changes();
    background_.run();
    compact();
    background_.run();
    EXPECT_EQ(disk_.count_of_changes(), changes);
    work(20);
    kill_and_open();
    ASSERT_EQ(map_, model_);
  }
}

// Something waits to be written at each moment at which a job ends.
TEST_F(JournalCompactTest, comes_to_its_end_under_load_and_the_files_do_not_grow) {
  std::uint64_t most = 0;
  for (int round = 0; round < 50; ++round) {
    work(400);
    compact();
    int jobs = 0;
    do {
      ASSERT_TRUE(journal_->write());
      for (int i = 0; i < 20; ++i) change();
      ASSERT_LT(++jobs, 2 * jobs_max);
    } while (background_.run_one() || !ended_);
    ASSERT_TRUE(*ended_);
    ASSERT_TRUE(journal_->write());
    most = std::max(most, bytes_on_disk());
  }
  EXPECT_LT(most, 120'000U);
  kill_and_open();
  EXPECT_EQ(map_, model_);
}

TEST_F(JournalCompactTest, an_answer_of_the_disk_for_what_was_merged_is_nothing_any_more) {
  work(50);
  const Journal::Unsynced what = journal_->unsynced();
  ASSERT_TRUE(what.file);
  compact();
  background_.run();
  ASSERT_TRUE(ended_ && *ended_);
  journal_->synced(what, fail(Errc::io, "late"));
  work(10);
  EXPECT_TRUE(journal_->sync());
}

class JournalFollowerTest : public JournalCompactTest {
 protected:
  // One change in the log that was sealed, one in the log that follows it.
  void SetUp() override {
    JournalCompactTest::SetUp();
    journal_->put("a", "1");
    ASSERT_TRUE(journal_->write());
    journal_->put("b", "2");
    ASSERT_TRUE(journal_->write());
    compact();
    background_.run_one();
    journal_->put("c", "3");
    ASSERT_TRUE(journal_->write());
    ASSERT_EQ(files().size(), 3U);
  }
  const std::string sealed_ = "changes.0000000000000001";
  const std::string follower_ = "changes.0000000000000002";
};

TEST_F(JournalFollowerTest, does_not_count_without_the_end_of_what_it_follows) {
  kill_and_open();
  ASSERT_EQ(map_.size(), 3U);
  const std::size_t whole = read(sealed_).size();
  cut(sealed_, 1);
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}}));
  journal_.reset();
  disk_.crash();
  EXPECT_FALSE(disk_.exists("meta/" + follower_)) << "it would follow what is written next";
  ASSERT_TRUE(open());
  journal_->put("d", "4");
  ASSERT_TRUE(journal_->write());
  ASSERT_EQ(read(sealed_).size(), whole);
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}, {"d", "4"}}));
  compact();
  background_.run();
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}, {"d", "4"}}));
}

TEST_F(JournalFollowerTest, is_evidence_of_damage_where_both_were_synced) {
  ASSERT_TRUE(journal_->sync());
  journal_->put("d", "4");
  ASSERT_TRUE(journal_->write());
  journal_.reset();
  cut(sealed_, 1);
  const std::string left = read(sealed_);
  const auto opened = open();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Errc::storage_corrupt);
  EXPECT_EQ(read(sealed_), left) << "the evidence must stay";
  EXPECT_TRUE(disk_.exists("meta/" + follower_));
}

TEST_F(JournalFollowerTest, does_not_bring_back_what_a_failed_write_left_behind_the_seal) {
  kill_and_open();
  ASSERT_TRUE(journal_->write());
  std::string bytes = read(sealed_);
  append_journal_record(bytes, 1, {.kind = JournalKind::put, .sequence = 3, .key = "b"});
  ASSERT_TRUE(os::replace_file(disk_, "meta/" + sealed_, bytes));
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST_F(JournalFollowerTest, is_torn_at_every_length_like_any_change_log) {
  journal_.reset();
  const std::string sealed = read(sealed_);
  const std::string snapshot = read("snapshot.0000000000000001");
  const std::string whole = read(follower_);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    SCOPED_TRACE(size);
    ASSERT_TRUE(disk_.remove_all("meta"));
    ASSERT_TRUE(disk_.make_directories("meta"));
    ASSERT_TRUE(os::replace_file(disk_, "meta/" + sealed_, sealed));
    ASSERT_TRUE(os::replace_file(disk_, "meta/snapshot.0000000000000001", snapshot));
    ASSERT_TRUE(os::replace_file(disk_, "meta/" + follower_, whole.substr(0, size)));
    ASSERT_TRUE(open());
    EXPECT_EQ(map_, (Map{{"a", "1"}, {"b", "2"}}));
    journal_->put("a", "2");
    ASSERT_TRUE(journal_->write());
    ASSERT_TRUE(open());
    EXPECT_EQ(map_, (Map{{"a", "2"}, {"b", "2"}}));
    compact();
    background_.run();
    ASSERT_TRUE(open());
    EXPECT_EQ(map_, (Map{{"a", "2"}, {"b", "2"}}));
  }
}

TEST_F(JournalFollowerTest, a_damaged_log_fails_the_merge_and_loses_nothing_else) {
  journal_->stop_compacting();
  kill_and_open();
  disk_.flip_bit("meta/" + sealed_, journal_header_bytes + 10);
  compact();
  background_.run();
  ASSERT_TRUE(ended_ && !*ended_);
  EXPECT_EQ(ended_->error().code, Errc::storage_corrupt);
  EXPECT_NE(ended_->error().message().find(sealed_ + ": position 24"), std::string::npos);
  EXPECT_FALSE(any_unfinished());
  disk_.flip_bit("meta/" + sealed_, journal_header_bytes + 10);
  compact();
  background_.run();
  EXPECT_TRUE(*ended_);
  kill_and_open();
  EXPECT_EQ(map_, (Map{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST_F(JournalFollowerTest, a_snapshot_of_the_whole_takes_the_place_of_all) {
  kill_and_open();
  ASSERT_TRUE(journal_->snapshot([](const Journal::Emit& emit) { emit("z", "9"); }));
  EXPECT_EQ(files(),
            (std::vector<std::string>{"changes.0000000000000003", "snapshot.0000000000000003"}));
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"z", "9"}}));
}

}  // namespace
}  // namespace bolide::store
