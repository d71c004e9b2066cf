// SPDX-License-Identifier: Apache-2.0
//
// A filter expression (SQL92) after parsing: a tree in a few flat arrays. Runs on: any agent.
// Owns: copies of all that it needs of the expression. Invariant: made by compile_sql() alone and
// immutable since; children stand before their parents, and no path is longer than depth_max.
#pragma once

#include "broker/filter/sql_value.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

// What bounds the work of parsing an expression and of judging a message by it.
namespace sql_limit {
inline constexpr std::size_t bytes_max = 16 << 10;
inline constexpr std::size_t nodes_max = 1024;
inline constexpr int depth_max = 64;
inline constexpr std::size_t names_max = 64;  // different properties
}  // namespace sql_limit

enum class SqlOp : std::uint8_t {
  constant,   // first: in constants
  property,   // first: in names
  negate,     // of a number
  not_,       // of a condition
  condition,  // a property where a condition must stand
  all,        // AND of its children
  any,        // OR
  is_null,
  equal,
  less,
  less_equal,
  greater,
  greater_equal,
  between,  // children: value, low, high
  in,       // child: a property; list: sorted texts
  contains,
  starts_with,
  ends_with,
};

struct SqlNode {
  SqlOp op = SqlOp::constant;
  bool negated = false;
  std::uint16_t first = 0;  // of its children, in `children`
  std::uint16_t count = 0;
  std::uint16_t list_first = 0;  // texts to compare with, in `constants`
  std::uint16_t list_count = 0;
};

struct SqlProgram {
  SqlProgram() = default;
  SqlProgram(const SqlProgram&) = delete;  // values point into text
  SqlProgram& operator=(const SqlProgram&) = delete;

  std::string text;  // names and texts
  std::vector<SqlNode> nodes;
  std::vector<std::uint16_t> children;
  std::vector<SqlValue> constants;
  std::vector<std::string_view> names;
  std::uint16_t root = 0;
  std::size_t used_bytes = 0;  // of the expression; what is behind has no meaning, as at Apache's
};

}  // namespace bolide::broker
