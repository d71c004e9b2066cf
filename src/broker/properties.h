// SPDX-License-Identifier: Apache-2.0
//
// The properties of a message that is sent: what the broker must know, found in one pass (rocketmq
// wire 1.12).
// Runs on: core agent.  Owns: nothing; views live as long as the text.
// Invariant: never allocates.
#pragma once

#include "store/record.h"

#include <cstdint>
#include <string_view>

namespace bolide::broker {

inline constexpr char name_end = '\x01';
inline constexpr char property_end = '\x02';
inline constexpr std::string_view priority_property = "_SYS_MSG_PRIORITY_";

struct SendProperties {
  store::IndexedProperties indexed;
  bool transaction = false;  // its outcome is not known yet
  bool special = false;      // that, or it asks to be delivered later
  bool sequenced = false;    // it names its producer (base/producer_identity.h)
  bool ordered = false;      // it has a key for the choice of its queue
  bool counted = false;      // it says how many messages it holds: no client's does
  std::string_view producer_id;
  std::string_view producer_sequence;
  std::string_view dispatch;    // light queues in which it is to stand too
  std::string_view lite_topic;  // the part of its topic for which it is
  std::string_view priority;
};

// One pass over `text`, by the same reading as the store's when it makes its index anew.
SendProperties scan_properties(std::string_view text);

}  // namespace bolide::broker
