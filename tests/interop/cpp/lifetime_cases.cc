// SPDX-License-Identifier: Apache-2.0
//
// Cases of making and destroying: threads, descriptors, callbacks that destroy their own producer.
// Runs on: one thread per case.  Owns: nothing.  Invariant: none.
#include "context.h"

#include <coroutine>
#include <filesystem>
#include <iterator>
#include <latch>
#include <memory>

namespace cases {
namespace {

std::size_t entries(const char* folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

void many_clients_leave_nothing_behind(Context& context) {
  const std::string topic = context.topic();
  const auto cycle = [&] {
    auto client = context.client();
    auto producer = must(bolide::Producer::start(client), "start a producer");
    Sink sink;
    auto consumer = must(bolide::PushConsumer::start(client, {.group = context.unique("g"),
                                                              .subscriptions = {{topic, "*"}},
                                                              .on_messages = sink.listener()}),
                         "start a consumer");
    must(producer.send({.topic = topic, .body = "m"}), "send");
  };
  cycle();
  const std::size_t descriptors = entries("/proc/self/fd");
  for (int i = 0; i < 100; ++i) cycle();
  // Connections close when their last bytes have left.
  await("descriptors are given back", [&] { return entries("/proc/self/fd") <= descriptors + 10; });
  expect(entries("/proc/self/task") < 80, "too many threads");
}

void a_callback_may_destroy_its_producer(Context& context) {
  const std::string topic = context.topic();
  auto producer = std::make_shared<bolide::Producer>(context.producer());
  std::latch done(1);
  bolide::Producer& sender = *producer;
  sender.send_async({.topic = topic, .body = "m"},
                    [producer = std::move(producer), &done](auto) mutable {
                      producer.reset();
                      done.count_down();
                    });
  done.wait();
}

void a_destroyed_producer_ends_what_is_on_its_way(Context& context) {
  const std::string topic = context.topic();
  std::atomic<int> ended{0};
  {
    auto producer = context.producer();
    for (int i = 0; i < 1000; ++i)
      producer.send_async({.topic = topic, .body = "m"}, [&](auto) { ++ended; });
  }
  expect(ended == 1000, std::to_string(ended) + " of 1000 have ended");
}

// The smallest coroutine that a user may have.
struct Task {
  struct promise_type {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Task send_twice(bolide::Producer& producer, std::string topic, int& sent, std::latch& done) {
  // GCC 12 destroys a temporary of a co_await expression twice: messages and results have names.
  for (const char* body : {"1", "2"}) {
    bolide::Message message{.topic = topic, .body = body};
    auto send = producer.send_awaitable(std::move(message));
    const auto result = co_await send;
    if (result.ok()) ++sent;
  }
  done.count_down();
}

void a_coroutine_awaits_its_sends(Context& context) {
  const std::string topic = context.topic();
  auto producer = context.producer();
  int sent = 0;
  std::latch done(1);
  send_twice(producer, topic, sent, done);
  done.wait();
  expect(sent == 2, std::to_string(sent) + " of 2 were sent");
}

}  // namespace

std::vector<NamedCase> lifetime_cases() {
  return {
      {"many_clients_leave_nothing_behind", many_clients_leave_nothing_behind},
      {"a_callback_may_destroy_its_producer", a_callback_may_destroy_its_producer},
      {"a_destroyed_producer_ends_what_is_on_its_way",
       a_destroyed_producer_ends_what_is_on_its_way},
      {"a_coroutine_awaits_its_sends", a_coroutine_awaits_its_sends},
  };
}

}  // namespace cases
