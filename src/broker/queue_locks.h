// SPDX-License-Identifier: Apache-2.0
//
// Which client of a group may consume a queue in order (rocketmq semantics 3.5): locks that a
// client renews and that end by themselves. Runs on: core agent.  Owns: the locks.  Invariant: a
// queue is held by one client of a group at most, also over a restart of the broker: who held it
// before may still be at work.
#pragma once

#include "base/strings.h"
#include "base/time.h"
#include "broker/metadata.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

class QueueLocks {
 public:
  static constexpr std::int64_t lock_ms = 60'000;
  // A lock is noted on the disk when it is taken, and when it is renewed so long after the last
  // note. Clients rely on theirs for 30 s, well within lock_ms less this.
  static constexpr std::int64_t save_every_ms = 10'000;

  explicit QueueLocks(Metadata& metadata) : metadata_(metadata) {}
  // What was held when the broker was last up, for the rest of its time.
  void load(const std::vector<LockEntry>& stored, const Now& now);

  // Takes or renews the lock; false if another client holds it. Whoever calls flushes the metadata.
  bool lock(std::string_view group, std::string_view topic, std::int32_t queue_id,
            std::string_view client_id, const Now& now);
  // Nothing happens if the client does not hold it.
  void unlock(std::string_view group, std::string_view topic, std::int32_t queue_id,
              std::string_view client_id);
  // Whether a client of the group holds any lock.
  bool holds_any(std::string_view group, std::int64_t steady_ms) const;
  // Forgets the locks that have ended.
  void expire(std::int64_t steady_ms);
  // Of locks remembered, ended ones too.
  std::size_t size() const { return size_; }
  std::vector<LockEntry> all(const Now& now) const;

 private:
  struct Holder {
    std::string client_id;
    std::int64_t renewed_ms = 0;  // steady, as the next
    std::int64_t saved_ms = 0;
  };

  using Holders = StringMap<Holder>;  // by QUEUE/TOPIC@GROUP

  Metadata& metadata_;
  StringMap<Holders> groups_;  // none is empty
  std::size_t size_ = 0;
};

}  // namespace bolide::broker
