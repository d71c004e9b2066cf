// SPDX-License-Identifier: Apache-2.0
//
// Reading a queue of the broker's own.
// Runs on: core agent.  Owns: the place.  Invariant: see queue_tail.h.
#include "broker/queue_tail.h"

#include "base/log.h"
#include "store/records.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// Often the first record that is read is not due yet, and is the last.
constexpr std::int32_t first_read_max = 8;
constexpr std::int64_t cold_again_ms = 2;
constexpr std::int64_t failed_again_ms = 1'000;

}  // namespace

QueueTail::QueueTail(Parts parts, store::QueueNo queue, std::int64_t next_offset)
    : parts_(std::move(parts)), queue_(queue), next_(next_offset) {}

std::int32_t QueueTail::read(std::int32_t records_max,
                             const std::function<bool(const store::Record&)>& take) {
  std::int32_t taken = 0;
  std::int32_t at_once = first_read_max;
  again_in_ms_ = *warming_ ? cold_again_ms : 0;
  while (taken < records_max && again_in_ms_ == 0) {
    next_ = std::max(next_, parts_.store.min_offset(queue_));
    const std::int64_t end = parts_.visible.end(queue_);
    if (next_ >= end) break;
    auto read = parts_.store.read(queue_, next_, end,
                                  {.messages_max = std::min(at_once, records_max - taken)}, {});
    at_once *= 2;
    if (read.messages > 0) {
      if (!take_all(read.records, take, &taken)) break;
    } else if (!wait_for(&read)) {
      const store::QueueName name = parts_.store.queue_name(queue_);
      BOLIDE_LOG(error, "{}: the message at offset {} cannot be read and is passed over",
                 name.topic, next_);
      ++next_;
    }
  }
  return taken;
}

// Whether what could not be read now can be later.
bool QueueTail::wait_for(store::ReadResult* read) {
  if (read->status == store::ReadStatus::cold) {
    warm_up(std::move(*read->cold));
    again_in_ms_ = cold_again_ms;
    return true;
  }
  if (read->may_pass) again_in_ms_ = failed_again_ms;
  return read->may_pass;
}

bool QueueTail::read_again(std::int64_t offset, store::ReadResult* read, store::Record* record) {
  again_in_ms_ = *warming_ ? cold_again_ms : 0;
  if (again_in_ms_ > 0) return false;
  if (offset >= parts_.store.min_offset(queue_) && offset < parts_.visible.end(queue_)) {
    *read = parts_.store.read(queue_, offset, offset + 1, {.messages_max = 1}, {});
    if (read->messages > 0 &&
        store::decode_record(read->records.front().view(), store::Verify::header, record) ==
            store::DecodeStatus::record) {
      return true;
    }
    if (wait_for(read)) return false;
  }
  BOLIDE_LOG(error, "{}: the message at offset {} cannot be read any more",
             parts_.store.queue_name(queue_).topic, offset);
  return false;
}

std::optional<std::int64_t> QueueTail::position_of(std::int64_t offset) {
  if (offset < parts_.store.min_offset(queue_) || offset >= parts_.visible.end(queue_))
    return std::nullopt;
  const auto read = parts_.store.read(queue_, offset, offset + 1, {.messages_max = 1}, {});
  store::Record record;
  if (read.messages == 0 || store::decode_record(read.records.front().view(), store::Verify::header,
                                                 &record) != store::DecodeStatus::record) {
    return std::nullopt;
  }
  return record.position;
}

bool QueueTail::take_all(const Slices& records,
                         const std::function<bool(const store::Record&)>& take,
                         std::int32_t* taken) {
  return store::for_each_record(records, [&](const store::Record& record, const auto&) {
    if (!take(record)) return false;
    next_ = record.queue_offset + 1;
    ++*taken;
    return true;
  });
}

void QueueTail::warm_up(store::ColdRange range) {
  *warming_ = true;
  parts_.background(
      [range = std::move(range), warming = warming_]() -> std::move_only_function<void()> {
        store::warm_up(range);
        return [warming] { *warming = false; };
      });
}

}  // namespace bolide::broker
