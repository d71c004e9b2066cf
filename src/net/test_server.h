// SPDX-License-Identifier: Apache-2.0
//
// For tests of what runs on a real transport: an agent in its own thread with a TCP transport, echo
// sessions, and a blocking client socket.
// Runs on: the test's thread; sessions on the agent's.  Owns: the agent and its transport.
// Invariant: everything of the transport is touched through call() only.
#pragma once

#include "net/agent.h"
#include "net/transport.h"
#include "os/clock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace bolide::net::test {

// Waits until `condition` holds, 20 s at most.
template <class Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

struct Counters {
  std::atomic<int> opened{0};
  std::atomic<int> closed{0};
  std::atomic<std::size_t> seen{0};   // bytes shown, counting what was shown again
  std::atomic<std::size_t> taken{0};  // bytes consumed
  std::atomic<int> encrypted{0};
};

// Answers every frame (4 bytes length in network order, body) with itself.
class EchoSession final : public Session {
 public:
  EchoSession(Connection& connection, Counters& counters)
      : connection_(connection), counters_(counters) {
    ++counters_.opened;
    if (connection.encrypted()) ++counters_.encrypted;
  }
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    counters_.seen += bytes.size();
    std::size_t done = 0;
    while (bytes.size() - done >= 4 && !connection_.congested()) {
      std::uint32_t length = 0;
      std::memcpy(&length, bytes.data() + done, 4);
      length = ntohl(length);
      if (length == 0xFFFFFFFF) {
        connection_.close("asked to");
        return done + 4;
      }
      if (bytes.size() - done < 4U + length) break;
      connection_.write(bytes.substr(done, 4U + length));
      done += 4U + length;
    }
    counters_.taken += done;
    return done;
  }
  void on_closed() override { ++counters_.closed; }

 private:
  Connection& connection_;
  Counters& counters_;
};

inline std::string frame(std::string_view body) {
  const std::uint32_t length = htonl(static_cast<std::uint32_t>(body.size()));
  std::string out(reinterpret_cast<const char*>(&length), 4);
  return out.append(body);
}
inline std::string close_frame() {
  return std::string(4, '\xFF');
}

class TestServer {
 public:
  TestServer() {
    transport_ = make_tcp_transport(agent_);
    agent_.start();
  }
  ~TestServer() {
    call([this] {
      listener_.reset();
      transport_.reset();
      return 0;
    });
    agent_.stop();
    agent_.join();
  }
  TestServer(const TestServer&) = delete;
  TestServer& operator=(const TestServer&) = delete;

  // Runs `task` on the agent and returns what it returns.
  template <class Function>
  auto call(Function task) -> decltype(task()) {
    std::promise<decltype(task())> result;
    agent_.post([&] { result.set_value(task()); });
    return result.get_future().get();
  }

  std::uint16_t listen(ListenOptions options, SessionFactory make) {
    options.address = {.host = "127.0.0.1", .port = 0};
    return call([&] {
      auto made = transport_->listen(options, std::move(make));
      if (!made) return std::uint16_t{0};
      listener_ = std::move(*made);
      return listener_->port();
    });
  }
  std::uint16_t echo(ListenOptions options = {}) {
    return listen(std::move(options), [this](Connection& connection) {
      return std::make_unique<EchoSession>(connection, counters);
    });
  }

  TransportStats stats() {
    return call([this] { return transport_->stats(); });
  }
  std::size_t connections() {
    return call([this] { return transport_->connections(); });
  }
  std::uint64_t closed_by(CloseReason reason) { return stats().closed_by(reason); }

  // Connects on the agent; the outcome of `done`.
  Result<> connect(std::uint16_t port, std::shared_ptr<TlsContext> tls, SessionFactory make,
                   const std::string& host = "127.0.0.1") {
    std::promise<Result<>> result;
    call([&] {
      transport_->connect({.host = host, .port = port}, {}, std::move(tls), std::move(make),
                          [&](Result<> done) { result.set_value(std::move(done)); });
      return 0;
    });
    return result.get_future().get();
  }

  Agent& agent() { return agent_; }
  Transport& transport() { return *transport_; }

  Counters counters;

 private:
  Agent agent_{"net-test", os::system_clock()};
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Listener> listener_;
};

// A blocking client socket; every receive gives up after 20 s.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer_bytes = 0) : fd_(make_socket()) {
    if (receive_buffer_bytes > 0)
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(); }
  Client(Client&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  Client& operator=(Client&&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // `size` bytes, or fewer where the stream ended.
  std::string receive(std::size_t size) const {
    std::string out(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const ssize_t got = ::recv(fd_, out.data() + have, size - have, 0);
      if (got <= 0) break;
      have += static_cast<std::size_t>(got);
    }
    out.resize(have);
    return out;
  }
  // Whether the peer ends the stream without another byte.
  bool ended() const {
    char byte = 0;
    const ssize_t got = ::recv(fd_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
  }
  void end_sending() const { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  static int make_socket() { return ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0); }

  int fd_ = -1;
  bool connected_ = false;
};

}  // namespace bolide::net::test
