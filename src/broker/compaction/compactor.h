// SPDX-License-Identifier: Apache-2.0
//
// Keeps the newest message of each key of compacted topics when retention drops the log under them,
// and gives what was kept to pulls (docs/decisions/0006).
// Runs on: core agent; its files are written and read on the background agent.  Owns: which queues
// have kept messages.  Invariant: nothing of a compacted topic is dropped before it is kept or
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
  // Opens what is there; what cannot be read is logged, set aside and not given.
  Compactor(KeptPlace place, Parts parts);

  // Whether all that compacted topics must keep of the log below `end_position` is kept; works on
  // it otherwise, a bounded piece at a time.
  bool done_below(std::int64_t end_position);

  // The first offset that a pull can have, below the log's `min`; nothing: there is none kept.
  std::optional<std::int64_t> first_offset(store::QueueNo queue, std::int64_t min) const;
  bool empty() const { return queues_.empty(); }
  bool has(store::QueueNo queue, std::int64_t offset, std::int64_t end) const;
  // Requires has(). Calls back on this agent.
  void read(store::QueueNo queue, std::int64_t offset, std::int64_t end,
            const store::ReadLimits& limits, const Matcher& matcher,
            std::move_only_function<void(store::ReadResult)> done);

  void erase_topic(std::string_view topic);
  CompactionStats stats() const;

 private:
  struct Queue {
    KeptQueue::Ptr kept;
    std::int64_t next = 0;  // offsets below are kept or superseded
  };

  void open_all();
  std::string path_of(store::QueueNo queue) const;
  bool done_in(store::QueueNo queue, std::int64_t end_position);
  // False: not all could be read now.
  bool collect(store::QueueNo queue, Queue& state, std::int64_t end_position, KeptBatch* batch);
  void merge(store::QueueNo queue, std::int64_t next, KeptBatch batch);

  KeptPlace place_;
  Parts parts_;
  std::unordered_map<store::QueueNo, Queue> queues_;
  std::shared_ptr<bool> busy_ = std::make_shared<bool>(false);
  std::uint64_t merges_ = 0;
};

}  // namespace bolide::broker
