// SPDX-License-Identifier: Apache-2.0
//
// The store on a simulated disk that loses power, or the store's process that is killed, at every
// call: what was acknowledged is there, offsets mean what they meant, nothing cut comes back.
#include "store/message_store.h"

#include "os/sim_file_system.h"
#include "store/store_test_util.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace bolide::store {
namespace {

using testing::append;
using testing::bodies;
using testing::StepAgent;

constexpr int queue_count = 3;

struct Sent {
  std::string body;
  std::int64_t end_position = 0;
};

// One store over many lives, and what the world outside knows of it.
class Life {
 public:
  Life(ReplyLevel level, std::uint64_t seed) : random_(seed) {
    options_.directory = "/store";
    options_.reply_level = level;
    options_.segment_bytes = 8 << 10;
    options_.tail_cache_bytes = 4 << 10;
    options_.index_run_bytes = 6 << 10;
    options_.flush_interval_ms = 20;
  }

  os::SimFileSystem& disk() { return disk_; }

  // False when opening failed because the power went; any other failure is one of the test.
  bool open() {
    auto opened =
        open_store(disk_, options_, {background_.background(), sync_.background()}, clock_.now());
    if (!opened) {
      EXPECT_TRUE(disk_.power_is_off()) << opened.error().message();
      return false;
    }
    store_ = std::move(*opened);
    if (first_) check_what_is_there();
    first_ = true;
    return true;
  }

  void work(int turns) {
    for (int i = 0; i < turns && !store_->stopped(); ++i) {
      for (std::uint64_t n = 1 + random_.below(4); n > 0; --n) send_one();
      if (!store_->write_turn(clock_.now())) break;
      clock_.advance_ms(static_cast<std::int64_t>(random_.below(15)));
      if (random_.below(3) == 0) store_->tick(clock_.now());
      note_safe();
    }
  }

  void close() {
    (void)store_->close();
    note_safe();
    store_.reset();
  }
  // What survives a death of the process, or a loss of power.
  void die(bool power_lost) {
    note_safe();
    must_survive_ = power_lost ? synced_ : safe_;
    store_.reset();
    if (power_lost) {
      disk_.crash(random_);
    } else {
      disk_.kill();
    }
    disk_.clear_faults();
  }

 private:
  void send_one() {
    const auto number = static_cast<std::int32_t>(random_.below(queue_count));
    const QueueNo queue = store_->queue("topic", number);
    std::string body = std::to_string(sent_count_++) + ":";
    body.append(random_.below(500), 'b');
    const auto done = append(*store_, queue, body, clock_.now(), "KEYS\1k\2");
    if (!done) return;
    auto& sent = sent_[number];
    ASSERT_EQ(done->queue_offset, static_cast<std::int64_t>(sent.size()));
    sent.push_back({std::move(body), done->end_position});
  }
  void note_safe() {
    if (!store_) return;
    safe_ = std::max(safe_, store_->safe_position());
    synced_ = std::max(synced_, store_->stats().synced_position);
  }

  void check_what_is_there() {
    for (int number = 0; number < queue_count; ++number) {
      const QueueNo queue = store_->queue("topic", number);
      auto& sent = sent_[number];
      const auto next = static_cast<std::size_t>(store_->next_offset(queue));
      ASSERT_LE(next, sent.size());  // no phantom
      for (std::size_t i = next; i < sent.size(); ++i)
        ASSERT_GT(sent[i].end_position, must_survive_) << "lost: queue " << number << ' ' << i;
      ASSERT_EQ(store_->min_offset(queue), 0);
      sent.resize(next);
      check_content(queue, sent);
    }
    // What was found is shown to consumers, so from now on it must stay.
    note_safe();
  }
  void check_content(QueueNo queue, const std::vector<Sent>& sent) {
    std::size_t at = 0;
    while (at < sent.size()) {
      const ReadResult result =
          store_->read(queue, static_cast<std::int64_t>(at), static_cast<std::int64_t>(sent.size()),
                       {.messages_max = 5}, {});
      ASSERT_EQ(result.status, ReadStatus::ok);
      for (const std::string& body : bodies(result)) ASSERT_EQ(body, sent[at++].body);
      ASSERT_EQ(result.next_offset, static_cast<std::int64_t>(at));
    }
  }

  StoreOptions options_;
  Random random_;
  os::SimFileSystem disk_;
  ManualClock clock_;
  StepAgent background_;
  StepAgent sync_;
  std::unique_ptr<MessageStore> store_;
  std::map<int, std::vector<Sent>> sent_;
  std::int64_t safe_ = 0;
  std::int64_t synced_ = 0;
  std::int64_t must_survive_ = 0;
  int sent_count_ = 0;
  bool first_ = false;
};

class StoreCrash : public ::testing::TestWithParam<ReplyLevel> {};

// A life of some turns, its end, and two more lives behind it.
void live_on(Life& life, bool power_lost) {
  life.die(power_lost);
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(life.open());
    if (::testing::Test::HasFailure()) return;
    life.work(8);
    life.die(power_lost);
  }
  ASSERT_TRUE(life.open());
  life.work(3);
  life.close();
  ASSERT_TRUE(life.open());
}

TEST_P(StoreCrash, keeps_its_word_when_power_is_cut_at_any_call) {
  std::uint64_t calls = 0;
  {
    Life whole(GetParam(), 1);
    ASSERT_TRUE(whole.open());
    whole.work(60);
    whole.close();
    calls = whole.disk().count_of_changes();
  }
  for (std::uint64_t at = 1; at <= calls; ++at) {
    SCOPED_TRACE("cut at call " + std::to_string(at));
    Life life(GetParam(), 1 + at % 3);
    life.disk().cut_power_at(static_cast<int>(at));
    if (life.open()) {
      life.work(60);
      life.close();
    }
    live_on(life, true);
    if (HasFailure()) return;
  }
}

TEST_P(StoreCrash, keeps_its_word_when_it_is_killed_after_any_turn) {
  for (int turns = 0; turns < 60; ++turns) {
    SCOPED_TRACE("killed after turn " + std::to_string(turns));
    Life life(GetParam(), static_cast<std::uint64_t>(turns));
    ASSERT_TRUE(life.open());
    life.work(turns);
    live_on(life, false);
    if (HasFailure()) return;
  }
}

TEST_P(StoreCrash, keeps_its_word_when_a_write_fails_half_done) {
  for (int at = 1; at < 120; ++at) {
    SCOPED_TRACE("write " + std::to_string(at) + " fails");
    Life life(GetParam(), static_cast<std::uint64_t>(at));
    ASSERT_TRUE(life.open());
    life.disk().fail_at(os::FileOperation::write, at, Errc::io);
    life.work(60);
    live_on(life, at % 2 == 0);
    if (HasFailure()) return;
  }
}

TEST_P(StoreCrash, keeps_its_word_when_a_sync_fails) {
  for (int at = 1; at < 80; ++at) {
    SCOPED_TRACE("sync " + std::to_string(at) + " fails");
    Life life(GetParam(), static_cast<std::uint64_t>(at));
    ASSERT_TRUE(life.open());
    life.disk().fail_at(os::FileOperation::sync, at, Errc::io);
    life.work(60);
    live_on(life, true);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Levels, StoreCrash, ::testing::Values(ReplyLevel::async, ReplyLevel::sync),
                         [](const auto& level) {
                           return level.param == ReplyLevel::sync ? "sync" : "async";
                         });

}  // namespace
}  // namespace bolide::store
