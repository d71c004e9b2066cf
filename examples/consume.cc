// SPDX-License-Identifier: Apache-2.0
//
// A member of a group that shares a topic's messages: it wants two tags only, and hands a message
// back that it could not handle; that message comes again.
#include <bolide/bolide.h>
#include <atomic>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  std::atomic<int> done = 0;
  std::promise<void> all;

  auto handle = [&](auto messages) {
    for (const auto& message : messages) {
      if (message.tag() == "paid" && message.reconsume_times == 0)
        return bolide::ConsumeResult::later;  // the database is away
      std::cout << message.body << " (" << message.tag() << ")\n";
      if (++done == 2) all.set_value();
    }
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions options{.group = "example-shops",
                                      .subscriptions = {{"example-orders", "made || paid"}},
                                      .on_messages = handle};
  auto consumer = bolide::PushConsumer::start(client, options).value();

  for (std::string tag : {"made", "paid", "lost"})
    producer.send({.topic = "example-orders", .body = "order " + tag, .tag = tag}).value();
  all.get_future().wait();
  auto stopped = consumer.stop();  // waits for what is being handled, commits, leaves the group
  return stopped ? 0 : 1;
}
