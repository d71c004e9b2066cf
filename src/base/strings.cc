// SPDX-License-Identifier: Apache-2.0
//
// Small text helpers.
// Runs on: any agent.  Owns: nothing.  Invariant: see strings.h.
#include "base/strings.h"

#include <algorithm>

namespace bolide {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_true(std::string_view text) {
  return std::ranges::equal(text, std::string_view("true"),
                            [](char a, char b) { return (a | 0x20) == b; });
}

void put_hex(char* at, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i, value >>= 4) at[i] = "0123456789ABCDEF"[value & 15];
}

}  // namespace bolide
