// SPDX-License-Identifier: Apache-2.0
//
// Is lent messages one by one: each is ours for a time, and comes again unless it is acknowledged.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  using std::chrono::seconds;
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  for (int i = 0; i < 3; ++i)
    producer.send({.topic = "example-simple", .body = "job " + std::to_string(i)}).value();

  auto consumer = bolide::SimpleConsumer::start(client, {.group = "example-lenders",
                                                         .subscriptions = {{"example-simple", "*"}},
                                                         .await = seconds(5)})
                      .value();
  for (int done = 0; done < 3;) {
    auto messages = consumer.receive(16, seconds(30)).value();
    for (auto& message : messages) {
      std::cout << message.body << ", attempt " << message.attempt() << '\n';
      // One takes longer than we thought; a second later it comes again.
      if (message.body == "job 0" && message.attempt() == 1) {
        if (!consumer.change_invisible(message, seconds(1))) return 1;
        continue;
      }
      if (!consumer.ack(message)) return 1;
      ++done;
    }
  }
}
