// SPDX-License-Identifier: Apache-2.0
//
// Puts the program of a filter expression together.
// Runs on: any agent.  Owns: the program.  Invariant: see sql_builder.h.
#include "broker/filter/sql_builder.h"

#include <algorithm>
#include <array>

namespace bolide::broker {

SqlBuilder::SqlBuilder(std::string_view expression)
    : expression_(expression), program_(std::make_shared<SqlProgram>()) {
  // Whatever is kept stands in the expression, so that the views into the copy stay valid.
  program_->text.reserve(expression.size());
}

Failure SqlBuilder::refused(std::size_t begin, std::string_view problem) const {
  // Characters, not bytes: bytes that go on with one do not count.
  const auto characters = std::ranges::count_if(expression_.substr(0, begin),
                                                [](char c) { return (c & 0xC0) != 0x80; });
  return fail(Errc::subscription_invalid,
              "at character " + std::to_string(characters + 1) + ": " + std::string(problem));
}

const SqlValue* SqlBuilder::value_of(const SqlOperand& operand) const {
  const SqlNode& node = program_->nodes[operand.node];
  return node.op == SqlOp::constant ? &program_->constants[node.first] : nullptr;
}

Result<SqlOperand> SqlBuilder::add(SqlNode node, SqlForm form, std::size_t begin,
                                   std::span<const SqlOperand> children) {
  SqlOperand made{.form = form, .begin = begin};
  if (program_->nodes.size() >= sql_limit::nodes_max)
    return refused(begin, "the expression has too many parts");
  if (!children.empty()) {
    node.first = static_cast<std::uint16_t>(program_->children.size());
    node.count = static_cast<std::uint16_t>(children.size());
    for (const SqlOperand& child : children) {
      made.depth = std::max(made.depth, child.depth + 1);
      program_->children.push_back(child.node);
    }
  }
  if (made.depth > sql_limit::depth_max)
    return refused(begin, "the expression is nested too deeply");
  made.node = static_cast<std::uint16_t>(program_->nodes.size());
  program_->nodes.push_back(node);
  return made;
}

Result<SqlOperand> SqlBuilder::constant(std::size_t begin, const SqlValue& value) {
  program_->constants.push_back(value);
  const SqlNode node{.op = SqlOp::constant,
                     .first = static_cast<std::uint16_t>(program_->constants.size() - 1)};
  return add(node, SqlForm::constant, begin, {});
}

Result<SqlOperand> SqlBuilder::property(std::size_t begin, std::string_view name) {
  auto& names = program_->names;
  auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    if (names.size() >= sql_limit::names_max)
      return refused(begin, "the expression names too many properties");
    program_->text.append(name);
    const std::string_view all = program_->text;
    found = names.insert(names.end(), all.substr(all.size() - name.size()));
  }
  const SqlNode node{.op = SqlOp::property,
                     .first = static_cast<std::uint16_t>(found - names.begin())};
  return add(node, SqlForm::property, begin, {});
}

Result<SqlOperand> SqlBuilder::negate(const SqlOperand& operand) {
  return add({.op = SqlOp::negate}, SqlForm::negation, {operand});
}

Result<SqlOperand> SqlBuilder::is_null(const SqlOperand& operand, bool negated) {
  return add({.op = SqlOp::is_null, .negated = negated}, SqlForm::condition, {operand});
}

Result<SqlOperand> SqlBuilder::as_condition(const SqlOperand& operand) {
  if (operand.form == SqlForm::condition) return operand;
  if (operand.form == SqlForm::property)
    return add({.op = SqlOp::condition}, SqlForm::condition, {operand});
  const SqlValue* value = value_of(operand);
  if (value == nullptr) return refused(operand.begin, "expected a condition, found a number");
  // TRUE, FALSE and NULL are conditions too.
  if (value->type == SqlType::boolean || value->type == SqlType::null) return operand;
  const bool text = value->type == SqlType::text;
  return refused(operand.begin, text ? "expected a condition, found a text"
                                     : "expected a condition, found a number");
}

Result<SqlOperand> SqlBuilder::negation_of(SqlOperand operand) {
  BOLIDE_TRY(operand, as_condition(operand));
  return add({.op = SqlOp::not_}, SqlForm::condition, {operand});
}

Result<SqlOperand> SqlBuilder::joined(SqlOp op, std::span<SqlOperand> parts) {
  for (SqlOperand& part : parts) {
    BOLIDE_TRY(part, as_condition(part));
  }
  return add({.op = op}, SqlForm::condition, parts.front().begin, parts);
}

Result<SqlOperand> SqlBuilder::equal(const SqlOperand& left, const SqlOperand& right,
                                     bool negated) {
  for (const SqlOperand& operand : {left, right}) {
    const SqlValue* value = value_of(operand);
    if (value != nullptr && value->type == SqlType::null)
      return refused(operand.begin, "NULL cannot be compared; write IS NULL");
  }
  const SqlValue* left_value = value_of(left);
  const SqlValue* right_value = value_of(right);
  if (left_value != nullptr && right_value != nullptr && left_value->type == SqlType::boolean &&
      right_value->type != SqlType::boolean)
    return refused(right.begin, "expected TRUE or FALSE to compare a truth value with");
  return add({.op = SqlOp::equal, .negated = negated}, SqlForm::condition, {left, right});
}

Result<> SqlBuilder::check_ordered(const SqlOperand& operand) const {
  const SqlValue* value = value_of(operand);
  if (value != nullptr ? value->is_number() : operand.form != SqlForm::condition) return {};
  return refused(operand.begin, "expected a property or a number: only numbers have an order");
}

Result<SqlOperand> SqlBuilder::ordered(SqlOp op, const SqlOperand& left, const SqlOperand& right) {
  BOLIDE_CHECK(check_ordered(left));
  BOLIDE_CHECK(check_ordered(right));
  return add({.op = op}, SqlForm::condition, {left, right});
}

Result<SqlOperand> SqlBuilder::between(std::span<const SqlOperand, 3> parts, bool negated) {
  for (const SqlOperand& part : parts) BOLIDE_CHECK(check_ordered(part));
  const SqlValue* low = value_of(parts[1]);
  const SqlValue* high = value_of(parts[2]);
  if (!negated && low != nullptr && high != nullptr && compare(*high, *low).value_or(0) < 0)
    return refused(parts[2].begin, "the upper bound is below the lower one");
  return add({.op = SqlOp::between, .negated = negated}, SqlForm::condition, parts[0].begin, parts);
}

Result<SqlOperand> SqlBuilder::compared_with(SqlOp op, const SqlOperand& operand, bool negated,
                                             std::span<std::string_view> texts) {
  if (op == SqlOp::in) {
    if (operand.form != SqlForm::property)
      return refused(operand.begin, "expected a property before IN");
    std::ranges::sort(texts);
  }
  auto& constants = program_->constants;
  const SqlNode node{.op = op,
                     .negated = negated,
                     .list_first = static_cast<std::uint16_t>(constants.size()),
                     .list_count = static_cast<std::uint16_t>(texts.size())};
  for (std::string_view text : texts) constants.push_back(SqlValue::of(text));
  return add(node, SqlForm::condition, {operand});
}

std::string_view SqlBuilder::keep_quoted(std::string_view image) {
  std::string& all = program_->text;
  const std::size_t begin = all.size();
  image = image.substr(1, image.size() - 2);
  for (std::size_t i = 0; i < image.size(); ++i) {
    all += image[i];
    if (image[i] == '\'') ++i;  // two stand for one
  }
  return std::string_view(all).substr(begin);
}

Result<std::shared_ptr<const SqlProgram>> SqlBuilder::finish(SqlOperand whole,
                                                             std::size_t used_bytes) {
  BOLIDE_TRY(whole, as_condition(whole));
  program_->root = whole.node;
  program_->used_bytes = used_bytes;
  return std::move(program_);
}

}  // namespace bolide::broker
