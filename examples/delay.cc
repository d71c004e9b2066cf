// SPDX-License-Identifier: Apache-2.0
//
// Messages that are delivered later: by a level of the broker's table, after a time, at a
// time; and one that is taken back before.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  const auto now = [] {
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
  };
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  const auto start = now();
  producer.send({.topic = "example-delay", .body = "at once"}).value();
  producer.send({.topic = "example-delay", .body = "by level 1", .delay_level = 1}).value();
  producer.send({.topic = "example-delay", .body = "after 1.5 s", .delay = milliseconds(1500)})
      .value();
  producer.send({.topic = "example-delay", .body = "in 2 s", .deliver_at_ms = start + 2000})
      .value();
  const auto late =
      producer.send({.topic = "example-delay", .body = "never", .delay = std::chrono::minutes(1)})
          .value();
  producer.recall("example-delay", late.recall_handle).value();

  auto reader =
      bolide::Reader::open(client, {.topic = "example-delay", .from = bolide::ReadFrom::first})
          .value();
  for (int seen = 0; seen < 4;)
    for (const auto& message : reader.read(std::chrono::seconds(1)).value()) {
      std::cout << message.body << ": after " << now() - start << " ms\n";
      ++seen;
    }
}
