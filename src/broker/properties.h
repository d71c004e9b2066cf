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

struct SendProperties {
  store::IndexedProperties indexed;
  bool transaction = false;  // its outcome is not known yet
  bool special = false;      // that, or it asks to be delivered later
  bool sequenced = false;    // it names its producer (base/producer_identity.h)
  std::string_view producer_id;
  std::string_view producer_sequence;
  std::string_view unsupported;  // a property that asks for what this broker cannot do
};

// One pass over `text`, by the same reading as the store's when it makes its index anew.
SendProperties scan_properties(std::string_view text);

}  // namespace bolide::broker
