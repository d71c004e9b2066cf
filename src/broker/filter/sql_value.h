// SPDX-License-Identifier: Apache-2.0
//
// The values of filter expressions, and how Apache's broker compares them: the type on the left
// decides into what a text on the right is read, and the other way round (docs/filtering.md).
// Runs on: any agent.  Owns: nothing.  Invariant: never allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace bolide::broker {

enum class SqlType : std::uint8_t {
  failed,  // no value could be had: the whole expression has none
  null,
  boolean,
  integer,  // 32 bits
  long_integer,
  real,
  text,
};

struct SqlValue {
  SqlType type = SqlType::null;
  bool truth = false;
  std::int64_t number = 0;
  double real = 0;
  std::string_view text;

  static SqlValue of(bool truth) { return {.type = SqlType::boolean, .truth = truth}; }
  static SqlValue of(std::string_view text) { return {.type = SqlType::text, .text = text}; }
  static SqlValue failed() { return {.type = SqlType::failed}; }

  bool is_true() const { return type == SqlType::boolean && truth; }
  bool is_false() const { return type == SqlType::boolean && !truth; }
  bool is_number() const {
    return type == SqlType::integer || type == SqlType::long_integer || type == SqlType::real;
  }
};

// The sign tells how `left` stands to `right`, neither of which is null or failed; -1 also where
// they cannot be compared. Nothing if a text is not the number that it would have to be.
std::optional<int> compare(const SqlValue& left, const SqlValue& right);

// left = right, with nulls.
SqlValue equal(const SqlValue& left, const SqlValue& right);

// For <, <=, >, >=, which read two texts as numbers. Neither is null or failed.
std::optional<int> compare_order(const SqlValue& left, const SqlValue& right);

SqlValue negated(const SqlValue& value);

}  // namespace bolide::broker
