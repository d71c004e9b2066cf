// SPDX-License-Identifier: Apache-2.0
//
// The tools of the cases.
// Runs on: the case's thread.  Owns: see context.h.  Invariant: see context.h.
#include "context.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace cases {

void expect(bool truth, const std::string& what) {
  if (!truth) throw Failed(what);
}

void await(const std::string& what, const std::function<bool()>& done,
           std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline) throw Failed(what + ": not in time");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

bolide::Client Context::client(const std::string& instance, const std::string& name_space) const {
  return must(bolide::Client::open({.name_servers = name_servers_,
                                    .instance = instance,
                                    .access_key = access_key_,
                                    .name_space = name_space}),
              "open a client");
}

bolide::Producer Context::producer(bolide::ProducerOptions options) const {
  // Servers of this machine may be busy with many suites at once.
  options.send_timeout = std::chrono::seconds(15);
  return must(bolide::Producer::start(client(), std::move(options)), "start a producer");
}

std::string Context::unique(const std::string& prefix) const {
  static std::atomic<int> count{0};
  static const auto start = std::chrono::system_clock::now().time_since_epoch().count();
  return prefix + "-" + std::to_string(start) + "-" + std::to_string(count++);
}

std::string Context::topic() const {
  const std::string name = unique("cpp");
  must(producer().send({.topic = name, .body = "first"}), "make topic " + name);
  return name;
}

std::vector<std::string> Context::send_many(const std::string& topic, const std::string& prefix,
                                            int count) const {
  bolide::Producer sender = producer();
  std::vector<std::string> bodies;
  std::vector<std::future<bolide::StatusOr<bolide::SendReceipt>>> sent;
  for (int i = 0; i < count; ++i) {
    bodies.push_back(prefix + std::to_string(i));
    sent.push_back(sender.send_future({.topic = topic, .body = bodies.back()}));
  }
  for (auto& future : sent) must(future.get(), "send to " + topic);
  return bodies;
}

bolide::MessageListener Sink::listener() {
  return [this](std::span<const bolide::ReceivedMessage> messages) {
    const std::lock_guard lock(mutex_);
    messages_.insert(messages_.end(), messages.begin(), messages.end());
    return bolide::ConsumeResult::success;
  };
}

std::size_t Sink::count() const {
  const std::lock_guard lock(mutex_);
  return messages_.size();
}

void send_amounts(const Context& context, const std::string& topic) {
  auto producer = context.producer();
  for (int i = 0; i < 10; ++i) {
    const std::string amount = std::to_string(i);
    must(producer.send({.topic = topic,
                        .body = amount,
                        .tag = i % 2 == 0 ? "a" : "b",
                        .properties = {{"amount", amount}}}),
         "send");
  }
}

std::vector<bolide::ReceivedMessage> Sink::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

std::multiset<std::string> Sink::bodies() const {
  std::multiset<std::string> bodies;
  for (const auto& message : messages()) {
    if (message.body != "first") bodies.insert(message.body);
  }
  return bodies;
}

void Sink::await_bodies(const std::vector<std::string>& expected) const {
  const auto missing = [&] {
    const auto got = bodies();
    return std::ranges::count_if(expected, [&](const auto& body) { return !got.contains(body); });
  };
  try {
    await("bodies", [&] { return missing() == 0; });
  } catch (const Failed&) {
    throw Failed(std::to_string(missing()) + " of " + std::to_string(expected.size()) +
                 " messages did not come");
  }
  for (const auto& body : bodies())
    expect(std::ranges::count(expected, body) > 0, "'" + body + "' was never sent");
}

}  // namespace cases
