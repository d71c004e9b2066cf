// SPDX-License-Identifier: Apache-2.0
//
// What fails says what was wrong, what to do, and whether trying again helps.
#include <bolide/bolide.h>
#include <iostream>

int main() {
  auto client = bolide::Client::open({.request_timeout = std::chrono::milliseconds(500)}).value();
  auto producer = bolide::Producer::start(client, {.retries = 0}).value();

  auto sent = producer.send({.topic = "not a name", .body = "x"});
  if (sent) return 1;
  std::cout << sent.status().message() << '\n'
            << "to do: " << sent.status().fix() << '\n'
            << (sent.status().retriable() ? "try again" : "do not try again") << '\n';

  auto empty = producer.send({.topic = "example-errors", .body = ""});
  return empty.status().code() == bolide::Errc::message_invalid ? 0 : 1;
}
