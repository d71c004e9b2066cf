// SPDX-License-Identifier: Apache-2.0
//
// Tests of the network in memory, and of the fakes for session tests.
// Runs on: the test's thread.  Owns: nothing.  Invariant: -
#include "net/sim_transport.h"

#include "net/test_connection.h"
#include "net/test_server.h"

#include <gtest/gtest.h>

namespace bolide::net {
namespace {

using test::close_frame;
using test::Counters;
using test::EchoSession;
using test::frame;

// Keeps all it is shown; writes `request` at once.
class Recorder final : public Session {
 public:
  Recorder(Connection& connection, std::string_view request, std::string& seen, bool& closed)
      : seen_(seen), closed_(closed) {
    connection.write(request);
  }
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    seen_.append(bytes);
    return bytes.size();
  }
  void on_closed() override { closed_ = true; }

 private:
  std::string& seen_;
  bool& closed_;
};

class SimNetworkTest : public testing::Test {
 protected:
  void listen() {
    auto made = server->listen(
        {.address = {.host = "broker", .port = 10911}},
        [this](Connection& c) { return std::make_unique<EchoSession>(c, counters); });
    ASSERT_TRUE(made);
    listener = std::move(*made);
  }
  void connect(const std::string& request) {
    client->connect(
        {.host = "broker", .port = 10911}, {}, nullptr,
        [this, request](Connection& c) {
          return std::make_unique<Recorder>(c, request, seen, closed);
        },
        [this](Result<> result) { connected = std::move(result); });
  }

  ManualClock clock;
  SimNetwork network{clock};
  Counters counters;
  std::string seen;
  bool closed = false;
  std::optional<Result<>> connected;
  std::unique_ptr<Transport> server = network.make_transport();
  std::unique_ptr<Transport> client = network.make_transport();
  std::unique_ptr<Listener> listener;
};

TEST_F(SimNetworkTest, carries_bytes_when_told_to) {
  listen();
  connect(frame("hello"));
  EXPECT_FALSE(connected.has_value());
  EXPECT_TRUE(network.run());
  ASSERT_TRUE(connected && *connected);
  EXPECT_EQ(seen, frame("hello"));
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(SimNetworkTest, shows_every_prefix_when_bytes_come_one_at_a_time) {
  listen();
  network.set_byte_at_a_time(true);
  connect(frame("hello"));
  EXPECT_TRUE(network.run());
  EXPECT_EQ(seen, frame("hello"));
  EXPECT_EQ(counters.seen, 9U * 10U / 2U);
}

TEST_F(SimNetworkTest, refuses_where_nobody_listens) {
  connect("x");
  EXPECT_TRUE(network.run());
  ASSERT_TRUE(connected.has_value());
  EXPECT_EQ(connected->error().code, Errc::connection_failed);
}

TEST_F(SimNetworkTest, closes_after_pending_output) {
  listen();
  connect(frame("last") + close_frame());
  EXPECT_TRUE(network.run());
  EXPECT_EQ(seen, frame("last"));
  EXPECT_TRUE(closed);
  EXPECT_EQ(counters.closed, 1);
  EXPECT_FALSE(network.is_open(0));
}

TEST_F(SimNetworkTest, cuts_and_freezes) {
  listen();
  connect(frame("one"));
  ASSERT_TRUE(network.step());
  network.freeze(0);
  const std::string before = seen;
  EXPECT_TRUE(network.run());
  EXPECT_EQ(seen, before);
  EXPECT_FALSE(closed);
  network.freeze(0, false);
  EXPECT_TRUE(network.run());
  EXPECT_EQ(seen, frame("one"));
  network.cut(0);
  EXPECT_TRUE(network.run());
  EXPECT_TRUE(closed);
  EXPECT_EQ(counters.closed, 1);
}

TEST_F(SimNetworkTest, loses_a_whole_host) {
  listen();
  connect(frame("one"));
  EXPECT_TRUE(network.run());
  server.reset();
  EXPECT_EQ(counters.closed, 1);
  EXPECT_TRUE(network.run());
  EXPECT_TRUE(closed);
  connect("again");
  EXPECT_TRUE(network.run());
  EXPECT_FALSE(*connected);
}

TEST(SessionDriver, shows_bytes_until_they_are_consumed) {
  Counters counters;
  test::FakeConnection connection;
  {
    test::SessionDriver driver(
        connection, [&](Connection& c) { return std::make_unique<EchoSession>(c, counters); });
    driver.feed_byte_by_byte(frame("abc"));
    EXPECT_EQ(connection.take(), frame("abc"));
    connection.is_congested = true;
    driver.feed(frame("later"));
    EXPECT_EQ(driver.unconsumed(), frame("later"));
    connection.is_congested = false;
    driver.feed(close_frame() + frame("never"));
    EXPECT_EQ(connection.take(), frame("later"));
    EXPECT_EQ(connection.close_reason, "asked to");
  }
  EXPECT_EQ(counters.closed, 1);
}

}  // namespace
}  // namespace bolide::net
