// SPDX-License-Identifier: Apache-2.0
//
// Error as text.
// Runs on: any agent.  Owns: nothing.  Invariant: the text names cause and, through the table, fix.
#include "base/result.h"

namespace bolide {

std::string Error::message() const {
  const ErrorRow& row = error_row(code);
  if (context.empty()) return std::string(row.text);
  return context + ": " + std::string(row.text);
}

std::string_view Error::fix() const {
  return own_fix.empty() ? error_row(code).fix : std::string_view(own_fix);
}

Error Error::fixed_by(std::string_view fix) && {
  own_fix = fix;
  return std::move(*this);
}

Error Error::in(std::string_view outer) && {
  context.insert(0, ": ");
  context.insert(0, outer);
  return std::move(*this);
}

}  // namespace bolide
