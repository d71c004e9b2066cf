// SPDX-License-Identifier: Apache-2.0
//
// Reads of a queue's messages that a subscription selects: by tags, which the store does by its
// index, or by properties, for which the records must be looked at. Runs on: core agent.  Owns:
// nothing.  Invariant: one read does a bounded amount of work, however few messages match.
#pragma once

#include "broker/subscription.h"
#include "store/message_store.h"

#include <cstdint>

namespace bolide::broker {

// Where to read: offsets of a queue, as MessageStore::read wants them.
struct QueueSpan {
  store::QueueNo queue = 0;
  std::int64_t offset = 0;
  std::int64_t end = 0;
};

// As MessageStore::read. What no disk holds up is given first: cold or failed is the status only
// if it is so at the first record that was to be looked at.
store::ReadResult read_matching(store::MessageStore& store, const QueueSpan& span,
                                const store::ReadLimits& limits, const Matcher& matcher);

}  // namespace bolide::broker
