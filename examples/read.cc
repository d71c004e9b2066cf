// SPDX-License-Identifier: Apache-2.0
//
// Reads a topic from its first message without being a member of a group.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  for (int i = 0; i < 3; ++i)
    producer.send({.topic = "example-read", .body = "line " + std::to_string(i)}).value();

  auto reader =
      bolide::Reader::open(client, {.topic = "example-read", .from = bolide::ReadFrom::first})
          .value();
  for (int seen = 0; seen < 3;) {
    for (const auto& message : reader.read(std::chrono::seconds(5)).value()) {
      std::cout << message.body << '\n';
      ++seen;
    }
  }
}
