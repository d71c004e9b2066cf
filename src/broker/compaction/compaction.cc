// SPDX-License-Identifier: Apache-2.0
//
// Compacted topics.
// Runs on: core agent.  Owns: nothing.  Invariant: see compaction.h.
#include "broker/compaction/compaction.h"

#include "base/strings.h"

namespace bolide::broker {

bool is_compacted(const TopicConfig& topic) {
  const auto policy = topic.attributes.find("cleanup.policy");
  return policy != topic.attributes.end() && policy->second == "COMPACTION";
}

Result<> check_compaction_key(const TopicConfig& topic, const SendProperties& known) {
  if (!is_compacted(topic) || !trim(known.indexed.keys).empty()) return {};
  return fail(Errc::message_invalid, "Required message key is missing");
}

}  // namespace bolide::broker
