// SPDX-License-Identifier: Apache-2.0
//
// The messages of one delay level: a queue whose head is always the next one due.
// Runs on: core agent.  Owns: the place in the queue.  Invariant: messages are given out in order,
// and again only if storing them failed; none is settled before those in front of it.
#pragma once

#include "broker/own_sends.h"
#include "broker/queue_tail.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

namespace bolide::broker {

class LevelQueue {
 public:
  // Stores the message for its consumers; calls `done` when that is safe.
  using Deliver =
      std::function<void(const store::Record& record, const Now& now, OwnSends::Done done)>;

  LevelQueue(QueueTail tail, std::int64_t delay_ms, Deliver deliver);

  void published() { due_ms_ = due_ms_ == INT64_MAX ? 0 : due_ms_; }
  // Gives out what is due, but not more than `count_max`. Returns how many.
  std::int32_t run(const Now& now, std::int32_t count_max);
  // When the head is due; 0: not known, look.
  std::int64_t due_ms() const { return due_ms_; }
  // Everything before this offset is delivered, and the disk has it.
  std::int64_t settle(std::int64_t synced_position);
  // Whether everything below `position` of the log is delivered, and the disk has it.
  bool done_below(std::int64_t position);
  bool idle() { return in_flight_ == 0 && tail_.at_end(); }

 private:
  static constexpr std::int64_t retry_ms = 1'000;

  // Given out and not settled.
  struct Given {
    std::int64_t offset = 0;
    std::optional<std::int64_t> copy_position;  // in the log, once it is stored
  };

  std::int64_t soon(const Now& now) const;
  void give_out(const store::Record& record, const Now& now);
  void stored(std::int64_t offset, std::int64_t copy_position);

  QueueTail tail_;
  std::int64_t delay_ms_;
  Deliver deliver_;
  std::int64_t due_ms_ = 0;
  std::int64_t settled_;
  std::int64_t head_position_ = -1;  // in the log, if it was seen
  std::int32_t in_flight_ = 0;       // given out, not yet stored
  bool failed_ = false;              // something that was given out was not stored:
  std::int64_t redo_from_ = 0;       // this
  std::deque<Given> given_;          // by offset: who is stored first need not stand in front
};

}  // namespace bolide::broker
