// SPDX-License-Identifier: Apache-2.0
//
// Doc: what a command has to show, as a value: written as JSON, as YAML, or as a table.
// Runs on: the main thread.  Owns: its value.
// Invariant: members keep the order in which they were given.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace bolide::app {

class Doc;
using DocMember = std::pair<std::string, Doc>;  // its name and value

class Doc {
 public:
  using Array = std::vector<Doc>;
  using Object = std::vector<DocMember>;

  Doc() = default;  // null
  Doc(bool truth) : value_(truth) {}
  Doc(int number) : value_(std::int64_t{number}) {}
  Doc(std::int64_t number) : value_(number) {}
  Doc(std::uint64_t number) : value_(static_cast<std::int64_t>(number)) {}
  Doc(double number) : value_(number) {}
  Doc(const char* text) : value_(std::string(text)) {}
  Doc(std::string_view text) : value_(std::string(text)) {}
  Doc(std::string text) : value_(std::move(text)) {}
  Doc(Array elements) : value_(std::move(elements)) {}
  Doc(const std::vector<std::string>& texts);
  Doc(const std::map<std::string, std::string>& texts);

  static Doc object(std::initializer_list<DocMember> members);
  static Doc array() { return Array{}; }

  // Requires an array, an object.
  void add(Doc element);
  void add(std::string name, Doc value);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  // What it holds, or null.
  const Array* elements() const { return std::get_if<Array>(&value_); }
  const Object* members() const { return std::get_if<Object>(&value_); }
  const bool* truth() const { return std::get_if<bool>(&value_); }
  const std::int64_t* number() const { return std::get_if<std::int64_t>(&value_); }
  const double* real() const { return std::get_if<double>(&value_); }
  const std::string* text() const { return std::get_if<std::string>(&value_); }
  // The member of an object, or null.
  const Doc* find(std::string_view name) const;

  std::string json() const;  // standard JSON, one line without its end
  std::string yaml() const;  // lines

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> value_;
};

// Rows of a table from an array of objects.
enum class Show : std::uint8_t { plain, time, size };
struct Column {
  std::string_view heading;
  std::string_view member;
  Show show = Show::plain;
};
std::string table_text(const Doc& rows, std::initializer_list<Column> columns);
// A value as a cell: "-" for null, empty, and times of 0; texts of an array with commas between.
std::string cell_text(const Doc* value, Show show = Show::plain);

}  // namespace bolide::app
