// SPDX-License-Identifier: Apache-2.0
//
// One delay level.
// Runs on: core agent.  Owns: the place in the queue.  Invariant: see level_queue.h.
#include "broker/timers/level_queue.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {

LevelQueue::LevelQueue(QueueTail tail, std::int64_t delay_ms, Deliver deliver)
    : tail_(std::move(tail)),
      delay_ms_(delay_ms),
      deliver_(std::move(deliver)),
      settled_(tail_.next_offset()) {}

std::int32_t LevelQueue::run(const Now& now, std::int32_t count_max) {
  if (due_ms_ > now.wall_ms || count_max <= 0) return 0;
  if (failed_) {
    // What follows the failed one may be stored by now: it is given out twice rather than not.
    if (in_flight_ > 0) return 0;
    failed_ = false;
    tail_.rewind(redo_from_);
    std::erase_if(given_, [this](const Given& given) { return given.offset >= redo_from_; });
  }
  due_ms_ = INT64_MAX;
  head_position_ = -1;
  const std::int32_t taken = tail_.read(count_max, [&](const store::Record& record) {
    const std::int64_t due_ms = record.store_ms + delay_ms_;
    if (failed_ || due_ms > now.wall_ms) {
      due_ms_ = failed_ ? now.wall_ms + retry_ms : due_ms;
      head_position_ = record.position;
      return false;
    }
    give_out(record, now);
    return true;
  });
  if (due_ms_ == INT64_MAX && !tail_.at_end()) due_ms_ = soon(now);
  return taken;
}

std::int64_t LevelQueue::soon(const Now& now) const {
  return tail_.again_in_ms() > 0 ? now.wall_ms + tail_.again_in_ms() : 0;
}

void LevelQueue::give_out(const store::Record& record, const Now& now) {
  ++in_flight_;
  given_.push_back({.offset = record.queue_offset, .copy_position = std::nullopt});
  deliver_(record, now, [this, offset = record.queue_offset, now](Result<Stored> stored) {
    --in_flight_;
    if (stored) return this->stored(offset, stored->position);
    redo_from_ = failed_ ? std::min(redo_from_, offset) : offset;
    failed_ = true;
    due_ms_ = now.wall_ms + retry_ms;
  });
}

void LevelQueue::stored(std::int64_t offset, std::int64_t copy_position) {
  const auto given = std::ranges::lower_bound(given_, offset, {}, &Given::offset);
  BOLIDE_ASSERT(given != given_.end() && given->offset == offset);
  given->copy_position = copy_position;
}

bool LevelQueue::done_below(std::int64_t position) {
  if (settled_ >= tail_.next_offset()) {
    if (tail_.at_end()) return true;
    if (head_position_ >= 0) return head_position_ >= position;
  }
  const auto oldest = tail_.position_of(settled_);
  return oldest && *oldest >= position;
}

std::int64_t LevelQueue::settle(std::int64_t synced_position) {
  while (!given_.empty() && given_.front().copy_position.value_or(INT64_MAX) < synced_position) {
    settled_ = given_.front().offset + 1;
    given_.pop_front();
  }
  // What retention took before it was due, or was passed over, has no copy.
  if (given_.empty()) settled_ = tail_.next_offset();
  return settled_;
}

}  // namespace bolide::broker
