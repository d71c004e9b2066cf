// SPDX-License-Identifier: Apache-2.0
//
// How commands print.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/output.h"

#include "base/strings.h"

#include <fmt/core.h>

#include <algorithm>
#include <ctime>

namespace bolide::app {
namespace {

// Of the characters of a UTF-8 sequence only the first counts as a column.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

bool is_number(const std::string& cell) {
  return parse_integer<std::int64_t>(cell).has_value();
}

// How many bytes the UTF-8 sequence at the front of `text` has; 0 if there is none.
std::size_t sequence_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) >> 6) != 2) return 0;
  }
  const unsigned char second = byte(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // could be shorter
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return size;
}

}  // namespace

std::string TextTable::text() const {
  std::vector<std::size_t> widths(rows_.front().size(), 0);
  std::vector<bool> numbers(widths.size(), rows_.size() > 1);
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    for (std::size_t c = 0; c < widths.size(); ++c) {
      widths[c] = std::max(widths[c], columns(rows_[r][c]));
      if (r > 0 && rows_[r][c] != "-" && !is_number(rows_[r][c])) numbers[c] = false;
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      const std::string space(widths[c] - columns(row[c]), ' ');
      if (c > 0) line += "  ";
      line += numbers[c] ? space + row[c] : row[c] + space;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
  }
  return out;
}

std::string time_text(WallMs wall_ms) {
  const std::int64_t ms = ((wall_ms % 1000) + 1000) % 1000;
  const std::time_t seconds = (wall_ms - ms) / 1000;
  std::tm parts{};
  if (::gmtime_r(&seconds, &parts) == nullptr) return std::to_string(wall_ms);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     ms);
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t size = sequence_bytes(bytes);
    if (size == 0) return false;
    bytes.remove_prefix(size);
  }
  return true;
}

void print_done(const Arguments& arguments, std::ostream& out, const DoneTo& done,
                std::string_view text) {
  Doc doc = Doc::object({{std::string(done.kind), done.name}});
  doc.add(std::string(done.done), true);
  print(arguments, out, doc, [&] {
    if (!text.empty()) return std::string(text) + "\n";
    return fmt::format("{} {} {}\n", done.kind, done.name, done.done);
  });
}

std::string fields_text(const Doc& object) {
  std::size_t width = 0;
  for (const auto& [name, value] : *object.members()) width = std::max(width, name.size());
  std::string text;
  for (const auto& [name, value] : *object.members()) {
    const Show show = name.ends_with("_ms") ? Show::time : Show::plain;
    text += fmt::format("{:<{}}  {}\n", name, width, cell_text(&value, show));
  }
  return text;
}

int print_error(std::ostream& err, const Error& error) {
  // What is wrong with a command line or a setting says its context in full.
  const bool told = (error.code == Errc::usage || error.code == Errc::config ||
                     error.code == Errc::invalid_argument) &&
                    !error.context.empty();
  const std::string text = told ? error.context : error.message();
  for (const std::string_view line : split(text, '\n')) err << "bolide: " << line << '\n';
  err << "  fix: " << error.fix() << std::endl;
  return error_row(error.code).exit_code;
}

}  // namespace bolide::app
