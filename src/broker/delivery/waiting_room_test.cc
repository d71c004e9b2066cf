// SPDX-License-Identifier: Apache-2.0
//
// The waiting room: lines, sessions, times, and what a tick costs.
#include "broker/delivery/waiting_room.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <list>
#include <random>

namespace bolide::broker {
namespace {

struct NamedLine : WaitingLine {
  int name = 0;
};

class WaitingRoomTest : public ::testing::Test {
 protected:
  void park(NamedLine& line, SessionId session, std::int64_t until_ms, int request) {
    room_.park(line, session, until_ms, request);
  }
  std::vector<int> in(const NamedLine& line) const {
    std::vector<int> all;
    for (Room::Id id = room_.first(line); id != Room::none; id = room_.next(id))
      all.push_back(room_.at(id));
    return all;
  }

  using Room = WaitingRoom<int, NamedLine>;
  using Requests = std::vector<int>;
  Room room_;
  NamedLine red_;
  NamedLine blue_;
};

TEST_F(WaitingRoomTest, keeps_the_order_of_each_line) {
  for (int i = 0; i < 4; ++i) park(i % 2 == 0 ? red_ : blue_, 1, 1'000, i);
  EXPECT_EQ(in(red_), (Requests{0, 2}));
  EXPECT_EQ(in(blue_), (Requests{1, 3}));
  EXPECT_EQ(room_.take(room_.first(red_)), 0);
  park(red_, 1, 1'000, 4);
  EXPECT_EQ(in(red_), (Requests{2, 4}));
  Requests taken;
  room_.take_line(red_, &taken);
  EXPECT_EQ(taken, (Requests{2, 4}));
  EXPECT_EQ(room_.size(), 2U);
}

TEST_F(WaitingRoomTest, gives_out_at_its_time_and_not_before) {
  park(red_, 1, 5'000, 0);
  park(blue_, 1, 5'001, 1);
  EXPECT_EQ(room_.take_due(4'999), Requests{});
  EXPECT_EQ(room_.take_due(5'000), Requests{0});
  EXPECT_EQ(room_.take_due(5'001), Requests{1});
  EXPECT_EQ(room_.take_due(9'000), Requests{});
}

TEST_F(WaitingRoomTest, gives_out_what_a_late_tick_has_passed_over_and_what_waits_for_hours) {
  park(red_, 1, 5'000, 0);
  park(red_, 1, 3'600'000, 1);
  park(red_, 1, 7'200'000, 2);
  EXPECT_EQ(room_.take_due(3'599'999), Requests{0});
  Requests later = room_.take_due(10'000'000);
  std::ranges::sort(later);
  EXPECT_EQ(later, (Requests{1, 2}));
  park(red_, 1, 1, 3);
  EXPECT_EQ(room_.take_due(10'000'000), Requests{3}) << "its time was over when it came";
}

TEST_F(WaitingRoomTest, looks_at_nothing_that_is_not_due_yet) {
  for (int i = 0; i < 100'000; ++i) park(red_, 1, 30'000, i);
  for (std::int64_t now_ms = 0; now_ms < 29'900; now_ms += 100) (void)room_.take_due(now_ms);
  EXPECT_EQ(room_.looked_at(), 0U);
  EXPECT_EQ(room_.take_due(30'000).size(), 100'000U);
  EXPECT_EQ(room_.looked_at(), 100'000U);
}

TEST_F(WaitingRoomTest, forgets_a_session_wherever_it_waits) {
  park(red_, 1, 1'000, 0);
  park(blue_, 1, 1'000, 1);
  park(red_, 2, 1'000, 2);
  room_.step_aside(1);
  EXPECT_EQ(room_.count(1), 3U);
  room_.close(1);
  EXPECT_EQ(room_.count(1), 0U);
  EXPECT_FALSE(room_.come_back(1));
  EXPECT_EQ(in(red_), Requests{2});
  EXPECT_TRUE(blue_.empty());
  room_.step_aside(2);
  EXPECT_TRUE(room_.come_back(2));
  EXPECT_EQ(room_.take_due(1'000), Requests{2});
}

TEST_F(WaitingRoomTest, tells_of_a_line_that_was_left_once) {
  std::vector<NamedLine*> gone;
  const auto tidy = [&](bool let_go) {
    gone.clear();
    room_.tidy([&](NamedLine& line) {
      gone.push_back(&line);
      return let_go;
    });
    return gone;
  };
  park(red_, 1, 1'000, 0);
  park(blue_, 1, 1'000, 1);
  EXPECT_TRUE(tidy(true).empty());
  (void)room_.take(room_.first(red_));
  (void)room_.take(room_.first(blue_));
  park(blue_, 1, 1'000, 2);
  EXPECT_EQ(tidy(false), std::vector<NamedLine*>{&red_}) << "somebody waits in the other one";
  EXPECT_EQ(tidy(true), std::vector<NamedLine*>{&red_}) << "it was to stay";
  EXPECT_TRUE(tidy(true).empty());
}

// Does at random what can be done with a room, and the same with a plain list.
class RandomRoomTest : public WaitingRoomTest {
 protected:
  struct Plain {
    std::size_t line = 0;
    int request = 0;
    SessionId session = 0;
    std::int64_t until_ms = 0;
  };

  std::size_t any_line() { return random_() % lines_.size(); }
  SessionId& any_session() { return sessions_.at(random_() % sessions_.size()); }

  void park_one() {
    const std::int64_t until_ms = now_ms_ + 1 + static_cast<std::int64_t>(random_() % 90'000);
    const Plain made{any_line(), ++last_request_, any_session(), until_ms};
    park(lines_.at(made.line), made.session, made.until_ms, made.request);
    plain_.push_back(made);
  }
  void take_first() {
    const std::size_t line = any_line();
    if (lines_.at(line).empty()) return;
    const auto first = std::ranges::find(plain_, line, &Plain::line);
    ASSERT_NE(first, plain_.end());
    EXPECT_EQ(room_.take(room_.first(lines_.at(line))), first->request);
    plain_.erase(first);
  }
  void take_line() {
    const std::size_t line = any_line();
    Requests taken;
    room_.take_line(lines_.at(line), &taken);
    EXPECT_EQ(taken, expected_in(line));
    std::erase_if(plain_, [&](const Plain& one) { return one.line == line; });
  }
  void take_due() {
    now_ms_ += random_() % 40 == 0 ? 100'000 : random_() % 200;
    Requests due = room_.take_due(now_ms_);
    std::ranges::sort(due);
    Requests expected;
    std::erase_if(plain_, [&](const Plain& one) {
      const bool is_due = one.until_ms <= now_ms_;
      if (is_due) expected.push_back(one.request);
      return is_due;
    });
    std::ranges::sort(expected);
    EXPECT_EQ(due, expected);
  }
  void step_aside() {
    aside_.push_back(any_session());
    room_.step_aside(aside_.back());
  }
  void come_back() {
    if (aside_.empty()) return;
    std::swap(aside_.at(random_() % aside_.size()), aside_.back());
    const SessionId session = aside_.back();
    aside_.pop_back();
    EXPECT_EQ(room_.come_back(session), std::ranges::count(sessions_, session) > 0);
  }
  // Another takes its place: no session comes twice.
  void close() {
    SessionId& session = any_session();
    room_.close(session);
    std::erase_if(plain_, [&](const Plain& one) { return one.session == session; });
    session = ++last_session_;
  }

  Requests expected_in(std::size_t line) const {
    Requests expected;
    for (const Plain& one : plain_)
      if (one.line == line) expected.push_back(one.request);
    return expected;
  }
  std::size_t expected_count(SessionId session) const {
    return static_cast<std::size_t>(std::ranges::count(plain_, session, &Plain::session) +
                                    std::ranges::count(aside_, session));
  }

  std::list<Plain> plain_;
  std::array<NamedLine, 4> lines_;
  std::array<SessionId, 5> sessions_ = {1, 2, 3, 4, 5};
  SessionId last_session_ = 5;
  std::vector<SessionId> aside_;  // of closed sessions too
  std::mt19937 random_{1};
  std::int64_t now_ms_ = 0;
  int last_request_ = 0;
};

TEST_F(RandomRoomTest, agrees_with_a_plain_list_whatever_happens) {
  for (int i = 0; i < 20'000; ++i) {
    const auto what = random_() % 1'000;
    if (what < 600)
      park_one();
    else if (what < 725)
      take_first();
    else if (what < 850)
      take_due();
    else if (what < 915)
      step_aside();
    else if (what < 980)
      come_back();
    else if (what < 990)
      take_line();
    else
      close();
    room_.tidy([](NamedLine&) { return true; });
    ASSERT_EQ(room_.size(), plain_.size());
    for (const SessionId session : sessions_)
      ASSERT_EQ(room_.count(session), expected_count(session));
    ASSERT_FALSE(HasFailure());
  }
  for (std::size_t line = 0; line < lines_.size(); ++line)
    EXPECT_EQ(in(lines_.at(line)), expected_in(line));
  EXPECT_EQ(room_.take_all().size(), plain_.size());
}

}  // namespace
}  // namespace bolide::broker
