// SPDX-License-Identifier: Apache-2.0
//
// Reads a queue of the broker's own (delays, timers, transactions) from an offset on, as it grows.
// Runs on: core agent.  Owns: the place.  Invariant: reads only what is visible, each record once
// (unless it is sent back) and in order; never waits for the disk.
#pragma once

#include "broker/delivery/visible.h"
#include "store/message_store.h"
#include "store/record.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace bolide::broker {

class QueueTail {
 public:
  struct Parts {
    store::MessageStore& store;
    Visible& visible;
    store::Background background;
  };
  QueueTail(Parts parts, store::QueueNo queue, std::int64_t next_offset);

  // Gives up to `records_max` records to `take`, until it returns false: that record is the next
  // one again. What is damaged is logged and passed over. What lies on a cold disk, or on one that
  // fails, comes with a later call: see again_in_ms(). Returns how many were taken.
  std::int32_t read(std::int32_t records_max,
                    const std::function<bool(const store::Record&)>& take);

  store::MessageStore& store() const { return parts_.store; }
  store::QueueNo queue() const { return queue_; }
  std::int64_t next_offset() const { return next_; }
  // When to read again, if the last read() did not come to the end; 0: at once.
  std::int64_t again_in_ms() const { return again_in_ms_; }
  // Goes back: what was read from `offset` on is read again.
  void rewind(std::int64_t offset) { next_ = offset; }
  // The record at `offset`, which was read before. False: not now, see again_in_ms(), or, if that
  // is 0, never again: this is logged. `read` owns what `record` views.
  bool read_again(std::int64_t offset, store::ReadResult* read, store::Record* record);
  // Where the message at `offset` lies in the log; nothing if there is none, or the disk is slow.
  std::optional<std::int64_t> position_of(std::int64_t offset);
  bool at_end() { return next_ >= parts_.visible.end(queue_); }

 private:
  bool take_all(const Slices& records, const std::function<bool(const store::Record&)>& take,
                std::int32_t* taken);
  bool wait_for(store::ReadResult* read);
  void warm_up(store::ColdRange range);

  Parts parts_;
  store::QueueNo queue_;
  std::int64_t next_;
  std::int64_t again_in_ms_ = 0;
  std::shared_ptr<bool> warming_ = std::make_shared<bool>(false);
};

}  // namespace bolide::broker
