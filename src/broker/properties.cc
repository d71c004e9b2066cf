// SPDX-License-Identifier: Apache-2.0
//
// One pass over the properties of a message that is sent.
// Runs on: core agent.  Owns: nothing.  Invariant: see properties.h.
#include "broker/properties.h"

#include "base/strings.h"

#include <cstring>

namespace bolide::broker {
namespace {

// Deferred delivery and transactions: storing such a message as an ordinary one would deliver it at
// the wrong time, so it is refused by name instead.
bool asks_for_more(std::string_view name, std::string_view value) {
  if (name == "DELAY") return value != "0";
  return name == "TIMER_DELAY_SEC" || name == "TIMER_DELAY_MS" || name == "TIMER_DELIVER_MS" ||
         name == "INNER_MULTI_DISPATCH" || (name == "TRAN_MSG" && is_true(value));
}

void take(std::string_view name, std::string_view value, SendProperties* into) {
  switch (name.front()) {
    case 'U':
      if (name == "UNIQ_KEY") into->unique_key = value;
      return;
    case 'K':
      if (name == "KEYS") into->keys = value;
      return;
    case 'T':
      if (name == "TAGS") {
        into->tags = value;
        return;
      }
      [[fallthrough]];
    case 'D':
    case 'I':
      if (asks_for_more(name, value)) into->unsupported = name;
      return;
    default: return;
  }
}

}  // namespace

SendProperties scan_properties(std::string_view text) {
  SendProperties found;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(property_end), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t middle = pair.find(name_end);
    if (middle == std::string_view::npos || middle == 0 || middle + 1 == pair.size()) continue;
    take(pair.substr(0, middle), pair.substr(middle + 1), &found);
  }
  return found;
}

}  // namespace bolide::broker
