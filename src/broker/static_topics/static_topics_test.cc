// SPDX-License-Identifier: Apache-2.0
//
// Static topics through the cores of two brokers (rocketmq semantics 3.20).
#include "broker/static_topics/static_topics.h"

#include "base/producer_identity.h"
#include "broker/core_test_util.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

namespace bolide::broker {
namespace {

using testing::Answer;
using testing::CoreRig;
using testing::RecordingSink;
using testing::RigOptions;
using Strings = std::vector<std::string>;

constexpr std::int64_t block = 10'000;  // by which Apache's tool rounds places up

RigOptions named(std::string name, store::ReplyLevel level = store::ReplyLevel::async) {
  RigOptions options;
  options.core.name = std::move(name);
  options.level = level;
  options.inline_sync = level == store::ReplyLevel::async;
  return options;
}

// Reaches a broker by calling its core.
class DirectPeers final : public Peers, public ReplySink {
 public:
  explicit DirectPeers(CoreRig& other) : other_(other) {}

  void ask(const std::string&, const QueueQuestion& question, Reply<std::int64_t> reply) override {
    if (!reachable) return reply(fail(Errc::connection_failed, "down"));
    const QueueTarget queue{question.topic, question.queue_id, true};
    Core& core = *other_.core;
    const Identity who;
    switch (question.fact) {
      case QueueFact::min_offset: return core.min_offset(who, queue, std::move(reply));
      case QueueFact::max_offset: return core.max_offset(who, queue, std::move(reply));
      case QueueFact::earliest_store_time:
        return core.earliest_store_time(who, queue, std::move(reply));
      case QueueFact::offset_by_time:
        return core.offset_by_time(who, queue, question.value, question.upper, std::move(reply));
      case QueueFact::consumer_offset:
        return core.consumer_offset(who, question.group, queue, question.zero_if_absent,
                                    std::move(reply));
      case QueueFact::commit:
        return core.commit_offset(who, question.group, queue, question.value,
                                  [reply = std::move(reply)](Result<> done) mutable {
                                    if (!done) return reply(Failure(std::move(done).error()));
                                    reply(0);
                                  });
    }
  }
  void pull(const std::string&, const PullRequest& request, Reply<PullResult> reply) override {
    if (!reachable) return reply(fail(Errc::connection_failed, "down"));
    if (silent) return waiting_.push_back(std::move(reply));
    PullRequest passed = request;
    passed.ticket = {.sink = this, .session = 99};
    reply_ = std::move(reply);
    other_.core->pull(passed);
  }
  // Answers what it has been silent about.
  void speak() {
    for (auto& reply : std::exchange(waiting_, {})) reply(fail(Errc::timeout, "b"));
  }

  void on_pull(const Ticket&, PullResult&& result) override { reply_(std::move(result)); }
  void on_send(const Ticket&, const SendResult&) override {}
  void on_pop(const Ticket&, PopResult&&) override {}
  void on_group_changed(SessionId, std::string_view) override {}
  void on_lite_unsubscribed(SessionId, const LiteNotice&) override {}
  bool on_check_transaction(SessionId, const TransactionQuestion&) override { return false; }

  bool reachable = true;
  bool silent = false;  // to pulls

 private:
  CoreRig& other_;
  Reply<PullResult> reply_;
  std::vector<Reply<PullResult>> waiting_;
};

class StaticTopicsTest : public ::testing::Test {
 protected:
  StaticTopicsTest() {
    a_.core->reach_by(from_a_);
    b_.core->reach_by(from_b_);
  }

  static QueueGeneration generation(std::int32_t number, std::string broker, std::int32_t queue_id,
                                    std::int64_t logic_offset = 0) {
    return {.number = number,
            .queue_id = queue_id,
            .broker = std::move(broker),
            .logic_offset = logic_offset};
  }
  Result<> put(CoreRig& rig, const std::string& broker, std::int64_t epoch,
               std::map<std::int32_t, Generations> queues, std::int32_t physical = 4) {
    Answer<void> answer;
    rig.core->put_static_topic(rig.anonymous,
                               {.name = "T", .read_queues = physical, .write_queues = physical},
                               {.broker = broker,
                                .epoch = epoch,
                                .queues = std::move(queues),
                                .topic = "T",
                                .total_queues = 4},
                               false, answer.reply());
    return std::move(answer.get());
  }
  // Logical queue 2 lies in queue 1 of a.
  void make() {
    ASSERT_TRUE(put(a_, "a", 1, {{2, {generation(0, "a", 1)}}}));
    ASSERT_TRUE(put(b_, "b", 1, {}, 0));
  }
  // And then in queue 0 of b, in the steps of Apache's tool.
  void move(std::int64_t logic_offset = block) {
    const Generations undecided = {generation(0, "a", 1), generation(1, "b", 0, -1)};
    const Generations decided = {generation(0, "a", 1), generation(1, "b", 0, logic_offset)};
    ASSERT_TRUE(put(b_, "b", 2, {{2, undecided}}, 1));
    ASSERT_TRUE(put(a_, "a", 2, {{2, undecided}}));
    if (between_) between_();
    ASSERT_TRUE(put(b_, "b", 2, {{2, decided}}, 1));
  }
  // As the client library numbers what it sends to the logical queue 2.
  static std::string by_producer(std::int64_t sequence) {
    const ProducerSequence number{.sequence = sequence,
                                  .queue_check = ProducerSequence::check_of("T", 2)};
    return testing::property(producer_id_property, "p") +
           testing::property(producer_sequence_property, number.text());
  }
  static RecordingSink::Sent send(CoreRig& rig, std::string_view body, std::int32_t queue_id = 2) {
    return rig.send("T", body, queue_id);
  }
  static PullRequest pull_request(CoreRig& rig, std::int64_t offset, std::int64_t suspend_ms = 0) {
    PullRequest request = rig.pull_request("T", offset, suspend_ms);
    request.queue_id = 2;
    return request;
  }
  static PullResult pull(CoreRig& rig, std::int64_t offset) {
    return rig.pull(pull_request(rig, offset));
  }
  using Ask = std::function<void(Reply<std::int64_t>)>;
  static Result<std::int64_t> value(const Ask& ask) {
    Answer<std::int64_t> answer;
    ask(answer.reply());
    return answer.get();
  }
  static constexpr QueueTarget queue_{"T", 2, false};
  Result<std::int64_t> min(CoreRig& rig) {
    return value([&](auto r) { rig.core->min_offset(rig.anonymous, queue_, std::move(r)); });
  }
  Result<std::int64_t> max(CoreRig& rig) {
    return value([&](auto r) { rig.core->max_offset(rig.anonymous, queue_, std::move(r)); });
  }
  Result<std::int64_t> committed(CoreRig& rig) {
    return value([&](auto r) {
      rig.core->consumer_offset(rig.anonymous, "readers", queue_, true, std::move(r));
    });
  }
  Result<std::int64_t> at_time(CoreRig& rig, std::int64_t time_ms, bool upper = false) {
    return value([&](auto r) {
      rig.core->offset_by_time(rig.anonymous, queue_, time_ms, upper, std::move(r));
    });
  }
  // All bodies of the logical queue, read as a client reads.
  static Strings read_all(CoreRig& rig, std::int64_t from = 0) {
    Strings all;
    std::int64_t offset = from;
    for (int tries = 0; tries < 20; ++tries) {
      const PullResult got = pull(rig, offset);
      if (got.error) return {got.error->message()};
      for (std::string& body : CoreRig::bodies(got)) all.push_back(std::move(body));
      if (got.status == PullStatus::offset_overflow_one) break;
      offset = got.next_offset;
    }
    return all;
  }

  CoreRig a_{named("a")};
  CoreRig b_{named("b")};
  DirectPeers from_a_{b_};
  DirectPeers from_b_{a_};
  std::function<void()> between_;
};

TEST_F(StaticTopicsTest, take_messages_for_logical_queues_and_answer_in_their_terms) {
  make();
  EXPECT_EQ(send(a_, "m0").queue_offset, 0);
  const auto sent = send(a_, "m1");
  EXPECT_EQ(sent.queue_id, 2);
  EXPECT_EQ(sent.queue_offset, 1);
  EXPECT_EQ(a_.store->next_offset(a_.store->queue("T", 1)), 2) << "the broker's queue is number 1";
  const PullResult got = pull(a_, 0);
  EXPECT_EQ(CoreRig::bodies(got), (Strings{"m0", "m1"}));
  EXPECT_EQ(got.offset_delta, 0);
  EXPECT_EQ(got.next_offset, 2);
}

TEST_F(StaticTopicsTest, refuse_what_is_for_queues_that_lie_elsewhere) {
  make();
  EXPECT_EQ(a_.refused(a_.request("T", "m", 1)), Errc::not_leader_for_queue);
  EXPECT_EQ(b_.refused(b_.request("T", "m", 2)), Errc::not_leader_for_queue);
  EXPECT_EQ(b_.refused(b_.request("T", "m", -1)), Errc::not_leader_for_queue);
  EXPECT_EQ(pull(b_, 0).error->code, Errc::not_leader_for_queue);
  EXPECT_EQ(max(b_).error().code, Errc::not_leader_for_queue);
  EXPECT_EQ(b_.commit("readers", queue_, 1).error().code, Errc::not_leader_for_queue);
}

TEST_F(StaticTopicsTest, choose_a_queue_for_who_names_none) {
  make();
  EXPECT_EQ(send(a_, "m", -1).queue_id, 2);
}

TEST_F(StaticTopicsTest, leave_physical_requests_as_they_are) {
  make();
  SendRequest request = a_.request("T", "direct", 3);
  request.physical = true;
  EXPECT_EQ(a_.send(request).queue_id, 3);
  PullRequest reading = a_.pull_request("T", 0);
  reading.queue_id = 3;
  reading.physical = true;
  const PullResult got = a_.pull(reading);
  EXPECT_EQ(CoreRig::bodies(got), Strings{"direct"});
  EXPECT_FALSE(got.offset_delta);
  request = a_.request("T", "beyond", 4);
  request.physical = true;
  EXPECT_EQ(a_.refused(request), Errc::queue_out_of_range);
}

TEST_F(StaticTopicsTest, wake_who_waits_in_a_logical_queue) {
  make();
  a_.core->pull(pull_request(a_, 0, 1'000));
  EXPECT_TRUE(a_.sink.pulled.empty());
  send(a_, "m0");
  ASSERT_EQ(a_.sink.pulled.size(), 1U);
  EXPECT_EQ(a_.sink.pulled[0].ticket.session, 8U);
  EXPECT_EQ(CoreRig::bodies(a_.sink.pulled[0].result), Strings{"m0"});
}

TEST_F(StaticTopicsTest, forget_who_waited_and_has_gone) {
  make();
  a_.core->pull(pull_request(a_, 0, 1'000));
  a_.core->session_closed(8);
  send(a_, "m0");
  EXPECT_TRUE(a_.sink.pulled.empty());
}

TEST_F(StaticTopicsTest, forget_who_waited_for_another_broker_and_has_gone) {
  make();
  send(a_, "m0");
  move();
  from_b_.silent = true;
  b_.core->pull(pull_request(b_, 0));
  b_.core->session_closed(8);
  from_b_.speak();
  EXPECT_TRUE(b_.sink.pulled.empty());
}

TEST_F(StaticTopicsTest, read_only_so_much_at_a_time_from_another_broker) {
  make();
  send(a_, "m0");
  move();
  from_b_.silent = true;
  for (int i = 0; i < 4096; ++i) b_.core->pull(pull_request(b_, 0));
  EXPECT_TRUE(b_.sink.pulled.empty());
  EXPECT_EQ(pull(b_, 0).error->code, Errc::busy);
  EXPECT_EQ(pull(b_, block).status, PullStatus::offset_overflow_one) << "its own are no burden";
  from_b_.speak();
  EXPECT_EQ(b_.sink.pulled.size(), 4098U);
  from_b_.silent = false;
  EXPECT_EQ(read_all(b_), Strings{"m0"});
}

TEST_F(StaticTopicsTest, keep_a_message_in_its_queue_whatever_its_priority) {
  make();
  const auto sent = a_.send("T", "m0", 2, testing::property("_SYS_MSG_PRIORITY_", "3"));
  ASSERT_FALSE(sent.error);
  EXPECT_EQ(sent.queue_offset, 0);
  EXPECT_EQ(read_all(a_), Strings{"m0"});
}

TEST_F(StaticTopicsTest, store_a_repeated_message_once) {
  make();
  send(a_, "m0");
  move();
  const std::string properties = by_producer(7);
  const auto first = b_.send("T", "m1", 2, properties);
  const auto again = b_.send("T", "m1", 2, properties);
  EXPECT_EQ(first.queue_offset, block);
  EXPECT_EQ(again.queue_offset, block);
  b_.kill_and_reopen();
  b_.core->reach_by(from_b_);
  EXPECT_EQ(b_.send("T", "m1", 2, properties).queue_offset, block);
  EXPECT_EQ(read_all(b_), (Strings{"m0", "m1"}));
}

TEST_F(StaticTopicsTest, end_transactions_behind_a_move) {
  make();
  send(a_, "m0");
  move();
  SendRequest request = b_.request("T", "held", 2);
  const std::string properties =
      testing::property("TRAN_MSG", "true") + testing::property("PGROUP", "senders");
  request.properties = properties;
  request.sys_flag = 4;
  const auto held = b_.send(request);
  ASSERT_FALSE(held.error);
  EXPECT_EQ(held.queue_id, 2);
  Answer<void> ended;
  b_.core->end_transaction(b_.anonymous,
                           {.group = "senders",
                            .half_offset = held.queue_offset,
                            .position = held.positions.front(),
                            .outcome = Outcome::commit},
                           ended.reply());
  b_.core->end_of_turn();
  EXPECT_TRUE(ended.get());
  EXPECT_EQ(read_all(b_), (Strings{"m0", "held"}));
}

TEST_F(StaticTopicsTest, answer_whatever_offset_is_asked_for) {
  make();
  send(a_, "m0");
  move();
  for (const std::int64_t offset : {INT64_MIN, std::int64_t{-1}, INT64_MAX - 1, INT64_MAX}) {
    const PullResult got = pull(b_, offset);
    ASSERT_FALSE(got.error) << offset;
    EXPECT_NE(got.status, PullStatus::found);
    EXPECT_GE(got.next_offset, 0);
  }
}

TEST_F(StaticTopicsTest, survive_a_kill) {
  make();
  send(a_, "m0");
  a_.kill_and_reopen();
  EXPECT_EQ(send(a_, "m1").queue_offset, 1);
  EXPECT_EQ(read_all(a_), (Strings{"m0", "m1"}));
  a_.restart();
  EXPECT_EQ(read_all(a_), (Strings{"m0", "m1"}));
}

TEST_F(StaticTopicsTest, end_with_the_topic) {
  make();
  Answer<void> answer;
  a_.core->delete_topic(a_.anonymous, "T", answer.reply());
  ASSERT_TRUE(answer.get());
  a_.put_topic("T", 4);
  EXPECT_EQ(a_.send("T", "plain", 3).queue_id, 3);
  a_.kill_and_reopen();
  EXPECT_EQ(a_.send("T", "plain", 3).queue_id, 3);
}

TEST_F(StaticTopicsTest, go_on_in_another_broker_with_nothing_lost) {
  make();
  for (const char* body : {"m0", "m1", "m2"}) send(a_, body);
  move();
  EXPECT_EQ(a_.refused(a_.request("T", "late", 2)), Errc::not_leader_for_queue);
  EXPECT_EQ(send(b_, "m3").queue_offset, block);
  EXPECT_EQ(send(b_, "m4").queue_offset, block + 1);
  EXPECT_EQ(read_all(b_), (Strings{"m0", "m1", "m2", "m3", "m4"}));
  EXPECT_EQ(read_all(b_, 2), (Strings{"m2", "m3", "m4"}));
  EXPECT_EQ(read_all(b_, 5'000), (Strings{"m3", "m4"})) << "from the gap";
  EXPECT_EQ(min(b_), 0);
  EXPECT_EQ(max(b_), block + 2);
}

TEST_F(StaticTopicsTest, are_written_and_read_while_they_move) {
  make();
  send(a_, "m0");
  between_ = [this] {
    EXPECT_EQ(send(b_, "m1").queue_offset, -1) << "its place is not known yet";
    EXPECT_EQ(read_all(b_), Strings{"m0"});
    EXPECT_EQ(max(b_), 1);
  };
  move();
  EXPECT_EQ(read_all(b_), (Strings{"m0", "m1"}));
}

TEST_F(StaticTopicsTest, send_away_who_waits_in_a_queue_that_moves) {
  make();
  a_.core->pull(pull_request(a_, 0, 60'000));
  move();
  ASSERT_EQ(a_.sink.pulled.size(), 1U);
  EXPECT_EQ(a_.sink.pulled[0].result.status, PullStatus::offset_overflow_one);
}

TEST_F(StaticTopicsTest, return_to_a_broker_that_had_them) {
  make();
  send(a_, "m0");
  move();
  send(b_, "m1");
  const Generations back = {generation(0, "a", 1), generation(1, "b", 0, block),
                            generation(2, "a", 3, 2 * block)};
  ASSERT_TRUE(put(a_, "a", 3, {{2, back}}));
  ASSERT_TRUE(put(b_, "b", 3, {{2, back}}, 1));
  EXPECT_EQ(send(a_, "m2").queue_offset, 2 * block);
  EXPECT_EQ(read_all(a_), (Strings{"m0", "m1", "m2"}));
}

TEST_F(StaticTopicsTest, keep_the_offset_of_a_group_with_the_generation_that_it_reads) {
  make();
  for (const char* body : {"m0", "m1", "m2"}) send(a_, body);
  pull(a_, 0);  // makes the group
  ASSERT_TRUE(a_.commit("readers", queue_, 2));
  EXPECT_EQ(a_.core->offsets().find("readers", "T", 1), 2);
  move();
  EXPECT_EQ(committed(b_), 2) << "the broker before knows it";
  ASSERT_TRUE((pull(b_, 2), b_.commit("readers", queue_, 3)));
  EXPECT_EQ(a_.core->offsets().find("readers", "T", 1), 3);
  pull(b_, block);  // makes the group there too
  ASSERT_TRUE(b_.commit("readers", queue_, block + 4));
  EXPECT_EQ(b_.core->offsets().find("readers", "T", 0), 4);
  EXPECT_EQ(committed(b_), block + 4);
}

TEST_F(StaticTopicsTest, take_the_offset_that_comes_with_a_pull) {
  make();
  send(a_, "m0");
  move();
  pull(b_, block);
  PullRequest request = pull_request(b_, block);
  request.commit_offset = block + 7;
  b_.pull(request);
  EXPECT_EQ(b_.core->offsets().find("readers", "T", 0), 7);
}

TEST_F(StaticTopicsTest, know_no_offset_of_a_group_that_nobody_saw) {
  make();
  EXPECT_EQ(committed(a_), 0) << "nothing was trimmed";
  move();
  EXPECT_EQ(committed(b_).error().code, Errc::not_found);
}

TEST_F(StaticTopicsTest, find_times_in_every_generation) {
  make();
  const std::int64_t start_ms = a_.clock.now().wall_ms;
  const auto pass = [this] {
    a_.clock.advance_ms(100);
    b_.clock.advance_ms(100);
  };
  send(a_, "m0");
  pass();
  send(a_, "m1");
  pass();
  move();
  send(b_, "m2");
  pass();
  send(b_, "m3");
  EXPECT_EQ(at_time(b_, start_ms), 0);
  EXPECT_EQ(at_time(b_, start_ms + 100), 1);
  EXPECT_EQ(at_time(b_, start_ms + 150), block) << "between the two brokers";
  EXPECT_EQ(at_time(b_, start_ms + 200), block);
  EXPECT_EQ(at_time(b_, start_ms + 300), block + 1);
  EXPECT_EQ(at_time(b_, start_ms + 900), block + 2) << "behind all";
  EXPECT_EQ(at_time(b_, start_ms + 250, true), block);
  EXPECT_EQ(at_time(b_, start_ms + 150, true), 1);
}

TEST_F(StaticTopicsTest, tell_that_the_broker_with_older_messages_is_down) {
  make();
  send(a_, "m0");
  move();
  send(b_, "m1");
  from_b_.reachable = false;
  EXPECT_EQ(pull(b_, 0).error->code, Errc::connection_failed);
  EXPECT_EQ(min(b_).error().code, Errc::connection_failed);
  EXPECT_EQ(CoreRig::bodies(pull(b_, block)), Strings{"m1"}) << "the rest goes on";
}

TEST_F(StaticTopicsTest, can_be_locked_where_they_lie) {
  make();
  a_.heartbeat(3, {.group = "orderly", .subscriptions = {}});
  for (const auto& [rig, count] : {std::pair{&a_, 1U}, std::pair{&b_, 0U}}) {
    Answer<std::vector<QueueRef>> answer;
    rig->core->lock_queues(rig->anonymous, "orderly", "client",
                           {{.topic = "T", .broker = "__syslo__global__", .queue_id = 2}},
                           answer.reply());
    EXPECT_EQ(answer.get()->size(), count);
  }
}

TEST_F(StaticTopicsTest, are_told_to_name_servers_with_a_new_version) {
  make();
  const auto table = [this] {
    Answer<TopicTable> answer;
    a_.core->all_topics(a_.anonymous, answer.reply());
    return *answer.get();
  };
  const TopicTable before = table();
  ASSERT_EQ(before.mappings.size(), 1U);
  move();
  EXPECT_NE(table().version, before.version);
  EXPECT_TRUE(led_queues(table().mappings[0]).empty());
}

TEST_F(StaticTopicsTest, refuse_mappings_of_others) {
  EXPECT_EQ(put(a_, "b", 1, {}).error().code, Errc::malformed);
  EXPECT_EQ(put(a_, "a", 1, {}, -1).error().code, Errc::invalid_argument);
  make();
  EXPECT_EQ(put(a_, "a", 0, {}).error().code, Errc::malformed) << "an older epoch";
}

TEST(StaticTopicsSync, move_when_what_was_sent_before_can_be_seen) {
  CoreRig rig{named("a", store::ReplyLevel::sync)};
  const auto put = [&](std::int64_t epoch, Generations queue, bool* done) {
    rig.core->put_static_topic(rig.anonymous, {.name = "T", .read_queues = 1, .write_queues = 1},
                               {.broker = "a",
                                .epoch = epoch,
                                .queues = {{0, std::move(queue)}},
                                .topic = "T",
                                .total_queues = 1},
                               false, [done](Result<> answer) { *done = answer.has_value(); });
  };
  bool made = false;
  put(1, {{.broker = "a"}}, &made);
  ASSERT_TRUE(made);
  rig.core->send(rig.request("T", "m", 0));
  rig.core->end_of_turn();
  ASSERT_TRUE(rig.sink.sent.empty()) << "it waits for the disk";
  bool moved = false;
  put(2, {{.broker = "a"}, {.number = 1, .broker = "b", .logic_offset = -1}}, &moved);
  rig.core->end_of_turn();
  EXPECT_FALSE(moved);
  rig.sync.run();
  rig.core->end_of_turn();
  EXPECT_EQ(rig.sink.sent.size(), 1U);
  EXPECT_TRUE(moved);
}

}  // namespace
}  // namespace bolide::broker
