// SPDX-License-Identifier: Apache-2.0
//
// Tests of popping through the core: leases, waiting, order, dead letters, restarts.
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::RecordingSink;

struct PopRig : CoreRig {
  explicit PopRig(testing::RigOptions options = {}) : CoreRig(std::move(options)) {
    put_topic("orders", 2);
  }

  PopRequest pop_request(std::int32_t queue_id = -1) {
    PopRequest made;
    made.ticket = {.sink = &sink, .session = 9, .token = 1};
    made.identity = &anonymous;
    made.group = "workers";
    made.topic = "orders";
    made.queue_id = queue_id;
    made.invisible_ms = 10'000;
    return made;
  }
  // Pops and gives the answer, which must come at once.
  PopResult pop(const PopRequest& made) {
    const std::size_t before = sink.popped.size();
    core->pop(made);
    core->end_of_turn();
    BOLIDE_ASSERT(sink.popped.size() == before + 1);
    return std::move(sink.popped.back().result);
  }
  PopResult pop(std::int32_t queue_id = -1) { return pop(pop_request(queue_id)); }
  Result<Settled> ack(std::int64_t offset, WallMs given_ms, std::int32_t queue_id = 0,
                      bool ordered = false) {
    Answer<Settled> answer;
    core->ack(anonymous,
              {.group = "workers",
               .topic = "orders",
               .queue_id = queue_id,
               .offset = offset,
               .given_ms = given_ms,
               .ordered = ordered},
              answer.reply());
    core->end_of_turn();
    return answer.get();
  }
  LeaseChange change(std::int64_t offset, WallMs given_ms, std::int64_t invisible_ms) {
    Answer<LeaseChange> answer;
    core->change_lease(
        anonymous, {.group = "workers", .topic = "orders", .offset = offset, .given_ms = given_ms},
        invisible_ms, answer.reply());
    core->end_of_turn();
    return answer.get().value();
  }
  static std::vector<std::string> bodies(const PopResult& result) {
    store::ReadResult read;
    read.records = result.records;
    return store::testing::bodies(read);
  }
  std::optional<std::int64_t> committed(std::int32_t queue_id = 0) {
    return core->offsets().find("workers", "orders", queue_id);
  }
  static store::Record first_record(const PopResult& result) {
    store::Record record;
    BOLIDE_ASSERT(store::decode_record(result.records.front().view(), store::Verify::checksums,
                                       &record) == store::DecodeStatus::record);
    return record;
  }
};

using Bodies = std::vector<std::string>;

TEST(Popper, gives_each_message_once_and_commits_what_is_acknowledged) {
  PopRig rig;
  for (const char* body : {"a", "b", "c"}) rig.send("orders", body);
  PopRequest two = rig.pop_request();
  two.messages_max = 2;
  const PopResult first = rig.pop(two);
  EXPECT_EQ(PopRig::bodies(first), (Bodies{"a", "b"}));
  EXPECT_EQ(first.rest, 1);
  ASSERT_EQ(first.queues.size(), 1U);
  EXPECT_EQ(first.queues[0].offsets, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"c"}));
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  EXPECT_EQ(rig.ack(1, first.given_ms).value(), Settled::done);
  EXPECT_EQ(rig.committed(), 0);
  EXPECT_EQ(rig.ack(0, first.given_ms).value(), Settled::done);
  EXPECT_EQ(rig.committed(), 2);
}

TEST(Popper, takes_from_all_queues_of_the_topic) {
  PopRig rig;
  rig.send("orders", "a", 0);
  rig.send("orders", "b", 1);
  const PopResult all = rig.pop();
  EXPECT_EQ(PopRig::bodies(all).size(), 2U);
  EXPECT_EQ(all.queues.size(), 2U);
  EXPECT_EQ(rig.pop(1).status, PopStatus::nothing);
}

TEST(Popper, gives_a_message_again_when_its_lease_ends_and_counts_the_attempts) {
  PopRig rig;
  rig.send("orders", "a");
  rig.send("orders", "b");
  const PopResult first = rig.pop();
  EXPECT_EQ(rig.ack(1, first.given_ms).value(), Settled::done);
  rig.pass_ms(9'999);
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  rig.pass_ms(1);
  const PopResult again = rig.pop();
  EXPECT_EQ(PopRig::bodies(again), (Bodies{"a"}));
  EXPECT_EQ(PopRig::first_record(again).reconsume_times, 1);
  EXPECT_EQ(again.queues[0].times, (std::vector<std::int32_t>{1}));
  EXPECT_EQ(rig.ack(0, first.given_ms).value(), Settled::stale);
  EXPECT_EQ(rig.ack(0, again.given_ms).value(), Settled::done);
  EXPECT_EQ(rig.committed(), 2);
}

TEST(Popper, changes_how_long_a_message_is_given) {
  PopRig rig;
  rig.send("orders", "a");
  rig.send("orders", "b");
  const PopResult first = rig.pop();
  const LeaseChange longer = rig.change(0, first.given_ms, 60'000);
  EXPECT_EQ(longer.settled, Settled::done);
  EXPECT_EQ(longer.invisible_ms, 60'000);
  rig.pass_ms(10'000);
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"b"}));
  EXPECT_EQ(rig.ack(0, first.given_ms).value(), Settled::stale);
  EXPECT_EQ(rig.ack(0, longer.given_ms).value(), Settled::done);
}

TEST(Popper, refuses_what_cannot_be) {
  PopRig rig;
  rig.send("orders", "a");
  const auto code = [&](PopRequest made) { return rig.pop(made).error.value().code; };
  PopRequest made = rig.pop_request();
  made.messages_max = 33;
  EXPECT_EQ(code(made), Errc::invalid_argument);
  EXPECT_EQ(code(rig.pop_request(2)), Errc::queue_out_of_range);
  made = rig.pop_request();
  made.topic = "absent";
  EXPECT_EQ(code(made), Errc::topic_not_found);
  made = rig.pop_request();
  made.subscription = "||";
  EXPECT_EQ(code(made), Errc::subscription_invalid);
  EXPECT_EQ(rig.ack(0, 1, 7).error().code, Errc::message_invalid);
  EXPECT_EQ(rig.ack(9, 1).error().code, Errc::not_found);
  EXPECT_EQ(rig.ack(0, 1).value(), Settled::unknown);
}

TEST(Popper, lets_a_request_wait_for_a_message_and_for_the_end_of_a_lease) {
  PopRig rig;
  PopRequest waits = rig.pop_request();
  waits.suspend_ms = 20'000;
  rig.core->pop(waits);
  EXPECT_TRUE(rig.sink.popped.empty());
  rig.send("orders", "a");
  ASSERT_EQ(rig.sink.popped.size(), 1U);
  rig.core->pop(waits);
  rig.core->end_of_turn();
  ASSERT_EQ(rig.sink.popped.size(), 1U);
  rig.pass_ms(10'000);
  ASSERT_EQ(rig.sink.popped.size(), 2U);
  EXPECT_EQ(PopRig::bodies(rig.sink.popped.back().result), (Bodies{"a"}));
  rig.core->pop(waits);
  rig.pass_ms(9'000);
  rig.pass_ms(11'000);
  ASSERT_EQ(rig.sink.popped.size(), 3U);
}

TEST(Popper, answers_a_request_whose_time_is_over_and_forgets_a_closed_session) {
  PopRig rig;
  PopRequest waits = rig.pop_request();
  waits.suspend_ms = 500;
  rig.core->pop(waits);
  rig.core->pop(waits);
  Answer<std::size_t> waiting;
  rig.core->waiting_pops(rig.anonymous, "workers", "orders", -1, waiting.reply());
  EXPECT_EQ(waiting.get().value(), 2U);
  rig.pass_ms(500);
  ASSERT_EQ(rig.sink.popped.size(), 2U);
  EXPECT_EQ(rig.sink.popped.back().result.status, PopStatus::nothing);
  rig.core->pop(waits);
  rig.core->session_closed(9);
  rig.send("orders", "a");
  EXPECT_EQ(rig.sink.popped.size(), 2U);
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"a"}));
}

TEST(Popper, lets_only_so_many_requests_of_a_group_wait) {
  PopRig rig;
  PopRequest waits = rig.pop_request();
  waits.suspend_ms = 500;
  for (int i = 0; i < 1'024; ++i) rig.core->pop(waits);
  EXPECT_TRUE(rig.sink.popped.empty());
  rig.core->pop(waits);
  ASSERT_EQ(rig.sink.popped.size(), 1U);
  EXPECT_EQ(rig.sink.popped.back().result.status, PopStatus::full);
}

TEST(Popper, passes_over_messages_that_the_filter_does_not_want) {
  PopRig rig;
  rig.send("orders", "a", 0, testing::property("TAGS", "red"));
  rig.send("orders", "b", 0, testing::property("TAGS", "blue"));
  rig.send("orders", "c", 0, testing::property("TAGS", "red"));
  PopRequest blue = rig.pop_request();
  blue.subscription = "blue";
  const PopResult found = rig.pop(blue);
  EXPECT_EQ(PopRig::bodies(found), (Bodies{"b"}));
  EXPECT_EQ(rig.ack(1, found.given_ms).value(), Settled::done);
  EXPECT_EQ(rig.pop(blue).status, PopStatus::nothing);
  EXPECT_EQ(rig.committed(), 3);
}

TEST(Popper, gives_a_consumer_in_order_nothing_before_all_is_done) {
  PopRig rig;
  for (const char* body : {"a", "b", "c", "d"}) rig.send("orders", body);
  PopRequest ordered = rig.pop_request(0);
  ordered.ordered = true;
  ordered.messages_max = 2;
  const PopResult first = rig.pop(ordered);
  EXPECT_EQ(PopRig::bodies(first), (Bodies{"a", "b"}));
  EXPECT_EQ(rig.pop(ordered).status, PopStatus::nothing);
  PopRequest waits = ordered;
  waits.suspend_ms = 60'000;
  rig.core->pop(waits);
  EXPECT_EQ(rig.ack(1, first.given_ms, 0, true).value(), Settled::done);
  const std::size_t before = rig.sink.popped.size();
  EXPECT_EQ(rig.ack(0, first.given_ms, 0, true).value(), Settled::done);
  ASSERT_EQ(rig.sink.popped.size(), before + 1);
  EXPECT_EQ(PopRig::bodies(rig.sink.popped.back().result), (Bodies{"c", "d"}));
  // When leases end, what was given comes again in order, and nothing behind it.
  rig.pass_ms(10'000);
  EXPECT_EQ(PopRig::bodies(rig.pop(ordered)), (Bodies{"c", "d"}));
}

TEST(Popper, gives_the_same_again_to_the_same_attempt) {
  PopRig rig;
  for (const char* body : {"a", "b"}) rig.send("orders", body);
  PopRequest ordered = rig.pop_request(0);
  ordered.ordered = true;
  ordered.attempt = "attempt-1";
  EXPECT_EQ(PopRig::bodies(rig.pop(ordered)), (Bodies{"a", "b"}));
  rig.pass_ms(1);
  EXPECT_EQ(PopRig::bodies(rig.pop(ordered)), (Bodies{"a", "b"}));
  ordered.attempt = "attempt-2";
  EXPECT_EQ(rig.pop(ordered).status, PopStatus::nothing);
}

TEST(Popper, looks_without_taking) {
  PopRig rig;
  PopRequest look = rig.pop_request();
  look.kind = PopKind::look;
  PopRequest notice = rig.pop_request();
  notice.kind = PopKind::notice;
  EXPECT_EQ(rig.pop(look).status, PopStatus::nothing);
  EXPECT_EQ(rig.pop(notice).status, PopStatus::nothing);
  rig.send("orders", "a");
  EXPECT_EQ(PopRig::bodies(rig.pop(look)), (Bodies{"a"}));
  EXPECT_EQ(rig.pop(notice).status, PopStatus::found);
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"a"}));
  EXPECT_EQ(rig.pop(notice).status, PopStatus::nothing);
  notice.suspend_ms = 60'000;
  rig.core->pop(notice);
  rig.pass_ms(10'000);
  EXPECT_EQ(rig.sink.popped.back().result.status, PopStatus::found);
}

TEST(Popper, makes_a_dead_letter_after_the_last_attempt) {
  PopRig rig;
  Answer<void> put;
  GroupConfig group{.name = "workers"};
  group.retry_max_times = 2;
  rig.core->put_group(rig.anonymous, group, put.reply());
  rig.send("orders", "a");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"a"})) << i;
    rig.pass_ms(10'000);
  }
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  rig.core->end_of_turn();
  const PullResult dead = rig.pull("%DLQ%workers", 0);
  ASSERT_EQ(CoreRig::bodies(dead), (Bodies{"a"}));
  EXPECT_EQ(CoreRig::record(dead).reconsume_times, 3);
  rig.pass_ms(100'000);
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  EXPECT_EQ(rig.committed(), 1);
}

TEST(Popper, keeps_leases_and_acknowledgements_over_a_kill_and_a_restart) {
  PopRig rig;
  for (const char* body : {"a", "b", "c"}) rig.send("orders", body);
  const PopResult first = rig.pop();
  EXPECT_EQ(rig.ack(1, first.given_ms).value(), Settled::done);
  rig.kill_and_reopen();
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  EXPECT_EQ(rig.ack(0, first.given_ms).value(), Settled::done);
  rig.restart();
  rig.pass_ms(10'000);
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"c"}));
}

TEST(Popper, follows_a_reset_and_a_client_that_pulls) {
  PopRig rig;
  for (const char* body : {"a", "b", "c", "d"}) rig.send("orders", body);
  rig.pop();
  ASSERT_TRUE(rig.commit("workers", {"orders", 0}, 2).has_value());
  rig.pass_ms(10'000);
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"c", "d"}));
  Answer<std::map<std::int32_t, std::int64_t>> reset;
  rig.core->reset_offsets(rig.anonymous,
                          {.group = "workers", .topic = "orders", .queue_id = 0, .offset = 1},
                          reset.reply());
  ASSERT_TRUE(reset.get().has_value());
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"b", "c", "d"}));
  PopRequest waits = rig.pop_request();
  waits.suspend_ms = 10'000;
  rig.core->pop(waits);
  ASSERT_TRUE(rig.commit("workers", {"orders", 0}, 0).has_value());
  rig.core->end_of_turn();
  EXPECT_EQ(PopRig::bodies(rig.sink.popped.back().result), (Bodies{"a", "b", "c", "d"}));
}

TEST(Popper, stays_within_the_queue_whatever_is_committed) {
  PopRig rig;
  for (const char* body : {"a", "b"}) rig.send("orders", body);
  rig.pop();
  ASSERT_TRUE(rig.commit("workers", {"orders", 0}, INT64_MAX));
  rig.core->end_of_turn();
  EXPECT_EQ(rig.committed(), 2);
  rig.kill_and_reopen();
  rig.pass_ms(20'000);
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  rig.send("orders", "c");
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"c"}));
}

TEST(Popper, follows_no_offset_of_a_pull_that_is_refused_or_has_none) {
  PopRig rig;
  for (const char* body : {"a", "b"}) rig.send("orders", body);
  rig.pop();
  PullRequest pull = rig.pull_request("orders", 0);
  pull.group = "workers";
  pull.commit_offset = -1;
  rig.pull(pull);
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  pull.commit_offset = 0;
  pull.expression_type = "SQL92";
  pull.subscription = "n >";
  EXPECT_TRUE(rig.pull(pull).error);
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  rig.kill_and_reopen();
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
}

TEST(Popper, gives_up_a_message_that_says_it_was_tried_two_thousand_million_times) {
  PopRig rig;
  SendRequest request = rig.request("orders", "a");
  request.reconsume_times = INT32_MAX;
  rig.send(request);
  EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"a"}));
  rig.pass_ms(10'000);
  EXPECT_EQ(rig.pop().status, PopStatus::nothing);
  rig.core->end_of_turn();
  EXPECT_EQ(CoreRig::bodies(rig.pull("%DLQ%workers", 0)), (Bodies{"a"}));
}

TEST(Popper, leases_nothing_to_a_session_that_closes_while_the_disk_is_read) {
  for (const bool read_before : {true, false}) {
    PopRig rig({.inline_background = false});
    rig.background.run();
    rig.send("orders", "a");
    rig.pass_ms(100);
    rig.kill_and_reopen();
    rig.background.run();
    rig.fs.set_cached(false);
    rig.core->pop(rig.pop_request());
    rig.core->end_of_turn();
    EXPECT_TRUE(rig.sink.popped.empty());
    rig.fs.set_cached(true);
    if (read_before) rig.background.run();
    rig.core->session_closed(9);
    rig.background.run();
    rig.core->end_of_turn();
    EXPECT_TRUE(rig.sink.popped.empty());
    EXPECT_EQ(PopRig::bodies(rig.pop()), (Bodies{"a"})) << "nobody has it";
  }
}

TEST(Popper, forgets_what_a_closed_session_waits_for_in_every_line) {
  PopRig rig;
  rig.put_topic("other", 1);
  PopRequest waits = rig.pop_request();
  waits.suspend_ms = 10'000;
  for (const char* topic : {"orders", "other", "orders"}) {
    waits.topic = topic;
    rig.core->pop(waits);
  }
  waits.ticket.session = 10;
  rig.core->pop(waits);
  rig.core->session_closed(9);
  const auto waiting = [&](std::string_view topic) {
    Answer<std::size_t> answer;
    rig.core->waiting_pops(rig.anonymous, "workers", topic, -1, answer.reply());
    return answer.get().value();
  };
  EXPECT_EQ(waiting("other"), 0U);
  EXPECT_EQ(waiting("orders"), 1U);
  rig.send("orders", "a");
  ASSERT_EQ(rig.sink.popped.size(), 1U);
  EXPECT_EQ(rig.sink.popped[0].ticket.session, 10U);
}

TEST(Popper, empties_the_retry_topics_that_another_broker_left) {
  PopRig rig;
  rig.put_topic("%RETRY%workers_orders", 1);
  rig.send("%RETRY%workers_orders", "old");
  rig.send("orders", "new");
  const PopResult found = rig.pop();
  EXPECT_EQ(PopRig::bodies(found), (Bodies{"old", "new"}));
  ASSERT_EQ(found.queues.size(), 2U);
  EXPECT_EQ(found.queues[0].retry, PopRetry::v1);
}

TEST(Popper, begins_a_new_group_at_the_start_of_a_queue_that_was_never_trimmed) {
  PopRig rig;
  rig.send("orders", "a");
  PopRequest last = rig.pop_request();
  last.from_end = true;
  EXPECT_EQ(PopRig::bodies(rig.pop(last)), (Bodies{"a"}));
}

TEST(Popper, takes_what_an_expression_selects) {
  PopRig rig;
  for (int i = 0; i < 6; ++i)
    rig.send("orders", "m" + std::to_string(i), 0, testing::property("n", std::to_string(i)));
  PopRequest made = rig.pop_request(0);
  made.subscription = "n BETWEEN 2 AND 3";
  made.expression_type = "SQL92";
  const PopResult result = rig.pop(made);
  EXPECT_EQ(PopRig::bodies(result), (Bodies{"m2", "m3"}));
  made.subscription = "n >";
  const PopResult refused = rig.pop(made);
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->code, Errc::subscription_invalid);
}

TEST(Popper, sends_back_who_waits_while_messages_are_not_looked_at) {
  PopRig rig;
  constexpr int count = 3'000;
  for (int i = 0; i < count; ++i)
    rig.send("orders", "m", 0, testing::property("n", std::to_string(i)));
  std::string expression = "n = 2999";
  for (int i = 0; i < 300; ++i) expression += " OR n = 9999";
  PopRequest made = rig.pop_request(0);
  made.subscription = expression;
  made.expression_type = "SQL92";
  made.suspend_ms = 10'000;
  std::size_t pops = 1;
  PopResult result = rig.pop(made);
  for (; result.status == PopStatus::nothing && pops < count; ++pops) result = rig.pop(made);
  EXPECT_EQ(result.queues.at(0).offsets, std::vector<std::int64_t>{2999});
  EXPECT_GT(pops, 1U);
}

// Damages the record with this body, which is in the file.
void damage(PopRig& rig, std::string_view body) {
  const std::string path = "store/commitlog/00000000000000000000";
  const std::string log = os::read_file(rig.fs, path).value();
  rig.fs.flip_bit(path, log.find(body));
}

// Of three messages the second is damaged: the others are given, and all are done with.
void expect_others(PopRig& rig, const PopRequest& made) {
  for (const auto& [offset, body] : {std::pair{0, "first one"}, {2, "third one"}}) {
    const PopResult result = rig.pop(made);
    EXPECT_FALSE(result.error);
    EXPECT_EQ(PopRig::bodies(result), Bodies{body});
    EXPECT_TRUE(rig.ack(offset, result.given_ms, 0, made.ordered));
  }
  EXPECT_EQ(rig.pop(made).status, PopStatus::nothing);
  EXPECT_EQ(rig.committed(), 3);
}

class PopDamage : public ::testing::TestWithParam<bool> {
 protected:
  PopDamage() {
    for (const char* body : {"first one", "second one", "third one"}) rig_.send("orders", body);
    rig_.pass_ms(100);
    rig_.kill_and_reopen();
    made_ = rig_.pop_request(0);
    made_.ordered = GetParam();
  }
  PopRig rig_;
  PopRequest made_;
};

INSTANTIATE_TEST_SUITE_P(in_order_or_not, PopDamage, ::testing::Bool());

TEST_P(PopDamage, is_passed_over) {
  damage(rig_, "second one");
  expect_others(rig_, made_);
}

TEST_P(PopDamage, ends_the_lease_of_a_message_that_was_given_before) {
  EXPECT_EQ(PopRig::bodies(rig_.pop(made_)).size(), 3U);
  damage(rig_, "second one");
  rig_.pass_ms(10'001);
  expect_others(rig_, made_);
}

}  // namespace
}  // namespace bolide::broker
