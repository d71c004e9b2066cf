// SPDX-License-Identifier: Apache-2.0
//
// The queues of topics in all brokers, as a name server gave them last: what is shared out among
// clients while no name server answers.
// Runs on: io agent.  Owns: the lists.  Invariant: not more queues are kept than at most; the
// topics that were told longest ago go first.
#pragma once

#include "base/strings.h"
#include "broker/api.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::remoting {

class LastQueues {
 public:
  static constexpr std::size_t queues_max_default = 65'536;

  explicit LastQueues(std::size_t queues_max = queues_max_default) : queues_max_(queues_max) {}

  // In place of those that were known. A list that is too long is not kept.
  void put(const std::string& topic, const std::vector<broker::QueueRef>& queues);
  void forget(std::string_view topic);
  // Null if they are not known. Lives until the next change.
  const std::vector<broker::QueueRef>* find(std::string_view topic) const;

 private:
  struct Entry {
    std::vector<broker::QueueRef> queues;
    std::uint64_t put = 0;
  };

  std::size_t queues_max_;
  std::size_t queues_ = 0;
  std::uint64_t puts_ = 0;
  StringMap<Entry> topics_;
  std::map<std::uint64_t, std::string> by_age_;
};

}  // namespace bolide::remoting
