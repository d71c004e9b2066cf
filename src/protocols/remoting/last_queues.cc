// SPDX-License-Identifier: Apache-2.0
//
// The queues of topics, as a name server gave them last.
// Runs on: io agent.  Owns: the lists.  Invariant: see last_queues.h.
#include "protocols/remoting/last_queues.h"

namespace bolide::remoting {

void LastQueues::put(const std::string& topic, const std::vector<broker::QueueRef>& queues) {
  forget(topic);
  if (queues.size() > queues_max_) return;
  while (queues_ + queues.size() > queues_max_) {
    const std::string oldest = by_age_.begin()->second;
    forget(oldest);
  }
  queues_ += queues.size();
  by_age_.emplace(++puts_, topic);
  topics_.emplace(topic, Entry{.queues = queues, .put = puts_});
}

void LastQueues::forget(std::string_view topic) {
  const auto found = topics_.find(topic);
  if (found == topics_.end()) return;
  queues_ -= found->second.queues.size();
  by_age_.erase(found->second.put);
  topics_.erase(found);
}

const std::vector<broker::QueueRef>* LastQueues::find(std::string_view topic) const {
  const auto found = topics_.find(topic);
  return found == topics_.end() ? nullptr : &found->second.queues;
}

}  // namespace bolide::remoting
