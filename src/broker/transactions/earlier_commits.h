// SPDX-License-Identifier: Apache-2.0
//
// What a kill within a turn's write leaves of transactions: commits whose outcome, which stands
// behind them, is not in the log. The committed message names the held one by its position.
// Runs on: core agent, at a start.  Owns: nothing.  Invariant: an outcome in the log stands behind
// all that was committed before it, so that only the log behind the last one is read.
#pragma once

#include "store/message_store.h"

#include <cstdint>
#include <vector>

namespace bolide::broker {

// Positions of held messages that were committed behind the last record of `outcomes`, sorted; of
// those from `first_open` on in the queue `halves`. Takes time in proportion to the log behind
// both.
std::vector<std::int64_t> earlier_commits(store::MessageStore& store, store::QueueNo halves,
                                          std::int64_t first_open, store::QueueNo outcomes);

}  // namespace bolide::broker
