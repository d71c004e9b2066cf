// SPDX-License-Identifier: Apache-2.0
//
// Messages that consumers see only when a local transaction has committed. Where this program does
// not say what became of it, the broker asks, after half a minute or so.
#include <bolide/bolide.h>
#include <iostream>
#include <set>

int main() {
  auto client = bolide::Client::open().value();
  // The check must know, also for messages of earlier runs: a program looks into its database.
  bolide::TransactionProducerOptions options{.producer = {.group = "example-shop"},
                                             .check = [](const bolide::ReceivedMessage& message) {
                                               std::cout << "asked about " << message.body << '\n';
                                               return bolide::TransactionState::commit;
                                             }};
  auto producer = bolide::TransactionProducer::start(client, options).value();

  std::promise<void> all;
  auto show = [&all,
               wanted = std::set<std::string>{"paid", "sent", "asked for"}](auto messages) mutable {
    for (const auto& message : messages) std::cout << "seen: " << message.body << '\n';
    if (wanted.erase(messages[0].body) == 1 && wanted.empty()) all.set_value();
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions reading{.group = "example-transaction-readers",
                                      .subscriptions = {{"example-transaction", "*"}},
                                      .on_messages = show,
                                      .concurrency = 1};
  auto consumer = bolide::PushConsumer::start(client, reading).value();

  auto paid = producer.begin({.topic = "example-transaction", .body = "paid"}).value();
  auto undone = producer.begin({.topic = "example-transaction", .body = "undone"}).value();
  if (!paid.commit() || !undone.rollback()) return 1;

  // The same in one call: stores, runs the local transaction, ends it as it says.
  producer
      .send({.topic = "example-transaction", .body = "sent"},
            [] { return bolide::TransactionState::commit; })
      .value();
  producer
      .send({.topic = "example-transaction", .body = "asked for"},
            [] { return bolide::TransactionState::unknown; })
      .value();
  all.get_future().wait();
}
