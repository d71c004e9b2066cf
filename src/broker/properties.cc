// SPDX-License-Identifier: Apache-2.0
//
// One pass over the properties of a message that is sent.
// Runs on: core agent.  Owns: nothing.  Invariant: see properties.h.
#include "broker/properties.h"

#include "base/strings.h"

namespace bolide::broker {
namespace {

// Deferred delivery and transactions: storing such a message as an ordinary one would deliver it at
// the wrong time, so it is refused by name instead.
bool asks_for_more(std::string_view name, std::string_view value) {
  if (name == "DELAY") return value != "0";
  return name == "TIMER_DELAY_SEC" || name == "TIMER_DELAY_MS" || name == "TIMER_DELIVER_MS" ||
         name == "INNER_MULTI_DISPATCH" || (name == "TRAN_MSG" && is_true(value));
}

}  // namespace

SendProperties scan_properties(std::string_view text) {
  SendProperties found;
  store::for_each_property(text, [&](std::string_view name, std::string_view value) {
    found.indexed.take(name, value);
    if (asks_for_more(name, value)) found.unsupported = name;
  });
  return found;
}

}  // namespace bolide::broker
