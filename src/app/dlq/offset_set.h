// SPDX-License-Identifier: Apache-2.0
//
// A set of offsets, kept as ranges.
// Runs on: any thread.  Owns: its ranges.  Invariant: ranges are sorted, and none touches the next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::app {

class OffsetSet {
 public:
  void add(std::int64_t first, std::int64_t last);
  void add(std::int64_t offset) { add(offset, offset); }
  void add(const OffsetSet& other);
  void remove(std::int64_t offset);
  bool contains(std::int64_t offset) const;
  bool empty() const { return ranges_.empty(); }
  std::int64_t size() const { return count(0, INT64_MAX); }
  // How many lie in [first, next).
  std::int64_t count(std::int64_t first, std::int64_t next) const;
  // Requires that there are few.
  std::vector<std::int64_t> all() const;

  // 5-9,12; nothing for a text that is none.
  static std::optional<OffsetSet> parse(std::string_view text);
  std::string text() const;

  bool operator==(const OffsetSet&) const = default;

 private:
  std::map<std::int64_t, std::int64_t> ranges_;  // first and last of each
};

}  // namespace bolide::app
