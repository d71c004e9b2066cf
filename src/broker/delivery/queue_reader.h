// SPDX-License-Identifier: Apache-2.0
//
// Reads of a queue's messages for whoever is given them, wherever they lie: in the log or, before
// its beginning, among what compaction has kept.
// Runs on: core agent.  Owns: nothing.  Invariant: as matching_read.h.
#pragma once

#include "broker/compaction/compactor.h"
#include "broker/delivery/matching_read.h"
#include "store/message_store.h"

#include <cstdint>

namespace bolide::broker {

// Why a read has failed, for whoever asked for messages of the queue.
Error read_error(const store::ReadResult& failed, std::int32_t queue_id);

class QueueReader {
 public:
  // Both must outlive this. Without `kept` there is nothing but the log.
  explicit QueueReader(store::MessageStore& store, const Compactor* kept = nullptr)
      : store_(&store), kept_(kept) {}

  // Where the log begins.
  std::int64_t log_offset(store::QueueNo queue) const { return store_->min_offset(queue); }
  // Where messages begin.
  std::int64_t first_offset(store::QueueNo queue) const;
  // False: the offset lies before the log, and nothing from there up to the log was kept.
  bool reaches(store::QueueNo queue, std::int64_t offset) const;
  // As the store's, of all messages.
  std::int64_t offset_by_time(store::QueueNo queue, std::int64_t time_ms, bool upper) const;
  // Store time of the message at `offset`, before the log's beginning of the last one up to there.
  std::optional<std::int64_t> store_time(store::QueueNo queue, std::int64_t offset) const;
  // Messages in [offset, end), which is not behind the log's end.
  std::int64_t count(store::QueueNo queue, std::int64_t offset, std::int64_t end) const;
  // As read_matching(), but what is damaged is passed over: it is missing from what is given, or
  // next_offset alone goes on. Offsets before the log's beginning hold only what was kept.
  store::ReadResult read(const QueueSpan& span, const store::ReadLimits& limits,
                         const Matcher& matcher) const;

 private:
  store::ReadResult read_log(QueueSpan span, const store::ReadLimits& limits,
                             const Matcher& matcher) const;
  bool any_kept() const { return kept_ != nullptr && !kept_->empty(); }

  store::MessageStore* store_;
  const Compactor* kept_;
};

}  // namespace bolide::broker
