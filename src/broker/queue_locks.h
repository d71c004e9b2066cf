// SPDX-License-Identifier: Apache-2.0
//
// Which client of a group may consume a queue in order (rocketmq semantics 3.5): locks that a
// client renews and that end by themselves. Runs on: core agent.  Owns: the locks.  Invariant: a
// queue is held by one client of a group at most.
#pragma once

#include "base/strings.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::broker {

class QueueLocks {
 public:
  static constexpr std::int64_t lock_ms = 60'000;

  // Takes or renews the lock; false if another client holds it.
  bool lock(std::string_view group, std::string_view topic, std::int32_t queue_id,
            std::string_view client_id, std::int64_t steady_ms);
  // Nothing happens if the client does not hold it.
  void unlock(std::string_view group, std::string_view topic, std::int32_t queue_id,
              std::string_view client_id);
  // Whether a client of the group holds any lock.
  bool holds_any(std::string_view group, std::int64_t steady_ms) const;
  // Forgets the locks that have ended.
  void expire(std::int64_t steady_ms);
  // Of locks remembered, ended ones too.
  std::size_t size() const { return holders_.size(); }

 private:
  struct Holder {
    std::string client_id;
    std::int64_t renewed_ms = 0;
  };

  StringMap<Holder> holders_;  // by group, topic and queue
};

}  // namespace bolide::broker
