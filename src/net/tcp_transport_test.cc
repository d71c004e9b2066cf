// SPDX-License-Identifier: Apache-2.0
//
// Tests of plain TCP: real sockets on 127.0.0.1.
// Runs on: the test's thread and an agent.  Owns: nothing.  Invariant: waits for conditions only.
#include "net/test_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <utility>
#include <vector>

namespace bolide::net {
namespace {

using test::Client;
using test::EchoSession;
using test::eventually;
using test::frame;
using test::TestServer;

std::string pattern(std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<char>(i * 2654435761U >> 13U);
  return out;
}

TEST(TcpTransport, echoes_a_frame) {
  TestServer server;
  const Client client(server.echo());
  ASSERT_TRUE(client.send(frame("hello")));
  EXPECT_EQ(client.receive(9), frame("hello"));
  const TransportStats stats = server.stats();
  EXPECT_EQ(stats.accepted, 1U);
  EXPECT_EQ(stats.bytes_in, 9U);
  EXPECT_EQ(stats.bytes_out, 9U);
}

TEST(TcpTransport, answers_pipelined_requests_in_order) {
  TestServer server;
  const Client client(server.echo());
  std::string sent;
  for (int i = 0; i < 30'000; ++i) sent += frame(std::to_string(i));
  std::thread sender([&] { EXPECT_TRUE(client.send(sent)); });
  EXPECT_TRUE(client.receive(sent.size()) == sent);
  sender.join();
}

TEST(TcpTransport, understands_bytes_that_come_one_at_a_time) {
  TestServer server;
  const Client client(server.echo());
  const std::string sent = frame("byte by byte") + frame("") + frame("x");
  for (const char byte : sent) ASSERT_TRUE(client.send({&byte, 1}));
  EXPECT_EQ(client.receive(sent.size()), sent);
}

TEST(TcpTransport, carries_frames_larger_than_its_scratch_memory) {
  TestServer server;
  const Client client(server.echo());
  const std::string sent = frame("before") + frame(pattern(9'000'000)) + frame("between") +
                           frame(pattern(300'000)) + frame(pattern(5'000)) + frame("after");
  std::thread sender([&] { EXPECT_TRUE(client.send(sent)); });
  EXPECT_TRUE(client.receive(sent.size()) == sent);
  sender.join();
}

TEST(TcpTransport, closes_a_connection_whose_unconsumed_input_is_too_long) {
  TestServer server;
  ListenOptions options;
  options.limits.input_bytes_max = 100'000;
  const Client client(server.echo(options));
  client.send(frame(std::string(200'000, 'x')));
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return server.counters.closed == 1; }));
  EXPECT_EQ(server.closed_by(CloseReason::input_too_long), 1U);
}

TEST(TcpTransport, stops_reading_while_the_peer_does_not_take_its_answers) {
  TestServer server;
  ListenOptions options;
  options.limits.output_pause_bytes = 64 << 10;
  const Client client(server.echo(options), 4096);
  constexpr std::size_t total = 30'000'000;
  const std::string one = frame(std::string(10'000, 'p'));
  std::thread sender([&] {
    for (std::size_t sent = 0; sent < total; sent += one.size()) ASSERT_TRUE(client.send(one));
  });
  // With nobody receiving the server comes to a stand, far before all was taken.
  std::size_t taken = 0;
  EXPECT_TRUE(eventually([&] {
    const std::size_t before = std::exchange(taken, server.counters.taken.load());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return taken > 0 && before == taken;
  }));
  EXPECT_LT(taken, total / 2);
  const std::size_t rounded = (total + one.size() - 1) / one.size() * one.size();
  EXPECT_EQ(client.receive(rounded).size(), rounded);
  sender.join();
  EXPECT_EQ(server.counters.taken, rounded);
}

// Writes slices of a shared chunk until told to stop.
class Flood final : public Session {
 public:
  explicit Flood(Connection& connection) : connection_(connection) {}
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    for (int i = 0; i < 64; ++i) connection_.write(Slice{chunk_, 0, chunk_->capacity()});
    return bytes.size();
  }
  void on_closed() override {}

 private:
  Connection& connection_;
  std::shared_ptr<const Chunk> chunk_ = std::make_shared<Chunk>(1 << 20);
};

TEST(TcpTransport, closes_a_slow_consumer) {
  TestServer server;
  ListenOptions options;
  options.limits.output_bytes_max = 8 << 20;
  const Client client(
      server.listen(options, [](Connection& c) { return std::make_unique<Flood>(c); }), 4096);
  ASSERT_TRUE(client.send("x"));
  EXPECT_TRUE(eventually([&] { return server.closed_by(CloseReason::slow_consumer) == 1; }));
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
}

TEST(TcpTransport, closes_a_slow_consumer_whose_output_grows_turn_by_turn) {
  TestServer server;
  ListenOptions options;
  options.limits.output_bytes_max = 8 << 20;
  Connection* connection = nullptr;
  const Client client(server.listen(options,
                                    [&](Connection& made) {
                                      connection = &made;
                                      return std::make_unique<EchoSession>(made, server.counters);
                                    }),
                      4096);
  ASSERT_TRUE(client.send(frame("x")));
  ASSERT_TRUE(eventually([&] { return server.counters.opened == 1; }));
  const std::string piece(1 << 20, 'p');
  EXPECT_TRUE(eventually([&] {
    return server.call([&] {
      if (server.counters.closed == 0) connection->write(piece);
      return server.counters.closed == 1;
    });
  }));
  EXPECT_EQ(server.closed_by(CloseReason::slow_consumer), 1U);
}

TEST(TcpTransport, sends_large_shared_bytes_to_a_peer_that_takes_them) {
  TestServer server;
  const Client client(server.listen({}, [](Connection& c) { return std::make_unique<Flood>(c); }));
  ASSERT_TRUE(client.send("x"));
  EXPECT_EQ(client.receive(64U << 20U).size(), 64U << 20U);
}

TEST(TcpTransport, closes_an_idle_connection_and_not_a_busy_one) {
  TestServer server;
  ListenOptions options;
  options.limits.idle_timeout_ms = 300;
  const std::uint16_t port = server.echo(options);
  const Client idle(port);
  const Client busy(port);
  ASSERT_TRUE(idle.send(frame("x")));
  std::thread talker([&] {
    while (server.closed_by(CloseReason::idle) == 0) {
      ASSERT_TRUE(busy.send(frame("y")));
      ASSERT_EQ(busy.receive(5).size(), 5U);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  });
  EXPECT_EQ(idle.receive(5), frame("x"));
  EXPECT_TRUE(idle.ended());
  talker.join();
  EXPECT_EQ(server.connections(), 1U);
}

TEST(TcpTransport, answers_what_came_before_the_peer_stopped_sending) {
  TestServer server;
  const Client client(server.echo());
  ASSERT_TRUE(client.send(frame("last words")));
  client.end_sending();
  EXPECT_EQ(client.receive(14), frame("last words"));
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return server.counters.closed == 1; }));
  EXPECT_EQ(server.closed_by(CloseReason::peer), 1U);
}

TEST(TcpTransport, delivers_pending_output_before_it_closes) {
  TestServer server;
  const Client client(server.echo());
  const std::string sent = frame(pattern(3'000'000));
  std::thread sender([&] { client.send(sent + test::close_frame() + frame("ignored")); });
  EXPECT_TRUE(client.receive(sent.size()) == sent);
  EXPECT_TRUE(client.ended());
  sender.join();
  EXPECT_EQ(server.counters.closed, 0) << "the client's end of the stream is still open";
  EXPECT_EQ(server.connections(), 1U);
  client.end_sending();
  EXPECT_TRUE(eventually([&] { return server.counters.closed == 1; }));
  EXPECT_EQ(server.closed_by(CloseReason::local), 1U);
}

TEST(TcpTransport, lets_go_of_a_closed_connection_whose_peer_never_closes) {
  TestServer server;
  const Client client(server.echo());
  ASSERT_TRUE(client.send(test::close_frame()));
  EXPECT_TRUE(eventually([&] { return server.counters.closed == 1; }));
  EXPECT_EQ(server.connections(), 0U);
}

TEST(TcpTransport, survives_resets) {
  TestServer server;
  const std::uint16_t port = server.echo();
  for (int i = 0; i < 50; ++i) {
    Client client(port);
    ASSERT_TRUE(client.send(frame(std::string(5'000, 'r'))));
    client.reset();
  }
  EXPECT_TRUE(eventually([&] { return server.stats().accepted == 50; }));
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.counters.opened, server.counters.closed);
}

TEST(TcpTransport, opens_and_closes_a_thousand_connections_without_a_leak) {
  TestServer server;
  const std::uint16_t port = server.echo();
  {
    std::vector<Client> clients;
    for (int i = 0; i < 1'000; ++i) {
      clients.emplace_back(port);
      ASSERT_TRUE(clients.back().connected()) << i;
      ASSERT_TRUE(clients.back().send(frame("hi")));
    }
    for (const Client& client : clients) ASSERT_EQ(client.receive(6), frame("hi"));
    EXPECT_EQ(server.connections(), 1'000U);
  }
  EXPECT_TRUE(eventually([&] { return server.connections() == 0; }));
  EXPECT_EQ(server.counters.opened, 1'000);
  EXPECT_EQ(server.counters.closed, 1'000);
}

TEST(TcpTransport, closes_everything_when_it_goes) {
  auto server = std::make_unique<TestServer>();
  const std::uint16_t port = server->echo();
  const Client client(port);
  ASSERT_TRUE(client.send(frame("x")));
  EXPECT_EQ(client.receive(5), frame("x"));
  server.reset();
  EXPECT_TRUE(client.ended());
  EXPECT_FALSE(Client(port).connected());
}

TEST(TcpTransport, refuses_to_listen_on_a_port_in_use_and_says_which) {
  TestServer server;
  const std::uint16_t port = server.echo();
  const auto second = server.call([&] {
    return server.transport().listen({.address = {.host = "127.0.0.1", .port = port}},
                                     [](Connection&) { return std::unique_ptr<Session>(); });
  });
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::in_use);
  EXPECT_EQ(second.error().context,
            "listen 127.0.0.1:" + std::to_string(port) + ": Address already in use");
}

TEST(TcpTransport, refuses_to_listen_on_an_address_that_is_not_ours) {
  TestServer server;
  for (const char* host : {"192.0.2.1", "no-such-host.invalid"}) {
    const auto listener = server.call([&] {
      return server.transport().listen({.address = {.host = host, .port = 0}},
                                       [](Connection&) { return std::unique_ptr<Session>(); });
    });
    ASSERT_FALSE(listener) << host;
    EXPECT_EQ(listener.error().code, Errc::invalid_argument) << listener.error().context;
    EXPECT_NE(listener.error().context.find(host), std::string::npos);
  }
}

// Sends one frame when it is made and reports what comes back.
class Caller final : public Session {
 public:
  Caller(Connection& connection, std::string request, std::promise<std::string>& answer)
      : size_(request.size()), answer_(answer) {
    connection.write(request);
  }
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    if (bytes.size() < size_) return 0;
    answer_.set_value(std::string(bytes));
    return bytes.size();
  }
  void on_closed() override {}

 private:
  const std::size_t size_;
  std::promise<std::string>& answer_;
};

TEST(TcpTransport, connects_to_a_numeric_address_and_to_a_name) {
  TestServer server;
  const std::uint16_t port = server.echo();
  for (const char* host : {"127.0.0.1", "localhost"}) {
    std::promise<std::string> answer;
    const Result<> connected = server.connect(
        port, nullptr,
        [&](Connection& c) { return std::make_unique<Caller>(c, frame(host), answer); }, host);
    ASSERT_TRUE(connected) << connected.error().context;
    EXPECT_EQ(answer.get_future().get(), frame(host));
  }
  EXPECT_EQ(server.stats().connected, 2U);
}

TEST(TcpTransport, reports_why_a_connection_failed) {
  TestServer server;
  const SessionFactory never = [](Connection&) -> std::unique_ptr<Session> {
    ADD_FAILURE() << "there is no connection";
    return nullptr;
  };
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);  // bound, not listening: refused
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::uint16_t port = ntohs(address.sin_port);
  const Result<> refused = server.connect(port, nullptr, never);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::connection_failed);
  EXPECT_EQ(refused.error().context,
            "connect 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  ::close(fd);
  const Result<> unknown = server.connect(1, nullptr, never, "no-such-host.invalid");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, Errc::connection_failed);
}

TEST(TcpTransport, gives_up_connecting_to_a_host_that_does_not_answer) {
  TestServer server;
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(fd, 0), 0);
  ASSERT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  // Nobody accepts: once the backlog is full, further requests are not answered.
  const Client first(ntohs(address.sin_port));
  const Result<> late = server.connect(ntohs(address.sin_port), nullptr, [](Connection&) {
    ADD_FAILURE() << "there is no connection";
    return std::unique_ptr<Session>();
  });
  ::close(fd);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, Errc::timeout);
}

TEST(TcpTransport, pauses_accepting_without_spinning_when_descriptors_run_out) {
  TestServer server;
  const std::uint16_t port = server.echo();
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(fd) + 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_TRUE(eventually([&] { return server.stats().accept_errors >= 3; }));
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(200));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(eventually([&] { return server.stats().accepted == 1; }));
  ::close(fd);
}

TEST(TcpTransport, closes_all_connections_on_request) {
  TestServer server;
  const std::uint16_t port = server.echo();
  const Client talked(port);
  ASSERT_TRUE(talked.send(frame("x")));
  EXPECT_EQ(talked.receive(5), frame("x"));
  const Client silent(port);
  ASSERT_TRUE(eventually([&] { return server.connections() == 2; }));
  server.call([&] {
    server.transport().close_all("going");
    return 0;
  });
  EXPECT_TRUE(talked.ended());
  EXPECT_TRUE(silent.ended());
}

TEST(TcpTransport, sends_all_that_waits_when_it_closes_a_connection_that_it_does_not_read_from) {
  std::atomic<int> turns = 0;
  TestServer server;
  ListenOptions options;
  options.limits.output_pause_bytes = 64 << 10;
  const Client client(server.echo(options), 4096);
  constexpr std::size_t total = 20'000'000;
  const std::string one = frame(std::string(10'000, 'p'));
  std::atomic<bool> all_sent = false;
  std::thread sender([&] {
    bool sent = true;
    for (std::size_t at = 0; sent && at < total; at += one.size()) sent = client.send(one);
    all_sent = sent;
  });
  std::size_t taken = 0;
  EXPECT_TRUE(eventually([&] {
    const std::size_t before = std::exchange(taken, server.counters.taken.load());
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return taken > 0 && before == taken;
  }));
  ASSERT_LT(taken, total) << "nothing was held up";
  server.call([&] {
    server.agent().at_end_of_turn([&] { return ++turns, false; });
    server.transport().close_all("going");
    return 0;
  });
  sender.join();
  EXPECT_TRUE(all_sent) << "what is not wanted any more is read all the same";
  EXPECT_EQ(client.receive(taken).size(), taken);
  EXPECT_TRUE(client.ended());
  EXPECT_LT(turns, 10'000);
}

TEST(TcpTransport, names_both_ends_of_a_connection) {
  TestServer server;
  std::promise<std::string> peer;
  std::promise<std::string> local;
  const std::uint16_t port = server.listen({}, [&](Connection& connection) {
    peer.set_value(connection.peer().text());
    local.set_value(connection.local().text());
    return std::unique_ptr<Session>();
  });
  const Client client(port);
  ASSERT_TRUE(client.send("x"));
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&address), &size);
  EXPECT_EQ(peer.get_future().get(), "127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  EXPECT_EQ(local.get_future().get(), "127.0.0.1:" + std::to_string(port));
  EXPECT_TRUE(client.ended());
}

}  // namespace
}  // namespace bolide::net
