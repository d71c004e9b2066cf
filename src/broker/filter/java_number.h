// SPDX-License-Identifier: Apache-2.0
//
// Numbers as Java reads them from text: what a property is worth when a filter compares it with a
// number. Runs on: any agent.  Owns: nothing.  Invariant: never allocates; linear in the text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bolide::broker {

// As Integer.valueOf and Long.valueOf: an optional sign and decimal digits, nothing around them.
// Nothing if it is anything else or out of range. Digits other than ASCII's are none here.
std::optional<std::int64_t> java_int(std::string_view text);
std::optional<std::int64_t> java_long(std::string_view text);

// As Double.valueOf: blanks around it, NaN, Infinity, hexadecimal, a final d or f; what is too
// large is infinite, what is too small is zero.
std::optional<double> java_double(std::string_view text);

}  // namespace bolide::broker
