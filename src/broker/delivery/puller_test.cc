// SPDX-License-Identifier: Apache-2.0
//
// Pulling: statuses, waiting, filters, refusals (rocketmq semantics 3.4; the answers of 9.4).
#include "broker/delivery/puller.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::CoreRig;
using testing::property;

class PullerTest : public ::testing::Test {
 protected:
  PullerTest() { rig_.put_topic("orders", 2); }
  Errc refused(const PullRequest& request) {
    const PullResult result = rig_.pull(request);
    BOLIDE_ASSERT(result.error.has_value());
    return result.error->code;
  }
  void fill(int messages, std::string_view properties = {}) {
    for (int i = 0; i < messages; ++i) rig_.send("orders", "m" + std::to_string(i), 0, properties);
  }
  void put_group(const GroupConfig& config) {
    testing::Answer<void> answer;
    rig_.core->put_group(rig_.anonymous, config, answer.reply());
    ASSERT_TRUE(answer.get());
  }
  // A pull without its own subscription: the group's is used.
  PullRequest by_group(std::int64_t version = 0) {
    PullRequest request = rig_.pull_request("orders", 0);
    request.subscription.reset();
    request.subscription_version = version;
    return request;
  }

  CoreRig rig_;
};

TEST_F(PullerTest, gives_the_messages_from_the_offset_on) {
  fill(5);
  const PullResult result = rig_.pull("orders", 2);
  EXPECT_EQ(result.status, PullStatus::found);
  EXPECT_EQ(CoreRig::bodies(result), (std::vector<std::string>{"m2", "m3", "m4"}));
  EXPECT_EQ(result.messages, 3);
  EXPECT_EQ(result.next_offset, 5);
  EXPECT_EQ(result.min_offset, 0);
  EXPECT_EQ(result.max_offset, 5);
}

TEST_F(PullerTest, tells_where_an_offset_lies_that_has_no_message) {
  PullResult result = rig_.pull("orders", 0);
  EXPECT_EQ(result.status, PullStatus::no_message_in_queue);
  EXPECT_EQ(result.next_offset, 0);
  result = rig_.pull("orders", 9);
  EXPECT_EQ(result.status, PullStatus::no_message_in_queue);
  EXPECT_EQ(result.next_offset, 0);
  fill(3);
  result = rig_.pull("orders", 3);
  EXPECT_EQ(result.status, PullStatus::offset_overflow_one);
  EXPECT_EQ(result.next_offset, 3);
  result = rig_.pull("orders", 4);
  EXPECT_EQ(result.status, PullStatus::offset_overflow_badly);
  EXPECT_EQ(result.next_offset, 3);
  result = rig_.pull("orders", -1);
  EXPECT_EQ(result.status, PullStatus::offset_too_small);
  EXPECT_EQ(result.next_offset, 0);
}

TEST_F(PullerTest, gives_as_many_as_it_is_asked_for_within_its_own_limits) {
  fill(50);
  PullRequest request = rig_.pull_request("orders", 0);
  for (const auto& [asked, given] : {std::pair{1, 1}, {0, 1}, {-5, 1}, {10, 10}, {100, 32}}) {
    request.messages_max = asked;
    EXPECT_EQ(rig_.pull(request).messages, given) << asked;
  }
}

TEST_F(PullerTest, gives_at_least_one_message_however_large) {
  for (int i = 0; i < 3; ++i) rig_.send("orders", std::string(300'000, 'x'));
  EXPECT_EQ(rig_.pull("orders", 0).messages, 1) << "of an answer of 256 KiB";
  PullRequest request = rig_.pull_request("orders", 1);
  request.bytes_max = 10;
  EXPECT_EQ(rig_.pull(request).messages, 1);
}

TEST_F(PullerTest, refuses_what_is_not_there) {
  PullRequest request = rig_.pull_request("unknown", 0);
  EXPECT_EQ(refused(request), Errc::topic_not_found);
  request = rig_.pull_request("orders", 0);
  for (std::int32_t queue : {-1, 2, INT32_MAX, INT32_MIN}) {
    request.queue_id = queue;
    EXPECT_EQ(refused(request), Errc::queue_out_of_range) << queue;
  }
  EXPECT_EQ(refused(by_group()), Errc::subscription_not_found) << "nobody of the group is online";
}

TEST_F(PullerTest, refuses_what_may_not_be_read) {
  rig_.put_topic("secret", 1, perm::write);
  EXPECT_EQ(refused(rig_.pull_request("secret", 0)), Errc::no_permission);
  put_group({.name = "readers", .consume_enabled = false});
  EXPECT_EQ(refused(rig_.pull_request("orders", 0)), Errc::no_permission);
}

TEST(Puller, refuses_everything_where_the_broker_may_not_be_read) {
  CoreRig rig({.core = {.permission = perm::write}});
  const PullResult result = rig.pull(rig.pull_request("TBW102", 0));
  ASSERT_TRUE(result.error);
  EXPECT_EQ(result.error->code, Errc::no_permission);
}

TEST_F(PullerTest, uses_the_subscription_of_the_group) {
  fill(1, property("TAGS", "a"));
  fill(1, property("TAGS", "b"));
  rig_.heartbeat(1, {.group = "readers",
                     .subscriptions = {{.topic = "orders", .expression = "b", .version = 5}}});
  const PullResult result = rig_.pull(by_group(5));
  EXPECT_EQ(result.messages, 1);
  EXPECT_EQ(store::find_property(CoreRig::record(result).properties, "TAGS"), "b");
  EXPECT_EQ(refused(by_group(6)), Errc::subscription_not_latest);
  PullRequest other = by_group();
  other.topic = "TBW102";
  EXPECT_EQ(refused(other), Errc::subscription_not_found);
}

TEST_F(PullerTest, refuses_a_filter_that_it_cannot_read) {
  rig_.heartbeat(
      1, {.group = "readers",
          .subscriptions = {
              {.topic = "orders", .expression = "a >", .expression_type = "SQL92", .version = 1}}});
  EXPECT_EQ(refused(by_group()), Errc::subscription_invalid);
  PullRequest request = rig_.pull_request("orders", 0);
  request.subscription = "||";
  EXPECT_EQ(refused(request), Errc::subscription_invalid);
  request.subscription = "a > 1";
  request.expression_type = "CLASS";
  EXPECT_EQ(refused(request), Errc::subscription_invalid);
}

TEST_F(PullerTest, refuses_broadcasting_where_the_group_may_not) {
  put_group({.name = "readers", .broadcast_enabled = false});
  rig_.heartbeat(1, {.group = "readers",
                     .model = MessageModel::broadcasting,
                     .subscriptions = {{.topic = "orders", .version = 1}}});
  EXPECT_EQ(refused(by_group()), Errc::no_permission);
}

TEST_F(PullerTest, waits_for_a_message_and_is_woken_in_the_same_turn) {
  rig_.core->pull(rig_.pull_request("orders", 0, 10'000));
  EXPECT_TRUE(rig_.sink.pulled.empty());
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 1U);
  rig_.core->send(rig_.request("orders", "other queue", 1));
  rig_.core->end_of_turn();
  EXPECT_TRUE(rig_.sink.pulled.empty());
  rig_.core->send(rig_.request("orders", "news"));
  rig_.core->end_of_turn();
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(CoreRig::bodies(rig_.sink.pulled[0].result), std::vector<std::string>{"news"});
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 0U);
}

TEST_F(PullerTest, wakes_all_who_wait_in_a_queue) {
  for (int i = 0; i < 10; ++i) rig_.core->pull(rig_.pull_request("orders", 0, 10'000));
  fill(1);
  EXPECT_EQ(rig_.sink.pulled.size(), 10U);
}

TEST_F(PullerTest, answers_at_the_deadline_that_there_was_nothing) {
  fill(3);
  rig_.core->pull(rig_.pull_request("orders", 3, 1'000));
  rig_.pass_ms(999);
  EXPECT_TRUE(rig_.sink.pulled.empty());
  rig_.pass_ms(1);
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(rig_.sink.pulled[0].result.status, PullStatus::offset_overflow_one);
  EXPECT_EQ(rig_.sink.pulled[0].result.next_offset, 3);
  rig_.pass_ms(10'000);
  EXPECT_EQ(rig_.sink.pulled.size(), 1U) << "once";
}

TEST_F(PullerTest, waits_no_longer_than_the_broker_allows) {
  rig_.core->pull(rig_.pull_request("orders", 0, INT64_MAX));
  rig_.pass_ms(59'999);
  EXPECT_TRUE(rig_.sink.pulled.empty());
  rig_.pass_ms(1);
  EXPECT_EQ(rig_.sink.pulled.size(), 1U);
}

TEST_F(PullerTest, waits_on_for_a_message_that_its_filter_lets_through) {
  PullRequest request = rig_.pull_request("orders", 0, 10'000);
  request.subscription = "wanted";
  rig_.core->pull(request);
  fill(3, property("TAGS", "other"));
  EXPECT_TRUE(rig_.sink.pulled.empty());
  fill(1, property("TAGS", "wanted"));
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(rig_.sink.pulled[0].result.messages, 1);
  EXPECT_EQ(rig_.sink.pulled[0].result.next_offset, 4);
}

TEST_F(PullerTest, moves_past_what_its_filter_held_back) {
  fill(3, property("TAGS", "other"));
  PullRequest request = rig_.pull_request("orders", 0, 1'000);
  request.subscription = "wanted";
  rig_.core->pull(request);
  rig_.pass_ms(1'000);
  ASSERT_EQ(rig_.sink.pulled.size(), 1U);
  EXPECT_EQ(rig_.sink.pulled[0].result.next_offset, 3);
  request.suspend_ms = 0;
  const PullResult at_once = rig_.pull(request);
  EXPECT_EQ(at_once.status, PullStatus::no_matched_message);
  EXPECT_EQ(at_once.next_offset, 3);
}

TEST_F(PullerTest, answers_an_offset_out_of_range_at_once_however_long_it_may_wait) {
  fill(3);
  EXPECT_EQ(rig_.pull(rig_.pull_request("orders", 4, 10'000)).status,
            PullStatus::offset_overflow_badly);
  EXPECT_EQ(rig_.pull(rig_.pull_request("orders", -1, 10'000)).status,
            PullStatus::offset_too_small);
}

TEST_F(PullerTest, looks_at_no_pull_that_waits_before_its_time) {
  constexpr std::uint64_t waiting = 100'000;
  for (std::uint64_t i = 0; i < waiting; ++i) {
    PullRequest request = rig_.pull_request("orders", 0, 30'000);
    request.ticket.session = 100 + i % 100;
    rig_.core->pull(request);
  }
  for (int i = 0; i < 298; ++i) rig_.pass_ms(100);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, waiting);
  EXPECT_EQ(rig_.core->core_stats().pull.looked_at, 0U);
  rig_.pass_ms(200);
  EXPECT_EQ(rig_.sink.pulled.size(), waiting);
  EXPECT_EQ(rig_.core->core_stats().pull.looked_at, waiting);
}

TEST_F(PullerTest, answers_all_who_wait_when_the_server_stops) {
  for (int i = 0; i < 3; ++i) rig_.core->pull(rig_.pull_request("orders", 0, 10'000));
  ASSERT_TRUE(rig_.core->shut_down());
  EXPECT_EQ(rig_.sink.pulled.size(), 3U);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 0U);
}

TEST_F(PullerTest, forgets_what_a_session_waited_for_when_it_closes) {
  for (int i = 0; i < 2; ++i) {
    rig_.core->pull(rig_.pull_request("orders", 0, 10'000));
    PullRequest other = rig_.pull_request("orders", 0, 10'000);
    other.ticket.session = 9;
    rig_.core->pull(other);
  }
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 4U);
  rig_.core->session_closed(8);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 2U);
  fill(1);
  ASSERT_EQ(rig_.sink.pulled.size(), 2U);
  for (const auto& pulled : rig_.sink.pulled) EXPECT_EQ(pulled.ticket.session, 9U);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 0U);
}

TEST_F(PullerTest, lets_a_session_wait_for_so_much_only) {
  PullRequest request = rig_.pull_request("orders", 0, 10'000);
  const std::size_t most = PullSettings{}.waiting_max;
  for (std::size_t i = 0; i < most; ++i) rig_.core->pull(request);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, most);
  EXPECT_EQ(refused(request), Errc::busy);
  request.ticket.session = 9;
  rig_.core->pull(request);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, most + 1) << "another one may wait";
  fill(1);
  EXPECT_EQ(rig_.core->core_stats().pull.parked, 0U);
}

TEST(Puller, lets_no_cold_read_answer_a_session_that_has_closed) {
  CoreRig rig({.inline_background = false});
  rig.put_topic("orders", 1);
  rig.background.run();
  rig.send("orders", "m");
  rig.pass_ms(100);
  rig.kill_and_reopen();
  rig.background.run();
  rig.fs.set_cached(false);
  rig.core->pull(rig.pull_request("orders", 0));
  rig.core->session_closed(8);
  rig.fs.set_cached(true);
  rig.background.run();
  EXPECT_TRUE(rig.sink.pulled.empty());
}

TEST_F(PullerTest, tells_the_offset_behind_what_a_group_was_given) {
  const auto given = [&] {
    testing::Answer<GroupProgress> answer;
    rig_.core->group_progress(rig_.anonymous, "readers", {"orders"}, answer.reply());
    return answer.get().value().queues.at(0).pull_offset;
  };
  fill(3);
  rig_.pull("orders", 1);
  EXPECT_EQ(given(), 3);
  rig_.core->pull(rig_.pull_request("orders", 3, 10'000));
  EXPECT_EQ(given(), 3);
  fill(2);
  EXPECT_EQ(given(), 4) << "the pull that waited got one; nobody asked for the other";
}

TEST_F(PullerTest, commits_the_offset_that_comes_along) {
  PullRequest request = rig_.pull_request("orders", 0);
  request.commit_offset = 7;
  rig_.pull(request);
  EXPECT_EQ(rig_.core->offsets().find("readers", "orders", 0), 7);
  request.commit_offset = -1;
  rig_.pull(request);
  EXPECT_EQ(rig_.core->offsets().find("readers", "orders", 0), 7) << "a negative offset is none";
}

TEST(Puller, reads_cold_messages_in_the_background) {
  CoreRig rig({.inline_background = false});
  rig.put_topic("orders", 1);
  rig.background.run();
  for (int i = 0; i < 3; ++i) rig.send("orders", "m" + std::to_string(i));
  rig.pass_ms(100);
  rig.kill_and_reopen();
  rig.background.run();
  rig.fs.set_cached(false);
  rig.core->pull(rig.pull_request("orders", 0));
  EXPECT_TRUE(rig.sink.pulled.empty());
  EXPECT_EQ(rig.core->core_stats().pull.cold, 1U);
  rig.fs.set_cached(true);
  rig.background.run();
  ASSERT_EQ(rig.sink.pulled.size(), 1U);
  EXPECT_EQ(rig.sink.pulled[0].result.messages, 3);
}

// Three messages of 1000 bytes in the files.
void fill_files(CoreRig& rig) {
  rig.put_topic("orders", 1);
  for (int i = 0; i < 3; ++i) rig.send("orders", std::string(1000, 'm'), 0, property("n", "1"));
  rig.pass_ms(100);
  rig.kill_and_reopen();
}

void damage_second(CoreRig& rig) {
  rig.fs.flip_bit("store/commitlog/00000000000000000000", 1700);
}

TEST(Puller, passes_over_a_damaged_record_and_gives_what_follows) {
  CoreRig rig;
  fill_files(rig);
  damage_second(rig);
  PullRequest selecting = rig.pull_request("orders", 0);
  selecting.subscription = "n = '1'";
  selecting.expression_type = "SQL92";
  for (PullRequest request : {rig.pull_request("orders", 0), selecting}) {
    const PullResult before = rig.pull(request);
    EXPECT_EQ(before.messages, 1) << "what stands before the damage is given";
    EXPECT_EQ(before.next_offset, 1);
    request.offset = 1;
    const PullResult behind = rig.pull(request);
    EXPECT_EQ(behind.status, PullStatus::found);
    EXPECT_EQ(behind.messages, 1);
    EXPECT_EQ(behind.next_offset, 3);
  }
}

TEST(Puller, waits_behind_a_damaged_record_at_the_end) {
  CoreRig rig;
  fill_files(rig);
  rig.fs.flip_bit("store/commitlog/00000000000000000000", 2900);
  rig.core->pull(rig.pull_request("orders", 2, 10'000));
  EXPECT_TRUE(rig.sink.pulled.empty());
  rig.send("orders", "new");
  ASSERT_EQ(rig.sink.pulled.size(), 1U);
  EXPECT_EQ(CoreRig::bodies(rig.sink.pulled[0].result), (std::vector<std::string>{"new"}));
}

TEST(Puller, answers_an_error_of_the_disk_and_passes_over_nothing) {
  CoreRig rig;
  fill_files(rig);
  rig.fs.fail_at(os::FileOperation::read_cached, 1, Errc::io);
  const PullResult failed = rig.pull(rig.pull_request("orders", 1, 10'000));
  ASSERT_TRUE(failed.error);
  EXPECT_EQ(failed.error->code, Errc::io);
  EXPECT_EQ(rig.pull("orders", 1).messages, 2);
}

TEST(Puller, answers_that_the_client_may_try_again_when_pages_do_not_stay) {
  CoreRig rig;
  rig.put_topic("orders", 1);
  rig.send("orders", "m");
  rig.pass_ms(100);
  rig.kill_and_reopen();
  rig.fs.set_cached(false);
  const PullResult result = rig.pull("orders", 0);
  EXPECT_EQ(result.status, PullStatus::no_matched_message);
  EXPECT_EQ(result.next_offset, 0);
}

}  // namespace
}  // namespace bolide::broker
