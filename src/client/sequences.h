// SPDX-License-Identifier: Apache-2.0
//
// The numbers of an idempotent producer's messages, queue by queue (docs/idempotence.md).
// Runs on: the client's agent.  Owns: the counters, and the sends that wait for their turn.
// Invariant: no message is on its way while one of its queue is that lies a broker's window before
// it; of those that must keep their order one is.
#pragma once

#include <bolide/message.h>

#include "client/send.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace bolide::client {

class Sequences {
 public:
  explicit Sequences(std::string producer_id) : producer_id_(std::move(producer_id)) {}

  // Gives the send its number and the properties that say it, if it may go to `queue` now; false:
  // it must wait(). Requires send.sequence < 0.
  bool number(Send& send, const QueueId& queue);
  // Keeps it until its turn.
  void wait(SendPtr send, const QueueId& queue);
  // A numbered send has its end.
  void ended(const Send& send);
  // The next of those that wait, numbered; null: none, or it is not its turn.
  SendPtr next(const QueueId& queue);

 private:
  struct Queue {
    std::int64_t next = 0;
    std::map<std::int64_t, bool> open;  // numbers on their way, and whether their order matters
    std::size_t ordered = 0;            // of them
    std::deque<SendPtr> waiting;
  };
  static bool fits(const Queue& state, const Send& send);
  void give(Queue& state, Send& send, const QueueId& queue);

  std::string producer_id_;
  std::map<QueueId, Queue> queues_;
};

}  // namespace bolide::client
