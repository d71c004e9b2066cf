// SPDX-License-Identifier: Apache-2.0
//
// Keeps things in order: messages of one key go to one queue. Or the program chooses the queue.
#include <bolide/bolide.h>
#include <iostream>
#include <set>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();

  std::set<bolide::QueueId> queues;
  for (std::string step : {"made", "paid", "sent"})
    queues.insert(
        producer.send({.topic = "example-queues", .body = step, .ordering_key = "order-7"})
            .value()
            .queue);
  std::cout << "order-7 is in " << queues.size() << " queue\n";

  auto last = [](const auto& all, const bolide::Message&) { return all.size() - 1; };
  auto chosen = producer.send({.topic = "example-queues", .body = "chosen"}, last).value();
  std::cout << "chosen: queue " << chosen.queue.queue << '\n';
}
