// SPDX-License-Identifier: Apache-2.0
//
// Properties to be changed.
// Runs on: core agent.  Owns: names and values.  Invariant: see property_list.h.
#include "broker/property_list.h"

#include "base/strings.h"
#include "broker/properties.h"
#include "store/record.h"

#include <algorithm>
#include <unordered_map>

namespace bolide::broker {
namespace {

constexpr std::size_t walked_max = 64;

}  // namespace

PropertyList::PropertyList(std::string_view text) {
  // A name is found by a walk over few, and by its hash among many. No pair moves once it is there.
  pairs_.reserve(static_cast<std::size_t>(std::ranges::count(text, property_end)) + 1);
  std::unordered_map<std::string_view, std::string*> places;
  const auto take = [&](std::string_view name, std::string_view value) {
    if (pairs_.size() < walked_max) return set(name, value);
    if (places.empty())
      for (auto& pair : pairs_) places.emplace(pair.first, &pair.second);
    if (const auto known = places.find(name); known != places.end()) {
      *known->second = value;
    } else {
      auto& pair = pairs_.emplace_back(name, value);
      places.emplace(pair.first, &pair.second);
    }
  };
  store::for_each_property(store::without_crc_property(text), take);
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
