// SPDX-License-Identifier: Apache-2.0
//
// Puts the program of a filter expression together, and refuses what Apache's broker refuses
// although its grammar has it: conditions and values in each other's place. Runs on: any agent.
// Owns: the program until it is done.  Invariant: an Operand names a node of this program.
#pragma once

#include "base/result.h"
#include "broker/filter/sql_program.h"

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bolide::broker {

// What a part of an expression is to Apache's checks.
enum class SqlForm : std::uint8_t { property, constant, negation, condition };

struct SqlOperand {
  std::uint16_t node = 0;
  SqlForm form = SqlForm::constant;
  int depth = 1;
  std::size_t begin = 0;  // in bytes of the expression
};

class SqlBuilder {
 public:
  explicit SqlBuilder(std::string_view expression);

  // The error that names `begin`, in bytes of the expression, as a character counted from 1.
  Failure refused(std::size_t begin, std::string_view problem) const;

  Result<SqlOperand> constant(std::size_t begin, const SqlValue& value);
  Result<SqlOperand> property(std::size_t begin, std::string_view name);
  Result<SqlOperand> negate(const SqlOperand& operand);
  Result<SqlOperand> is_null(const SqlOperand& operand, bool negated);
  Result<SqlOperand> negation_of(SqlOperand condition);
  // `parts`, more than one, joined by `op`, which is all or any.
  Result<SqlOperand> joined(SqlOp op, std::span<SqlOperand> parts);
  Result<SqlOperand> equal(const SqlOperand& left, const SqlOperand& right, bool negated);
  Result<SqlOperand> ordered(SqlOp op, const SqlOperand& left, const SqlOperand& right);
  Result<SqlOperand> between(std::span<const SqlOperand, 3> parts, bool negated);
  // in, contains, starts_with or ends_with, of `texts` that were kept.
  Result<SqlOperand> compared_with(SqlOp op, const SqlOperand& operand, bool negated,
                                   std::span<std::string_view> texts);

  // Keeps a copy of the text in a quoted literal.
  std::string_view keep_quoted(std::string_view image);
  // The program whose value is that of `whole`, a condition or a property.
  Result<std::shared_ptr<const SqlProgram>> finish(SqlOperand whole, std::size_t used_bytes);

 private:
  Result<SqlOperand> add(SqlNode node, SqlForm form, std::size_t begin,
                         std::span<const SqlOperand> children);
  Result<SqlOperand> add(SqlNode node, SqlForm form, std::initializer_list<SqlOperand> children) {
    return add(node, form, children.begin()->begin, {children.begin(), children.size()});
  }
  Result<SqlOperand> as_condition(const SqlOperand& operand);
  Result<> check_ordered(const SqlOperand& operand) const;
  // The value of an operand that is a constant, else nothing.
  const SqlValue* value_of(const SqlOperand& operand) const;

  std::string_view expression_;
  std::shared_ptr<SqlProgram> program_;
};

}  // namespace bolide::broker
