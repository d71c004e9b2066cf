// SPDX-License-Identifier: Apache-2.0
//
// Small text helpers.
// Runs on: any agent.  Owns: nothing.  Invariant: see strings.h.
#include "base/strings.h"

#include "base/cursor.h"

#include <algorithm>
#include <cstring>

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

namespace {

// Eight digits at once, a byte each.
std::uint64_t hex_digits(std::uint64_t value) {
  constexpr std::uint64_t ones = 0x0101010101010101U;
  value = ((value << 16U) | value) & 0x0000FFFF0000FFFFU;
  value = ((value << 8U) | value) & 0x00FF00FF00FF00FFU;
  value = ((value << 4U) | value) & 0x0F0F0F0F0F0F0F0FU;
  const std::uint64_t letters = ((value + 6 * ones) >> 4U) & ones;
  return value + '0' * ones + ('A' - '9' - 1) * letters;
}

}  // namespace

void put_hex(char* at, std::uint64_t value, int digits) {
  constexpr int step = 8;
  for (; digits > 0; digits -= step, value >>= 32U) {
    char text[step];
    store_big(text, hex_digits(value & 0xFFFFFFFFU));
    const int some = std::min(digits, step);
    std::memcpy(at + digits - some, text + step - some, static_cast<std::size_t>(some));
  }
}

}  // namespace bolide
