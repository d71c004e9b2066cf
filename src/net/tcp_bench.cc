// SPDX-License-Identifier: Apache-2.0
//
// Benchmarks of the network: a round trip, pipelined requests, wake-ups of agents, TLS, idle cost.
// Runs on: the benchmark's thread and an agent.  Owns: nothing.  Invariant: -
#include "net/test_server.h"
#include "net/tls.h"

#include <benchmark/benchmark.h>

#include <poll.h>
#include <sys/resource.h>

#include <vector>

namespace bolide::net {
namespace {

using test::Client;
using test::frame;
using test::TestServer;

double thread_cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// Answers each frame with a hundred bytes, as a send is acknowledged.
class AckSession final : public Session {
 public:
  explicit AckSession(Connection& connection) : connection_(connection) {}
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    std::size_t done = 0;
    while (bytes.size() - done >= 4) {
      std::uint32_t length = 0;
      std::memcpy(&length, bytes.data() + done, 4);
      length = ntohl(length);
      if (bytes.size() - done < 4U + length) break;
      std::memset(connection_.reserve(256), 'a', 100);
      connection_.commit(100);
      done += 4U + length;
    }
    return done;
  }
  void on_closed() override {}

 private:
  Connection& connection_;
};

SessionFactory acks() {
  return [](Connection& connection) { return std::make_unique<AckSession>(connection); };
}

void round_trip(benchmark::State& state) {
  TestServer server;
  const Client client(server.listen({}, acks()));
  const std::string request = frame(std::string(1024, 'x'));
  const double before = server.call(thread_cpu_seconds);
  for (auto _ : state) {
    client.send(request);
    client.receive(100);
  }
  const double used = server.call(thread_cpu_seconds) - before;
  state.counters["server_us"] = used * 1e6 / static_cast<double>(state.iterations());
}
BENCHMARK(round_trip)->UseRealTime();

// Keeps 1024 requests of 1 KiB in flight, `range` per write.
void pipelined(benchmark::State& state) {
  TestServer server;
  const Client client(server.listen({}, acks()));
  const auto per_write = static_cast<std::size_t>(state.range(0));
  const std::string one = frame(std::string(1024, 'x'));
  std::string batch;
  for (std::size_t i = 0; i < per_write; ++i) batch += one;
  std::vector<char> answers(std::size_t{256} << 10U);
  constexpr std::size_t window = 1024;
  std::size_t sent = 0;
  std::size_t bytes_back = 0;
  const double before = server.call(thread_cpu_seconds);
  for (auto _ : state) {
    client.send(batch);
    sent += per_write;
    while (sent - bytes_back / 100 > window - per_write) {
      const ssize_t got = ::recv(client.fd(), answers.data(), answers.size(), 0);
      if (got <= 0) return state.SkipWithError("the connection ended");
      bytes_back += static_cast<std::size_t>(got);
    }
  }
  const double used = server.call(thread_cpu_seconds) - before;
  state.SetItemsProcessed(static_cast<std::int64_t>(sent));
  state.counters["server_us_per_msg"] = used * 1e6 / static_cast<double>(sent);
}
BENCHMARK(pipelined)->Arg(1)->Arg(8)->Arg(64)->Arg(256)->UseRealTime();

// 64 connections with one request outstanding each.
void many_connections(benchmark::State& state) {
  TestServer server;
  const std::uint16_t port = server.listen({}, acks());
  std::vector<Client> clients;
  std::vector<pollfd> ready;
  for (int i = 0; i < 64; ++i) {
    clients.emplace_back(port);
    ready.push_back({.fd = clients.back().fd(), .events = POLLIN, .revents = 0});
  }
  const std::string request = frame(std::string(1024, 'x'));
  for (const Client& client : clients) client.send(request);
  std::size_t done = 0;
  const double before = server.call(thread_cpu_seconds);
  for (auto _ : state) {
    ::poll(ready.data(), ready.size(), -1);
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if ((ready[i].revents & POLLIN) == 0) continue;
      clients[i].receive(100);
      clients[i].send(request);
      ++done;
    }
  }
  const double used = server.call(thread_cpu_seconds) - before;
  state.SetItemsProcessed(static_cast<std::int64_t>(done));
  state.counters["server_us_per_msg"] = used * 1e6 / static_cast<double>(done);
}
BENCHMARK(many_connections)->UseRealTime();

void agent_round_trip(benchmark::State& state) {
  TestServer server;
  for (auto _ : state) server.call([] { return 0; });
}
BENCHMARK(agent_round_trip)->UseRealTime();

void posting_in_bulk(benchmark::State& state) {
  TestServer server;
  std::size_t ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < 1000; ++i) server.agent().post([&ran] { ++ran; });
    server.call([] { return 0; });
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(ran));
}
BENCHMARK(posting_in_bulk)->UseRealTime();

// Gathers `size` bytes for each block it sends.
class TlsPump final : public Session {
 public:
  TlsPump(Connection& connection, std::atomic<std::size_t>& acks)
      : connection_(connection), acks_(acks) {}
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    acks_ += bytes.size() / 100;
    acks_.notify_one();
    return bytes.size() / 100 * 100;
  }
  void on_closed() override {}
  Connection& connection() { return connection_; }

 private:
  Connection& connection_;
  std::atomic<std::size_t>& acks_;
};

// Both ends on one agent: the cost of encrypting and decrypting 64 requests of 1 KiB.
void tls_pipelined(benchmark::State& state) {
  TestServer server;
  ListenOptions options;
  options.tls_mode = TlsMode::enforcing;
  options.tls = *TlsContext::server({});
  const std::uint16_t port = server.listen(options, acks());
  std::atomic<std::size_t> acked{0};
  TlsPump* pump = nullptr;
  const auto client = *TlsContext::client({.verify = false});
  if (!server.connect(port, client, [&](Connection& connection) {
        auto made = std::make_unique<TlsPump>(connection, acked);
        pump = made.get();
        return made;
      }))
    return state.SkipWithError("no TLS connection");
  std::string batch;
  for (int i = 0; i < 64; ++i) batch += frame(std::string(1024, 'x'));
  std::size_t sent = 0;
  for (auto _ : state) {
    server.agent().post([&] { pump->connection().write(batch); });
    sent += 64;
    for (std::size_t now = acked; now < sent; now = acked) acked.wait(now);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sent));
}
BENCHMARK(tls_pipelined)->UseRealTime();

std::size_t resident_bytes() {
  std::size_t total = 0;
  std::size_t resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%zu %zu", &total, &resident) != 2) resident = 0;
  if (file != nullptr) std::fclose(file);
  return resident * 4096;
}

// Accepting 2 000 connections that said something once; what each costs while idle.
void idle_connections(benchmark::State& state) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  constexpr int count = 2'000;
  for (auto _ : state) {
    TestServer server;
    const std::uint16_t port = server.listen({}, acks());
    std::vector<Client> clients;
    clients.reserve(count);
    for (int i = 0; i < 100; ++i) clients.emplace_back(port);  // warms the pools
    for (const Client& client : clients) client.send(frame("x")), client.receive(100);
    const std::size_t before = resident_bytes();
    for (int i = 100; i < count; ++i) {
      clients.emplace_back(port);
      clients.back().send(frame("x"));
      clients.back().receive(100);
    }
    const auto grown = static_cast<double>(resident_bytes() - before);
    state.counters["bytes_each"] = grown / (count - 100);
  }
  state.SetItemsProcessed(state.iterations() * count);
}
BENCHMARK(idle_connections)->Iterations(1)->UseRealTime()->Unit(benchmark::kMillisecond);

// What an agent with idle connections burns in a second.
void idle_second(benchmark::State& state) {
  TestServer server;
  const std::uint16_t port = server.listen({}, acks());
  std::vector<Client> clients;
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(port);
    clients.back().send(frame("x"));
    clients.back().receive(100);
  }
  const double before = server.call(thread_cpu_seconds);
  for (auto _ : state) std::this_thread::sleep_for(std::chrono::seconds(1));
  const double used = server.call(thread_cpu_seconds) - before;
  state.counters["cpu_percent"] = used * 100 / static_cast<double>(state.iterations());
}
BENCHMARK(idle_second)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace bolide::net
