// SPDX-License-Identifier: Apache-2.0
//
// Tests of the metadata journal: replay, torn tails, damage, snapshots that crash half way.
// Runs on: the test's thread.  Owns: a simulated disk.  Invariant: none.
#include "store/journal.h"

#include "base/log.h"
#include "os/sim_file_system.h"
#include "store/journal_format.h"

#include <gtest/gtest.h>

#include <map>

namespace bolide::store {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

class JournalTest : public testing::Test {
 protected:
  void SetUp() override { set_log(LogLevel::error); }  // each cut tail is a warning

  Result<> open() {
    map_.clear();
    journal_.reset();
    auto opened = open_journal(disk_, directory_, [this](auto key, auto value, bool erased) {
      if (erased) {
        map_.erase(std::string(key));
      } else {
        map_[std::string(key)] = value;
      }
    });
    if (!opened) return Failure(std::move(opened).error());
    journal_ = std::move(opened->journal);
    fresh_ = opened->fresh;
    return {};
  }
  Errc open_error() {
    auto opened = open();
    if (opened) return Errc::internal;
    message_ = opened.error().message();
    return opened.error().code;
  }
  void put(std::string_view key, std::string_view value) {
    journal_->put(key, value);
    ASSERT_TRUE(journal_->write());
  }
  Result<> snapshot(const Map& map) {
    return journal_->snapshot([&](const Journal::Emit& emit) {
      for (const auto& [key, value] : map) emit(key, value);
    });
  }
  std::string changes(int generation = 1) {
    return directory_ + "/changes.000000000000000" + std::to_string(generation);
  }
  std::string read(const std::string& path) { return os::read_file(disk_, path).value_or(""); }
  void overwrite(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE(os::replace_file(disk_, path, bytes));
  }

  os::SimFileSystem disk_;
  const std::string directory_ = "meta";
  std::unique_ptr<Journal> journal_;
  Map map_;
  bool fresh_ = false;
  std::string message_;
};

TEST_F(JournalTest, a_new_directory_is_fresh_until_something_is_written) {
  ASSERT_TRUE(open());
  EXPECT_TRUE(fresh_);
  ASSERT_TRUE(open());
  EXPECT_TRUE(fresh_);
  put("a", "1");
  ASSERT_TRUE(open());
  EXPECT_FALSE(fresh_);
}

TEST_F(JournalTest, an_empty_snapshot_of_the_caller_ends_freshness) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(snapshot({}));
  ASSERT_TRUE(open());
  EXPECT_FALSE(fresh_);
}

TEST_F(JournalTest, replays_puts_and_erases_in_order) {
  ASSERT_TRUE(open());
  put("a", "1");
  put("b", "2");
  put("a", "3");
  journal_->erase("b");
  EXPECT_TRUE(journal_->dirty());
  ASSERT_TRUE(journal_->write());
  EXPECT_FALSE(journal_->dirty());
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "3"}}));
}

TEST_F(JournalTest, keys_and_values_may_hold_any_bytes_and_none) {
  const std::string bytes("\0\n\xff", 3);
  ASSERT_TRUE(open());
  put("", bytes);
  put(bytes, "");
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"", bytes}, {bytes, ""}}));
}

TEST_F(JournalTest, what_was_not_written_is_not_replayed) {
  ASSERT_TRUE(open());
  journal_->put("a", "1");
  ASSERT_TRUE(open());
  EXPECT_TRUE(map_.empty());
}

TEST_F(JournalTest, several_changes_are_one_write) {
  ASSERT_TRUE(open());
  const std::uint64_t before = disk_.count_of_changes();
  for (int i = 0; i < 100; ++i) journal_->put(std::to_string(i), "x");
  ASSERT_TRUE(journal_->write());
  EXPECT_EQ(disk_.count_of_changes(), before + 1);
}

TEST_F(JournalTest, a_torn_tail_is_cut_at_every_length) {
  ASSERT_TRUE(open());
  put("a", "1");
  const std::string kept = read(changes());
  put("b", "2");
  const std::string whole = read(changes());
  for (std::size_t size = kept.size(); size < whole.size(); ++size) {
    overwrite(changes(), whole.substr(0, size));
    ASSERT_TRUE(open());
    EXPECT_EQ(map_, (Map{{"a", "1"}}));
    EXPECT_EQ(read(changes()), kept);
    put("c", "3");
    ASSERT_TRUE(open());
    EXPECT_EQ(map_, (Map{{"a", "1"}, {"c", "3"}}));
  }
}

TEST_F(JournalTest, a_tail_of_zeros_is_cut) {
  ASSERT_TRUE(open());
  put("a", "1");
  const std::string kept = read(changes());
  overwrite(changes(), kept + std::string(5000, '\0'));
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}}));
  EXPECT_EQ(read(changes()), kept);
}

TEST_F(JournalTest, a_changed_byte_before_good_records_is_corruption_with_file_and_position) {
  ASSERT_TRUE(open());
  put("a", "1");
  const std::string first = read(changes());
  put("b", "2");
  put("c", "3");
  const std::string whole = read(changes());
  for (std::size_t at = first.size(); at < first.size() + journal_record_bytes_min + 2; ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    overwrite(changes(), bytes);
    ASSERT_EQ(open_error(), Errc::storage_corrupt) << at;
    EXPECT_NE(message_.find(changes() + ": position " + std::to_string(first.size())),
              std::string::npos)
        << message_;
    EXPECT_EQ(read(changes()), bytes) << "the evidence must stay";
  }
}

// A power loss may keep a later page of an unsynced write and lose an earlier one.
TEST_F(JournalTest, a_hole_in_what_was_never_synced_is_a_torn_tail) {
  ASSERT_TRUE(open());
  put("a", "1");
  const std::size_t good = read(changes()).size();
  for (int i = 0; i < 5; ++i) put("k" + std::to_string(i), std::string(600, 'v'));
  std::string bytes = read(changes());
  bytes.replace(512, 1024, std::string(1024, '\0'));
  overwrite(changes(), bytes);
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}}));
  EXPECT_GE(read(changes()).size(), good);
}

TEST_F(JournalTest, a_hole_in_what_was_synced_is_corruption) {
  ASSERT_TRUE(open());
  put("a", "1");
  for (int i = 0; i < 5; ++i) put("k" + std::to_string(i), std::string(600, 'v'));
  ASSERT_TRUE(journal_->sync());
  put("z", "1");
  std::string bytes = read(changes());
  bytes.replace(512, 1024, std::string(1024, '\0'));
  overwrite(changes(), bytes);
  EXPECT_EQ(open_error(), Errc::storage_corrupt);
}

TEST_F(JournalTest, a_snapshot_replaces_the_change_log) {
  ASSERT_TRUE(open());
  put("a", "1");
  put("b", "2");
  EXPECT_GT(journal_->change_bytes(), 0U);
  journal_->put("c", "3");
  ASSERT_TRUE(snapshot({{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(journal_->change_bytes(), 0U);
  EXPECT_FALSE(journal_->dirty());
  put("d", "4");
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}));
  EXPECT_EQ(disk_.list(directory_).value().size(), 2U) << "old files are gone";
}

TEST_F(JournalTest, a_snapshot_larger_than_one_write_is_read_back) {
  Map map;
  for (int i = 0; i < 3000; ++i) map["key" + std::to_string(i)] = std::string(1000, 'v');
  ASSERT_TRUE(open());
  ASSERT_TRUE(snapshot(map));
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, map);
}

TEST_F(JournalTest, a_crash_at_any_step_of_a_snapshot_leaves_old_or_new_which_are_the_same) {
  const Map map{{"a", "1"}, {"b", "2"}};
  ASSERT_TRUE(open());
  put("a", "1");
  put("b", "2");
  ASSERT_TRUE(journal_->sync());
  bool finished = false;
  for (int step = 1; !finished; ++step) {
    ASSERT_LT(step, 50);
    disk_.cut_power_at(step);
    finished = snapshot(map).has_value() && !disk_.power_is_off();
    disk_.crash();
    ASSERT_TRUE(open());
    EXPECT_EQ(map_, map) << "crash at step " << step;
  }
}

TEST_F(JournalTest, a_crash_at_any_step_of_the_first_open_leaves_a_fresh_journal) {
  bool finished = false;
  for (int step = 1; !finished; ++step) {
    ASSERT_LT(step, 50);
    ASSERT_TRUE(disk_.remove_all(directory_));
    disk_.cut_power_at(step);
    finished = open().has_value() && !disk_.power_is_off();
    disk_.crash();
    ASSERT_TRUE(open());
    EXPECT_TRUE(fresh_) << "crash at step " << step;
  }
}

TEST_F(JournalTest, a_failed_write_can_be_tried_again) {
  ASSERT_TRUE(open());
  put("a", "1");
  journal_->put("b", "2");
  disk_.fail_at(os::FileOperation::write, 1, Errc::disk_full);
  EXPECT_EQ(journal_->write().error().code, Errc::disk_full);
  EXPECT_TRUE(journal_->dirty());
  journal_->put("c", "3");
  ASSERT_TRUE(journal_->write());
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

TEST_F(JournalTest, a_discarded_write_leaves_nothing_behind_what_is_written_instead) {
  ASSERT_TRUE(open());
  journal_->put("first", "1");
  journal_->put("second", "2");
  // Half of the write is whole records already: the failure is met behind them.
  journal_->put("third", std::string(1000, 'x'));
  disk_.fail_at(os::FileOperation::write, 1, Errc::io);
  EXPECT_FALSE(journal_->write());
  journal_->discard();
  EXPECT_FALSE(journal_->dirty());
  put("other", "1");  // as long as "first": "second" would stand right behind it
  ASSERT_TRUE(open());
  EXPECT_EQ(map_, (Map{{"other", "1"}}));
}

TEST_F(JournalTest, a_failed_sync_stops_the_journal_for_good) {
  ASSERT_TRUE(open());
  put("a", "1");
  disk_.fail_at(os::FileOperation::sync, 1, Errc::io);
  EXPECT_EQ(journal_->sync().error().code, Errc::io);
  EXPECT_EQ(journal_->sync().error().code, Errc::storage_stopped);
  EXPECT_EQ(journal_->write().error().code, Errc::storage_stopped);
  EXPECT_EQ(snapshot({}).error().code, Errc::storage_stopped);
}

TEST_F(JournalTest, a_damaged_snapshot_is_corruption) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(snapshot({{"a", "1"}, {"b", "2"}}));
  const std::string path = directory_ + "/snapshot.0000000000000002";
  const std::string whole = read(path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    overwrite(path, bytes);
    ASSERT_EQ(open_error(), Errc::storage_corrupt) << at;
    overwrite(path, whole.substr(0, at));
    ASSERT_EQ(open_error(), Errc::storage_corrupt) << at;
  }
}

TEST_F(JournalTest, a_lost_snapshot_or_change_log_is_corruption) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(snapshot({{"a", "1"}}));
  put("b", "2");
  const std::string log = read(changes(2));
  ASSERT_TRUE(disk_.remove(changes(2)));
  EXPECT_EQ(open_error(), Errc::storage_corrupt);
  overwrite(changes(2), log);
  ASSERT_TRUE(disk_.remove(directory_ + "/snapshot.0000000000000002"));
  EXPECT_EQ(open_error(), Errc::storage_corrupt);
}

}  // namespace
}  // namespace bolide::store
