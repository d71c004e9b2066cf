// SPDX-License-Identifier: Apache-2.0
//
// Scalar conversions.
// Runs on: any agent.  Owns: nothing.  Invariant: see the header.
#include "base/json_scan.h"

#include <charconv>
#include <cmath>

namespace bolide::json {
bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i]) return false;
  }
  return true;
}

Parsed to_integer(std::string_view text, std::int64_t& value) {
  value = 0;
  if (text.empty() || text == "null" || text == "false") return Parsed::ok;
  if (text.front() == '+') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  if (at == end && error == std::errc{}) return Parsed::ok;
  if (error == std::errc::result_out_of_range && at == end) return Parsed::out_of_range;
  if (text == "true") return value = 1, Parsed::ok;
  double real = 0;
  if (!to_real(text, real)) return Parsed::not_a_number;
  constexpr double limit = 9223372036854775808.0;
  if (!(real > -limit && real < limit)) return Parsed::out_of_range;
  // Without an exponent the digits before the point are the number, exactly.
  if (error != std::errc{} || *at != '.' || text.find_first_of("eE") != text.npos) {
    value = static_cast<std::int64_t>(real);
  }
  return Parsed::ok;
}

bool to_real(std::string_view text, double& value) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc{} && at == end && std::isfinite(value);
}

std::optional<bool> to_boolean(std::string_view text) {
  if (equals_ignoring_case(text, "true") || equals_ignoring_case(text, "y")) return true;
  if (text.empty() || equals_ignoring_case(text, "false") || equals_ignoring_case(text, "n") ||
      text == "null") {
    return false;
  }
  double number = 0;
  if (to_real(text, number)) return number != 0;
  return std::nullopt;
}

}  // namespace bolide::json
