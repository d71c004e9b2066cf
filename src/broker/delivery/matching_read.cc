// SPDX-License-Identifier: Apache-2.0
//
// Reads of messages that a subscription selects.
// Runs on: core agent.  Owns: nothing.  Invariant: see matching_read.h.
#include "broker/delivery/matching_read.h"

#include "broker/filter/sql_evaluate.h"
#include "store/inner_batch.h"
#include "store/records.h"

#include <algorithm>

namespace bolide::broker {
namespace {

// Of one read: bytes of records that are fetched, and bytes of properties that each part of the
// expression may have to compare. Some milliseconds at most.
constexpr std::size_t work_max = 8U << 20U;
constexpr std::size_t entry_work = 64;
// Records that are fetched at once.
constexpr std::int32_t step_max = 256;

class PropertyReader {
 public:
  PropertyReader(const SqlProgram& program, const store::ReadLimits& limits)
      : program_(program), limits_(limits) {}

  store::ReadResult run(store::MessageStore& store, const QueueSpan& span) {
    result_.next_offset = span.offset;
    name_ = store.queue_name(span.queue);
    // The first step fits where all match; more records follow where few do.
    store::ReadLimits step{.messages_max = std::max(limits_.messages_max, 1),
                           .bytes_max = limits_.bytes_max};
    while (!full_ && work_ < work_max && result_.next_offset < span.end) {
      store::ReadResult read = store.read(span.queue, result_.next_offset, span.end, step, {});
      if (read.status != store::ReadStatus::ok) {
        if (result_.next_offset > span.offset) break;
        return read;
      }
      work_ += static_cast<std::size_t>(read.next_offset - result_.next_offset) * entry_work;
      take(read);
      step.messages_max = std::min(step.messages_max * 2, std::max(step_max, limits_.messages_max));
    }
    return std::move(result_);
  }

 private:
  void take(const store::ReadResult& read) {
    const bool all = store::for_each_record(
        read.records, [this](const store::Record& record, const store::RecordPlace& place) {
          return take(record, place);
        });
    if (all) result_.next_offset = read.next_offset;
  }

  // False if the record is for the next read.
  bool take(const store::Record& record, const store::RecordPlace& place) {
    work_ += record.total_size + record.properties.size() * program_.nodes.size();
    if (matches(program_, record.properties)) {
      full_ = result_.messages > 0 && (result_.messages >= limits_.messages_max ||
                                       result_.bytes + place.size > limits_.bytes_max);
      if (full_) {
        result_.next_offset = store::offset_in(record, name_.topic, name_.queue_id);
        return false;
      }
      ++result_.messages;
      result_.bytes += place.size;
      add(place.slice());
    }
    result_.next_offset =
        store::offset_in(record, name_.topic, name_.queue_id) + store::offsets_covered(record);
    return work_ < work_max;
  }

  // Adjacent records are one slice.
  void add(Slice bytes) {
    if (!result_.records.empty()) {
      Slice& last = result_.records.back();
      if (last.chunk == bytes.chunk && last.begin + last.size == bytes.begin) {
        last.size += bytes.size;
        return;
      }
    }
    result_.records.push_back(std::move(bytes));
  }

  const SqlProgram& program_;
  const store::ReadLimits& limits_;
  store::QueueName name_;
  store::ReadResult result_;
  std::size_t work_ = 0;
  bool full_ = false;
};

}  // namespace

store::ReadResult read_matching(store::MessageStore& store, const QueueSpan& span,
                                const store::ReadLimits& limits, const Matcher& matcher) {
  if (matcher.sql) return PropertyReader(*matcher.sql, limits).run(store, span);
  return store.read(span.queue, span.offset, span.end, limits,
                    matcher.tags ? matcher.tags->filter() : store::TagFilter{});
}

}  // namespace bolide::broker
