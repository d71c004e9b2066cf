// SPDX-License-Identifier: Apache-2.0
//
// Messages for later, through the core (rocketmq semantics 3.8, 3.9).
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/timers/timers.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace bolide::broker {
namespace {

using testing::CoreRig;
using testing::property;

constexpr std::int64_t day_ms = 24LL * 3600 * 1000;

class TimersTest : public ::testing::Test {
 protected:
  explicit TimersTest(testing::RigOptions options = {}) : rig_(options) {
    rig_.put_topic("orders", 2);
  }

  void send_level(std::string_view body, int level, std::int32_t queue_id = 0) {
    rig_.send("orders", body, queue_id, property("DELAY", std::to_string(level)));
  }
  void send_at(std::string_view body, std::int64_t in_ms) {
    rig_.send("orders", body, 0,
              property("TIMER_DELIVER_MS", std::to_string(rig_.clock.now().wall_ms + in_ms)));
  }
  std::vector<std::string> arrived(std::int32_t queue_id = 0) {
    PullRequest request = rig_.pull_request("orders", 0);
    request.queue_id = queue_id;
    return CoreRig::bodies(rig_.pull(request));
  }
  // A loss of power that took more of the log than of the journal of timers.
  void lose_power_of_the_log() {
    rig_.kill();
    {
      auto journal = TimerLog::open(rig_.fs, "timers", rig_.background.background());
      ASSERT_TRUE(journal.has_value());
      journal->log->read_up_to(1'000);
      journal->log->add(TimerEntry{.due_ms = rig_.clock.now().wall_ms + 5, .offset = 1});
      ASSERT_TRUE(journal->log->flush());
    }
    rig_.open();
  }

  CoreRig rig_;
};

TEST_F(TimersTest, deliver_by_level_and_never_before) {
  send_level("a", 1, 1);
  EXPECT_EQ(rig_.visible_end("orders", 1), 0);
  rig_.pass_ms(999);
  EXPECT_EQ(rig_.visible_end("orders", 1), 0);
  rig_.pass_ms(1);
  EXPECT_EQ(arrived(1), std::vector<std::string>{"a"});
}

TEST_F(TimersTest, take_a_level_beyond_the_last_for_the_last) {
  send_level("a", 99);
  rig_.pass_ms(2 * 3600 * 1000 - 1);
  EXPECT_EQ(rig_.visible_end("orders"), 0);
  rig_.pass_ms(1);
  EXPECT_EQ(rig_.visible_end("orders"), 1);
}

TEST_F(TimersTest, deliver_at_any_millisecond_in_the_order_of_times) {
  send_at("late", 70'003);
  send_at("early", 1'501);
  send_at("next year", 365 * day_ms);
  rig_.pass_ms(1'500);
  EXPECT_EQ(rig_.visible_end("orders"), 0);
  rig_.pass_ms(1);
  EXPECT_EQ(arrived(), std::vector<std::string>{"early"});
  rig_.pass_ms(70'000);
  EXPECT_EQ(arrived(), (std::vector<std::string>{"early", "late"}));
  rig_.pass_ms(365 * day_ms);
  EXPECT_EQ(arrived(), (std::vector<std::string>{"early", "late", "next year"}));
}

TEST_F(TimersTest, understand_seconds_and_milliseconds_and_prefer_levels) {
  rig_.send("orders", "s", 0, property("TIMER_DELAY_SEC", "2"));
  rig_.send("orders", "ms", 0, property("TIMER_DELAY_MS", "1500"));
  rig_.send("orders", "level", 0, property("DELAY", "1") + property("TIMER_DELAY_SEC", "3600"));
  rig_.pass_ms(1'000);
  EXPECT_EQ(arrived(), std::vector<std::string>{"level"});
  rig_.pass_ms(500);
  rig_.pass_ms(500);
  EXPECT_EQ(arrived(), (std::vector<std::string>{"level", "ms", "s"}));
}

TEST_F(TimersTest, deliver_at_once_what_is_due_already) {
  send_at("past", -5);
  rig_.send("orders", "zero", 0, property("DELAY", "0"));
  EXPECT_EQ(arrived(), (std::vector<std::string>{"past", "zero"}));
}

TEST_F(TimersTest, refuse_times_beyond_the_horizon_and_what_is_no_time) {
  SendRequest request = rig_.request("orders", "m");
  const std::string far = property("TIMER_DELAY_MS", std::to_string(1096 * day_ms));
  request.properties = far;
  EXPECT_EQ(rig_.refused(request), Errc::message_invalid);
  for (const std::string& bad :
       {property("TIMER_DELAY_SEC", "soon"), property("TIMER_DELAY_SEC", "9223372036854775807"),
        property("DELAY", "x")}) {
    request.properties = bad;
    EXPECT_EQ(rig_.refused(request), Errc::message_invalid) << bad;
  }
}

TEST_F(TimersTest, keep_properties_keys_and_the_time_of_birth) {
  SendRequest request = rig_.request("orders", "m");
  request.born_ms = 12'345;
  const std::string properties = property("KEYS", "k1 k2") + property("TAGS", "t") +
                                 property("own", "1") + property("TIMER_DELAY_MS", "100");
  request.properties = properties;
  rig_.send(request);
  rig_.pass_ms(100);
  const PullResult result = rig_.pull("orders", 0);
  const store::Record record = CoreRig::record(result);
  EXPECT_EQ(record.born_ms, 12'345);
  EXPECT_EQ(store::find_property(record.properties, "KEYS"), "k1 k2");
  EXPECT_EQ(store::find_property(record.properties, "own"), "1");
  PullRequest by_tag = rig_.pull_request("orders", 0);
  by_tag.subscription = "t";
  EXPECT_EQ(CoreRig::bodies(rig_.pull(by_tag)), std::vector<std::string>{"m"});
}

TEST_F(TimersTest, drop_what_waits_for_a_topic_that_is_gone) {
  send_level("a", 1);
  testing::Answer<void> deleted;
  rig_.core->delete_topic(rig_.anonymous, "orders", deleted.reply());
  rig_.pass_ms(1'000);
  EXPECT_EQ(rig_.core->core_stats().timers.dropped, 1U);
  EXPECT_EQ(rig_.core->topics().find("orders"), nullptr);
}

// Retention drops the segments in which they wait many times over.
TEST_F(TimersTest, deliver_in_its_millisecond_what_waits_for_years) {
  constexpr std::int64_t count = 500;
  const std::int64_t step_ms = 1095 * day_ms / (count + 1);
  for (std::int64_t i = 1; i <= count; ++i) {
    const std::int64_t in_ms = i * step_ms + i % 1'000;
    send_at(std::to_string(rig_.clock.now().wall_ms + in_ms), in_ms);
  }
  std::int64_t offset = 0;
  while (offset < count) {
    const std::int64_t due_in_ms = rig_.core->next_due_ms() - rig_.clock.now().wall_ms;
    rig_.pass_ms(std::clamp<std::int64_t>(due_in_ms, 1, day_ms / 2));
    while (rig_.core->end_of_turn()) {
    }
    for (; offset < rig_.visible_end("orders"); ++offset) {
      const PullResult result = rig_.pull("orders", offset);
      const store::Record record = CoreRig::record(result);
      EXPECT_EQ(record.body, std::to_string(record.store_ms));
    }
  }
  EXPECT_EQ(rig_.core->core_stats().timers.waiting, 0U);
}

TEST_F(TimersTest, deliver_after_a_kill_what_was_sent_before) {
  for (int i = 0; i < 50; ++i) {
    send_at("t" + std::to_string(i), 1'000 + 10 * i);
    send_level("l" + std::to_string(i), 1 + i % 2);
  }
  rig_.kill_and_reopen();
  rig_.pass_ms(5'000);
  for (int i = 0; i < 5; ++i) rig_.pass_ms(100);
  PullRequest request = rig_.pull_request("orders", 0);
  request.messages_max = 32;
  std::set<std::string> bodies;
  while (request.offset < rig_.visible_end("orders")) {
    const PullResult result = rig_.pull(request);
    for (std::string& body : CoreRig::bodies(result)) bodies.insert(std::move(body));
    request.offset = result.next_offset;
  }
  EXPECT_EQ(bodies.size(), 100U);
  EXPECT_EQ(rig_.visible_end("orders"), 100) << "and each once";
}

TEST_F(TimersTest, deliver_once_over_a_clean_restart) {
  send_at("a", 1'000);
  send_level("b", 1);
  rig_.pass_ms(1'000);
  ASSERT_EQ(arrived().size(), 2U);
  send_at("c", 1'000);
  rig_.restart();
  rig_.pass_ms(5'000);
  rig_.pass_ms(100);
  EXPECT_EQ(rig_.visible_end("orders"), 3);
  EXPECT_EQ(rig_.core->core_stats().timers.waiting, 0U);
}

TEST_F(TimersTest, repeat_nothing_that_was_delivered_shortly_before_a_kill) {
  for (int i = 0; i < 40; ++i) {
    send_at("m" + std::to_string(i), 5 * i);
    send_level("l" + std::to_string(i), 1, 1);
    rig_.pass_ms(5);
  }
  rig_.pass_ms(1'000);
  send_at("last", 5);
  send_level("last", 1, 1);
  rig_.pass_ms(5);
  ASSERT_EQ(rig_.visible_end("orders", 0), 41);
  ASSERT_EQ(rig_.visible_end("orders", 1), 40);
  rig_.kill_and_reopen();
  for (int i = 0; i < 20; ++i) rig_.pass_ms(100);
  EXPECT_EQ(rig_.visible_end("orders", 0), 41);
  EXPECT_EQ(rig_.visible_end("orders", 1), 41);
}

// Of what the kernel had not written to the disk, the copy may go, never the message.
TEST_F(TimersTest, deliver_after_a_power_loss_what_had_been_delivered_in_vain) {
  for (int i = 0; i < 40; ++i) send_at("m" + std::to_string(i), 10'000 + i);
  for (int i = 0; i < 50; ++i) rig_.pass_ms(100);
  rig_.pass_ms(5'045);
  ASSERT_EQ(rig_.visible_end("orders"), 40);
  rig_.power_loss_and_reopen();
  for (int i = 0; i < 20; ++i) rig_.pass_ms(100);
  EXPECT_EQ(rig_.visible_end("orders"), 40);
}

// The journal of timers is not synced with the log.
TEST_F(TimersTest, take_in_what_comes_after_a_loss_of_power_that_took_more_of_the_log) {
  lose_power_of_the_log();
  for (int i = 0; i < 3; ++i) send_at("m" + std::to_string(i), 10 + i);
  rig_.pass_ms(20);
  EXPECT_EQ(arrived(), (std::vector<std::string>{"m0", "m1", "m2"}));
  EXPECT_EQ(rig_.core->core_stats().timers.dropped, 0U);
  rig_.pass_ms(1'000);
  rig_.kill_and_reopen();
  for (int i = 0; i < 5; ++i) rig_.pass_ms(100);
  EXPECT_EQ(rig_.visible_end("orders"), 3);
}

TEST_F(TimersTest, deliver_once_what_a_kill_left_half_noted) {
  send_at("a", 10'000);
  rig_.kill();
  {
    auto journal = TimerLog::open(rig_.fs, "timers", rig_.background.background());
    ASSERT_TRUE(journal.has_value());
    ASSERT_EQ(journal->next_offset, 0);
    journal->log->add(TimerEntry{.due_ms = rig_.clock.now().wall_ms + 10'000});
    ASSERT_TRUE(journal->log->flush());
  }
  rig_.open();
  rig_.pass_ms(10'000);
  EXPECT_EQ(arrived(), std::vector<std::string>{"a"});
}

TEST_F(TimersTest, keep_what_took_the_place_of_what_a_loss_of_power_took) {
  lose_power_of_the_log();
  for (int i = 0; i < 3; ++i) send_at("m" + std::to_string(i), 10'000 + i);
  rig_.pass_ms(1'000);
  rig_.kill_and_reopen();
  for (int i = 0; i < 100; ++i) rig_.pass_ms(100);
  EXPECT_EQ(arrived(), (std::vector<std::string>{"m0", "m1", "m2"}));
}

TEST_F(TimersTest, deliver_what_has_no_room_to_say_when_it_waited) {
  const auto send_largest = [&](const std::string& more) {
    std::size_t padding = store::properties_bytes_max;
    while (rig_.send("orders", "m", 0, property("own", std::string(padding, 'x')) + more).error)
      --padding;
  };
  send_largest(property("DELAY", "1") + property("TIMER_OUT_MS", "1"));
  send_largest(property("TIMER_DELAY_MS", "500"));
  send_level("behind", 1);
  rig_.pass_ms(1'000);
  EXPECT_EQ(rig_.visible_end("orders"), 3);
}

TEST_F(TimersTest, drop_what_can_never_be_stored_and_go_on_with_what_is_behind) {
  // As another broker may have left it: without room for its place in the light queue.
  const std::string properties = property("REAL_TOPIC", "orders") + property("REAL_QID", "0") +
                                 property("INNER_MULTI_DISPATCH", "%LMQ%a") +
                                 property("own", std::string(32'670, 'x'));
  const auto level = rig_.store->find_queue("SCHEDULE_TOPIC_XXXX", 0);
  ASSERT_TRUE(level.has_value());
  ASSERT_TRUE(
      store::testing::append(*rig_.store, *level, "bad", rig_.clock.now(), properties).has_value());
  ASSERT_TRUE(rig_.store->write_turn(rig_.clock.now()).has_value());
  rig_.kill_and_reopen();
  send_level("behind", 1);
  rig_.pass_ms(1'000);
  EXPECT_EQ(arrived(), std::vector<std::string>{"behind"});
  EXPECT_EQ(rig_.core->core_stats().timers.dropped, 1U);
}

TEST_F(TimersTest, refuse_what_would_have_no_room_for_its_places_in_light_queues) {
  SendRequest request = rig_.request("orders", "m");
  const std::string light = property("INNER_MULTI_DISPATCH", "%LMQ%a,%LMQ%b");
  const std::string full =
      property("own", std::string(32'500, 'x')) + property("DELAY", "1") + light;
  request.properties = full;
  EXPECT_FALSE(rig_.send(request).error);
  const std::string fuller =
      property("own", std::string(32'580, 'x')) + property("DELAY", "1") + light;
  request.properties = fuller;
  EXPECT_EQ(rig_.refused(request), Errc::message_invalid);
  rig_.pass_ms(1'000);
  EXPECT_EQ(rig_.visible_end("orders"), 1);
  EXPECT_EQ(rig_.visible_end("%LMQ%b"), 1);
}

TEST(Timers, wait_for_a_cold_disk_in_the_background) {
  CoreRig rig({.inline_background = false});
  rig.put_topic("orders", 1);
  rig.background.run();
  rig.send("orders", "timed", 0, property("TIMER_DELAY_MS", "10000"));
  rig.send("orders", "level", 0, property("DELAY", "3"));
  rig.pass_ms(300);
  rig.background.run();
  rig.kill_and_reopen();
  rig.background.run();
  rig.fs.set_cached(false);
  rig.pass_ms(10'000);
  EXPECT_EQ(rig.visible_end("orders"), 0);
  EXPECT_GT(rig.core->next_due_ms(), rig.clock.now().wall_ms) << "nothing spins meanwhile";
  rig.fs.set_cached(true);
  rig.background.run();
  rig.pass_ms(5);
  EXPECT_EQ(rig.visible_end("orders"), 2);
}

TEST(Timers, try_again_when_a_delivery_cannot_be_stored) {
  CoreRig rig({.disk_max_used_percent = 100, .disk_full_percent = 100});
  rig.put_topic("orders", 1);
  rig.send("orders", "a", 0, property("DELAY", "2"));
  rig.send("orders", "b", 0, property("TIMER_DELAY_MS", "5000"));
  const auto space = rig.fs.space("store");
  rig.fs.set_capacity(space->total_bytes - space->free_bytes);
  for (const std::size_t bytes : {64U << 10U, 1U}) {  // until the space is gone that is reserved
    const std::string filler(bytes, 'x');
    while (!rig.send("filler", filler).error) {
    }
  }
  for (int i = 0; i < 60; ++i) rig.pass_ms(100);
  ASSERT_EQ(rig.visible_end("orders"), 0) << "the disk is full";
  rig.fs.set_capacity(1ULL << 40U);
  for (int i = 0; i < 40; ++i) rig.pass_ms(100);
  EXPECT_EQ(rig.visible_end("orders"), 2);
}

TEST(Timers, are_not_forgotten_by_a_stop_before_the_disk_has_what_was_delivered) {
  CoreRig rig({.inline_sync = false});
  rig.put_topic("orders", 1);
  rig.send("orders", "by level", 0, property("DELAY", "1"));
  rig.send("orders", "by time", 0, property("TIMER_DELAY_MS", "1000"));
  rig.pass_ms(300);
  rig.sync.run();
  for (int i = 0; i < 3; ++i) rig.pass_ms(1'000);
  ASSERT_EQ(rig.visible_end("orders"), 2);
  ASSERT_TRUE(rig.core->shut_down());
  rig.power_loss_and_reopen();  // while the last connections close
  for (int i = 0; i < 3; ++i) rig.pass_ms(1'000);
  EXPECT_EQ(rig.visible_end("orders"), 2);
}

TEST(Timers, outlive_the_log_that_they_were_stored_in) {
  CoreRig rig;
  rig.store_options.retention_ms = 3 * day_ms;
  rig.restart();
  rig.put_topic("orders", 1);
  for (int i = 0; i < 5; ++i) {
    rig.send("orders", "timed " + std::to_string(i), 0,
             property("TIMER_DELAY_MS", std::to_string(10 * day_ms + i)));
  }
  const std::string filler(1U << 20U, 'x');
  for (int day = 0; day < 9; ++day) {
    for (int i = 0; i < 10; ++i) rig.send("filler", filler);
    for (int i = 0; i < 24; ++i) rig.pass_ms(day_ms / 24);
    for (int i = 0; i < 25; ++i) rig.pass_ms(100);
  }
  EXPECT_GT(rig.store->stats().min_position, 0) << "the log was trimmed";
  rig.kill_and_reopen();
  rig.pass_ms(2 * day_ms);
  rig.pass_ms(100);
  EXPECT_EQ(rig.visible_end("orders"), 5);
  EXPECT_EQ(rig.core->core_stats().timers.dropped, 0U);
}

// Where the journal of timers holds more past than present, and a merge is about to begin.
class TimersMergeTest : public TimersTest {
 protected:
  TimersMergeTest() : TimersTest({.inline_background = false}) {
    rig_.background.run();
    for (int i = 0; i < 50; ++i) send_at("m" + std::to_string(i), 36'000'000 + i);
    rig_.pass_ms(save_ms);
    rig_.kill();
    {
      auto journal = TimerLog::open(rig_.fs, "timers", rig_.background.background());
      BOLIDE_ASSERT(journal.has_value());
      for (std::int64_t offset = 1'000'000; offset < 1'090'000; ++offset) {
        journal->log->add(TimerEntry{.due_ms = 1, .offset = offset});
        journal->log->remove(offset);
      }
      BOLIDE_ASSERT(journal->log->flush().has_value());
    }
    rig_.open();
    rig_.pass_ms(save_ms);
  }
  // A job, and a save. False: nothing was to be done.
  bool run_one() {
    const bool ran = rig_.background.run_one();
    rig_.pass_ms(save_ms);
    return ran;
  }
  std::vector<std::string> files() { return rig_.fs.list("timers").value(); }
  void expect_all_delivered() {
    rig_.pass_ms(36'000'000);
    for (int i = 0; i < 100; ++i) {
      rig_.background.run();
      rig_.pass_ms(100);
    }
    EXPECT_EQ(rig_.visible_end("orders"), 50);
    EXPECT_EQ(rig_.core->core_stats().timers.waiting, 0U);
  }

  static constexpr std::int64_t save_ms = 5'000;
};

TEST_F(TimersMergeTest, deliver_each_once_whenever_a_merge_is_cut_short) {
  bool ended = false;
  for (int jobs = 0; !ended; ++jobs) {
    SCOPED_TRACE(jobs);
    ASSERT_LT(jobs, 100);
    for (int i = 0; i < jobs; ++i) run_one();
    ended = files().size() == 2 && files().front() != "changes.0000000000000001";
    rig_.kill_and_reopen();
    rig_.pass_ms(save_ms);
    EXPECT_EQ(rig_.core->core_stats().timers.waiting, 50U);
  }
  expect_all_delivered();
}

TEST_F(TimersMergeTest, leave_the_files_alone_after_a_stop) {
  while (files().size() < 4) ASSERT_TRUE(run_one());
  ASSERT_TRUE(rig_.core->shut_down().has_value());
  const std::vector<std::string> left = files();
  EXPECT_EQ(left, (std::vector<std::string>{"changes.0000000000000001", "changes.0000000000000002",
                                            "snapshot.0000000000000001"}));
  rig_.background.run();
  EXPECT_EQ(files(), left);
  rig_.kill_and_reopen();
  expect_all_delivered();
}

class RecallTest : public TimersTest {
 protected:
  std::string send_recallable(std::string_view key) {
    return rig_
        .send("orders", "m", 0, property("UNIQ_KEY", key) + property("TIMER_DELAY_MS", "60000"))
        .recall_handle;
  }
  Result<std::string> recall(std::string_view topic, std::string_view handle) {
    testing::Answer<std::string> answer;
    rig_.core->recall(rig_.anonymous, topic, handle, answer.reply());
    rig_.core->end_of_turn();
    return answer.get();
  }
};

TEST_F(RecallTest, takes_back_one_message_and_no_other) {
  const std::string handle = send_recallable("A");
  send_recallable("B");
  EXPECT_EQ(recall("orders", handle), "A");
  rig_.pass_ms(100);
  rig_.kill_and_reopen();
  rig_.pass_ms(60'000);
  rig_.pass_ms(100);
  const PullResult result = rig_.pull("orders", 0);
  EXPECT_EQ(store::find_property(CoreRig::record(result).properties, "UNIQ_KEY"), "B");
  EXPECT_EQ(rig_.visible_end("orders"), 1);
}

TEST_F(RecallTest, outlives_a_stop_over_the_time_of_delivery) {
  EXPECT_TRUE(recall("orders", send_recallable("A")));
  rig_.pass_ms(100);
  rig_.kill();
  rig_.clock.advance_ms(10LL * 60 * 1000);
  rig_.open();
  for (int i = 0; i < 5; ++i) rig_.pass_ms(100);
  EXPECT_EQ(rig_.visible_end("orders"), 0);
  EXPECT_EQ(rig_.core->core_stats().timers.waiting, 0U);
}

TEST_F(RecallTest, takes_back_every_copy_that_its_producer_sent) {
  const std::string handle = send_recallable("A");
  EXPECT_EQ(send_recallable("A"), handle);
  EXPECT_TRUE(recall("orders", handle));
  rig_.pass_ms(60'000);
  rig_.pass_ms(100);
  EXPECT_EQ(rig_.visible_end("orders"), 0);
}

TEST_F(RecallTest, refuses_what_it_cannot_do) {
  const std::string handle = send_recallable("A");
  EXPECT_EQ(recall("others", handle).error().code, Errc::invalid_argument);
  EXPECT_EQ(recall("orders", "bm8").error().code, Errc::invalid_argument);
  EXPECT_EQ(recall("orders", "").error().code, Errc::invalid_argument);
  const RecallHandle elsewhere{
      .topic = "orders", .broker = "broker-b", .due_ms = INT64_MAX, .unique_key = "A"};
  EXPECT_EQ(recall("orders", elsewhere.text()).error().code, Errc::invalid_argument);
  const RecallHandle forged{.topic = "orders",
                            .broker = "broker-a",
                            .due_ms = rig_.clock.now().wall_ms + 1'000,
                            .unique_key = "A\x02" + property("DELAY", "1")};
  EXPECT_EQ(recall("orders", forged.text()).error().code, Errc::invalid_argument);
  rig_.pass_ms(60'000);
  EXPECT_EQ(recall("orders", handle).error().code, Errc::invalid_argument) << "it is delivered";
  EXPECT_EQ(rig_.send("orders", "m", 0, property("DELAY", "1")).recall_handle, "");
}

}  // namespace
}  // namespace bolide::broker
