// SPDX-License-Identifier: Apache-2.0
//
// Topics of which the newest message of each key counts (rocketmq semantics 3.16).
// Runs on: core agent.  Owns: nothing.  Invariant: every message that such a topic takes has a key.
#pragma once

#include "base/result.h"
#include "broker/config.h"
#include "broker/properties.h"

namespace bolide::broker {

bool is_compacted(const TopicConfig& topic);

// Errors: message_invalid for a message without a key, if the topic needs one.
Result<> check_compaction_key(const TopicConfig& topic, const SendProperties& known);

}  // namespace bolide::broker
