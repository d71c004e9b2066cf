// SPDX-License-Identifier: Apache-2.0
//
// ConsumeJob: messages of one queue that a worker hands to the listener piece by piece. One wake-up
// of a worker then serves many messages where the listener is quick; where it is not, the agent
// takes back what the worker has not begun, for other workers.
// Runs on: made on the client's agent; take() on the worker; take_back() on the agent.
// Owns: its messages.  Invariant: each message is taken by the worker or taken back, never both.
#pragma once

#include "client/process_queue.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <iterator>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace bolide::client {

class ConsumeJob {
 public:
  ConsumeJob(std::shared_ptr<ProcessQueue> queue, std::vector<ReceivedMessage> messages,
             std::size_t piece_messages)
      : queue_(std::move(queue)), messages_(std::move(messages)), piece_messages_(piece_messages) {}

  // The next piece, or nothing. It stays where it is as long as the job lives.
  std::span<ReceivedMessage> take() {
    const std::size_t begin = next_.fetch_add(piece_messages_);
    if (begin >= messages_.size()) return {};
    return {messages_.data() + begin, std::min(piece_messages_, messages_.size() - begin)};
  }
  // All that was not taken, in order.
  std::vector<ReceivedMessage> take_back() {
    const std::size_t from = std::min(next_.exchange(messages_.size()), messages_.size());
    return {std::make_move_iterator(messages_.begin() + static_cast<std::ptrdiff_t>(from)),
            std::make_move_iterator(messages_.end())};
  }

  const std::shared_ptr<ProcessQueue>& queue() const { return queue_; }
  std::size_t piece_messages() const { return piece_messages_; }

  std::int64_t began_ms = 0;  // steady

 private:
  const std::shared_ptr<ProcessQueue> queue_;
  std::vector<ReceivedMessage> messages_;
  const std::size_t piece_messages_;
  std::atomic<std::size_t> next_{0};  // the first message that nobody has taken
};

// How many pieces a job should have so that it lasts about half a millisecond: waking a worker then
// costs little beside it, and nobody else waits long. On the agent.
class PieceClock {
 public:
  static constexpr std::int64_t job_ns = 500'000;

  void note(std::int64_t took_ns, std::size_t pieces) {
    if (pieces == 0) return;  // all of it was taken back
    const std::int64_t one_ns = took_ns / static_cast<std::int64_t>(pieces);
    // Slower counts at once, quicker by and by.
    piece_ns_ = one_ns >= piece_ns_ ? one_ns : (3 * piece_ns_ + one_ns) / 4;
  }
  std::size_t pieces() const {
    constexpr std::int64_t pieces_max = 256;
    return static_cast<std::size_t>(
        std::clamp(job_ns / std::max(piece_ns_, std::int64_t{1}), std::int64_t{1}, pieces_max));
  }

 private:
  std::int64_t piece_ns_ = job_ns;
};

}  // namespace bolide::client
