// SPDX-License-Identifier: Apache-2.0
//
// How commands print: columns for people, times, JSON text, errors with their fix.
// Runs on: the main thread.  Owns: the rows of a table.  Invariant: none.
#pragma once

#include "app/command.h"
#include "app/doc.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <ostream>
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

// Shows a result in the format that was asked for; `text` makes the table.
template <class MakeText>
void print(const Arguments& arguments, std::ostream& out, const Doc& doc, MakeText&& text) {
  switch (arguments.format()) {
    case Format::json: out << doc.json() << '\n'; return;
    case Format::yaml: out << doc.yaml(); return;
    case Format::table: out << text(); return;
  }
}
// One of many results that come one after the other: a line of JSON, a document of YAML.
template <class MakeText>
void print_next(const Arguments& arguments, std::ostream& out, const Doc& doc, MakeText&& text) {
  if (arguments.format() == Format::yaml) out << "---\n";
  print(arguments, out, doc, text);
}

// What a command has done to whom: "topic orders created", {"topic":"orders","created":true}.
struct DoneTo {
  std::string_view kind;
  std::string_view name;
  std::string_view done;
};
// `text` stands for the usual sentence.
void print_done(const Arguments& arguments, std::ostream& out, const DoneTo& done,
                std::string_view text = {});

// One line for each member of an object: its name and value.
std::string fields_text(const Doc& object);

// "bolide: <cause>", a line for each of several, and "  fix: <what to do>"; returns the exit status
// of the error's row.
int print_error(std::ostream& err, const Error& error);

}  // namespace bolide::app
