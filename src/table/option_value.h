// SPDX-License-Identifier: Apache-2.0
//
// The value of one option: from text and to text, by the rules of its row.
// Runs on: any agent.  Owns: nothing.  Invariant: a value that was parsed obeys its row.
#pragma once

#include "base/result.h"
#include "table/option_rows.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace bolide::table {

// boolean; integer, size and duration (in the row's unit); name, text, choice, address and host;
// lists.
using OptionValue = std::variant<bool, std::int64_t, std::string, std::vector<std::string>>;

// The value that `text` means for `row`. Lists are separated by ',' or ';'. Errors: config, whose
// context says what was expected and names the bound, but neither option nor value.
Result<OptionValue> parse_option_value(const OptionRow& row, std::string_view text);

// A whole number with an optional suffix (64k, 4MiB; 200ms, 30s, 5m, 72h, 3d; 75%), in `unit`.
// Size suffixes are powers of 1024. Errors: config.
Result<std::int64_t> parse_quantity(std::string_view text, Unit unit);

// host:port or [v6]:port with a port of 0 to 65535. Errors: config.
Result<> check_address(std::string_view text);

// The value as parse_option_value reads it. Sizes take the largest suffix that divides them.
std::string format_option_value(const OptionRow& row, const OptionValue& value);

// "ms", "hours", "bytes", "%" or nothing.
std::string_view unit_name(Unit unit);

// What the row accepts, for people: "1024 to 67108864 bytes", "one of async, sync".
std::string describe_option_values(const OptionRow& row);

}  // namespace bolide::table
