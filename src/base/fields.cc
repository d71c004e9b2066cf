// SPDX-License-Identifier: Apache-2.0
//
// What the field templates share: text conversions and the errors that name a field.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#include "base/fields_ext.h"
#include "base/json_scan.h"
#include "base/json_writer.h"

namespace bolide::fields {

bool parse_boolean(std::string_view text) {
  return json::equals_ignoring_case(text, "true");
}

std::optional<double> parse_real(std::string_view text) {
  double number = 0;
  if (!json::to_real(text, number)) return std::nullopt;
  return number;
}

std::string_view real_text(double number, std::string* buffer) {
  JsonWriter(*buffer).value(number);
  return *buffer;
}

Failure missing_field(std::string_view name) {
  return fail(Errc::malformed, std::string("the field ").append(name).append(" is missing"));
}

Failure malformed_field(std::string_view name, std::string_view value) {
  constexpr std::size_t shown_max = 64;
  std::string context("the field ");
  context.append(name).append(" is not a number in its range: ").append(value.substr(0, shown_max));
  return fail(Errc::malformed, std::move(context));
}

}  // namespace bolide::fields
