// SPDX-License-Identifier: Apache-2.0
//
// Docs as JSON, YAML and tables.
// Runs on: the main thread.  Owns: nothing.  Invariant: see doc.h.
#include "app/doc.h"

#include "app/output.h"
#include "base/assert.h"
#include "base/json_writer.h"
#include "base/strings.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

namespace bolide::app {
namespace {

void write(JsonWriter& out, const Doc& doc) {
  if (const auto* elements = doc.elements()) {
    out.begin_array();
    for (const Doc& element : *elements) write(out, element);
    out.end_array();
  } else if (const auto* members = doc.members()) {
    out.begin_object();
    for (const auto& [name, value] : *members) {
      out.key(name);
      write(out, value);
    }
    out.end_object();
  } else if (doc.truth() != nullptr) {
    out.value(*doc.truth());
  } else if (doc.number() != nullptr) {
    out.value(*doc.number());
  } else if (doc.real() != nullptr) {
    out.value(*doc.real());
  } else if (doc.text() != nullptr) {
    out.value(*doc.text());
  } else {
    out.null();
  }
}

// Whether YAML reads the text as this text without quotes.
bool is_plain(std::string_view text) {
  constexpr std::array<std::string_view, 8> meanings = {"true", "false", "null", "yes",
                                                        "no",   "on",    "off",  "~"};
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto good = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
  };
  if (text.empty() || !letter(text.front()) || !std::ranges::all_of(text, good)) return false;
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::find(meanings, small) == meanings.end() && small != "y" && small != "n";
}

std::string scalar(const Doc& doc) {
  if (doc.text() != nullptr && is_plain(*doc.text())) return *doc.text();
  // All else of JSON is YAML too.
  return doc.json();
}

bool is_block(const Doc& doc) {
  return (doc.elements() != nullptr && !doc.elements()->empty()) ||
         (doc.members() != nullptr && !doc.members()->empty());
}

// `first`: the indentation of the first line stands already.
void write_yaml(std::string* out, const Doc& doc, std::size_t indent, bool first) {
  const auto begin_line = [&] {
    if (!first) out->append(indent, ' ');
    first = false;
  };
  if (const auto* elements = doc.elements(); is_block(doc) && elements != nullptr) {
    for (const Doc& element : *elements) {
      begin_line();
      *out += "- ";
      write_yaml(out, element, indent + 2, true);
    }
  } else if (const auto* members = doc.members(); is_block(doc)) {
    for (const auto& [name, value] : *members) {
      begin_line();
      *out += scalar(Doc(name)) + ":";
      const bool deeper = is_block(value);
      *out += deeper ? "\n" : " ";
      write_yaml(out, value, indent + 2, !deeper);
    }
  } else {
    begin_line();
    *out += scalar(doc) + "\n";
  }
}

std::string size_text(std::int64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, units[unit]);
}

std::string pairs_text(const Doc::Object& members) {
  std::string text;
  for (const auto& [name, value] : members)
    text.append(text.empty() ? "" : ",").append(name).append("=").append(cell_text(&value));
  return text.empty() ? "-" : text;
}

}  // namespace

Doc::Doc(const std::vector<std::string>& texts) : value_(Array(texts.begin(), texts.end())) {}

Doc::Doc(const std::map<std::string, std::string>& texts) : value_(Object()) {
  for (const auto& [name, text] : texts) add(name, text);
}

Doc Doc::object(std::initializer_list<DocMember> members) {
  Doc doc;
  doc.value_ = Object(members);
  return doc;
}

void Doc::add(Doc element) {
  auto* const elements = std::get_if<Array>(&value_);
  BOLIDE_ASSERT(elements != nullptr);
  elements->push_back(std::move(element));
}

void Doc::add(std::string name, Doc value) {
  auto* const members = std::get_if<Object>(&value_);
  BOLIDE_ASSERT(members != nullptr);
  members->emplace_back(std::move(name), std::move(value));
}

const Doc* Doc::find(std::string_view name) const {
  const auto* const all = members();
  if (all == nullptr) return nullptr;
  const auto found = std::ranges::find(*all, name, &DocMember::first);
  return found == all->end() ? nullptr : &found->second;
}

std::string Doc::json() const {
  std::string text;
  JsonWriter out(text, json_style);
  write(out, *this);
  return text;
}

std::string Doc::yaml() const {
  std::string text;
  write_yaml(&text, *this, 0, false);
  return text;
}

std::string cell_text(const Doc* value, Show show) {
  if (value == nullptr || value->is_null()) return "-";
  if (const auto* const number = value->number()) {
    if (show == Show::time) return *number > 0 ? time_text(*number) : "-";
    return show == Show::size ? size_text(*number) : std::to_string(*number);
  }
  if (value->truth() != nullptr) return *value->truth() ? "yes" : "no";
  if (value->real() != nullptr) return fmt::format("{:.2f}", *value->real());
  if (value->text() != nullptr) return value->text()->empty() ? "-" : *value->text();
  if (value->members() != nullptr) return pairs_text(*value->members());
  std::string text;
  for (const Doc& element : *value->elements())
    text.append(text.empty() ? "" : ",").append(cell_text(&element));
  return text.empty() ? "-" : text;
}

std::string table_text(const Doc& rows, std::initializer_list<Column> columns) {
  std::vector<std::string> headings;
  for (const Column& column : columns) headings.emplace_back(column.heading);
  TextTable table(std::move(headings));
  for (const Doc& row : *rows.elements()) {
    std::vector<std::string> cells;
    for (const Column& column : columns)
      cells.push_back(cell_text(row.find(column.member), column.show));
    table.row(std::move(cells));
  }
  return table.text();
}

}  // namespace bolide::app
