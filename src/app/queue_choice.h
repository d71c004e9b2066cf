// SPDX-License-Identifier: Apache-2.0
//
// Which queue of a given number gets a message: that of each broker in turn.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bolide::app {

// The place of a queue of this number in `queues`; past their end where there is none.
inline std::size_t choose_queue(const std::vector<QueueId>& queues, std::int64_t number,
                                std::size_t turn) {
  std::vector<std::size_t> fitting;
  for (std::size_t i = 0; i < queues.size(); ++i) {
    if (queues[i].queue == number) fitting.push_back(i);
  }
  return fitting.empty() ? queues.size() : fitting[turn % fitting.size()];
}

}  // namespace bolide::app
