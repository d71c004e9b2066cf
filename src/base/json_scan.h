// SPDX-License-Identifier: Apache-2.0
//
// The characters and scalar conversions under JsonReader: what a byte may begin, text to number.
// Runs on: any agent.  Owns: constant data.  Invariant: none of these functions allocates or fails
// loudly.
#pragma once

#include <cstdint>
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

// A finite decimal number.
bool to_real(std::string_view text, double& value);

// Nothing if `text` is none of the forms that fastjson takes.
std::optional<bool> to_boolean(std::string_view text);

// The first `quote` or backslash in [at, end), or `end`.
const char* find_quote_or_escape(const char* at, const char* end, char quote);

}  // namespace bolide::json
