// SPDX-License-Identifier: Apache-2.0
//
// Consumes what belongs together in its order: one message of a queue at a time. What fails keeps
// its queue waiting; the other queues go on.
#include <bolide/bolide.h>
#include <iostream>
#include <map>
#include <mutex>

int main() {
  auto client = bolide::Client::open().value();
  auto producer = bolide::Producer::start(client).value();
  for (std::string step : {"made", "paid", "sent"})
    for (std::string order : {"1", "2"})
      producer.send({.topic = "example-ordered", .body = step, .ordering_key = "order-" + order})
          .value();

  std::mutex mutex;
  int done = 0;
  std::promise<void> all;
  auto handle = [&](auto messages) {
    const auto& message = messages[0];
    const std::lock_guard lock(mutex);  // queues are handled beside each other
    if (message.body == "paid" && message.reconsume_times == 0)
      return bolide::ConsumeResult::later;  // the bank is away
    std::cout << "queue " << message.queue << ": " << message.body << '\n';
    if (++done == 6) all.set_value();
    return bolide::ConsumeResult::success;
  };
  bolide::PushConsumerOptions options{.group = "example-ordered-readers",
                                      .subscriptions = {{"example-ordered", "*"}},
                                      .on_messages = handle,
                                      .from = bolide::ConsumeFrom::first,
                                      .ordered = true,
                                      .ordered_retry_pause = std::chrono::milliseconds(200)};
  auto consumer = bolide::PushConsumer::start(client, options).value();
  all.get_future().wait();
}
