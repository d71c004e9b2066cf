// SPDX-License-Identifier: Apache-2.0
//
// What a listener refuses comes again, at first after 10 s, then after longer and longer; what it
// refuses too often becomes a dead letter, which somebody must look at.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto refuse = [](auto messages) {
    std::cout << messages[0].body << ", time " << messages[0].reconsume_times + 1 << '\n';
    return bolide::ConsumeResult::later;
  };
  bolide::PushConsumerOptions options{.group = "example-unwilling",
                                      .subscriptions = {{"example-retry", "*"}},
                                      .on_messages = refuse,
                                      .reconsume_max = 1};
  auto consumer = bolide::PushConsumer::start(client, options).value();

  std::promise<std::string> dead;
  auto look = [&dead, seen = false](auto messages) mutable {
    if (!seen) dead.set_value(messages[0].body);
    seen = true;
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions looking{.group = "example-undertakers",
                                      .subscriptions = {{"%DLQ%example-unwilling", "*"}},
                                      .on_messages = look,
                                      .from = bolide::ConsumeFrom::first,
                                      .concurrency = 1};
  auto undertaker = bolide::PushConsumer::start(client, looking).value();

  auto producer = bolide::Producer::start(client).value();
  producer.send({.topic = "example-retry", .body = "a bad order"}).value();
  const std::string body = dead.get_future().get();
  std::cout << "dead: " << body << '\n';
}
