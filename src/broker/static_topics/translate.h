// SPDX-License-Identifier: Apache-2.0
//
// From offsets of a logical queue to those of the broker's queue that holds them and back, by
// generation (rocketmq semantics 3.20).
// Runs on: any agent.  Owns: nothing.  Invariant: what one direction gives the other takes back.
#pragma once

#include "broker/api.h"
#include "broker/static_topics/mapping.h"

#include <cstdint>

namespace bolide::broker {

// An offset before the generation is its beginning. Requires that it is placed.
std::int64_t to_logical(const QueueGeneration& generation, std::int64_t physical);
// Likewise, and one behind its end is its end; -1 if its place is not known.
std::int64_t to_logical_inside(const QueueGeneration& generation, std::int64_t physical);
std::int64_t to_physical(const QueueGeneration& generation, std::int64_t logical);
// The first logical offset behind it; where it begins if its end is not decided.
std::int64_t end_in_logical(const QueueGeneration& generation);

// The generation that holds `logical`, of those with a place: the newest that begins there or
// before; the oldest if none does. Null if none has a place. Lives as long as the queue.
const QueueGeneration* generation_at(const Generations& queue, std::int64_t logical);
// The one behind `generation` of `queue`; null if there is none, or it has no place yet.
const QueueGeneration* generation_after(const Generations& queue,
                                        const QueueGeneration& generation);

// The answer to a pull from `physical_offset` of the queue that holds `current` of `queue`, as it
// reads for the logical queue: behind the end of a generation it leads on to the next. The records
// are passed on; their offsets lack `offset_delta`. An error is passed on.
PullResult to_logical(const Generations& queue, const QueueGeneration& current,
                      std::int64_t physical_offset, PullResult answer);

}  // namespace bolide::broker
