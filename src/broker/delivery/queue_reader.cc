// SPDX-License-Identifier: Apache-2.0
//
// Reads of a queue's messages, wherever they lie.
// Runs on: core agent.  Owns: nothing.  Invariant: see queue_reader.h.
#include "broker/delivery/queue_reader.h"

#include <algorithm>
#include <string>

namespace bolide::broker {
namespace {

// Damaged records that one read passes over.
constexpr int damaged_max = 16;

}  // namespace

Error read_error(const store::ReadResult& failed, std::int32_t queue_id) {
  const std::string message = "the message at offset " + std::to_string(failed.next_offset) +
                              " of queue " + std::to_string(queue_id);
  if (failed.may_pass) return {Errc::io, message + " cannot be read now: see the server's log"};
  return {Errc::storage_corrupt, message + " is damaged: see the server's log"};
}

std::int64_t QueueReader::first_offset(store::QueueNo queue) const {
  const std::int64_t min = store_->min_offset(queue);
  if (!any_kept()) [[likely]]
    return min;
  return kept_->first_offset(queue, min).value_or(min);
}

bool QueueReader::reaches(store::QueueNo queue, std::int64_t offset) const {
  const std::int64_t min = store_->min_offset(queue);
  return offset >= min || (any_kept() && kept_->count(queue, offset, min) > 0);
}

std::int64_t QueueReader::offset_by_time(store::QueueNo queue, std::int64_t time_ms,
                                         bool upper) const {
  if (!any_kept()) [[likely]]
    return store_->offset_by_time(queue, time_ms, upper);
  const std::int64_t min = store_->min_offset(queue);
  const std::optional<std::int64_t> log_ms = store_->store_time(queue, min);
  // What was kept is older than the log.
  const bool last_in_log = upper && log_ms && *log_ms <= time_ms;
  if (!last_in_log) {
    if (const auto kept = kept_->offset_by_time(queue, time_ms, upper, min)) return *kept;
    if (upper) return first_offset(queue);
  }
  return store_->offset_by_time(queue, time_ms, upper);
}

std::optional<std::int64_t> QueueReader::store_time(store::QueueNo queue,
                                                    std::int64_t offset) const {
  if (!any_kept() || offset >= store_->min_offset(queue)) return store_->store_time(queue, offset);
  return kept_->store_time(queue, offset);
}

std::int64_t QueueReader::count(store::QueueNo queue, std::int64_t offset, std::int64_t end) const {
  if (!any_kept()) [[likely]]
    return end - offset;
  const std::int64_t min = store_->min_offset(queue);
  if (offset >= min) return end - offset;
  return kept_->count(queue, offset, std::min(min, end)) + std::max(end - min, std::int64_t{0});
}

store::ReadResult QueueReader::read_log(QueueSpan span, const store::ReadLimits& limits,
                                        const Matcher& matcher) const {
  store::ReadResult read = read_matching(*store_, span, limits, matcher);
  if (read.damaged_end == 0) [[likely]]
    return read;
  store::ReadResult passed;
  for (int i = 0; i < damaged_max && read.damaged_end > 0; ++i) {
    passed.next_offset = span.offset = read.damaged_end;
    if (span.offset >= span.end) return passed;
    read = read_matching(*store_, span, limits, matcher);
  }
  return read.status == store::ReadStatus::ok ? std::move(read) : std::move(passed);
}

store::ReadResult QueueReader::read(const QueueSpan& span, const store::ReadLimits& limits,
                                    const Matcher& matcher) const {
  const std::int64_t min = store_->min_offset(span.queue);
  if (span.offset >= min) [[likely]]
    return read_log(span, limits, matcher);
  const std::int64_t end = std::min(min, span.end);
  store::ReadResult kept;
  kept.next_offset = end;
  if (any_kept()) kept = kept_->read(span.queue, span.offset, end, limits, matcher);
  const bool nothing =
      kept.messages == 0 && kept.status == store::ReadStatus::ok && kept.next_offset >= end;
  if (!nothing || end == span.end) return kept;
  return read_log({.queue = span.queue, .offset = min, .end = span.end}, limits, matcher);
}

}  // namespace bolide::broker
