// SPDX-License-Identifier: Apache-2.0
//
// Parts that this program plays in tests which also kill and cut: a sender that goes on until it is
// told to end, a reader that knows what must be there, and making and destroying over and over.
// Runs on: the main thread and threads of its own.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

namespace cases {
namespace {

using bolide::Client;
using bolide::ConsumeFrom;
using bolide::ConsumeResult;
using bolide::LitePullConsumer;
using bolide::Producer;
using bolide::PushConsumer;
using bolide::SimpleConsumer;
using std::chrono::milliseconds;

constexpr int senders = 4;
constexpr milliseconds send_timeout{5000};
constexpr milliseconds once_timeout{30'000};  // longer than a server is away

milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
}

struct Sending {
  std::atomic<bool> over{false};
  std::atomic<int> failed{0};
  std::atomic<std::int64_t> slowest_ms{0};
  std::mutex output;
};

void send_on(Producer& producer, const std::string& topic, int number, Sending& all) {
  for (int i = 0; !all.over; ++i) {
    const std::string body = std::to_string(number) + "-" + std::to_string(i);
    const auto begin = std::chrono::steady_clock::now();
    const auto sent = producer.send({.topic = topic, .body = body});
    const std::int64_t taken_ms = since(begin).count();
    const std::lock_guard lock(all.output);
    all.slowest_ms = std::max(all.slowest_ms.load(), taken_ms);
    if (!sent) ++all.failed;
    if (sent) std::printf("ok %s\n", body.c_str());
    if (!sent) std::printf("failed %s\n", sent.status().message().c_str());
    std::fflush(stdout);
  }
}

}  // namespace

// Prints "ok BODY" for each message that was acknowledged, until its input ends; then
// "end FAILED SLOWEST_MS".
int send_until_told(const Context& context, const std::string& topic, bool idempotent) {
  auto producer = must(
      Producer::start(context.client(), {.send_timeout = idempotent ? once_timeout : send_timeout,
                                         .retries = 20,
                                         .idempotent = idempotent}),
      "start a producer");
  Sending all;
  std::vector<std::thread> threads;
  for (int i = 0; i < senders; ++i)
    threads.emplace_back([&, i] { send_on(producer, topic, i, all); });
  std::string line;
  while (std::getline(std::cin, line)) {
  }
  all.over = true;
  for (std::thread& thread : threads) thread.join();
  std::printf("end %d %lld\n", all.failed.load(), static_cast<long long>(all.slowest_ms.load()));
  return 0;
}

// Reads bodies from its input, and the topic until all of them came. Prints "missing N".
int read_expected(const Context& context, const std::string& topic) {
  std::set<std::string> missing;
  std::string line;
  while (std::getline(std::cin, line)) missing.insert(line);
  auto consumer = must(LitePullConsumer::start(context.client(), {.group = context.unique("reader"),
                                                                  .subscriptions = {{topic, "*"}},
                                                                  .from = ConsumeFrom::first,
                                                                  .poll_messages_max = 100}),
                       "start a reader");
  const auto begin = std::chrono::steady_clock::now();
  while (!missing.empty() && since(begin) < std::chrono::seconds(60)) {
    for (const auto& message : consumer.poll(milliseconds(200))) missing.erase(message.body);
  }
  std::printf("missing %zu\n", missing.size());
  return missing.empty() ? 0 : 1;
}

namespace {

std::size_t entries(const char* folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

std::size_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * 4;
}

struct Use {
  std::size_t threads = entries("/proc/self/task");
  std::size_t descriptors = entries("/proc/self/fd");
  std::size_t memory_kib = resident_kib();
};

// A consumer that its own listener can reach, and whoever has it last destroys.
class Held {
 public:
  void set(std::shared_ptr<PushConsumer> consumer) {
    const std::lock_guard lock(mutex_);
    consumer_.swap(consumer);
  }
  std::shared_ptr<PushConsumer> get() {
    const std::lock_guard lock(mutex_);
    return consumer_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<PushConsumer> consumer_;
};

// Things are made, used, and destroyed in any order: here, on other threads, in their own
// callbacks.
void cycle(const Context& context, const std::string& topic, std::mt19937& random) {
  auto client = std::make_unique<Client>(context.client());
  auto producer = std::make_shared<Producer>(
      must(Producer::start(*client, {.trace = random() % 4 == 0}), "start a producer"));
  const auto push = std::make_shared<Held>();
  const bool ends_itself = random() % 4 == 0;
  push->set(std::make_shared<PushConsumer>(
      must(PushConsumer::start(*client, {.group = context.unique("cycle"),
                                         .subscriptions = {{topic, "*"}},
                                         .on_messages =
                                             [held = push, ends_itself](auto) {
                                               const auto own = held->get();
                                               if (ends_itself && own) (void)own->stop();
                                               return ConsumeResult::success;
                                             },
                                         .from = ConsumeFrom::first}),
           "start a consumer")));
  auto lite = std::make_unique<LitePullConsumer>(
      must(LitePullConsumer::start(
               *client, {.group = context.unique("cycle"), .subscriptions = {{topic, "*"}}}),
           "start a lite consumer"));
  auto simple = std::make_shared<SimpleConsumer>(
      must(SimpleConsumer::start(*client, {.group = context.unique("cycle"),
                                           .subscriptions = {{topic, "*"}},
                                           .await = milliseconds(500)}),
           "start a simple consumer"));
  // Here too the callback may be the last who has it.
  if (random() % 2 == 0) simple->receive_async(1, milliseconds(1000), [simple](const auto&) {});
  for (int i = 0; i < 5; ++i) {
    // The last callback destroys the producer.
    producer->send_async({.topic = topic, .body = "m"}, [producer](const auto&) {});
  }
  if (random() % 2 == 0) (void)lite->poll(milliseconds(random() % 20));
  if (random() % 2 == 0) (void)producer->send({.topic = topic, .body = "w"});
  std::vector<std::function<void()>> ends = {[&] { client.reset(); }, [&] { producer.reset(); },
                                             [&] { push->set(nullptr); }, [&] { lite.reset(); },
                                             [&] { simple.reset(); }};
  std::ranges::shuffle(ends, random);
  if (random() % 2 == 0) {
    for (const auto& end : ends) end();
    return;
  }
  std::vector<std::thread> threads;
  for (const auto& end : ends) threads.emplace_back(end);
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

// Makes and destroys clients, producers and consumers while others send; prints what the process
// uses before and after. Fails where it grows.
int make_and_destroy(const Context& context, int cycles) {
  const std::string topic = context.topic();
  std::atomic<bool> over{false};
  std::thread load([&] {
    auto producer = context.producer();
    while (!over) {
      (void)producer.send({.topic = topic, .body = "load"});
      std::this_thread::sleep_for(milliseconds(2));
    }
  });
  std::mt19937 random(42);
  const int warm = cycles / 4;
  for (int i = 0; i < warm; ++i) cycle(context, topic, random);
  const Use before;
  for (int i = warm; i < cycles; ++i) cycle(context, topic, random);
  over = true;
  load.join();
  // Idle threads go after 10 s, connections when their last bytes have left.
  const auto calm = [&] {
    const Use now;
    return now.threads <= 4 && now.descriptors <= before.descriptors + 4;
  };
  const auto begin = std::chrono::steady_clock::now();
  while (!calm() && since(begin) < std::chrono::seconds(40))
    std::this_thread::sleep_for(milliseconds(100));
  const Use after;
  std::printf("cycles %d threads %zu -> %zu descriptors %zu -> %zu memory %zu -> %zu KiB\n", cycles,
              before.threads, after.threads, before.descriptors, after.descriptors,
              before.memory_kib, after.memory_kib);
  const bool grew = after.memory_kib > before.memory_kib + before.memory_kib / 4 + 8192;
  return calm() && !grew ? 0 : 1;
}

}  // namespace cases
