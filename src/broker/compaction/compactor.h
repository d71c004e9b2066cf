// SPDX-License-Identifier: Apache-2.0
//
// Keeps the newest message of each key of compacted topics when retention drops the log under them,
// and gives what was kept to whoever reads there (docs/decisions/0006).
// Runs on: core agent; its files are written on the background agent.  Owns: which queues have kept
// messages.  Invariant: nothing of a compacted topic is dropped before it is kept or
// known to be superseded.
#pragma once

#include "broker/compaction/kept_queue.h"
#include "broker/topics.h"
#include "store/message_store.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace bolide::broker {

// Where kept messages lie. Without a file system nothing is kept.
struct KeptPlace {
  os::FileSystem* fs = nullptr;
  std::string directory;
};

struct CompactionStats {
  std::uint64_t merges = 0;
  std::uint64_t kept = 0;  // messages in all files
};

class Compactor {
 public:
  struct Parts {
    const Topics& topics;
    store::MessageStore& store;
    store::Background background;
  };
  // Opens what is there. What the disk does not give now is read by a later tick: until then reads
  // fail and the log stays.
  Compactor(KeptPlace place, Parts parts);

  // Every ~100 ms.
  void tick(std::int64_t now_ms);

  // Whether all that compacted topics must keep of the log below `end_position` is kept; works on
  // it otherwise, in bounded pieces, until it is.
  bool done_below(std::int64_t end_position);

  // The first offset that may be kept, below the log's `min`; nothing: there is none.
  std::optional<std::int64_t> first_offset(store::QueueNo queue, std::int64_t min) const;
  bool empty() const { return queues_.empty(); }
  // As KeptQueue's; the first offset there may be of what cannot be read yet.
  std::optional<std::int64_t> offset_by_time(store::QueueNo queue, std::int64_t time_ms, bool upper,
                                             std::int64_t end) const;
  std::optional<std::int64_t> store_time(store::QueueNo queue, std::int64_t offset) const;
  // Messages that are kept in [offset, end).
  std::int64_t count(store::QueueNo queue, std::int64_t offset, std::int64_t end) const;
  // What is kept in [offset, end), as KeptQueue::read.
  store::ReadResult read(store::QueueNo queue, std::int64_t offset, std::int64_t end,
                         const store::ReadLimits& limits, const Matcher& matcher) const;

  // The record that stood at this position of the log. Errors: not_found; busy: the disk is asked
  // for it, who asks again will have it; io.
  Result<Slices> record_at(std::int64_t position);

  void erase_topic(std::string_view topic);
  CompactionStats stats() const;

 private:
  struct Queue {
    std::uint64_t id = 0;  // another one for a queue that is deleted and made again
    KeptQueue::Ptr kept;
    std::int64_t next = 0;  // offsets below are kept or superseded
    bool unread = false;    // nobody knows what its file has
  };
  struct Unread;
  // What is being collected of a queue.
  struct Work {
    store::QueueNo queue = 0;
    std::uint64_t id = 0;
    std::int64_t next = 0;  // offsets below are in the batch, or kept
    KeptBatch batch;
  };
  enum class Collected : std::uint8_t { all, full, not_now };

  void open_all();
  void open_topic(const Topic& topic);
  void doubt(const Topic& topic, const Error& error);
  void doubt(store::QueueNo queue, const Error& error);
  void opened_again(Unread& one);
  std::string path_of(store::QueueNo queue) const;
  Queue& state_of(store::QueueNo queue);
  Queue* find(store::QueueNo queue, std::uint64_t id);
  bool proceed();
  bool done_in(store::QueueNo queue);
  Collected collect(Work& work);
  bool take(Work& work, const Slices& records);
  void go_on_later();
  void warm_up(store::ColdRange range, std::int64_t offset);
  void merge(Work work);
  void merged(store::QueueNo queue, std::uint64_t id, std::int64_t next, const std::string& path,
              Result<KeptQueue::Ptr> kept);

  KeptPlace place_;
  Parts parts_;
  std::unordered_map<store::QueueNo, Queue> queues_;
  std::uint64_t last_id_ = 0;
  std::int64_t end_position_ = 0;
  std::optional<Work> work_;
  bool busy_ = false;            // a job of the background agent is under way
  std::int64_t warmed_up_ = -1;  // the offset for which the disk was last waited
  std::uint64_t merges_ = 0;
  bool any_unread_ = false;
  std::int64_t open_again_at_ms_ = 0;
};

}  // namespace bolide::broker
