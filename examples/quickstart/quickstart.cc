// SPDX-License-Identifier: Apache-2.0
//
// Sends a message and receives it, on the name server that NAMESRV_ADDR names (127.0.0.1:9876).
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  auto sent = producer.send({.topic = "quickstart", .body = "hello, world", .tag = "greeting"});
  if (!sent) return std::cerr << sent.status().message() << '\n', 1;

  std::promise<std::string> received;
  auto read = [&](auto messages) {
    for (const auto& message : messages)
      if (message.id() == sent->id) received.set_value(message.body);
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions reading{.group = "quickstart-readers",
                                      .subscriptions = {{"quickstart", "greeting"}},
                                      .on_messages = read};
  auto consumer = bolide::PushConsumer::start(client, reading).value();
  std::cout << received.get_future().get() << '\n';
}
