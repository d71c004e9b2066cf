// SPDX-License-Identifier: Apache-2.0
//
// The values of filter expressions.
// Runs on: any agent.  Owns: nothing.  Invariant: see sql_value.h.
#include "broker/filter/sql_value.h"

#include "base/strings.h"
#include "broker/filter/java_number.h"

#include <bit>
#include <cmath>
#include <limits>

namespace bolide::broker {
namespace {

template <class T>
int sign_of(const T& left, const T& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

// Java's total order: NaN equals itself and is above all, -0.0 is below 0.0.
int compare_doubles(double left, double right) {
  if (left < right) return -1;
  if (left > right) return 1;
  const auto bits = [](double value) {
    return std::bit_cast<std::int64_t>(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN()
                                                         : value);
  };
  return sign_of(bits(left), bits(right));
}

double as_double(const SqlValue& value) {
  return value.type == SqlType::real ? value.real : static_cast<double>(value.number);
}

int compare_same(const SqlValue& left, const SqlValue& right) {
  switch (left.type) {
    case SqlType::boolean: return sign_of(left.truth, right.truth);
    case SqlType::real: return compare_doubles(left.real, right.real);
    case SqlType::text: return sign_of(left.text.compare(right.text), 0);
    default: return sign_of(left.number, right.number);
  }
}

// How `text`, read as a number of the type of `number`, stands to `number`.
std::optional<int> compare_text(std::string_view text, const SqlValue& number) {
  if (number.type == SqlType::real) {
    const auto value = java_double(text);
    return value ? std::optional(compare_doubles(*value, number.real)) : std::nullopt;
  }
  const auto value = number.type == SqlType::integer ? java_int(text) : java_long(text);
  return value ? std::optional(sign_of(*value, number.number)) : std::nullopt;
}

}  // namespace

std::optional<int> compare(const SqlValue& left, const SqlValue& right) {
  if (left.type == right.type) return compare_same(left, right);
  // Apache casts a boolean to a text here, which fails; the other way round it reads the text.
  if (left.type == SqlType::boolean)
    return right.type == SqlType::text ? std::nullopt : std::optional(-1);
  if (right.type == SqlType::boolean)
    return left.type == SqlType::text ? sign_of(is_true(left.text), right.truth) : -1;
  if (left.type == SqlType::text) return compare_text(left.text, right);
  if (right.type == SqlType::text) {
    const auto reversed = compare_text(right.text, left);
    return reversed ? std::optional(-*reversed) : std::nullopt;
  }
  if (left.type == SqlType::real || right.type == SqlType::real)
    return compare_doubles(as_double(left), as_double(right));
  return sign_of(left.number, right.number);
}

SqlValue equal(const SqlValue& left, const SqlValue& right) {
  if (left.type == SqlType::failed || right.type == SqlType::failed) return SqlValue::failed();
  const bool left_null = left.type == SqlType::null;
  const bool right_null = right.type == SqlType::null;
  // Apache's nulls: one on the left gives null, one on the right false, two are equal.
  if (left_null && right_null) return SqlValue::of(true);
  if (left_null) return {};
  if (right_null) return SqlValue::of(false);
  const auto order = compare(left, right);
  return order ? SqlValue::of(*order == 0) : SqlValue::failed();
}

std::optional<int> compare_order(const SqlValue& left, const SqlValue& right) {
  if (left.type != SqlType::text || right.type != SqlType::text) return compare(left, right);
  const auto left_number = java_double(left.text);
  const auto right_number = java_double(right.text);
  if (!left_number || !right_number) return std::nullopt;
  return compare_doubles(*left_number, *right_number);
}

SqlValue negated(const SqlValue& value) {
  if (value.type == SqlType::failed) return value;
  if (!value.is_number()) return {};
  // Literals have no sign, so the least number cannot come up.
  return {.type = value.type, .number = -value.number, .real = -value.real};
}

}  // namespace bolide::broker
