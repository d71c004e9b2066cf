// SPDX-License-Identifier: Apache-2.0
//
// Takes messages when it wants to, and says itself what is done: a restart goes on from there.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  for (int i = 0; i < 3; ++i)
    producer.send({.topic = "example-pull", .body = "job " + std::to_string(i)}).value();

  bolide::LitePullConsumerOptions options{.group = "example-workers",
                                          .subscriptions = {{"example-pull", "*"}},
                                          .from = bolide::ConsumeFrom::first,
                                          .auto_commit = false};
  auto consumer = bolide::LitePullConsumer::start(client, options).value();
  for (int seen = 0; seen < 3;) {
    for (const auto& message : consumer.poll(std::chrono::seconds(5))) {
      std::cout << message.body << '\n';
      ++seen;
    }
  }
  auto committed = consumer.commit();
  return committed ? 0 : 1;
}
