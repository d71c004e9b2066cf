// SPDX-License-Identifier: Apache-2.0
//
// Batches that are stored as one record, in topics with queue.type=BatchCQ (rocketmq wire 1.10).
// Runs on: core agent.  Owns: nothing.  Invariant: what is planned is appended by the same call, so
// that nothing takes an offset between.
#pragma once

#include "base/result.h"
#include "broker/config.h"
#include "store/inner_batch.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::broker {

// Whether a batch to `topic` becomes one record. A batch without a unique key comes from a client
// that does not know of them, and is cut up as ever.
bool takes_inner_batches(const TopicConfig& topic, std::string_view properties);

// The properties of the record. Errors: message_invalid for too many messages.
Result<std::string> inner_batch_properties(std::string_view properties, std::string_view cluster,
                                           std::int64_t count, std::int64_t first_offset);

}  // namespace bolide::broker
