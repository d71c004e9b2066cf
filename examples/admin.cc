// SPDX-License-Identifier: Apache-2.0
//
// Makes a topic and a group, looks at them, and finds a message by its key.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  bolide::Admin admin(client);
  for (const auto& broker : admin.brokers().value())
    std::cout << "broker " << broker.address << '\n';

  auto made = admin.put_topic({.name = "example-admin", .queues = 2});
  if (!made) return std::cerr << made.message() << '\n' << made.fix() << '\n', 1;
  if (auto put = admin.put_group({.name = "example-group", .retries_max = 3}); !put) return 1;

  auto producer = bolide::Producer::start(client).value();
  producer.send({.topic = "example-admin", .body = "look me up", .keys = {"invoice-9"}}).value();
  for (const auto& queue : admin.describe_topic("example-admin").value().queues)
    std::cout << "queue " << queue.queue.queue << ": " << queue.first << " to " << queue.next
              << '\n';
  for (const auto& message :
       admin.find_messages({.topic = "example-admin", .key = "invoice-9"}).value())
    std::cout << message.body << '\n';
  return admin.delete_topic("example-admin") ? 0 : 1;
}
