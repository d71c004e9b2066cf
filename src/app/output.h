// SPDX-License-Identifier: Apache-2.0
//
// How commands print: columns for people, times, JSON text, errors with their fix.
// Runs on: the main thread.  Owns: the rows of a table.  Invariant: none.
#pragma once

#include "base/json_writer.h"
#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::app {

// Rows under headings; columns as wide as they must be, numbers to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> headings) : rows_{std::move(headings)} {}
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  // Lines without spaces at their end.
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// 2026-01-31T12:00:00.000Z.
std::string time_text(WallMs wall_ms);

// Standard JSON, on one line.
inline constexpr JsonStyle json_style{.quoted_numbers = true, .pretty = false};

bool is_utf8(std::string_view bytes);
std::string base64(std::string_view bytes);

// "bolide: <cause>" and "  fix: <what to do>"; returns the exit status of the error's row.
int print_error(std::ostream& err, const Error& error);

}  // namespace bolide::app
