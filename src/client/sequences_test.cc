// SPDX-License-Identifier: Apache-2.0
//
// Tests of the numbers of an idempotent producer's messages, and of what it does with them.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include "client/sequences.h"

#include <bolide/producer.h>

#include "base/producer_identity.h"
#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
using test::FakeServer;
using test::World;

constexpr auto send_code = remoting::request_code::send_message_v2;

SendPtr make(bool ordered = false) {
  auto send = std::make_unique<Send>();
  send->topic = "t";
  if (ordered) send->ordering_key = "k";
  return send;
}

QueueId queue(std::int32_t number) {
  return {.topic = "t", .broker = "b", .queue = number};
}

std::map<std::string, std::string> properties_of(std::string_view text) {
  std::map<std::string, std::string> found;
  while (!text.empty()) {
    const auto pair = text.substr(0, text.find('\2'));
    text.remove_prefix(std::min(text.size(), pair.size() + 1));
    const auto mark = pair.find('\1');
    found[std::string(pair.substr(0, mark))] = std::string(pair.substr(mark + 1));
  }
  return found;
}

TEST(Sequences, count_in_each_queue_from_0_on) {
  Sequences sequences("p");
  for (std::int64_t i = 0; i < 3; ++i) {
    for (const std::int32_t number : {0, 1}) {
      auto send = make();
      ASSERT_TRUE(sequences.number(*send, queue(number)));
      EXPECT_EQ(send->sequence, i);
      auto properties = properties_of(send->encoded.properties);
      EXPECT_EQ(properties[std::string(producer_id_property)], "p");
      const auto said =
          ProducerSequence::parse(properties[std::string(producer_sequence_property)]);
      ASSERT_TRUE(said);
      EXPECT_EQ(said->sequence, i);
      EXPECT_EQ(said->queue_check, ProducerSequence::check_of("t", number));
    }
  }
}

TEST(Sequences, let_none_go_a_window_ahead_of_one_on_its_way) {
  Sequences sequences("p");
  std::vector<SendPtr> sent;
  for (std::int64_t i = 0; i < producer_window_min; ++i) {
    sent.push_back(make());
    ASSERT_TRUE(sequences.number(*sent.back(), queue(0)));
  }
  auto late = make();
  ASSERT_FALSE(sequences.number(*late, queue(0)));
  sequences.wait(std::move(late), queue(0));
  sequences.ended(*sent[1]);
  EXPECT_EQ(sequences.next(queue(0)), nullptr);
  sequences.ended(*sent[0]);
  const auto next = sequences.next(queue(0));
  ASSERT_NE(next, nullptr);
  EXPECT_EQ(next->sequence, producer_window_min);
}

TEST(Sequences, let_one_of_those_go_whose_order_matters) {
  Sequences sequences("p");
  auto first = make(true);
  ASSERT_TRUE(sequences.number(*first, queue(0)));
  auto second = make(true);
  ASSERT_FALSE(sequences.number(*second, queue(0)));
  sequences.wait(std::move(second), queue(0));
  EXPECT_EQ(sequences.next(queue(0)), nullptr);
  auto third = make();
  ASSERT_FALSE(sequences.number(*third, queue(0))) << "it overtook one that waits";
  sequences.ended(*first);
  ASSERT_NE(sequences.next(queue(0)), nullptr);
}

// A broker that stores a number once.
struct Broker {
  std::mutex mutex;
  std::map<std::string, std::int64_t> stored;  // by producer, number and queue
  std::atomic<int> silent{0};                  // so many sends are stored and not answered

  std::optional<FakeAnswer> operator()(const FakeRequest& request) {
    if (request.code != send_code) return FakeAnswer{};
    auto properties = properties_of(request.field("i"));
    const std::string name = properties[std::string(producer_id_property)] + "/" +
                             properties[std::string(producer_sequence_property)];
    const std::lock_guard lock(mutex);
    const auto offset =
        stored.emplace(name, static_cast<std::int64_t>(stored.size())).first->second;
    if (silent-- > 0) return std::nullopt;
    return test::stored_at(offset, std::stoi(request.field("e")));
  }
};

class IdempotentProducerTest : public testing::Test {
 protected:
  Producer start(ProducerOptions options = {}) {
    options.idempotent = true;
    options.send_timeout = std::chrono::seconds(20);
    auto producer = Producer::start(Client(world.open()), std::move(options));
    EXPECT_TRUE(producer);
    return std::move(*producer);
  }
  FakeServer& serve(std::uint16_t port = 10911) {
    return world.serve(port, [this](const FakeRequest& request) { return broker(request); });
  }

  Broker broker;
  World world;
};

TEST_F(IdempotentProducerTest, repeats_what_got_no_answer_in_the_same_queue) {
  world.serve(9876, test::routes({10911, 10912}, 2));
  auto& one = serve(10911);
  auto& other = serve(10912);
  auto producer = start();
  broker.silent = 1;
  auto sent = producer.send_future({.topic = "t", .body = "b"});
  ASSERT_TRUE(eventually([&] { return one.count(send_code) + other.count(send_code) == 1; }));
  world.cut_all();
  ASSERT_TRUE(sent.get().ok());
  EXPECT_EQ(broker.stored.size(), 1U);
  EXPECT_TRUE(one.count(send_code) == 0 || other.count(send_code) == 0);
}

TEST_F(IdempotentProducerTest, repeats_over_another_connection_what_a_dead_one_took) {
  world.serve(9876, test::routes({10911}));
  auto& server = serve();
  auto producer = start();
  ASSERT_TRUE(producer.send({.topic = "t", .body = "b"}));
  world.run([&] {
    for (std::size_t i = 0; i < world.network.pairs(); ++i) world.network.freeze(i);
  });
  auto sent = producer.send_future({.topic = "t", .body = "b"});
  world.run([] {});  // it is on its way
  world.clock.advance_ms(3000);
  ASSERT_EQ(sent.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_TRUE(sent.get().ok());
  EXPECT_EQ(server.count(send_code), 2U);
}

TEST_F(IdempotentProducerTest, repeats_until_its_time_is_over) {
  world.serve(9876, test::routes({10911}));
  std::atomic<int> refusals{0};
  world.serve(10911, [&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.code == send_code && refusals++ < 6) return FakeAnswer{.code = 2, .remark = "busy"};
    return broker(request);
  });
  auto producer = start({.retries = 0});
  const auto sent = producer.send({.topic = "t", .body = "b"});
  ASSERT_TRUE(sent) << sent.status().message();
  EXPECT_EQ(refusals, 7);
}

TEST_F(IdempotentProducerTest, ends_with_what_will_never_succeed) {
  world.serve(9876, test::routes({10911}));
  auto& server = world.serve(10911, [](const FakeRequest&) {
    return FakeAnswer{.code = 13, .remark = "sequence 3 is older than the last"};
  });
  auto producer = start();
  EXPECT_FALSE(producer.send({.topic = "t", .body = "b"}));
  EXPECT_EQ(server.count(send_code), 1U);
}

TEST_F(IdempotentProducerTest, sends_many_at_once_each_with_a_number_of_its_own) {
  world.serve(9876, test::routes({10911}, 2));
  auto& server = serve();
  auto producer = start();
  std::vector<std::future<StatusOr<SendReceipt>>> sent;
  for (int i = 0; i < 1000; ++i) sent.push_back(producer.send_future({.topic = "t", .body = "b"}));
  for (auto& one : sent) EXPECT_TRUE(one.get().ok());
  EXPECT_EQ(broker.stored.size(), 1000U);
  EXPECT_EQ(server.count(send_code), 1000U);
}

TEST_F(IdempotentProducerTest, keeps_the_order_of_a_key_over_repeats) {
  world.serve(9876, test::routes({10911}, 2));
  auto& server = serve();
  auto producer = start();
  broker.silent = 1;
  std::vector<std::future<StatusOr<SendReceipt>>> sent;
  for (int i = 0; i < 20; ++i)
    sent.push_back(producer.send_future({.topic = "t", .body = "b", .ordering_key = "k"}));
  ASSERT_TRUE(eventually([&] { return server.count(send_code) == 1; }));
  world.cut_all();
  std::int64_t last = -1;
  for (auto& one : sent) {
    const auto receipt = one.get();
    ASSERT_TRUE(receipt) << receipt.status().message();
    EXPECT_GT(receipt->offset, last);
    last = receipt->offset;
  }
}

TEST_F(IdempotentProducerTest, goes_on_where_another_one_ended) {
  world.serve(9876, test::routes({10911}));
  serve();
  const auto first_queue = [](const auto&, const auto&) { return 0; };
  for (int round = 0; round < 2; ++round) {
    auto producer = start({.producer_id = "import-7"});
    for (std::int64_t i = 0; i < 5; ++i) {
      const auto sent = producer.send({.topic = "t", .body = "b", .sequence = i}, first_queue);
      ASSERT_TRUE(sent) << sent.status().message();
      EXPECT_EQ(sent->offset, i);
    }
    EXPECT_EQ(producer.send({.topic = "t", .body = "b"}, first_queue).status().code(),
              Errc::message_invalid);
    EXPECT_EQ(producer.send({.topic = "t", .body = "b", .sequence = 9}).status().code(),
              Errc::message_invalid);
  }
}

TEST_F(IdempotentProducerTest, wants_an_id_only_where_it_is_used) {
  const auto made = Producer::start(Client(world.open()), {.producer_id = "p"});
  EXPECT_EQ(made.status().code(), Errc::invalid_argument);
}

}  // namespace
}  // namespace bolide::client
