// SPDX-License-Identifier: Apache-2.0
//
// How far consumers may see into each queue: everything below end() is as safe as the reply level
// says. Runs on: core agent.  Owns: one number per queue.  Invariant: end() never passes what was
// acknowledged, and never goes back.
#pragma once

#include "store/message_store.h"

#include <cstdint>
#include <vector>

namespace bolide::broker {

class Visible {
 public:
  explicit Visible(store::MessageStore& store) : store_(store) {}

  // Must be called before the first append to a queue: what the store held before is visible.
  void track(store::QueueNo queue) {
    while (ends_.size() <= queue) {
      ends_.push_back(store_.next_offset(static_cast<store::QueueNo>(ends_.size())));
    }
  }
  std::int64_t end(store::QueueNo queue) {
    track(queue);
    return ends_[queue];
  }
  void publish(store::QueueNo queue, std::int64_t end) { ends_[queue] = end; }

 private:
  store::MessageStore& store_;
  std::vector<std::int64_t> ends_;
};

}  // namespace bolide::broker
