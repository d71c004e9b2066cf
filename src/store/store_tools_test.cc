// SPDX-License-Identifier: Apache-2.0
//
// Verifying and dumping a store from outside.
#include "store/store_tools.h"

#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <string>

namespace bolide::store {
namespace {

class StoreTools : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.directory = "/store";
    options_.segment_bytes = 16 << 10;
    auto opened =
        open_store(disk_, options_, {agent_.background(), agent_.background()}, clock_.now());
    ASSERT_TRUE(opened);
    store_ = std::move(*opened);
    for (int i = 0; i < 200; ++i) {
      const auto done = testing::append(*store_, store_->queue("topic", i % 2),
                                        "m" + std::to_string(i), clock_.now());
      ASSERT_TRUE(done);
      positions_.push_back(done->position);
    }
    ASSERT_TRUE(store_->write_turn(clock_.now()));
  }
  void close() {
    ASSERT_TRUE(store_->close());
    store_.reset();
  }

  os::SimFileSystem disk_;
  StoreOptions options_;
  ManualClock clock_;
  testing::StepAgent agent_;
  std::unique_ptr<MessageStore> store_;
  std::vector<std::int64_t> positions_;
};

TEST_F(StoreTools, find_a_good_store_sound) {
  close();
  const auto report = verify_store(disk_, "/store");
  ASSERT_TRUE(report) << report.error().message();
  EXPECT_TRUE(report->sound());
  EXPECT_TRUE(report->index_problems.empty());
  EXPECT_EQ(report->records, 200U);
  EXPECT_EQ(report->queues, 2U);
  EXPECT_EQ(report->index_runs, 1U);
  EXPECT_GT(report->end_position, positions_.back());
}

TEST_F(StoreTools, name_every_damage) {
  close();
  disk_.flip_bit("/store/commitlog/00000000000000000000",
                 static_cast<std::uint64_t>(positions_[10]) + 50);
  disk_.flip_bit("/store/commitlog/00000000000000000000",
                 static_cast<std::uint64_t>(positions_[20]) + 50);
  const auto report = verify_store(disk_, "/store");
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->sound());
  EXPECT_EQ(report->records, 198U);
  ASSERT_EQ(report->damages.size(), 2U);
  EXPECT_EQ(report->damages[0].from, positions_[10]);
  EXPECT_EQ(report->damages[0].to, positions_[11]);
  EXPECT_TRUE(report->damages[0].records_behind);
  EXPECT_EQ(report->damages[1].from, positions_[20]);
  EXPECT_EQ(report->queue_problems.size(), 2U);
}

TEST_F(StoreTools, leave_a_running_store_alone) {
  const auto report = verify_store(disk_, "/store");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, Errc::in_use);
}

TEST_F(StoreTools, dump_records_from_any_position) {
  close();
  std::vector<std::string> found;
  const auto collect = [&](const Record& record) {
    found.emplace_back(record.body);
    return true;
  };
  const auto next = dump_store(disk_, "/store", positions_[50] + 3, 2, collect);
  ASSERT_TRUE(next);
  EXPECT_EQ(found, (std::vector<std::string>{"m51", "m52"}));
  EXPECT_EQ(*next, positions_[53]);
}

}  // namespace
}  // namespace bolide::store
