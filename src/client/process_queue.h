// SPDX-License-Identifier: Apache-2.0
//
// ProcessQueue: one queue that a consumer has: what was pulled and not yet consumed, and the offset
// that may be committed.
// Runs on: the client's agent.  Owns: the messages that wait.
// Invariant: the committable offset is not above any message that is not consumed.
#pragma once

#include <bolide/message.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

namespace bolide::client {

class ProcessQueue {
 public:
  ProcessQueue(QueueId id, std::int64_t next_offset) : id_(std::move(id)), next_(next_offset) {}

  const QueueId& id() const { return id_; }

  // What a pull brought; `next_offset` is where the next one begins. Messages in order.
  void put(std::vector<ReceivedMessage> messages, std::int64_t next_offset);
  // Up to `count` messages that wait, in order; they stay unconsumed until done(). A damaged one
  // comes alone.
  std::vector<ReceivedMessage> take(std::size_t count);
  // These were consumed, or handed to the broker to come again.
  void done(std::span<const ReceivedMessage> messages);
  // These are to be consumed again by this member.
  void put_back(std::vector<ReceivedMessage> messages);

  bool has_waiting() const { return !waiting_.empty(); }
  // Unconsumed messages, those being consumed among them.
  std::size_t messages() const { return unconsumed_; }
  std::size_t bytes() const { return bytes_; }
  // Offsets of the first and the last unconsumed one; 0 if there is none.
  std::int64_t first_offset() const { return is_idle() ? 0 : held_.front().offset; }
  std::int64_t last_offset() const { return is_idle() ? 0 : held_.back().offset; }
  // Between the first and the last unconsumed offset.
  std::int64_t span() const { return last_offset() - first_offset(); }
  bool is_idle() const { return unconsumed_ == 0; }

  std::int64_t next_offset() const { return next_; }
  void set_next_offset(std::int64_t offset) { next_ = offset; }
  // All before this one is consumed.
  std::int64_t committable() const { return is_idle() ? next_ : held_.front().offset; }

  // What the consumer notes about the queue.
  bool dropped = false;             // no longer ours: neither pulled nor committed
  bool pulling = false;             // a pull is on its way
  bool paused = false;              // the user wants nothing of it
  std::int64_t committed = -1;      // what its broker has taken; -1: nobody knows
  std::int64_t committing = -1;     // what it is being told; -1: nothing
  std::int64_t pulled_ms = 0;       // wall time of the last pull
  std::int64_t consumed_ms = 0;     // and of the last consumption
  std::int64_t rests_until_ms = 0;  // in ordered consuming: nothing is consumed before

 private:
  struct Held {
    std::int64_t offset = 0;
    std::size_t bytes = 0;  // of the body
    bool consumed = false;
  };

  void hold(const ReceivedMessage& message);

  QueueId id_;
  std::int64_t next_;
  std::deque<ReceivedMessage> waiting_;
  // What was pulled, by offset; its first and its last are unconsumed.
  std::deque<Held> held_;
  std::size_t unconsumed_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace bolide::client
