// SPDX-License-Identifier: Apache-2.0
//
// The characters and scalar conversions under JsonReader: what a byte may begin, text to number.
// Runs on: any agent.  Owns: constant data.  Invariant: none of these functions allocates or fails
// loudly.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace bolide::json {

inline bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
inline bool begins_number(char c) {
  return is_digit(c) || c == '-' || c == '+' || c == '.';
}
// What a name without quotes may hold: letters, digits, _ $ - . + and everything outside ASCII.
inline bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' || c == '$' ||
         c == '-' || c == '.' || c == '+' || static_cast<unsigned char>(c) >= 0x80;
}

enum class Parsed : std::uint8_t { ok, not_a_number, out_of_range };

// A whole number as fastjson takes it: "34", "1.9" (cut to 1), "1e3", "true", "false", "" and
// "null" (0).
Parsed to_integer(std::string_view text, std::int64_t& value);

// ASCII letters of `text` count as small ones.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

// A finite decimal number.
bool to_real(std::string_view text, double& value);

// Nothing if `text` is none of the forms that fastjson takes.
std::optional<bool> to_boolean(std::string_view text);

constexpr std::uint64_t each_byte(unsigned char byte) {
  return byte * 0x0101010101010101U;
}

// The top bit of every byte of `word` below `limit` (at most 0x80); bits above the lowest such byte
// may be false alarms.
constexpr std::uint64_t bytes_below(std::uint64_t word, unsigned char limit) {
  return (word - each_byte(limit)) & ~word & each_byte(0x80);
}

// The first character of [at, end) for which `is_hit` holds, or `end`; eight at a time by `hits`,
// which marks them in a word as bytes_below() does.
template <class Hits, class IsHit>
const char* find_first(const char* at, const char* end, Hits&& hits, IsHit&& is_hit) {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - at >= 8) {
      std::uint64_t word;
      std::memcpy(&word, at, 8);
      if (const std::uint64_t found = hits(word)) return at + std::countr_zero(found) / 8;
      at += 8;
    }
  }
  while (at < end && !is_hit(*at)) ++at;
  return at;
}

// The first `quote` or backslash.
inline const char* find_quote_or_escape(const char* at, const char* end, char quote) {
  const std::uint64_t quotes = each_byte(static_cast<unsigned char>(quote));
  return find_first(
      at, end,
      [quotes](std::uint64_t word) {
        return bytes_below(word ^ quotes, 1) | bytes_below(word ^ each_byte('\\'), 1);
      },
      [quote](char c) { return c == quote || c == '\\'; });
}

// The first character that a string may hold only as an escape.
inline const char* find_to_escape(const char* at, const char* end) {
  return find_first(
      at, end,
      [](std::uint64_t word) {
        return bytes_below(word, 0x20) | bytes_below(word ^ each_byte('"'), 1) |
               bytes_below(word ^ each_byte('\\'), 1);
      },
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; });
}

}  // namespace bolide::json
