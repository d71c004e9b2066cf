// SPDX-License-Identifier: Apache-2.0
//
// Which light queues are lite topics, and of which parent. What is published asks by the number of
// its queue.
// Runs on: core agent.  Owns: the lists.  Invariant: holds every light queue of a lite topic that
// the store knows.
#pragma once

#include "base/strings.h"
#include "store/message_store.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

class LiteIndex {
 public:
  struct Parent {
    std::string name;
    std::vector<store::QueueNo> queues;
  };

  // Looks at all queues once.
  explicit LiteIndex(const store::MessageStore& store);
  void made(std::string_view light_queue, store::QueueNo queue);

  // Null: the queue is no lite topic's.
  const Parent* parent_of(store::QueueNo queue) const {
    return queue < by_queue_.size() ? by_queue_[queue] : nullptr;
  }
  // Null: nobody ever sent to a lite topic of it.
  const Parent* find(std::string_view parent) const;

 private:
  StringMap<std::unique_ptr<Parent>> parents_;
  std::vector<const Parent*> by_queue_;  // up to the last that is a lite topic's
};

}  // namespace bolide::broker
