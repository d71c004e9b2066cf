// SPDX-License-Identifier: Apache-2.0
//
// Ext fields of a remoting header from field tables (base/fields.h), both ways (rocketmq wire 1.8).
// Runs on: any agent.  Owns: nothing.  Invariant: reading allocates for std::string fields only;
// writing not at all.
//
// Fields may be std::string_view (a view of what was read), std::string, bool, integers, double,
// and std::optional of these.
#pragma once

#include "base/fields.h"
#include "base/result.h"
#include "base/strings.h"

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace bolide {
namespace fields {

// Java's parseBoolean: "true" in any case; anything else is false.
bool parse_boolean(std::string_view text);
std::optional<double> parse_real(std::string_view text);
// The decimal text of `number` as Java prints it, in `buffer`.
std::string_view real_text(double number, std::string* buffer);
Failure missing_field(std::string_view name);
Failure malformed_field(std::string_view name, std::string_view value);

template <class T>
bool parse_text(std::string_view text, T& value) {
  if constexpr (is_a<T, std::optional>) {
    return parse_text(text, value.emplace());
  } else if constexpr (std::same_as<T, bool>) {
    value = parse_boolean(text);
  } else if constexpr (std::integral<T>) {
    const auto number = parse_integer<T>(text);
    if (number) value = *number;
    return number.has_value();
  } else if constexpr (std::same_as<T, double>) {
    const auto number = parse_real(text);
    if (number) value = *number;
    return number.has_value();
  } else {
    value = text;
  }
  return true;
}

template <class T, class Put>
void put_text(const T& value, Put&& put) {
  if constexpr (is_a<T, std::optional>) {
    if (value) put_text(*value, put);
  } else if constexpr (std::same_as<T, bool>) {
    put(value ? std::string_view("true") : std::string_view("false"));
  } else if constexpr (std::integral<T>) {
    put(DecimalText(value).view());
  } else if constexpr (std::same_as<T, double>) {
    std::string buffer;
    put(real_text(value, &buffer));
  } else {
    put(std::string_view(value));
  }
}

}  // namespace fields

// Reads `pairs`, a range of (name, value) as string_views, into `value`; names not in the table are
// passed over, of equal names the last wins. An empty value is an absent one, as the binary header
// knows no difference (rocketmq wire 1.3). Errors: malformed, naming the missing field, or the
// field and its value.
template <HasFields T, class Pairs>
Result<> read_ext(const Pairs& pairs, T& value) {
  FieldMarks<T> seen;
  for (const auto& [name, text] : pairs) {
    const std::string_view key = name;
    const std::string_view content = text;
    if (content.empty()) continue;
    bool good = true;
    any_field<T>([&](const auto& field, std::size_t index) {
      if (key != field.name) return false;
      good = fields::parse_text(content, value.*field.member);
      seen.set(index);
      return true;
    });
    if (!good) return fields::malformed_field(key, content);
  }
  if (const std::string_view name = seen.missing(); !name.empty())
    return fields::missing_field(name);
  return {};
}

// Calls put(name, value) with string_views for each field that is not an empty optional, in the
// order of the table. The value's view lives for the call only.
template <HasFields T, class Put>
void write_ext(const T& value, Put&& put) {
  any_field<T>([&](const auto& field, std::size_t) {
    fields::put_text(value.*field.member, [&](std::string_view text) { put(field.name, text); });
    return false;
  });
}

}  // namespace bolide
