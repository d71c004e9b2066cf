// SPDX-License-Identifier: Apache-2.0
//
// Asks by a message and waits for the answer, which another program sends (here: the same one).
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto answering = bolide::Producer::start(client, {.group = "example-answers"}).value();
  auto answer = [&](auto messages) {
    auto sent = answering.reply(messages[0], "you said " + messages[0].body);
    if (!sent) std::cerr << sent.status().message() << '\n';
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions options{.group = "example-answers",
                                      .subscriptions = {{"example-request", "*"}},
                                      .on_messages = answer};
  auto consumer = bolide::PushConsumer::start(client, options).value();

  auto asking = bolide::Producer::start(client, {.group = "example-questions"}).value();
  auto got =
      asking.request({.topic = "example-request", .body = "hello"}, std::chrono::seconds(20));
  if (!got) return std::cerr << got.status().message() << '\n', 1;
  std::cout << got->body << '\n';
}
