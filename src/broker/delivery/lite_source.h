// SPDX-License-Identifier: Apache-2.0
//
// Where a pop of lite topics takes from: the light queues in which there may be something for its
// client. To Popper it is a pop like any other.
// Runs on: core agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/time.h"
#include "broker/delivery/pop_taker.h"

#include <string_view>

namespace bolide::broker {

class LiteSource {
 public:
  struct Pop {
    const PopWish& wish;
    std::string_view client;
    std::string_view parent;
  };

  virtual ~LiteSource() = default;
  // Adds to the batch what there is, by `taker`.
  virtual void collect(const Pop& pop, PopTaker& taker, const Now& now, PopBatch* batch) = 0;
  // The group may be given messages of a light queue again.
  virtual void freed(std::string_view group, std::string_view light_queue) = 0;
};

}  // namespace bolide::broker
