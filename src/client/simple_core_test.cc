// SPDX-License-Identifier: Apache-2.0
//
// Tests of the simple consumer, on a simulated network: what is popped, waited for, acknowledged,
// handed back.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include <bolide/simple_consumer.h>

#include "client/fake_record.h"
#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <future>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
using test::FakeServer;
using test::record;
using test::World;
namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

constexpr auto second = std::chrono::seconds(1);

FakeAnswer popped(const std::string& records, const std::string& starts = "0 0 0") {
  return {.fields = {{"popTime", "1000"},
                     {"invisibleTime", "60000"},
                     {"reviveQid", "3"},
                     {"restNum", "0"},
                     {"startOffsetInfo", starts}},
          .body = records};
}

// A broker that gives what is in `answers`, one answer for each pop, and then has nothing.
struct Broker {
  std::deque<FakeAnswer> answers;
  std::int32_t pop_code = response_code::polling_timeout;
  bool answers_pops = true;
  bool has_messages = false;  // what it says to those who ask
  std::string assignments;
  std::optional<FakeAnswer> ack;

  std::optional<FakeAnswer> operator()(const FakeRequest& request) {
    switch (request.code) {
      case request_code::pop_message: {
        if (!answers_pops) return std::nullopt;
        if (answers.empty()) return FakeAnswer{.code = pop_code};
        FakeAnswer next = std::move(answers.front());
        answers.pop_front();
        return next;
      }
      case request_code::notification:
        return FakeAnswer{.fields = {{"hasMsg", has_messages ? "true" : "false"}}};
      case request_code::query_assignment: return FakeAnswer{.body = "{" + assignments + "}"};
      case request_code::change_invisible_time:
        return FakeAnswer{
            .fields = {{"popTime", "2000"}, {"invisibleTime", "500"}, {"reviveQid", "4"}}};
      case request_code::ack_message: return ack ? *ack : FakeAnswer{};
      default: return FakeAnswer{};
    }
  }
};

FakeServer& serve(World& world, std::uint16_t port, const std::shared_ptr<Broker>& broker) {
  return world.serve(port, [broker](const FakeRequest& request) { return (*broker)(request); });
}

SimpleConsumerOptions options_of(std::chrono::milliseconds await = 20 * second) {
  return {.group = "g", .subscriptions = {{"t", "*"}}, .await = await};
}

SimpleConsumer start(World& world, SimpleConsumerOptions options = options_of()) {
  auto consumer = SimpleConsumer::start(Client(world.open()), std::move(options));
  EXPECT_TRUE(consumer) << consumer.status().message();
  return std::move(*consumer);
}

TEST(SimpleConsumer, gets_what_its_only_broker_gives_and_acknowledges_it) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->answers = {
      popped(record(4, "four", "", "t", 1) + record(5, "five", "", "t", 1), "0 0 2;0 1 4")};
  auto& server = serve(world, 10911, broker);
  auto consumer = start(world);
  const auto messages = consumer.receive(10, 30 * second);
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 2U);
  EXPECT_EQ(messages->front().body, "four");
  EXPECT_EQ(messages->front().receipt, "4 1000 60000 3 0 b10911 1 4");
  EXPECT_TRUE(consumer.ack(messages->back()).ok());

  const auto pop = server.requests(request_code::pop_message).front();
  EXPECT_EQ(pop.field("consumerGroup"), "g");
  EXPECT_EQ(pop.field("queueId"), "-1");
  EXPECT_EQ(pop.field("maxMsgNums"), "10");
  EXPECT_EQ(pop.field("invisibleTime"), "30000");
  EXPECT_GT(std::stoi(pop.field("pollTime")), 10'000) << "it waits at the broker";
  EXPECT_EQ(pop.field("exp"), "*");
  const auto ack = server.requests(request_code::ack_message).front();
  EXPECT_EQ(ack.field("topic"), "t");
  EXPECT_EQ(ack.field("queueId"), "1");
  EXPECT_EQ(ack.field("offset"), "5");
  EXPECT_EQ(ack.field("extraInfo"), "4 1000 60000 3 0 b10911 1 5");
  ASSERT_TRUE(eventually([&] { return server.count(request_code::heart_beat) > 0; }));
  EXPECT_NE(server.requests(request_code::heart_beat).back().body.find("CONSUME_POP"),
            std::string::npos);
}

TEST(SimpleConsumer, asks_all_brokers_and_waits_for_the_one_that_has_something) {
  World world;
  world.serve(9876, test::routes({10911, 10921}));
  const auto empty = std::make_shared<Broker>(), other = std::make_shared<Broker>();
  auto& first = serve(world, 10911, empty);
  auto& second_server = serve(world, 10921, other);
  // Its first pop finds nothing, then it says that there is something.
  other->answers = {FakeAnswer{.code = response_code::polling_timeout}, popped(record(0, "m", ""))};
  other->has_messages = true;
  auto consumer = start(world);
  const auto messages = consumer.receive();
  ASSERT_TRUE(messages);
  ASSERT_EQ(messages->size(), 1U);
  EXPECT_EQ(messages->front().broker, "b10921");
  EXPECT_GE(first.count(request_code::pop_message), 1U);
  EXPECT_GE(second_server.count(request_code::notification), 1U);
  for (const auto& pop : second_server.requests(request_code::pop_message))
    EXPECT_EQ(pop.field("pollTime"), "0") << "nobody waits in a pop of one of several";
}

TEST(SimpleConsumer, fills_up_to_what_was_asked_for) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  std::string many;
  for (int i = 0; i < 32; ++i) many += record(i, "m", "");
  broker->answers = {popped(many), popped(record(32, "m", "") + record(33, "m", ""))};
  auto& server = serve(world, 10911, broker);
  auto consumer = start(world);
  const auto messages = consumer.receive(40, second);
  ASSERT_TRUE(messages);
  EXPECT_EQ(messages->size(), 34U);
  EXPECT_EQ(server.requests(request_code::pop_message).back().field("maxMsgNums"), "8");
}

TEST(SimpleConsumer, that_finds_nothing_returns_nothing_in_its_time) {
  World world;
  world.serve(9876, test::routes({10911, 10921}));
  serve(world, 10911, std::make_shared<Broker>());
  serve(world, 10921, std::make_shared<Broker>());
  auto consumer = start(world, options_of(std::chrono::milliseconds(300)));
  const auto messages = consumer.receive();
  ASSERT_TRUE(messages) << messages.status().message();
  EXPECT_TRUE(messages->empty());
}

TEST(SimpleConsumer, says_at_the_end_of_its_time_why_it_has_nothing) {
  World world;
  world.serve(9876, test::routes({10911}));
  auto options = options_of(std::chrono::milliseconds(300));
  options.subscriptions = {{"missing", "*"}};
  auto nowhere = start(world, options);
  EXPECT_EQ(nowhere.receive().status().code(), Errc::topic_not_found);
  // The broker is not there.
  auto nobody = start(world, options_of(std::chrono::milliseconds(300)));
  EXPECT_EQ(nobody.receive().status().code(), Errc::connection_failed);
}

TEST(SimpleConsumer, tells_at_once_what_a_broker_refuses_for_good) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->pop_code = 16;
  serve(world, 10911, broker);
  auto consumer = start(world);
  EXPECT_EQ(consumer.receive().status().code(), Errc::no_permission);
}

TEST(SimpleConsumer, acknowledges_many_with_one_request_to_each_broker) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->answers = {popped(record(0, "a", "") + record(1, "b", "") + record(2, "c", ""))};
  auto& server = serve(world, 10911, broker);
  auto consumer = start(world);
  const auto messages = consumer.receive();
  ASSERT_TRUE(messages);
  EXPECT_TRUE(consumer.ack(std::span(*messages)).ok());
  const auto acks = server.requests(request_code::batch_ack_message);
  ASSERT_EQ(acks.size(), 1U);
  EXPECT_NE(acks.front().body.find(R"("b":"Bw==")"), std::string::npos) << acks.front().body;
  EXPECT_EQ(server.count(request_code::ack_message), 0U);
  EXPECT_TRUE(consumer.ack(std::span<const PoppedMessage>()).ok());
}

TEST(SimpleConsumer, gives_a_message_a_new_receipt_when_its_time_changes) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->answers = {popped(record(2, "m", "")), popped(record(3, "m", ""))};
  auto& server = serve(world, 10911, broker);
  auto consumer = start(world);
  auto messages = consumer.receive();
  ASSERT_TRUE(messages && messages->size() == 1);
  PoppedMessage& message = messages->front();
  ASSERT_TRUE(consumer.change_invisible(message, std::chrono::milliseconds(500)).ok());
  EXPECT_EQ(message.receipt, "2 2000 500 4 0 b10911 0 2");
  EXPECT_EQ(message.invisible_until_ms, 2500);
  EXPECT_EQ(server.requests(request_code::change_invisible_time).front().field("invisibleTime"),
            "500");
  message.receipt = "nonsense";
  EXPECT_EQ(consumer.ack(message).code(), Errc::invalid_argument);
}

TEST(SimpleConsumer, acknowledges_what_a_hash_of_its_tag_let_through) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  // "Aa" and "BB" have one hash.
  broker->answers = {popped(record(0, "other", "TAGS\1BB\2")),
                     popped(record(1, "m", "TAGS\1Aa\2"))};
  auto& server = serve(world, 10911, broker);
  auto options = options_of();
  options.subscriptions = {{"t", "Aa"}};
  auto consumer = start(world, options);
  const auto messages = consumer.receive();
  ASSERT_TRUE(messages && messages->size() == 1);
  EXPECT_EQ(messages->front().body, "m");
  ASSERT_TRUE(eventually([&] { return server.count(request_code::ack_message) == 1; }));
  EXPECT_EQ(server.requests(request_code::ack_message).front().field("offset"), "0");
}

TEST(SimpleConsumer, asks_again_with_the_same_attempt_for_what_got_lost_in_order) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->answers_pops = false;
  auto& server = serve(world, 10911, broker);
  auto options = options_of();
  options.ordered = true;
  auto consumer = start(world, options);
  std::promise<StatusOr<std::vector<PoppedMessage>>> got;
  consumer.receive_async(1, second, [&](auto result) { got.set_value(std::move(result)); });
  ASSERT_TRUE(eventually([&] { return server.count(request_code::pop_message) == 1; }));
  world.run([&] {
    broker->answers_pops = true;
    FakeAnswer answer = popped(record(0, "m", ""));
    answer.fields.emplace_back("orderCountInfo", "0 0 2");
    broker->answers = {answer};
  });
  world.cut_all();
  const auto messages = got.get_future().get();
  ASSERT_TRUE(messages && messages->size() == 1);
  EXPECT_EQ(messages->front().attempt(), 3);
  const auto pops = server.requests(request_code::pop_message);
  EXPECT_EQ(pops.front().field("order"), "true");
  EXPECT_FALSE(pops.front().field("attemptId").empty());
  EXPECT_EQ(pops.front().field("attemptId"), pops.back().field("attemptId"));
}

TEST(SimpleConsumer, takes_the_queues_that_its_broker_gives_it) {
  World world;
  world.serve(9876, test::routes({10911}, 4));
  const auto broker = std::make_shared<Broker>();
  broker->assignments = R"("messageQueueAssignments":[{"mode":"POP","messageQueue":)"
                        R"({"brokerName":"b10911","queueId":3,"topic":"t"}}])";
  auto& server = serve(world, 10911, broker);
  auto consumer = start(world, options_of(std::chrono::milliseconds(200)));
  EXPECT_TRUE(eventually([&] {
    (void)consumer.receive();
    const auto pops = server.requests(request_code::pop_message);
    return !pops.empty() && pops.back().field("queueId") == "3";
  }));
}

TEST(SimpleConsumer, that_closes_ends_receives_and_hands_back_what_comes_late) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->answers_pops = false;
  auto& server = serve(world, 10911, broker);
  auto consumer = start(world);
  std::atomic<bool> ended = false;
  consumer.receive_async(1, second, [&](const auto& result) {
    EXPECT_EQ(result.status().code(), Errc::shutting_down);
    ended = true;
  });
  ASSERT_TRUE(eventually([&] { return server.count(request_code::pop_message) == 1; }));
  consumer.close();
  EXPECT_TRUE(ended);
  const auto pop = server.requests(request_code::pop_message).front();
  world.run([&] {
    server.write(0, pop.opaque, remoting::header_flag::response, popped(record(7, "m", "")));
  });
  ASSERT_TRUE(eventually([&] { return server.count(request_code::change_invisible_time) == 1; }));
  EXPECT_EQ(server.requests(request_code::change_invisible_time).front().field("offset"), "7");
  const Status refused = consumer.receive().status();
  EXPECT_EQ(refused.code(), Errc::shutting_down);
  EXPECT_EQ(refused.fix(), "start another consumer");
  EXPECT_EQ(server.count(request_code::unregister_client), 1U);
}

TEST(SimpleConsumer, may_be_destroyed_in_its_own_callback) {
  World world;
  world.serve(9876, test::routes({10911}));
  const auto broker = std::make_shared<Broker>();
  broker->answers = {popped(record(0, "m", ""))};
  serve(world, 10911, broker);
  auto consumer = std::make_shared<std::optional<SimpleConsumer>>(start(world));
  std::promise<std::size_t> got;
  (*consumer)->receive_async(1, second, [&](auto result) {
    const std::size_t count = result ? result->size() : 0;
    consumer->reset();
    got.set_value(count);
  });
  EXPECT_EQ(got.get_future().get(), 1U);
}

}  // namespace
}  // namespace bolide::client
