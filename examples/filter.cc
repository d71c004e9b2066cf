// SPDX-License-Identifier: Apache-2.0
//
// A consumer that gets only messages whose properties fulfil a condition, which the broker checks.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  for (std::string amount : {"20", "150", "300"}) {
    producer
        .send({.topic = "example-sales",
               .body = "sale of " + amount,
               .properties = {{"amount", amount}}})
        .value();
  }
  auto sales = bolide::Filter::sql("amount BETWEEN 100 AND 200");
  auto reader =
      bolide::Reader::open(
          client, {.topic = "example-sales", .from = bolide::ReadFrom::first, .filter = sales})
          .value();
  auto messages = reader.read(std::chrono::seconds(5)).value();
  for (const auto& message : messages) std::cout << message.body << '\n';

  // A mistake is told with its place.
  bolide::PushConsumerOptions options{
      .group = "example-clerks",
      .subscriptions = {{"example-sales", bolide::Filter::sql("amount == 5")}},
      .on_messages = [](auto) { return bolide::ConsumeResult::success; }};
  auto refused = bolide::PushConsumer::start(client, options);
  std::cout << refused.status().message() << '\n';
  return refused ? 1 : 0;
}
