// SPDX-License-Identifier: Apache-2.0
//
// The properties of a message that is stored again, changed (rocketmq wire 1.12). Off the path of
// plain messages: it allocates.
// Runs on: core agent.  Owns: names and values.  Invariant: a name stands in it once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::broker {

class PropertyList {
 public:
  // Of repeated names the last value counts, as in Java's map. The checksum property of a stored
  // record is left out. Takes time in proportion to the text; all else to the number of names.
  explicit PropertyList(std::string_view text);

  // Empty if there is none. Lives until the list changes.
  std::string_view find(std::string_view name) const;
  void set(std::string_view name, std::string_view value);
  void set(std::string_view name, std::int64_t value);
  void erase(std::string_view name);
  // As it travels and is stored.
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

}  // namespace bolide::broker
