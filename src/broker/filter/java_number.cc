// SPDX-License-Identifier: Apache-2.0
//
// Numbers as Java reads them.
// Runs on: any agent.  Owns: nothing.  Invariant: see java_number.h.
#include "broker/filter/java_number.h"

#include "base/strings.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace bolide::broker {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// Takes the sign from the front of `text`; whether it was a minus.
bool take_sign(std::string_view* text) {
  if (text->empty() || (text->front() != '+' && text->front() != '-')) return false;
  const bool minus = text->front() == '-';
  text->remove_prefix(1);
  return minus;
}

template <class Integer>
std::optional<std::int64_t> java_integer(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  const auto value = parse_integer<Integer>(text);
  return value ? std::optional<std::int64_t>(*value) : std::nullopt;
}

// A number without sign and suffix, cut into its parts.
struct Parts {
  std::string_view mantissa;  // digits, with at most one point
  std::string_view exponent;  // with its sign
  bool has_exponent = false;
};

// Cuts `text` where its exponent begins. Nothing if the digits are not as Java wants them.
template <class IsDigit>
std::optional<Parts> cut(std::string_view text, char exponent_mark, IsDigit digit) {
  Parts parts;
  std::size_t end = 0;
  std::size_t digits = 0;
  bool point = false;
  for (; end < text.size(); ++end) {
    if (digit(text[end])) {
      ++digits;
    } else if (text[end] == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  parts.mantissa = text.substr(0, end);
  if (digits == 0) return std::nullopt;
  if (end == text.size()) return parts;
  if ((text[end] | 0x20) != exponent_mark) return std::nullopt;
  parts.has_exponent = true;
  parts.exponent = text.substr(end + 1);
  std::string_view rest = parts.exponent;
  take_sign(&rest);
  if (rest.empty() || !std::ranges::all_of(rest, is_digit)) return std::nullopt;
  return parts;
}

// Whether a number that no double holds is too large, and not too small: by the place of its first
// digit that counts, and its exponent. `digit_worth` is what a digit adds to the exponent.
bool is_huge(const Parts& parts, std::int64_t digit_worth) {
  const std::size_t point = std::min(parts.mantissa.find('.'), parts.mantissa.size());
  const std::size_t first = parts.mantissa.find_first_not_of("0.");
  if (first == std::string_view::npos) return false;
  const std::int64_t place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (!parts.has_exponent) return place > 0;
  std::string_view digits = parts.exponent;
  const bool minus = take_sign(&digits);
  constexpr std::int64_t large = std::int64_t{1} << 40;
  const std::int64_t exponent =
      std::min(parse_integer<std::int64_t>(digits).value_or(large), large);
  return place * digit_worth + (minus ? -exponent : exponent) > 0;
}

std::optional<double> unsigned_double(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  const bool hex = text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x';
  if (hex) text.remove_prefix(2);
  const std::size_t mark = hex ? text.find_first_of("pP") : 0;
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view suffixed = text.substr(mark);
  if (!suffixed.empty() && std::string_view("dDfF").contains(suffixed.back()))
    text.remove_suffix(1);
  const auto parts = hex ? cut(text, 'p', is_hex_digit) : cut(text, 'e', is_digit);
  if (!parts || (hex && !parts->has_exponent)) return std::nullopt;
  double value = 0;
  const char* end = text.data() + text.size();
  const auto format = hex ? std::chars_format::hex : std::chars_format::general;
  const auto result = std::from_chars(text.data(), end, value, format);
  if (result.ec == std::errc::result_out_of_range)
    return is_huge(*parts, hex ? 4 : 1) ? std::numeric_limits<double>::infinity() : 0.0;
  if (result.ec != std::errc{} || result.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::int64_t> java_int(std::string_view text) {
  return java_integer<std::int32_t>(text);
}

std::optional<std::int64_t> java_long(std::string_view text) {
  return java_integer<std::int64_t>(text);
}

std::optional<double> java_double(std::string_view text) {
  const auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' '; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  const bool minus = take_sign(&text);
  const auto value = unsigned_double(text);
  if (!value) return std::nullopt;
  return minus ? -*value : *value;
}

}  // namespace bolide::broker
