// SPDX-License-Identifier: Apache-2.0
//
// Properties to be changed.
// Runs on: core agent.  Owns: names and values.  Invariant: see property_list.h.
#include "broker/property_list.h"

#include "base/strings.h"
#include "broker/properties.h"
#include "store/record.h"

#include <algorithm>

namespace bolide::broker {

PropertyList::PropertyList(std::string_view text) {
  store::for_each_property(store::without_crc_property(text),
                           [&](std::string_view name, std::string_view value) {
                             if (!name.empty()) set(name, value);
                           });
}

std::string_view PropertyList::find(std::string_view name) const {
  const auto found = std::ranges::find(pairs_, name, &std::pair<std::string, std::string>::first);
  return found == pairs_.end() ? std::string_view{} : std::string_view(found->second);
}

void PropertyList::set(std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(pairs_, name, &std::pair<std::string, std::string>::first);
  if (found != pairs_.end())
    found->second = value;
  else
    pairs_.emplace_back(name, value);
}

void PropertyList::set(std::string_view name, std::int64_t value) {
  set(name, DecimalText(value).view());
}

void PropertyList::erase(std::string_view name) {
  std::erase_if(pairs_, [&](const auto& pair) { return pair.first == name; });
}

std::string PropertyList::text() const {
  std::string text;
  for (const auto& [name, value] : pairs_) {
    text.append(name).push_back(name_end);
    text.append(value).push_back(property_end);
  }
  return text;
}

}  // namespace bolide::broker
