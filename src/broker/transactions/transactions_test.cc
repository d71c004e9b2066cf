// SPDX-License-Identifier: Apache-2.0
//
// Transactions, through the core (rocketmq semantics 3.10).
// Runs on: the test's thread.  Owns: nothing.  Invariant: none.
#include "broker/transactions/transactions.h"

#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <set>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::property;

class TransactionsTest : public ::testing::Test {
 protected:
  TransactionsTest() {
    rig_.put_topic("orders", 2);
    producer(5);
  }
  void producer(SessionId session) {
    Heartbeat heartbeat;
    heartbeat.client_id = "payer";
    heartbeat.producer_groups = {"payers"};
    Answer<HeartbeatReply> answer;
    rig_.core->heartbeat(rig_.anonymous, {.sink = &rig_.sink, .session = session}, heartbeat,
                         answer.reply());
  }
  // Sends the message of a transaction; what its end must name.
  EndTransaction begin(std::string_view body, std::string_view more = {}) {
    const auto sent =
        rig_.send("orders", body, 1,
                  property("TRAN_MSG", "true") + property("PGROUP", "payers") +
                      property("UNIQ_KEY", "U-" + std::string(body)) + std::string(more));
    EXPECT_FALSE(sent.error);
    return {.group = "payers", .half_offset = sent.queue_offset, .position = sent.positions.at(0)};
  }
  Result<> end(EndTransaction request, Outcome outcome) {
    request.outcome = outcome;
    Answer<void> answer;
    rig_.core->end_transaction(rig_.anonymous, request, answer.reply());
    rig_.core->end_of_turn();
    return answer.get();
  }
  Result<> resume(std::int64_t position) {
    Answer<void> answer;
    rig_.core->resume_transaction(rig_.anonymous, position, answer.reply());
    rig_.core->end_of_turn();
    return answer.get();
  }
  void run_all() {
    while (rig_.core->end_of_turn()) {
    }
  }
  std::size_t open() { return rig_.core->core_stats().transactions.open; }
  std::int64_t visible() { return rig_.visible_end("orders", 1); }
  // Until producers are asked.
  void pass_check() {
    for (int i = 0; i < 3; ++i) rig_.pass_ms(15'000);
  }

  CoreRig rig_;
};

TEST_F(TransactionsTest, show_a_message_when_it_is_committed) {
  const EndTransaction half = begin("m", property("TAGS", "t"));
  EXPECT_EQ(visible(), 0);
  ASSERT_TRUE(end(half, Outcome::commit));
  ASSERT_EQ(visible(), 1);
  PullRequest request = rig_.pull_request("orders", 0);
  request.queue_id = 1;
  request.subscription = "t";
  const PullResult result = rig_.pull(request);
  const store::Record record = CoreRig::record(result);
  EXPECT_EQ(record.body, "m");
  EXPECT_EQ(record.prepared_position, half.position);
  EXPECT_EQ(record.sys_flag & store::sys_flag::transaction_mask, store::sys_flag::commit);
  EXPECT_EQ(store::find_property(record.properties, "UNIQ_KEY"), "U-m");
  EXPECT_EQ(store::find_property(record.properties, "__transactionId__"), "U-m");
}

TEST_F(TransactionsTest, never_show_one_that_is_rolled_back) {
  const EndTransaction half = begin("m");
  ASSERT_TRUE(end(half, Outcome::rollback));
  ASSERT_TRUE(end(half, Outcome::commit)) << "too late, and no error";
  pass_check();
  EXPECT_EQ(visible(), 0);
  EXPECT_TRUE(rig_.sink.asked.empty());
}

TEST_F(TransactionsTest, store_once_what_is_committed_twice) {
  const EndTransaction half = begin("m");
  ASSERT_TRUE(end(half, Outcome::commit));
  ASSERT_TRUE(end(half, Outcome::commit));
  EXPECT_EQ(visible(), 1);
  rig_.restart();
  rig_.pass_ms(100);
  ASSERT_TRUE(end(half, Outcome::commit));
  EXPECT_EQ(visible(), 1);
}

TEST_F(TransactionsTest, refuse_an_end_that_names_another_message) {
  const EndTransaction half = begin("m");
  EndTransaction wrong = half;
  wrong.group = "others";
  EXPECT_EQ(end(wrong, Outcome::commit).error().code, Errc::invalid_argument);
  wrong = half;
  wrong.half_offset += 1;
  EXPECT_EQ(end(wrong, Outcome::commit).error().code, Errc::invalid_argument);
  wrong = half;
  wrong.position += 4;
  EXPECT_EQ(end(wrong, Outcome::commit).error().code, Errc::not_found);
  rig_.send("orders", "plain");
  const PullResult plain = rig_.pull("orders", 0);
  wrong.position = CoreRig::record(plain).position;
  EXPECT_EQ(end(wrong, Outcome::commit).error().code, Errc::invalid_argument);
}

TEST_F(TransactionsTest, ask_a_producer_that_does_not_say) {
  const EndTransaction half = begin("m");
  rig_.pass_ms(5'000);
  EXPECT_TRUE(rig_.sink.asked.empty());
  pass_check();
  ASSERT_FALSE(rig_.sink.asked.empty());
  const auto asked = rig_.sink.asked.front();
  EXPECT_EQ(asked.session, 5U);
  EXPECT_EQ(asked.half_offset, half.half_offset);
  EXPECT_EQ(asked.position, half.position);
  store::Record record;
  ASSERT_EQ(store::decode_record(asked.record, store::Verify::checksums, &record),
            store::DecodeStatus::record);
  EXPECT_EQ(record.topic, "orders");
  EXPECT_EQ(record.queue_id, 1);
  EXPECT_EQ(store::find_property(record.properties, "TRANSACTION_CHECK_TIMES"), "1");
  EndTransaction answer = half;
  answer.from_check = true;
  ASSERT_TRUE(end(answer, Outcome::commit));
  EXPECT_EQ(visible(), 1);
}

TEST_F(TransactionsTest, leave_a_producer_alone_for_as_long_as_the_message_says) {
  const EndTransaction half = begin("m", property("CHECK_IMMUNITY_TIME_IN_SECONDS", "60"));
  pass_check();
  EXPECT_TRUE(rig_.sink.asked.empty());
  rig_.pass_ms(15'001);
  EXPECT_EQ(end(half, Outcome::commit).error().code, Errc::no_permission) << "it is asked now";
  pass_check();
  EXPECT_FALSE(rig_.sink.asked.empty());
}

TEST_F(TransactionsTest, put_aside_what_never_gets_an_outcome) {
  begin("m");
  for (int i = 0; i < 20; ++i) {
    producer(5);
    rig_.pass_ms(30'000);
  }
  rig_.core->end_of_turn();
  EXPECT_EQ(rig_.sink.asked.size(), 15U);
  EXPECT_EQ(rig_.visible_end("TRANS_CHECK_MAX_TIME_TOPIC"), 1);
  const auto aside = rig_.pull("TRANS_CHECK_MAX_TIME_TOPIC", 0);
  EXPECT_EQ(store::find_property(CoreRig::record(aside).properties, "TRANSACTION_CHECK_TIMES"),
            "15");
  EXPECT_EQ(visible(), 0);
  rig_.pass_ms(1'000);
  EXPECT_EQ(rig_.core->core_stats().transactions.open, 0U);
}

TEST_F(TransactionsTest, ask_again_about_what_was_put_aside_when_told_so) {
  begin("m");
  for (int i = 0; i < 20; ++i) {
    producer(5);
    rig_.pass_ms(30'000);
  }
  rig_.core->end_of_turn();
  const std::size_t asked = rig_.sink.asked.size();
  const std::int64_t position =
      CoreRig::record(rig_.pull("TRANS_CHECK_MAX_TIME_TOPIC", 0)).position;
  ASSERT_TRUE(resume(position));
  producer(5);
  pass_check();
  EXPECT_GT(rig_.sink.asked.size(), asked);
  EXPECT_EQ(rig_.core->core_stats().transactions.open, 1U);
  rig_.send("orders", "plain");
  const std::int64_t plain = CoreRig::record(rig_.pull("orders", 0)).position;
  EXPECT_EQ(resume(plain).error().code, Errc::invalid_argument);
  EXPECT_EQ(resume(plain + 4).error().code, Errc::not_found);
}

TEST_F(TransactionsTest, keep_where_a_delayed_message_goes_that_was_put_aside) {
  begin("m", property("DELAY", "1"));
  for (int i = 0; i < 20; ++i) {
    producer(5);
    rig_.pass_ms(30'000);
  }
  ASSERT_EQ(rig_.visible_end(given_up_topic), 1);
  const PullResult aside = rig_.pull(given_up_topic, 0);
  EXPECT_EQ(store::find_property(CoreRig::record(aside).properties, "REAL_TOPIC"), "orders");
  ASSERT_TRUE(resume(CoreRig::record(aside).position));
  ASSERT_EQ(rig_.visible_end(half_topic), 2);
  const PullResult held = rig_.pull(half_topic, 1);
  ASSERT_TRUE(end({.group = "payers", .half_offset = 1, .position = CoreRig::record(held).position},
                  Outcome::commit));
  rig_.pass_ms(1'000);
  EXPECT_EQ(visible(), 1);
}

TEST_F(TransactionsTest, refuse_a_message_that_no_commit_could_send_on) {
  std::string lights = "%LMQ%a00";
  for (int i = 10; i < 29; ++i) lights += ",%LMQ%a" + std::to_string(i);
  for (const std::string& bad :
       {property("DELAY", "x"), property("TIMER_DELIVER_MS", "soon"),
        property("TIMER_DELAY_SEC", "999999999"), property("TIMER_DEL_UNIQKEY", "orders+A"),
        property("own", std::string(32'200, 'x')) + property("INNER_MULTI_DISPATCH", lights)}) {
    SendRequest request = rig_.request("orders", "m", 1);
    const std::string properties =
        property("TRAN_MSG", "true") + property("PGROUP", "payers") + bad;
    request.properties = properties;
    EXPECT_EQ(rig_.refused(request), Errc::message_invalid) << bad.substr(0, 40);
  }
  EXPECT_EQ(open(), 0U);
}

TEST_F(TransactionsTest, never_ask_about_what_ended_shortly_before_a_kill) {
  const EndTransaction half = begin("m");
  rig_.pass_ms(10'000);
  ASSERT_TRUE(end(half, Outcome::commit));
  rig_.kill_and_reopen();
  producer(6);
  for (int i = 0; i < 3; ++i) rig_.pass_ms(30'000);
  EXPECT_TRUE(rig_.sink.asked.empty());
  ASSERT_TRUE(end(half, Outcome::commit)) << "too late, and no error";
  EXPECT_EQ(visible(), 1);
}

TEST_F(TransactionsTest, never_end_twice_what_ended_shortly_before_a_kill) {
  const EndTransaction half = begin("m");
  ASSERT_TRUE(end(half, Outcome::commit));
  rig_.kill_and_reopen();
  (void)end(half, Outcome::commit);  // at once: the broker may say that it is busy
  EXPECT_EQ(visible(), 1);
}

TEST_F(TransactionsTest, count_the_questions_over_kills_and_stops) {
  begin("m");
  for (int i = 0; i < 20; ++i) {
    producer(5);
    rig_.pass_ms(30'000);
    if (i % 2 == 0) {
      rig_.kill_and_reopen();
    } else {
      rig_.restart();
    }
    rig_.core->end_of_turn();
  }
  EXPECT_EQ(rig_.sink.asked.size(), 15U);
  EXPECT_EQ(rig_.visible_end("TRANS_CHECK_MAX_TIME_TOPIC"), 1);
}

TEST_F(TransactionsTest, go_on_after_a_kill_in_every_phase) {
  const EndTransaction committed = begin("committed");
  ASSERT_TRUE(end(committed, Outcome::commit));
  const EndTransaction rolled_back = begin("rolled back");
  ASSERT_TRUE(end(rolled_back, Outcome::rollback));
  const EndTransaction open = begin("open");
  rig_.kill_and_reopen();
  producer(6);
  rig_.pass_ms(1'000);
  EXPECT_EQ(rig_.core->core_stats().transactions.open, 1U);
  EXPECT_EQ(visible(), 1);
  pass_check();
  ASSERT_FALSE(rig_.sink.asked.empty());
  for (const auto& asked : rig_.sink.asked) EXPECT_EQ(asked.half_offset, open.half_offset);
  ASSERT_TRUE(end(open, Outcome::commit));
  EXPECT_EQ(visible(), 2);
}

// A record within another message's body, where the open message's bytes were never written.
TEST_F(TransactionsTest, commit_no_bytes_that_only_look_like_the_held_message) {
  const EndTransaction half = begin("m");
  const PullResult held = rig_.pull("RMQ_SYS_TRANS_HALF_TOPIC", 0);
  store::Record forged = CoreRig::record(held);
  forged.body = "another";
  rig_.send("orders", "plain", 0);
  const PullResult plain = rig_.pull("orders", 0);
  const store::Record last = CoreRig::record(plain);
  // The next record's head, up to its body, is as long as this one's.
  const auto head =
      static_cast<std::int64_t>(last.body.data() - plain.records.front().view().data());
  forged.position = last.position + static_cast<std::int64_t>(last.total_size) + head;
  std::string bytes(store::record_size(forged), '\0');
  store::encode_record(forged, bytes.data());
  rig_.send("orders", bytes, 0);
  EndTransaction wrong = half;
  wrong.position = forged.position;
  EXPECT_EQ(end(wrong, Outcome::commit).error().code, Errc::invalid_argument);
  EXPECT_EQ(visible(), 0);
}

TEST_F(TransactionsTest, ask_about_many_in_short_turns) {
  for (int i = 0; i < 1'000; ++i) begin("m" + std::to_string(i));
  rig_.clock.advance_ms(31'000);
  producer(5);
  std::set<std::int64_t> asked;
  for (int i = 0; i < 5; ++i) {
    const std::size_t before = rig_.sink.asked.size();
    rig_.pass_ms(100);
    EXPECT_LE(rig_.sink.asked.size() - before, 256U);
  }
  for (const auto& question : rig_.sink.asked) asked.insert(question.half_offset);
  EXPECT_EQ(asked.size(), 1'000U);
  EXPECT_EQ(rig_.sink.asked.size(), 1'000U) << "each once";
}

TEST_F(TransactionsTest, ask_in_one_turn_no_more_than_a_connection_takes) {
  const std::string body(4'000'000, 'x');
  for (int i = 0; i < 20; ++i)
    rig_.send("orders", body, 1, property("TRAN_MSG", "true") + property("PGROUP", "payers"));
  rig_.clock.advance_ms(31'000);
  producer(5);
  for (int i = 0; i < 20; ++i) {
    const std::size_t before = rig_.sink.asked.size();
    rig_.pass_ms(100);
    std::size_t bytes = 0;
    for (std::size_t k = before; k < rig_.sink.asked.size(); ++k)
      bytes += rig_.sink.asked[k].record.size();
    EXPECT_LT(bytes, 9'000'000U);
  }
  EXPECT_EQ(rig_.sink.asked.size(), 20U) << "each once";
}

TEST_F(TransactionsTest, count_no_question_that_a_connection_does_not_take) {
  begin("m");
  rig_.sink.takes_questions = false;
  for (int i = 0; i < 20; ++i) {
    producer(5);
    rig_.pass_ms(30'000);
  }
  EXPECT_EQ(rig_.visible_end(given_up_topic), 0);
  rig_.sink.takes_questions = true;
  producer(5);
  rig_.pass_ms(30'000);
  ASSERT_EQ(rig_.sink.asked.size(), 1U);
  store::Record record;
  ASSERT_EQ(store::decode_record(rig_.sink.asked[0].record, store::Verify::checksums, &record),
            store::DecodeStatus::record);
  EXPECT_EQ(store::find_property(record.properties, "TRANSACTION_CHECK_TIMES"), "1");
}

// As another broker may have left it: ours takes no such time.
TEST(Transactions, let_retention_go_on_whatever_time_they_ask_for) {
  CoreRig rig({.retention_ms = 3LL * 24 * 3600 * 1000});
  rig.put_topic("orders", 1);
  const auto halves = rig.store->find_queue(half_topic, 0);
  ASSERT_TRUE(halves.has_value());
  ASSERT_TRUE(store::testing::append(*rig.store, *halves, "m", rig.clock.now(),
                                     property("TRAN_MSG", "true") + property("PGROUP", "payers") +
                                         property("REAL_TOPIC", "orders") +
                                         property("REAL_QID", "0") + property("DELAY", "x")));
  ASSERT_TRUE(rig.store->write_turn(rig.clock.now()));
  rig.kill_and_reopen();
  const std::string filler(1U << 20U, 'x');
  for (int day = 0; day < 5; ++day) {
    for (int i = 0; i < 10; ++i) rig.send("filler", filler);
    rig.clock.advance_ms(24LL * 3600 * 1000);
    for (int i = 0; i < 25; ++i) rig.pass_ms(100);
  }
  EXPECT_GT(rig.store->stats().min_position, 0) << "the log was trimmed";
  EXPECT_EQ(rig.visible_end(given_up_topic), 1) << "and the message is kept";
}

TEST(Transactions, let_retention_go_on_that_are_never_ended) {
  CoreRig rig({.retention_ms = 3LL * 24 * 3600 * 1000});
  rig.put_topic("orders", 1);
  rig.send("orders", "m", 0,
           property("TRAN_MSG", "true") + property("PGROUP", "payers") +
               property("CHECK_IMMUNITY_TIME_IN_SECONDS", "300000000"));
  const std::string filler(1U << 20U, 'x');
  for (int day = 0; day < 5; ++day) {
    for (int i = 0; i < 10; ++i) rig.send("filler", filler);
    rig.clock.advance_ms(24LL * 3600 * 1000);
    for (int i = 0; i < 25; ++i) rig.pass_ms(100);
  }
  EXPECT_GT(rig.store->stats().min_position, 0) << "the log was trimmed";
  EXPECT_EQ(rig.visible_end("TRANS_CHECK_MAX_TIME_TOPIC"), 1) << "and the message is kept";
}

TEST_F(TransactionsTest, delay_a_message_from_its_commit_on) {
  const EndTransaction half = begin("m", property("DELAY", "1"));
  rig_.pass_ms(2'000);
  ASSERT_TRUE(end(half, Outcome::commit));
  EXPECT_EQ(visible(), 0);
  rig_.pass_ms(1'000);
  EXPECT_EQ(visible(), 1);
}

TEST_F(TransactionsTest, forget_what_is_ended_even_if_much_is_open) {
  std::vector<EndTransaction> halves;
  for (int i = 0; i < 100; ++i) halves.push_back(begin("m" + std::to_string(i)));
  for (int i = 1; i < 100; ++i)
    ASSERT_TRUE(end(halves[static_cast<std::size_t>(i)], Outcome::commit));
  for (int i = 0; i < 10; ++i) rig_.pass_ms(100);
  EXPECT_EQ(rig_.core->core_stats().transactions.open, 1U);
  EXPECT_EQ(visible(), 99);
}

TEST_F(TransactionsTest, forget_soon_what_ended_in_many_turns) {
  for (int i = 0; i < 3'000; ++i)
    ASSERT_TRUE(end(begin("m" + std::to_string(i)), Outcome::rollback));
  for (int i = 0; i < 2; ++i) {
    rig_.pass_ms(200);
    run_all();
  }
  EXPECT_EQ(open(), 0U);
}

TEST_F(TransactionsTest, know_soon_after_a_start_all_that_is_open) {
  for (int i = 0; i < 3'000; ++i) begin("m" + std::to_string(i));
  rig_.kill_and_reopen();
  run_all();
  EXPECT_EQ(open(), 3'000U);
}

TEST_F(TransactionsTest, begin_at_the_end_where_the_log_is_shorter_than_it_was_known_to_be) {
  rig_.kill();
  {
    auto opened = Metadata::open(rig_.fs, "meta");
    ASSERT_TRUE(opened.has_value());
    for (const std::string_view topic : {half_topic, outcome_topic})
      opened->metadata->save_offset(topic, transaction_group, 0, 1'000);
    ASSERT_TRUE(opened->metadata->flush());
  }
  rig_.open();
  ASSERT_TRUE(end(begin("m"), Outcome::commit));
  EXPECT_EQ(visible(), 1);
  for (int i = 0; i < 2; ++i) rig_.pass_ms(200);
  EXPECT_EQ(open(), 0U);
}

TEST_F(TransactionsTest, commit_once_what_a_kill_left_without_its_outcome) {
  constexpr std::size_t count = 10;
  std::vector<EndTransaction> halves;
  std::vector<Answer<void>> answers(count);
  for (std::size_t i = 0; i < count; ++i) halves.push_back(begin("m" + std::to_string(i)));
  for (std::size_t i = 0; i < count; ++i) {
    halves[i].outcome = Outcome::commit;
    rig_.core->end_transaction(rig_.anonymous, halves[i], answers[i].reply());
  }
  rig_.fs.fail_at(os::FileOperation::write, 1, Errc::io);
  rig_.core->end_of_turn();
  rig_.kill_and_reopen();
  rig_.fs.clear_faults();
  EXPECT_GT(visible(), 0) << "half of the write is there";
  EXPECT_LT(visible(), 10);
  for (int round = 0; round < 2; ++round) {
    for (const EndTransaction& half : halves) ASSERT_TRUE(end(half, Outcome::commit));
    EXPECT_EQ(visible(), 10);
    rig_.kill_and_reopen();
  }
  PullRequest request = rig_.pull_request("orders", 0);
  request.queue_id = 1;
  const auto bodies = CoreRig::bodies(rig_.pull(request));
  EXPECT_EQ(std::set<std::string>(bodies.begin(), bodies.end()).size(), count);
}

}  // namespace
}  // namespace bolide::broker
