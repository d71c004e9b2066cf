// SPDX-License-Identifier: Apache-2.0
//
// Four ways to send one message: wait for the answer, be called back, get a future, or do without
// an answer; and many messages at once.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client, {.group = "senders"}).value();

  auto receipt =
      producer.send({.topic = "example-send", .body = "waited for", .keys = {"order-1"}});
  if (!receipt) return std::cerr << receipt.status().message() << '\n', 1;
  std::cout << "stored at offset " << receipt->offset << " of queue " << receipt->queue.queue
            << '\n';

  producer.send_async({.topic = "example-send", .body = "called back"}, [](auto result) {
    std::cout << (result ? "stored" : result.status().message()) << '\n';
  });
  auto later = producer.send_future({.topic = "example-send", .body = "in the future"});
  std::cout << later.get().value().id << '\n';

  auto given = producer.send_one_way({.topic = "example-send", .body = "fire and forget"});
  if (!given) return std::cerr << given.message() << '\n', 1;

  std::vector<bolide::Message> many;
  for (int i = 0; i < 100; ++i)
    many.push_back({.topic = "example-send", .body = "batched " + std::to_string(i)});
  std::cout << producer.send_batch(many).value().size() << " stored\n";

  // What is still on its way when a producer goes ends with an error: wait for it.
  auto flushed = producer.flush(std::chrono::seconds(5));
  if (!flushed) return std::cerr << flushed.message() << '\n', 1;
}
