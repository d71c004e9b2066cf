// SPDX-License-Identifier: Apache-2.0
//
// Small text helpers: numbers to and from text, heterogeneous hash maps keyed by string.
// Runs on: any agent.  Owns: nothing.  Invariant: none of the number functions allocates.
#pragma once

#include "base/crc.h"

#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bolide {

struct StringHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view s) const { return hash64(s); }
};

// A map from string that is looked up by string_view without making a string.
template <class Value>
using StringMap = std::unordered_map<std::string, Value, StringHash, std::equal_to<>>;

// The whole of `text` as a decimal integer; nothing if it is anything else or out of range.
template <class Integer>
std::optional<Integer> parse_integer(std::string_view text) {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || at != end || text.empty()) return std::nullopt;
  return value;
}

// A decimal number in memory of its own: `DecimalText(n).view()`.
class DecimalText {
 public:
  explicit DecimalText(std::int64_t value) {
    const auto result = std::to_chars(text_, text_ + sizeof text_, value);
    size_ = static_cast<std::size_t>(result.ptr - text_);
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[20];
  std::size_t size_;
};

// `text` cut at each `separator`; empty parts are kept. Views into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

// `text` without spaces and tabs at both ends.
std::string_view trim(std::string_view text);

// Whether `text` is "true" in any case: Java's Boolean.parseBoolean.
bool is_true(std::string_view text);

// Upper-case hexadecimal of `value`, 2 * sizeof digits, most significant first, into `at`.
void put_hex(char* at, std::uint64_t value, int digits);

}  // namespace bolide
