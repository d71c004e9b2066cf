// SPDX-License-Identifier: Apache-2.0
//
// The waiting room: lines, sessions, times, and what a tick costs.
#include "broker/delivery/waiting_room.h"

#include <gtest/gtest.h>

#include <list>
#include <random>
#include <set>

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

TEST_F(WaitingRoomTest, agrees_with_a_plain_list_whatever_happens) {
  struct Plain {
    std::size_t line;
    int request;
    SessionId session;
    std::int64_t until_ms;
  };
  std::list<Plain> plain;
  std::array<NamedLine, 4> lines;
  std::mt19937 random(1);
  std::int64_t now_ms = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t line = random() % lines.size();
    const SessionId session = random() % 5 + 1;
    std::set<int> expected;
    std::set<int> got;
    switch (random() % 8) {
      case 0:
        now_ms += random() % 40 == 0 ? 100'000 : random() % 200;
        for (int request : room_.take_due(now_ms)) got.insert(request);
        std::erase_if(plain, [&](const Plain& p) {
          return p.until_ms <= now_ms && expected.insert(p.request).second;
        });
        ASSERT_EQ(got, expected);
        break;
      case 1:
        if (random() % 50 != 0) break;
        room_.close(session);
        std::erase_if(plain, [&](const Plain& p) { return p.session == session; });
        break;
      case 2:
        if (!lines.at(line).empty()) (void)room_.take(room_.first(lines.at(line)));
        if (const auto at = std::ranges::find(plain, line, &Plain::line); at != plain.end())
          plain.erase(at);
        break;
      default: {
        const std::int64_t until_ms = now_ms + 1 + static_cast<std::int64_t>(random() % 90'000);
        park(lines.at(line), session, until_ms, i);
        plain.push_back({line, i, session, until_ms});
      }
    }
    room_.tidy([](NamedLine&) { return true; });
    ASSERT_EQ(room_.size(), plain.size());
  }
  for (std::size_t line = 0; line < lines.size(); ++line) {
    Requests expected;
    for (const Plain& p : plain)
      if (p.line == line) expected.push_back(p.request);
    EXPECT_EQ(in(lines.at(line)), expected);
  }
  EXPECT_EQ(room_.take_all().size(), plain.size());
}

}  // namespace
}  // namespace bolide::broker
