// SPDX-License-Identifier: Apache-2.0
//
// Stores each message once, whatever servers and networks do: by a producer that numbers what it
// sends, and by one that goes on where another ended.
#include <bolide/bolide.h>
#include <algorithm>
#include <iostream>
#include <string>

int main() {
  auto client = bolide::Client::open().value();

  // What gets no answer is sent again, until its time is over: longer than a restart takes.
  auto producer = bolide::Producer::start(
                      client, {.send_timeout = std::chrono::seconds(30), .idempotent = true})
                      .value();
  auto sent = producer.send({.topic = "example-once", .body = "a payment"});
  if (!sent) std::cerr << "it may be stored or not: " << sent.status().message() << '\n';

  // Copies ten lines, dies, and copies them again: the broker knows them by their numbers.
  auto first = [](const auto&, const bolide::Message&) { return std::size_t{0}; };
  std::int64_t next = 0;
  for (int run = 1; run <= 2; ++run) {
    auto copier =
        bolide::Producer::start(client, {.idempotent = true, .producer_id = "copy-of-payments.csv"})
            .value();
    for (std::int64_t line = 0; line < 10; ++line) {
      auto stored = copier.send(
          {.topic = "example-once", .body = "line " + std::to_string(line), .sequence = line},
          first);
      if (stored) next = std::max(next, stored.value().offset + 1);
    }
    std::cout << "after run " << run << " the next offset is " << next << '\n';
  }
}
