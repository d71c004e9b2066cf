// SPDX-License-Identifier: Apache-2.0
//
// A set of offsets.
// Runs on: any thread.  Owns: its ranges.  Invariant: see offset_set.h.
#include "app/dlq/offset_set.h"

#include "base/strings.h"

#include <algorithm>
#include <iterator>

namespace bolide::app {
namespace {

constexpr std::int64_t offset_max = INT64_MAX / 2;

}  // namespace

void OffsetSet::add(std::int64_t first, std::int64_t last) {
  auto next = ranges_.upper_bound(first);
  if (next != ranges_.begin() && std::prev(next)->second >= first - 1) {
    --next;
    first = next->first;
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  while (next != ranges_.end() && next->first <= last + 1) {
    last = std::max(last, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(first, last);
}

void OffsetSet::add(const OffsetSet& other) {
  for (const auto& [first, last] : other.ranges_) add(first, last);
}

void OffsetSet::remove(std::int64_t offset) {
  auto found = ranges_.upper_bound(offset);
  if (found == ranges_.begin()) return;
  --found;
  const auto [first, last] = *found;
  if (offset > last) return;
  ranges_.erase(found);
  if (first < offset) ranges_.emplace(first, offset - 1);
  if (offset < last) ranges_.emplace(offset + 1, last);
}

bool OffsetSet::contains(std::int64_t offset) const {
  const auto next = ranges_.upper_bound(offset);
  return next != ranges_.begin() && std::prev(next)->second >= offset;
}

std::int64_t OffsetSet::count(std::int64_t first, std::int64_t next) const {
  std::int64_t sum = 0;
  for (const auto& [begin, last] : ranges_)
    sum += std::max<std::int64_t>(0, std::min(last, next - 1) - std::max(begin, first) + 1);
  return sum;
}

std::vector<std::int64_t> OffsetSet::all() const {
  std::vector<std::int64_t> offsets;
  for (const auto& [first, last] : ranges_)
    for (std::int64_t offset = first; offset <= last; ++offset) offsets.push_back(offset);
  return offsets;
}

std::optional<OffsetSet> OffsetSet::parse(std::string_view text) {
  OffsetSet set;
  if (text.empty()) return set;
  for (const std::string_view part : split(text, ',')) {
    const std::size_t dash = part.find('-');
    const auto first = parse_integer<std::int64_t>(part.substr(0, dash));
    const auto last =
        dash == part.npos ? first : parse_integer<std::int64_t>(part.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last > offset_max) return std::nullopt;
    set.add(*first, *last);
  }
  return set;
}

std::string OffsetSet::text() const {
  std::string text;
  for (const auto& [first, last] : ranges_) {
    if (!text.empty()) text += ',';
    text += std::to_string(first);
    if (last > first) text.append("-").append(std::to_string(last));
  }
  return text;
}

}  // namespace bolide::app
