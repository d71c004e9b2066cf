// SPDX-License-Identifier: Apache-2.0
//
// Tests of the leases of one queue, by example and against a model that keeps each message apart.
#include "broker/leases/lease_queue.h"

#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace bolide::broker {
namespace {

using Ended = std::vector<EndedLease>;

std::vector<std::int64_t> from_to(std::int64_t first, std::int64_t end) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(end - first));
  std::iota(offsets.begin(), offsets.end(), first);
  return offsets;
}

void give(LeaseQueue& queue, std::int64_t count, LeaseTerms terms) {
  const std::int64_t next = queue.cursor() + count;
  queue.give(from_to(queue.cursor(), next), next, terms);
}

Ended ended(const LeaseQueue& queue, std::int64_t now_ms, std::size_t count = 32) {
  Ended found;
  queue.ended(now_ms, count, &found);
  return found;
}

TEST(LeaseQueue, commits_up_to_the_lowest_message_that_is_not_done) {
  LeaseQueue queue(10);
  give(queue, 5, {100, 200});
  EXPECT_EQ(queue.committed(), 10);
  EXPECT_EQ(queue.ack(12, 100), Settled::done);
  EXPECT_EQ(queue.committed(), 10);
  EXPECT_EQ(queue.ack(10, 100), Settled::done);
  EXPECT_EQ(queue.ack(11, 100), Settled::done);
  EXPECT_EQ(queue.committed(), 13);
  EXPECT_EQ(queue.ack(14, 100), Settled::done);
  EXPECT_EQ(queue.ack(13, 100), Settled::done);
  EXPECT_EQ(queue.committed(), 15);
  EXPECT_TRUE(queue.leases().empty());
}

TEST(LeaseQueue, passes_over_messages_that_nobody_wants) {
  LeaseQueue queue(0);
  queue.give(std::vector<std::int64_t>{3, 90}, 200, {100, 200});
  EXPECT_EQ(queue.committed(), 3);
  EXPECT_EQ(queue.ack(5, 100), Settled::earlier);
  EXPECT_EQ(queue.ack(3, 100), Settled::done);
  EXPECT_EQ(queue.committed(), 90);
  EXPECT_EQ(queue.ack(90, 100), Settled::done);
  EXPECT_EQ(queue.committed(), 200);
}

TEST(LeaseQueue, gives_again_what_ended_and_counts) {
  LeaseQueue queue(0);
  give(queue, 3, {100, 200});
  EXPECT_TRUE(ended(queue, 199).empty());
  EXPECT_EQ(queue.ack(1, 100), Settled::done);
  EXPECT_EQ(ended(queue, 200), (Ended{{0, 1}, {2, 1}}));
  queue.give_again(Ended{{2, 1}}, {210, 300});
  EXPECT_EQ(ended(queue, 210), (Ended{{0, 1}}));
  EXPECT_EQ(ended(queue, 300), (Ended{{0, 1}, {2, 2}}));
}

TEST(LeaseQueue, takes_a_late_acknowledgement_until_somebody_else_has_the_message) {
  LeaseQueue queue(0);
  give(queue, 2, {100, 200});
  EXPECT_EQ(queue.ack(0, 100), Settled::done);  // whatever the time is
  queue.give_again(ended(queue, 200), {250, 300});
  EXPECT_EQ(queue.ack(1, 100), Settled::stale);
  EXPECT_EQ(queue.ack(1, 250), Settled::done);
  EXPECT_EQ(queue.ack(1, 250), Settled::earlier);
  EXPECT_EQ(queue.ack(7, 100), Settled::unknown);
}

TEST(LeaseQueue, names_a_delivery_anew_when_its_end_changes) {
  LeaseQueue queue(0);
  give(queue, 4, {100, 200});
  LeaseTerms terms{100, 500};  // within the same millisecond
  EXPECT_EQ(queue.change(1, 100, &terms), Settled::done);
  EXPECT_EQ(terms.given_ms, 101);
  EXPECT_EQ(queue.ack(1, 100), Settled::stale);
  EXPECT_EQ(ended(queue, 200), (Ended{{0, 1}, {2, 1}, {3, 1}}));
  EXPECT_EQ(ended(queue, 500).size(), 4U);
  EXPECT_EQ(queue.ack(1, 101), Settled::done);
}

TEST(LeaseQueue, gives_back_by_an_end_that_has_passed) {
  LeaseQueue queue(0);
  give(queue, 2, {100, 900});
  LeaseTerms now{150, 150};
  EXPECT_EQ(queue.change(1, 100, &now), Settled::done);
  EXPECT_EQ(queue.next_end_ms(), 151);
  EXPECT_EQ(ended(queue, 151), (Ended{{1, 1}}));
}

TEST(LeaseQueue, holds_a_consumer_in_order_until_all_is_done_or_ended) {
  LeaseQueue queue(0);
  give(queue, 3, {100, 200});
  EXPECT_TRUE(queue.held(150));
  LeaseTerms longer{150, 400};
  EXPECT_EQ(queue.change(1, 100, &longer), Settled::done);
  EXPECT_TRUE(queue.held(200));
  EXPECT_FALSE(queue.held(400));
  Ended found;
  queue.ended_in_order(400, 2, &found);
  EXPECT_EQ(found, (Ended{{0, 1}, {1, 1}}));
  queue.end_all(160);
  EXPECT_FALSE(queue.held(200));
}

TEST(LeaseQueue, follows_a_place_that_is_set_from_outside) {
  LeaseQueue queue(0);
  give(queue, 100, {100, 200});
  queue.skip_to(40);
  EXPECT_EQ(queue.committed(), 40);
  EXPECT_EQ(queue.cursor(), 100);
  queue.cut(60);
  EXPECT_EQ(queue.cursor(), 60);
  EXPECT_EQ(queue.leases().open_count(), 20U);
  queue.reset(7);
  EXPECT_EQ(queue.committed(), 7);
  EXPECT_TRUE(queue.leases().empty());
}

TEST(LeaseSet, never_lets_two_entries_begin_at_one_offset) {
  LeaseSet set;
  set.insert({.first = 0, .open = 0b111, .given_ms = 1, .until_ms = 10});
  set.close(0);
  set.insert({.first = 0, .open = 1, .given_ms = 2, .until_ms = 20});
  ASSERT_NE(set.at(0), nullptr);
  EXPECT_EQ(set.at(0)->given_ms, 2);
  ASSERT_NE(set.at(1), nullptr);
  EXPECT_EQ(set.at(1)->open, 0b11U);
  EXPECT_EQ(set.open_count(), 3U);
  EXPECT_EQ(set.take_changed(), (std::vector<std::int64_t>{0, 1}));
}

TEST(LeaseSet, needs_little_memory_for_messages_given_one_by_one) {
  EXPECT_LE(sizeof(Lease), 40U);
}

// Each message for itself.
struct Model {
  struct Message {
    std::int64_t given_ms;
    std::int64_t until_ms;
    std::int32_t times;
  };
  std::map<std::int64_t, Message> open;
  std::int64_t cursor = 0;

  std::int64_t committed() const { return open.empty() ? cursor : open.begin()->first; }
  bool matches(std::int64_t offset, std::int64_t given_ms) const {
    const auto found = open.find(offset);
    return found != open.end() && found->second.given_ms == given_ms;
  }
  std::int64_t next_end_ms() const {
    std::int64_t end_ms = LeaseSet::never;
    for (const auto& [offset, message] : open) end_ms = std::min(end_ms, message.until_ms);
    return end_ms;
  }
};

class RandomWalk {
 public:
  explicit RandomWalk(std::uint64_t seed) : random_(seed) {}

  void step() {
    now_ms_ += below(3);
    switch (below(10)) {
      case 0:
      case 1: return give();
      case 2:
      case 3: return again();
      case 4: return change();
      case 5: return rarely();
      default: return ack();
    }
  }
  void compare() {
    ASSERT_EQ(queue_.cursor(), model_.cursor);
    ASSERT_EQ(queue_.committed(), model_.committed());
    ASSERT_EQ(queue_.next_end_ms(), model_.next_end_ms());
    ASSERT_EQ(queue_.leases().open_count(), model_.open.size());
    std::size_t seen = 0;
    std::int64_t before = -1;
    queue_.leases().for_each([&](const Lease& lease) {
      EXPECT_GT(lease.first, before);
      before = lease.first;
      for_each_open(lease, [&](std::int64_t offset) {
        const auto found = model_.open.find(offset);
        ASSERT_NE(found, model_.open.end()) << offset;
        EXPECT_EQ(lease.given_ms, found->second.given_ms) << offset;
        EXPECT_EQ(lease.until_ms, found->second.until_ms) << offset;
        EXPECT_EQ(lease.times, found->second.times) << offset;
        ++seen;
      });
      return true;
    });
    ASSERT_EQ(seen, model_.open.size());
    follow();
  }

 private:
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(n)));
  }
  LeaseTerms terms() { return {now_ms_, now_ms_ + 1 + below(200)}; }
  std::int64_t some_offset() { return below(model_.cursor + 3); }
  std::int64_t some_given(std::int64_t offset) {
    const auto found = model_.open.find(offset);
    return found == model_.open.end() || below(8) == 0 ? below(now_ms_ + 1)
                                                       : found->second.given_ms;
  }

  void give() {
    const LeaseTerms with = terms();
    std::vector<std::int64_t> offsets;
    std::int64_t next = model_.cursor;
    for (std::int64_t count = below(70); count > 0; --count, ++next) {
      if (below(4) == 0) continue;
      offsets.push_back(next);
      model_.open[next] = {with.given_ms, with.until_ms, 1};
    }
    model_.cursor = next;
    queue_.give(offsets, next, with);
  }
  void again() {
    const auto count = static_cast<std::size_t>(1 + below(40));
    std::vector<EndedLease> found;
    if (below(2) == 0)
      queue_.ended(now_ms_, count, &found);
    else
      queue_.ended_in_order(now_ms_, count, &found);
    const auto due = static_cast<std::size_t>(std::ranges::count_if(
        model_.open, [&](const auto& item) { return item.second.until_ms <= now_ms_; }));
    ASSERT_EQ(found.size(), std::min(count, due));
    const LeaseTerms with = terms();
    for (const EndedLease& message : found) {
      auto& known = model_.open.at(message.offset);
      ASSERT_LE(known.until_ms, now_ms_);
      ASSERT_EQ(known.times, message.times);
      known = {with.given_ms, with.until_ms, message.times + 1};
    }
    queue_.give_again(found, with);
  }
  void ack() {
    const std::int64_t offset = some_offset();
    const std::int64_t given_ms = some_given(offset);
    const bool fits = model_.matches(offset, given_ms);
    ASSERT_EQ(queue_.ack(offset, given_ms) == Settled::done, fits);
    if (fits) model_.open.erase(offset);
  }
  void change() {
    const std::int64_t offset = some_offset();
    const std::int64_t given_ms = some_given(offset);
    const bool fits = model_.matches(offset, given_ms);
    LeaseTerms with = terms();
    ASSERT_EQ(queue_.change(offset, given_ms, &with) == Settled::done, fits);
    if (!fits) return;
    ASSERT_GT(with.given_ms, given_ms);
    model_.open[offset] = {with.given_ms, with.until_ms, model_.open[offset].times};
  }
  void rarely() {
    if (below(20) != 0) return;
    const std::int64_t to = model_.committed() + below(50);
    if (below(2) == 0) {
      queue_.skip_to(to);
      std::erase_if(model_.open, [&](const auto& item) { return item.first < to; });
      model_.cursor = std::max(model_.cursor, to);
    } else {
      queue_.cut(to);
      if (model_.cursor <= to) return;
      std::erase_if(model_.open, [&](const auto& item) { return item.first >= to; });
      model_.cursor = to;
    }
  }
  // Whoever keeps only what changed since the last look has the same.
  void follow() {
    for (std::int64_t first : queue_.take_changed()) {
      const Lease* lease = queue_.leases().at(first);
      if (lease == nullptr)
        followed_.erase(first);
      else
        followed_[first] = *lease;
    }
    std::map<std::int64_t, Lease> all;
    queue_.leases().for_each([&](const Lease& lease) {
      all[lease.first] = lease;
      return true;
    });
    ASSERT_EQ(followed_, all);
  }

  Random random_;
  LeaseQueue queue_{0};
  Model model_;
  std::map<std::int64_t, Lease> followed_;
  std::int64_t now_ms_ = 1'000;
};

TEST(LeaseQueue, agrees_with_a_model_of_single_messages) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    RandomWalk walk(seed);
    for (int i = 0; i < 1'500; ++i) {
      walk.step();
      if (::testing::Test::HasFatalFailure()) return;
      if (i % 7 != 0) continue;
      walk.compare();
      if (::testing::Test::HasFailure()) FAIL() << "seed " << seed << ", step " << i;
    }
  }
}

}  // namespace
}  // namespace bolide::broker
