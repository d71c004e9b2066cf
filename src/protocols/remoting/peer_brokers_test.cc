// SPDX-License-Identifier: Apache-2.0
//
// Questions to another broker, which answers, refuses, is silent or is not there.
#include "protocols/remoting/peer_brokers.h"

#include "net/sim_transport.h"
#include "net/tls.h"
#include "protocols/remoting/front_test_util.h"

#include <gtest/gtest.h>

#include <optional>

namespace bolide::remoting {
namespace {

using broker::QueueFact;

constexpr std::uint16_t broker_port = 10911;

class PeerBrokersTest : public ::testing::Test {
 protected:
  explicit PeerBrokersTest(std::shared_ptr<net::TlsContext> tls = nullptr) : tls_(std::move(tls)) {}

  void listen(net::TlsMode mode = net::TlsMode::disabled) {
    auto opened = server_transport_->listen(
        {.address = {.host = "127.0.0.1", .port = broker_port}, .tls_mode = mode},
        [this](net::Connection& c) { return desk_.front.make_session(c); });
    ASSERT_TRUE(opened);
    listener_ = std::move(*opened);
  }
  // The answer, once everything that can happen at once has happened.
  Result<std::int64_t> ask(const broker::QueueQuestion& question,
                           const std::string& name = "broker-a") {
    std::optional<Result<std::int64_t>> got;
    peers_.ask(name, question, [&got](Result<std::int64_t> answer) { got = std::move(answer); });
    settle();
    return got ? *got : Result<std::int64_t>(fail(Errc::busy, "no answer"));
  }
  std::optional<Result<broker::PullResult>> pull(std::int64_t offset, std::int32_t queue_id = 0) {
    std::optional<Result<broker::PullResult>> got;
    broker::PullRequest request = desk_.rig.pull_request("orders", offset);
    request.queue_id = queue_id;
    peers_.pull("broker-a", request,
                [&got](Result<broker::PullResult> answer) { got = std::move(answer); });
    settle();
    return got;
  }
  void settle() {
    ASSERT_TRUE(network_.run());
    desk_.rig.core->end_of_turn();
    ASSERT_TRUE(network_.run());
  }

  std::shared_ptr<net::TlsContext> tls_;
  testing::BrokerDesk desk_;
  net::Agent agent_{"test", desk_.rig.clock};
  net::SimNetwork network_{desk_.rig.clock};
  std::unique_ptr<net::Transport> server_transport_ = network_.make_transport();
  std::unique_ptr<net::Transport> transport_ = network_.make_transport();
  std::unique_ptr<net::Listener> listener_;
  int routes_asked_ = 0;
  PeerBrokers peers_{agent_,
                     *transport_,
                     [this](const std::string&, PeerBrokers::OnRoute done) {
                       ++routes_asked_;
                       done(R"({"brokerDatas":[{"brokerAddrs":{0:"127.0.0.1:10911"},)"
                            R"("brokerName":"broker-a","cluster":"C"}],"queueDatas":[]})");
                     },
                     {.answer_timeout_ms = 1'000, .tls = tls_}};
};

TEST_F(PeerBrokersTest, answers_what_is_asked_about_a_queue) {
  listen();
  desk_.rig.send("orders", "m0", 3);
  desk_.rig.send("orders", "m1", 3);
  EXPECT_EQ(ask({.fact = QueueFact::max_offset, .topic = "orders", .queue_id = 3}), 2);
  EXPECT_EQ(ask({.fact = QueueFact::min_offset, .topic = "orders", .queue_id = 3}), 0);
  EXPECT_EQ(ask({.fact = QueueFact::earliest_store_time, .topic = "orders", .queue_id = 3}),
            desk_.rig.clock.now().wall_ms);
  EXPECT_EQ(ask({.fact = QueueFact::offset_by_time,
                 .topic = "orders",
                 .queue_id = 3,
                 .value = desk_.rig.clock.now().wall_ms + 1}),
            2);
  EXPECT_EQ(routes_asked_, 1) << "the connection is kept";
}

TEST_F(PeerBrokersTest, tells_and_asks_for_offsets_of_groups) {
  listen();
  const broker::QueueQuestion question{.fact = QueueFact::consumer_offset,
                                       .topic = "orders",
                                       .queue_id = 1,
                                       .group = "readers",
                                       .zero_if_absent = false};
  EXPECT_EQ(ask(question).error().code, Errc::not_found);
  broker::QueueQuestion commit = question;
  commit.fact = QueueFact::commit;
  commit.value = 7;
  EXPECT_FALSE(ask(commit)) << "the group is not known there";
  desk_.rig.pull("orders", 0);
  EXPECT_EQ(ask(commit), 0);
  EXPECT_EQ(ask(question), 7);
}

TEST_F(PeerBrokersTest, brings_messages) {
  listen();
  desk_.rig.send("orders", "m0");
  const auto got = pull(0);
  ASSERT_TRUE(got && *got);
  const broker::PullResult& result = **got;
  EXPECT_EQ(result.status, broker::PullStatus::found);
  EXPECT_EQ(result.next_offset, 1);
  EXPECT_EQ(result.max_offset, 1);
  EXPECT_EQ(broker::testing::CoreRig::bodies(result), std::vector<std::string>{"m0"});
  const auto behind = pull(1);
  ASSERT_TRUE(behind && *behind);
  EXPECT_EQ((*behind)->status, broker::PullStatus::offset_overflow_one);
  EXPECT_TRUE((*behind)->records.empty());
  const auto beyond = pull(9);
  ASSERT_TRUE(beyond && *beyond);
  EXPECT_EQ((*beyond)->status, broker::PullStatus::offset_overflow_badly);
}

TEST_F(PeerBrokersTest, passes_refusals_on) {
  listen();
  const auto got = pull(0, 77);
  ASSERT_TRUE(got);
  ASSERT_FALSE(*got);
  EXPECT_NE(got->error().context.find("queueId[77] is illegal"), std::string::npos);
}

TEST_F(PeerBrokersTest, says_that_a_broker_cannot_be_reached) {
  const broker::QueueQuestion question{.fact = QueueFact::max_offset, .topic = "orders"};
  EXPECT_EQ(ask(question).error().code, Errc::connection_failed) << "nobody listens";
  EXPECT_EQ(ask(question, "elsewhere").error().code, Errc::connection_failed) << "no address";
  listen();
  EXPECT_EQ(ask(question), 0) << "it is tried again";
}

class EncryptedPeersTest : public PeerBrokersTest {
 protected:
  EncryptedPeersTest() : PeerBrokersTest(*net::TlsContext::client({.verify = false})) {}
};

TEST_F(EncryptedPeersTest, reaches_a_broker_that_takes_nothing_else) {
  listen(net::TlsMode::enforcing);
  EXPECT_EQ(ask({.fact = QueueFact::max_offset, .topic = "orders"}), 0);
}

TEST_F(PeerBrokersTest, gives_up_on_a_broker_that_is_silent) {
  auto silent = server_transport_->listen({.address = {.host = "127.0.0.1", .port = broker_port}},
                                          [](net::Connection&) -> std::unique_ptr<net::Session> {
                                            struct Silent final : net::Session {
                                              std::size_t on_bytes(std::string_view bytes,
                                                                   const Now&) override {
                                                return bytes.size();
                                              }
                                              void on_closed() override {}
                                            };
                                            return std::make_unique<Silent>();
                                          });
  ASSERT_TRUE(silent);
  std::optional<Errc> code;
  peers_.ask("broker-a", {.fact = QueueFact::max_offset, .topic = "orders"},
             [&code](Result<std::int64_t> answer) {
               if (!answer) code = answer.error().code;
             });
  settle();
  EXPECT_FALSE(code);
  desk_.rig.clock.advance_ms(1'000);
  peers_.tick();
  EXPECT_EQ(code, Errc::timeout);
  // Whoever was there may be somewhere else now.
  settle();
  silent->reset();
  listen();
  desk_.rig.send("orders", "m0", 3);
  const int routes_before = routes_asked_;
  const auto found = ask({.fact = QueueFact::max_offset, .topic = "orders", .queue_id = 3});
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(*found, 1);
  EXPECT_EQ(routes_asked_, routes_before + 1);
}

}  // namespace
}  // namespace bolide::remoting
