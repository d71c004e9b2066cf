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

Error Error::in(std::string_view outer) && {
  context.insert(0, ": ");
  context.insert(0, outer);
  return std::move(*this);
}

}  // namespace bolide
