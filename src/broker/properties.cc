// SPDX-License-Identifier: Apache-2.0
//
// One pass over the properties of a message that is sent.
// Runs on: core agent.  Owns: nothing.  Invariant: see properties.h.
#include "broker/properties.h"

#include "base/producer_identity.h"
#include "base/strings.h"
#include "store/inner_batch.h"

namespace bolide::broker {
namespace {

bool wants_time(std::string_view name, std::string_view value) {
  if (name == "DELAY") return value != "0";
  return name == "TIMER_DELAY_SEC" || name == "TIMER_DELAY_MS" || name == "TIMER_DELIVER_MS";
}

void take_producer(std::string_view name, std::string_view value, SendProperties* found) {
  if (name == producer_id_property) found->producer_id = value;
  if (name == producer_sequence_property) found->producer_sequence = value;
  found->sequenced = !found->producer_id.empty() || !found->producer_sequence.empty();
}

}  // namespace

SendProperties scan_properties(std::string_view text) {
  SendProperties found;
  store::for_each_property(text, [&](std::string_view name, std::string_view value) {
    found.indexed.take(name, value);
    if (wants_time(name, value)) {
      found.special = true;
    } else if (name == "TRAN_MSG" && is_true(value)) {
      found.special = found.transaction = true;
    } else if (name == store::dispatch_property) {
      found.dispatch = value;
    } else if (name == store::inner_count_property) {
      found.counted = true;
    } else if (name.starts_with(producer_property_prefix)) {
      take_producer(name, value, &found);
    } else if (name.starts_with('_')) {
      if (name == "__LITE_TOPIC") found.lite_topic = value;
      if (name == priority_property) found.priority = value;
      if (name == "__SHARDINGKEY") found.ordered = true;
    }
  });
  return found;
}

}  // namespace bolide::broker
