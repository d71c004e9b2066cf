// SPDX-License-Identifier: Apache-2.0
//
// Tests of sending and of retries, on a simulated network.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include <bolide/producer.h>

#include "client/fake_server.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
using test::World;
namespace request_code = remoting::request_code;

constexpr auto send_code = request_code::send_message_v2;

std::optional<FakeAnswer> store(const FakeRequest& request) {
  if (request.code != send_code) return FakeAnswer{};
  return test::stored_at(7, std::stoi(request.field("e")));
}

std::optional<FakeAnswer> busy(const FakeRequest& request) {
  if (request.code != send_code) return FakeAnswer{};
  return FakeAnswer{.code = 2, .remark = "[REJECTREQUEST]system busy"};
}

class ProducerTest : public testing::Test {
 protected:
  Producer start(ProducerOptions options = {}) {
    auto producer = Producer::start(Client(world.open()), std::move(options));
    EXPECT_TRUE(producer);
    return std::move(*producer);
  }

  World world;
};

TEST_F(ProducerTest, sends_what_java_sends) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, store);
  auto producer = start({.group = "pg"});
  const auto sent = producer.send({.topic = "t", .body = "b", .tag = "x", .flag = 3});
  ASSERT_TRUE(sent) << sent.status().message();
  EXPECT_EQ(sent->offset, 7);
  EXPECT_EQ(sent->queue.broker, "b10911");
  EXPECT_EQ(sent->offset_id, "7F00000100002A9F0000000000000000");
  const auto request = broker.requests(send_code).front();
  EXPECT_EQ(request.body, "b");
  EXPECT_EQ(request.field("a"), "pg");
  EXPECT_EQ(request.field("b"), "t");
  EXPECT_EQ(request.field("c"), "TBW102");
  EXPECT_EQ(request.field("d"), "4");
  EXPECT_EQ(request.field("f"), "0");
  EXPECT_EQ(request.field("h"), "3");
  EXPECT_EQ(request.field("i"), "UNIQ_KEY\1" + sent->id + "\2WAIT\1true\2TAGS\1x\2");
  EXPECT_EQ(request.field("j"), "0");
  EXPECT_EQ(request.field("k"), "false");
  EXPECT_EQ(request.field("m"), "false");
  EXPECT_EQ(request.field("n"), "b10911");
}

TEST_F(ProducerTest, tries_another_broker_after_a_failure_that_may_pass) {
  world.serve(9876, test::routes({10911, 10912}));
  auto& bad = world.serve(10911, busy);
  world.serve(10912, store);
  auto producer = start();
  for (int i = 0; i < 8; ++i) {
    const auto sent = producer.send({.topic = "t", .body = "b"});
    ASSERT_TRUE(sent) << sent.status().message();
    EXPECT_EQ(sent->queue.broker, "b10912");
  }
  EXPECT_GE(bad.count(send_code), 2U) << "it was never tried";
}

TEST_F(ProducerTest, gives_up_after_its_retries_with_what_the_broker_said) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, busy);
  auto producer = start({.retries = 2});
  const auto sent = producer.send({.topic = "t", .body = "b"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.status().code(), Errc::busy);
  EXPECT_TRUE(sent.status().retriable());
  EXPECT_NE(sent.status().message().find("system busy"), std::string::npos);
  EXPECT_EQ(broker.count(send_code), 3U);
}

TEST_F(ProducerTest, does_not_repeat_what_others_may_have_overtaken) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, busy);
  auto producer = start({.retries = 5});
  EXPECT_FALSE(producer.send({.topic = "t", .body = "b", .ordering_key = "k"}));
  EXPECT_EQ(broker.count(send_code), 1U);
  EXPECT_FALSE(
      producer.send({.topic = "t", .body = "b"}, [](const auto&, const auto&) { return 0; }));
  EXPECT_EQ(broker.count(send_code), 2U);
}

TEST_F(ProducerTest, does_not_repeat_what_will_never_succeed) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, [](const FakeRequest&) {
    return FakeAnswer{.code = 13, .remark = "the message is illegal"};
  });
  auto producer = start();
  EXPECT_FALSE(producer.send({.topic = "t", .body = "b"}));
  EXPECT_EQ(broker.count(send_code), 1U);
}

TEST_F(ProducerTest, tells_a_silent_broker_in_time) {
  world.serve(9876, test::routes({10911}));
  world.serve(10911, [](const FakeRequest&) -> std::optional<FakeAnswer> { return std::nullopt; });
  auto producer = start({.send_timeout = std::chrono::milliseconds(200)});
  const auto begin = std::chrono::steady_clock::now();
  const auto sent = producer.send({.topic = "t", .body = "b"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.status().code(), Errc::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(ProducerTest, sends_again_what_was_cut_off) {
  world.serve(9876, test::routes({10911}));
  std::atomic<int> count{0};
  auto& broker = world.serve(10911, [&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.code == send_code && ++count == 1) return std::nullopt;
    return store(request);
  });
  auto producer = start({.send_timeout = std::chrono::seconds(10)});
  auto sent = producer.send_future({.topic = "t", .body = "b"});
  ASSERT_TRUE(eventually([&] { return broker.count(send_code) == 1; }));
  world.cut_all();
  EXPECT_TRUE(sent.get().ok());
  EXPECT_EQ(broker.count(send_code), 2U);
}

TEST_F(ProducerTest, has_the_server_make_a_topic_that_is_missing) {
  world.serve(9876, test::routes({10911}, 8));
  auto& broker = world.serve(10911, store);
  auto producer = start({.auto_topic_queues = 3});
  const auto sent = producer.send({.topic = "missing", .body = "b"});
  ASSERT_TRUE(sent) << sent.status().message();
  const auto request = broker.requests(send_code).front();
  EXPECT_EQ(request.field("b"), "missing");
  EXPECT_EQ(request.field("d"), "3");
  EXPECT_LT(std::stoi(request.field("e")), 3);
}

TEST_F(ProducerTest, sends_on_while_a_restarted_name_server_knows_nothing) {
  std::atomic<bool> knows{true};
  auto& names = world.serve(9876, [&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (knows) return test::routes({10911})(request);
    return FakeAnswer{.code = remoting::response_code::topic_not_exist};
  });
  world.serve(10911, store);
  const auto core = world.open();
  auto producer = Producer::start(Client(core));
  ASSERT_TRUE(producer->send({.topic = "t", .body = "b"}));
  knows = false;
  ASSERT_TRUE(eventually([&] {
    world.run([&] { core->refresh_route("t"); });
    return names.count(request_code::get_route_info_by_topic) >= 3;
  }));
  EXPECT_TRUE(producer->send({.topic = "t", .body = "b"}));
}

TEST_F(ProducerTest, refuses_a_topic_that_may_not_be_written) {
  world.serve(9876, test::routes({10911}, 2, 4));
  auto producer = start();
  const auto sent = producer.send({.topic = "t", .body = "b"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.status().code(), Errc::no_permission);
}

TEST_F(ProducerTest, says_how_safely_a_message_is_stored) {
  world.serve(9876, test::routes({10911}));
  world.serve(10911, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.code != send_code) return FakeAnswer{};
    FakeAnswer answer = test::stored_at(1);
    answer.code = 10;
    return answer;
  });
  auto producer = start();
  EXPECT_EQ(producer.send({.topic = "t", .body = "b"})->state, SendState::flush_disk_timeout);
}

// A broker that answers the first send with one code, and further ones with another.
test::FakeHandler codes(std::int32_t first, std::int32_t then) {
  const auto sends = std::make_shared<std::atomic<int>>(0);
  return [=](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.code != send_code) return FakeAnswer{};
    FakeAnswer answer = test::stored_at(1);
    answer.code = (*sends)++ == 0 ? first : then;
    return answer;
  };
}

TEST_F(ProducerTest, a_stored_message_stays_stored_when_its_second_attempt_fails) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, codes(10, 13));
  auto producer = start({.retry_when_not_stored_safely = true});
  const auto sent = producer.send({.topic = "t", .body = "b"});
  ASSERT_TRUE(sent) << sent.status().message();
  EXPECT_EQ(sent->state, SendState::flush_disk_timeout);
  EXPECT_EQ(broker.count(send_code), 2U);
}

TEST_F(ProducerTest, looks_for_the_route_again_before_another_attempt) {
  std::atomic<int> perm{6};
  world.serve(9876,
              [&](const FakeRequest& request) { return test::routes({10911}, 2, perm)(request); });
  auto& broker = world.serve(10911, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.code == send_code) return std::nullopt;
    return FakeAnswer{};
  });
  const auto core = world.open();
  auto producer = Producer::start(Client(core), {.send_timeout = std::chrono::seconds(10),
                                                 .retry_when_not_stored_safely = true});
  auto sent = producer->send_future({.topic = "t", .body = "b"});
  ASSERT_TRUE(eventually([&] { return broker.count(send_code) == 1; }));
  // Meanwhile the topic may not be written any more, and a send has found that out.
  perm = 4;
  const auto refused = [&] {
    world.run([&] { core->refresh_route("t"); });
    return !producer->send_one_way({.topic = "t", .body = "b"}).ok();
  };
  ASSERT_TRUE(eventually(refused));
  const FakeAnswer unsafe = test::stored_at(5);
  const auto waiting = broker.requests(send_code).front().opaque;
  world.run([&] { broker.write(10, waiting, remoting::header_flag::response, unsafe); });
  const auto end = sent.get();
  ASSERT_TRUE(end) << end.status().message();
  EXPECT_EQ(end->offset, 5) << "it is stored";
}

TEST_F(ProducerTest, ends_in_time_when_nobody_tells_where_new_topics_go) {
  world.serve(9876, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.field("topic") == "TBW102") return std::nullopt;
    return FakeAnswer{.code = remoting::response_code::topic_not_exist};
  });
  auto producer = start({.send_timeout = std::chrono::milliseconds(200)});
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(producer.send({.topic = "t", .body = "b"}).status().code(), Errc::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(ProducerTest, leaves_its_group_when_it_is_the_last_of_it) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, store);
  const Client client(world.open());
  auto one = Producer::start(client, {.group = "pg"}),
       other = Producer::start(client, {.group = "pg"});
  ASSERT_TRUE(one->send({.topic = "t", .body = "b"}));
  {
    const Producer gone = std::move(*other);
  }
  ASSERT_TRUE(one->send({.topic = "t", .body = "b"}));
  EXPECT_EQ(broker.count(request_code::unregister_client), 0U);
  {
    const Producer gone = std::move(*one);
  }
  EXPECT_TRUE(eventually([&] { return broker.count(request_code::unregister_client) == 1; }));
}

TEST_F(ProducerTest, ends_what_waits_when_it_is_destroyed) {
  world.serve(9876, [](const FakeRequest&) -> std::optional<FakeAnswer> { return std::nullopt; });
  std::vector<std::future<StatusOr<SendReceipt>>> sent;
  {
    auto producer = start({.send_timeout = std::chrono::milliseconds(300)});
    for (int i = 0; i < 20; ++i) sent.push_back(producer.send_future({.topic = "t", .body = "b"}));
  }
  for (auto& one : sent) {
    ASSERT_EQ(one.wait_for(std::chrono::seconds(0)), std::future_status::ready);
    EXPECT_FALSE(one.get().ok());
  }
}

TEST_F(ProducerTest, waits_for_room_and_says_when_there_is_none) {
  world.serve(9876, [](const FakeRequest&) -> std::optional<FakeAnswer> { return std::nullopt; });
  auto producer =
      start({.send_timeout = std::chrono::milliseconds(300), .in_flight_messages_max = 2});
  std::latch ended(2);
  for (int i = 0; i < 2; ++i)
    producer.send_async({.topic = "t", .body = "b"}, [&](const auto&) { ended.count_down(); });
  const auto begin = std::chrono::steady_clock::now();
  (void)producer.send({.topic = "t", .body = "b"});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(200));
  ended.wait();
}

TEST_F(ProducerTest, says_at_once_that_there_is_no_room_where_it_may_not_wait) {
  world.serve(9876, [](const FakeRequest&) -> std::optional<FakeAnswer> { return std::nullopt; });
  auto producer = start({.send_timeout = std::chrono::seconds(1), .in_flight_messages_max = 1});
  auto first = producer.send_future({.topic = "t", .body = "b"});
  std::atomic<int> code{-1};
  world.runtime.workers().submit(
      [&] { code = static_cast<int>(producer.send({.topic = "t", .body = "b"}).status().code()); });
  ASSERT_TRUE(eventually([&] { return code >= 0; }));
  EXPECT_EQ(code, static_cast<int>(Errc::busy));
  EXPECT_EQ(first.wait_for(std::chrono::seconds(0)), std::future_status::timeout) << "at once";
}

TEST_F(ProducerTest, bounds_what_goes_one_way_and_the_network_does_not_take) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, store);
  auto producer = start({.compression = Compression::none, .in_flight_bytes_max = 10'000});
  ASSERT_TRUE(producer.send({.topic = "t", .body = "b"}));
  world.run([&] {
    for (std::size_t i = 0; i < world.network.pairs(); ++i) world.network.freeze(i);
  });
  const Message message{.topic = "t", .body = std::string(1000, 'x')};
  int taken = 0;
  Status last;
  for (; taken < 100 && last.ok(); ++taken) last = producer.send_one_way(message);
  EXPECT_EQ(last.code(), Errc::busy);
  EXPECT_LE(taken, 10);
  world.run([&] {
    for (std::size_t i = 0; i < world.network.pairs(); ++i) world.network.freeze(i, false);
  });
  EXPECT_TRUE(eventually([&] { return producer.send_one_way(message).ok(); }));
  EXPECT_GE(broker.count(send_code), 2U);
}

TEST_F(ProducerTest, says_of_what_went_one_way_whether_a_connection_took_it) {
  world.serve(9876, test::routes({10911}));
  {
    auto producer = start();
    const Status lost = producer.send_one_way({.topic = "t", .body = "b"});
    EXPECT_EQ(lost.code(), Errc::connection_failed);
  }
  auto& broker = world.serve(10911, store);
  {
    auto producer = start();
    EXPECT_TRUE(producer.send_one_way({.topic = "t", .body = "b"}).ok());
  }
  EXPECT_TRUE(eventually([&] { return broker.count(send_code) == 1; })) << "its client has ended";
}

TEST_F(ProducerTest, gives_results_to_those_who_hold_every_worker) {
  constexpr int workers = 64;
  world.serve(9876, test::routes({10911}));
  world.serve(10911, store);
  auto producer = start();
  std::latch all(workers);
  std::atomic<int> sent{0}, asked{0};
  for (int i = 0; i < workers; ++i) {
    world.runtime.workers().submit([&] {
      all.arrive_and_wait();
      sent += producer.send_future({.topic = "t", .body = "b"}).get().ok() ? 1 : 0;
      const auto answer =
          producer.request({.topic = "t", .body = "b"}, std::chrono::milliseconds(50));
      asked += answer.status().code() == Errc::timeout ? 1 : 0;
    });
  }
  EXPECT_TRUE(eventually([&] { return asked == workers; }));
  EXPECT_EQ(sent, workers);
}

TEST_F(ProducerTest, ends_requests_and_their_callbacks_before_it_is_gone) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, store);
  std::atomic<int> ends{0};
  {
    auto producer = start();
    producer.request_async({.topic = "t", .body = "b"}, std::chrono::hours(1),
                           [&](const auto& end) {
                             if (end.status().code() == Errc::shutting_down) ++ends;
                           });
    producer.send_async({.topic = "", .body = "b"},
                        [&](const auto& end) { ends += end.ok() ? 0 : 1; });
    ASSERT_TRUE(eventually([&] { return broker.count(send_code) == 1; }));
  }
  EXPECT_EQ(ends, 2);
}

TEST_F(ProducerTest, nothing_is_left_of_requests_that_were_answered) {
  constexpr int count = 10'000;
  world.serve(9876, test::routes({10911}));
  test::FakeServer* broker = nullptr;
  broker = &world.serve(10911, [&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    const std::string properties = request.field("i");
    const std::size_t at = properties.find("CORRELATION_ID\1");
    if (request.code == send_code) {
      const std::string own = properties.substr(at, properties.find('\2', at) + 1 - at);
      broker->write(request_code::push_reply_message_to_client, 1, remoting::header_flag::one_way,
                    {.fields = {{"topic", "t"}, {"properties", own}}, .body = "answer"});
    }
    return store(request);
  });
  const auto core = world.open();
  auto producer = Producer::start(Client(core));
  std::atomic<int> answered{0};
  for (int i = 0; i < count; ++i) {
    producer->request_async({.topic = "t", .body = "b"}, std::chrono::hours(1),
                            [&](const auto& answer) { answered += answer.ok() ? 1 : 0; });
  }
  ASSERT_TRUE(eventually([&] { return answered == count; }));
  world.run([&] { EXPECT_EQ(core->tasks(), 0U); });
}

TEST_F(ProducerTest, a_callback_that_destroys_its_producer_waits_for_the_others) {
  world.serve(9876, test::routes({10911}));
  world.serve(10911, store);
  auto held = std::make_unique<Producer>(start());
  std::atomic<int> others{0}, seen{-1};
  std::latch begun(1);
  Producer& producer = *held;
  producer.send_async({.topic = "t", .body = "b"}, [&](const auto&) {
    begun.wait();
    held.reset();
    seen = others.load();
  });
  for (int i = 0; i < 20; ++i)
    producer.send_async({.topic = "t", .body = "b"}, [&](const auto&) { ++others; });
  begun.count_down();
  ASSERT_TRUE(eventually([&] { return seen >= 0; }));
  EXPECT_EQ(seen, 20);
}

TEST_F(ProducerTest, a_callback_may_flush) {
  world.serve(9876, test::routes({10911}));
  world.serve(10911, store);
  auto producer = start();
  std::atomic<bool> flushed{false};
  producer.send_async({.topic = "t", .body = "b"},
                      [&](const auto&) { flushed = producer.flush(std::chrono::seconds(5)).ok(); });
  EXPECT_TRUE(producer.flush(std::chrono::seconds(10)).ok());
  EXPECT_TRUE(flushed);
}

TEST_F(ProducerTest, a_batch_is_one_request_and_gives_one_receipt_each) {
  world.serve(9876, test::routes({10911}));
  auto& broker = world.serve(10911, [](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (request.code != request_code::send_batch_message) return FakeAnswer{};
    FakeAnswer answer = test::stored_at(40);
    answer.fields.front().second = "A,B,C";
    return answer;
  });
  auto producer = start();
  const auto sent = producer.send_batch(
      {{.topic = "t", .body = "1"}, {.topic = "t", .body = "2"}, {.topic = "t", .body = "3"}});
  ASSERT_TRUE(sent);
  EXPECT_EQ(broker.count(request_code::send_batch_message), 1U);
  EXPECT_EQ(broker.requests(request_code::send_batch_message).front().field("m"), "true");
  EXPECT_EQ((*sent)[2].offset, 42);
  EXPECT_EQ((*sent)[2].offset_id, "C");
  EXPECT_NE((*sent)[0].id, (*sent)[1].id);
}

}  // namespace
}  // namespace bolide::client
