// SPDX-License-Identifier: Apache-2.0
//
// Batches that are stored as one record, in topics with queue.type=BatchCQ (rocketmq wire 1.10).
// Runs on: core agent.  Owns: nothing.  Invariant: what is planned is appended by the same call, so
// that nothing takes an offset between.
#pragma once

#include "base/result.h"
#include "broker/batch_element.h"
#include "broker/config.h"
#include "store/inner_batch.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

// Whether a batch to `topic` becomes one record. A batch without a unique key comes from a client
// that does not know of them, and is cut up as ever.
bool takes_inner_batches(const TopicConfig& topic, std::string_view properties);

// The properties of the record. Errors: message_invalid for too many messages.
Result<std::string> inner_batch_properties(std::string_view properties, std::string_view cluster,
                                           std::int64_t count, std::int64_t first_offset);

// The messages in a record that is a batch; none: it is a single message. The flags alone say
// nothing: a client of Apache's broker may have set them.
std::vector<BatchElement> elements_of(const store::Record& record);
// One of them as a record of its own.
store::Record single_of(const store::Record& batch, const BatchElement& element);

}  // namespace bolide::broker
