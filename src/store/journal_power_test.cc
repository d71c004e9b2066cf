// SPDX-License-Identifier: Apache-2.0
//
// The metadata journal on a simulated disk that loses power at every step: what was synced is
// there, and nothing that was never put.
// Runs on: the test's thread.  Owns: the simulated disk.  Invariant: a seed gives the same run.
#include "store/journal.h"

#include "base/log.h"
#include "base/random.h"
#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace bolide::store {
namespace {

using Map = std::map<std::string, std::string, std::less<>>;

// A journal, and the map after each change since the last open.
class Campaign {
 public:
  explicit Campaign(std::uint64_t seed) : random_(seed) { set_log(LogLevel::error); }

  // Opens the journal after a crash; the map must be one of those since the last sync.
  void open() {
    Map map;
    journal_.reset();
    background_.drop();
    auto opened = open_journal(disk_, "meta", [&](auto key, auto value, bool erased) {
      if (erased) {
        map.erase(std::string(key));
      } else {
        map[std::string(key)] = value;
      }
    });
    if (opened) {
      journal_ = std::move(opened->journal);
    } else if (!disk_.power_is_off()) {
      FAIL() << opened.error().message();
    }
    if (disk_.power_is_off()) return;
    const auto from = history_.begin() + static_cast<std::ptrdiff_t>(durable_);
    EXPECT_NE(std::find(from, history_.end(), map), history_.end())
        << "recovered " << map.size() << " entries, history of " << history_.size();
    history_.assign(1, map);
    durable_ = 0;
  }

  void step() {
    if (journal_ == nullptr) return;
    const std::uint64_t choice = random_.below(14);
    if (choice < 6) return change();
    if (choice >= 10) return (void)background_.run_one();
    if (choice < 8) return (void)journal_->write();
    if (choice == 8) {
      if (journal_->write() && journal_->sync()) durable_ = history_.size() - 1;
      return;
    }
    if (journal_->compacting()) return;
    if (random_.below(2) == 0)
      return journal_->compact(background_.background(), [](const Result<>&) {});
    const auto each = [&](const Journal::Emit& emit) {
      for (const auto& [key, value] : history_.back()) emit(key, value);
    };
    if (journal_->snapshot(each)) durable_ = history_.size() - 1;
  }

  os::SimFileSystem disk_;
  Random random_;

 private:
  void change() {
    Map map = history_.back();
    const std::string key = "key" + std::to_string(random_.below(20));
    if (random_.below(4) == 0) {
      journal_->erase(key);
      map.erase(key);
    } else {
      const std::string value(random_.below(2000), static_cast<char>('a' + random_.below(26)));
      journal_->put(key, value);
      map[key] = value;
    }
    history_.push_back(std::move(map));
  }

  store::testing::StepAgent background_{false};
  std::unique_ptr<Journal> journal_;
  std::vector<Map> history_ = {{}};
  std::size_t durable_ = 0;  // index of the last map that must survive
};

TEST(JournalPower, a_power_cut_at_any_call_loses_nothing_that_was_synced) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Campaign run(seed);
    for (int cut = 1; cut < 40; ++cut) {
      run.disk_.cut_power_at(1 + static_cast<int>(run.random_.below(30)));
      run.open();
      for (int i = 0; i < 60 && !run.disk_.power_is_off(); ++i) run.step();
      if (run.random_.below(2) == 0) {
        run.disk_.crash(run.random_);
      } else {
        run.disk_.crash();
      }
      run.open();
      ASSERT_FALSE(::testing::Test::HasFailure()) << "cut " << cut;
    }
  }
}

TEST(JournalPower, a_kill_loses_nothing_that_was_written) {
  os::SimFileSystem disk;
  const auto open = [&](Map* map) {
    return open_journal(disk, "meta", [map](auto key, auto value, bool erased) {
      ASSERT_FALSE(erased);
      (*map)[std::string(key)] = value;
    });
  };
  Map map;
  auto opened = open(&map);
  ASSERT_TRUE(opened);
  opened->journal->put("a", "1");
  ASSERT_TRUE(opened->journal->write());
  disk.kill();
  opened = open(&map);
  ASSERT_TRUE(opened);
  EXPECT_EQ(map, (Map{{"a", "1"}}));
}

}  // namespace
}  // namespace bolide::store
