// SPDX-License-Identifier: Apache-2.0
//
// Tests of transactions, on a simulated network.
// Runs on: the test's thread and the client's agent.  Owns: nothing.  Invariant: none.
#include <bolide/transaction_producer.h>

#include "client/fake_server.h"

#include <gtest/gtest.h>

namespace bolide::client {
namespace {

using test::eventually;
using test::FakeAnswer;
using test::FakeRequest;
namespace request_code = remoting::request_code;

TEST(TransactionProducer, executes_nothing_for_a_message_that_is_not_stored_safely) {
  test::World world;
  world.serve(9876, test::routes({10911}));
  std::atomic<std::int32_t> code{10};
  auto& broker = world.serve(10911, [&](const FakeRequest& request) {
    FakeAnswer answer = test::stored_at(7);
    if (request.code == request_code::send_message_v2) answer.code = code;
    return answer;
  });
  auto producer = TransactionProducer::start(
      Client(world.open()), {.check = [](const auto&) { return TransactionState::unknown; }});
  ASSERT_TRUE(producer);
  int executed = 0;
  const auto execute = [&] {
    ++executed;
    return TransactionState::commit;
  };
  const auto unsafe = producer->send({.topic = "t", .body = "b"}, execute);
  ASSERT_TRUE(unsafe);
  EXPECT_EQ(unsafe->state, SendState::flush_disk_timeout);
  EXPECT_EQ(executed, 0);
  ASSERT_TRUE(eventually([&] { return broker.count(request_code::end_transaction) == 1; }));
  EXPECT_EQ(broker.requests(request_code::end_transaction).back().field("commitOrRollback"), "12");

  code = 0;
  ASSERT_TRUE(producer->send({.topic = "t", .body = "b"}, execute));
  EXPECT_EQ(executed, 1);
  EXPECT_EQ(broker.requests(request_code::end_transaction).back().field("commitOrRollback"), "8");
}

TEST(TransactionProducer, may_be_asked_before_it_sends) {
  test::World world;
  const auto old = test::routes({10911}), other = test::routes({10912});
  world.serve(9876, [&](const FakeRequest& request) {
    return request.field("topic") == "orders" ? other(request) : old(request);
  });
  const auto answer = [](const FakeRequest&) { return FakeAnswer{}; };
  const std::vector<test::FakeServer*> brokers = {&world.serve(10911, answer),
                                                  &world.serve(10912, answer)};
  auto producer = TransactionProducer::start(
      Client(world.open()), {.producer = {.group = "payers"},
                             .check = [](const auto&) { return TransactionState::unknown; },
                             .topics = {"orders"}});
  ASSERT_TRUE(producer);
  for (const test::FakeServer* const broker : brokers) {
    ASSERT_TRUE(eventually([&] {
      const auto beats = broker->requests(request_code::heart_beat);
      return !beats.empty() &&
             beats.back().body.find(R"("groupName":"payers")") != std::string::npos;
    }));
  }
}

TEST(TransactionProducer, ends_a_transaction_once) {
  test::World world;
  world.serve(9876, test::routes({10911}));
  std::atomic<bool> away = true;
  auto& broker = world.serve(10911, [&](const FakeRequest& request) {
    FakeAnswer answer = test::stored_at(7);
    if (request.code == request_code::end_transaction && away) answer.code = 1;
    return answer;
  });
  auto producer = TransactionProducer::start(
      Client(world.open()), {.check = [](const auto&) { return TransactionState::unknown; }});
  ASSERT_TRUE(producer);
  auto transaction = producer->begin({.topic = "t", .body = "b"});
  ASSERT_TRUE(transaction);
  EXPECT_FALSE(transaction->commit().ok());
  away = false;  // it was not told: either may be said yet
  auto copy = *transaction;
  EXPECT_TRUE(copy.commit().ok());
  EXPECT_TRUE(transaction->commit().ok());
  const Status refused = transaction->rollback();
  EXPECT_EQ(refused.code(), Errc::invalid_argument);
  EXPECT_NE(refused.message().find("was committed"), std::string::npos);
  EXPECT_EQ(broker.count(request_code::end_transaction), 2U);
}

}  // namespace
}  // namespace bolide::client
