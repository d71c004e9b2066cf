// SPDX-License-Identifier: Apache-2.0
//
// The load of client_speed by our own client library, as it is by default:
//   send|consume NAME_SERVERS TOPIC COUNT WARM_UP IN_FLIGHT
// Prints the CPU seconds and the seconds that COUNT messages took, after WARM_UP others.
// Runs on: the main thread and the library's.  Owns: nothing.
// Invariant: ends with an error where a message fails or has another size.
#include <bolide/bolide.h>

#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <semaphore>
#include <string>

namespace {

constexpr std::size_t body_bytes = 1024;

struct Load {
  bolide::Client client;
  std::string topic;
  long count;
  long warm_up;
  long in_flight;
};

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

struct Moment {
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
  double cpu_seconds = [] {
    rusage use{};
    getrusage(RUSAGE_SELF, &use);
    return seconds_of(use.ru_utime) + seconds_of(use.ru_stime);
  }();
};

void print_since(const Moment& begin) {
  const Moment end;
  std::printf("%f %f\n", end.cpu_seconds - begin.cpu_seconds,
              std::chrono::duration<double>(end.at - begin.at).count());
}

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::_Exit(1);
}

void send(bolide::Producer& producer, const Load& load, long count) {
  std::counting_semaphore<> room(load.in_flight);
  for (long i = 0; i < count; ++i) {
    room.acquire();
    producer.send_async({.topic = load.topic, .body = std::string(body_bytes, 'x')},
                        [&room](const auto& sent) {
                          if (!sent) fail(sent.status().message());
                          room.release();
                        });
  }
  for (long i = 0; i < load.in_flight; ++i) room.acquire();
}

void send_all(const Load& load) {
  auto producer = bolide::Producer::start(load.client, {.group = "client_speed",
                                                        .send_timeout = std::chrono::minutes(1)})
                      .value();
  send(producer, load, load.warm_up);
  const Moment begin;
  send(producer, load, load.count);
  print_since(begin);
}

void consume_all(const Load& load) {
  std::atomic<long> seen = 0;
  Moment begin;
  std::promise<void> all;
  auto count = [&](auto messages) {
    for (const auto& message : messages) {
      if (message.body.size() != body_bytes) fail("a message of another size");
      const long number = ++seen;
      if (number == load.warm_up) begin = Moment();
      if (number == load.warm_up + load.count) all.set_value();
    }
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions options{.group = "readers-of-" + load.topic,
                                      .subscriptions = {{load.topic, "*"}},
                                      .on_messages = count,
                                      .from = bolide::ConsumeFrom::first};
  auto consumer = bolide::PushConsumer::start(load.client, options).value();
  all.get_future().wait();
  print_since(begin);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) fail("usage: send|consume NAME_SERVERS TOPIC COUNT WARM_UP IN_FLIGHT");
  const Load load{.client = bolide::Client::open({.name_servers = argv[2]}).value(),
                  .topic = argv[3],
                  .count = std::atol(argv[4]),
                  .warm_up = std::atol(argv[5]),
                  .in_flight = std::atol(argv[6])};
  std::string(argv[1]) == "send" ? send_all(load) : consume_all(load);
}
