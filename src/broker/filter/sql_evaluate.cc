// SPDX-License-Identifier: Apache-2.0
//
// What a filter expression says of a message.
// Runs on: any agent.  Owns: nothing.  Invariant: see sql_evaluate.h.
#include "broker/filter/sql_evaluate.h"

#include "store/record.h"

#include <algorithm>
#include <cstring>

namespace bolide::broker {
namespace {

struct Slot {
  const char* data;  // null: the message has no such property
  std::size_t size;
};

class Evaluation {
 public:
  Evaluation(const SqlProgram& program, const Slot* slots) : program_(program), slots_(slots) {}

  SqlValue value(std::uint16_t index) const {
    const SqlNode& node = program_.nodes[index];
    switch (node.op) {
      case SqlOp::constant: return program_.constants[node.first];
      case SqlOp::property: return property(node);
      case SqlOp::negate: return negated(child(node, 0));
      case SqlOp::not_: return inverted(child(node, 0), true);
      case SqlOp::condition: return condition(child(node, 0));
      case SqlOp::all: return joined(node, false);
      case SqlOp::any: return joined(node, true);
      case SqlOp::is_null: return inverted(equal(child(node, 0), {}), node.negated);
      case SqlOp::equal: return inverted(equal(child(node, 0), child(node, 1)), node.negated);
      case SqlOp::less:
      case SqlOp::less_equal:
      case SqlOp::greater:
      case SqlOp::greater_equal: return ordered(node.op, child(node, 0), node, 1);
      case SqlOp::between: return between(node);
      case SqlOp::in: return in(node);
      case SqlOp::contains:
      case SqlOp::starts_with:
      case SqlOp::ends_with: return search(node);
    }
    return SqlValue::failed();
  }

 private:
  SqlValue child(const SqlNode& node, std::size_t which) const {
    return value(program_.children[node.first + which]);
  }

  SqlValue property(const SqlNode& node) const {
    const Slot& slot = slots_[node.first];
    if (slot.data == nullptr) return {};
    return SqlValue::of(std::string_view(slot.data, slot.size));
  }

  static SqlValue inverted(const SqlValue& value, bool invert) {
    return value.type == SqlType::boolean ? SqlValue::of(value.truth != invert) : value;
  }

  // A property is a text, and no text is a truth value, not even "true".
  static SqlValue condition(const SqlValue& value) {
    return value.type == SqlType::text ? SqlValue::of(false) : value;
  }

  // AND and OR: the value that `decides` ends it, what is null leaves it open.
  SqlValue joined(const SqlNode& node, bool decides) const {
    bool open = false;
    for (std::size_t i = 0; i < node.count; ++i) {
      const SqlValue part = child(node, i);
      if (part.type == SqlType::failed) return part;
      if (part.type == SqlType::null)
        open = true;
      else if (part.truth == decides)
        return part;
    }
    return open ? SqlValue{} : SqlValue::of(!decides);
  }

  // `left` against the child `which` of `node`, which is not looked at if `left` is null.
  SqlValue ordered(SqlOp op, const SqlValue& left, const SqlNode& node, std::size_t which) const {
    if (left.type == SqlType::null || left.type == SqlType::failed) return left;
    const SqlValue right = child(node, which);
    if (right.type == SqlType::null || right.type == SqlType::failed) return right;
    const auto order = compare_order(left, right);
    if (!order) return SqlValue::failed();
    switch (op) {
      case SqlOp::less: return SqlValue::of(*order < 0);
      case SqlOp::less_equal: return SqlValue::of(*order <= 0);
      case SqlOp::greater: return SqlValue::of(*order > 0);
      default: return SqlValue::of(*order >= 0);
    }
  }

  // value >= low AND value <= high, or value < low OR value > high.
  SqlValue between(const SqlNode& node) const {
    const SqlValue left = child(node, 0);
    const SqlOp low = node.negated ? SqlOp::less : SqlOp::greater_equal;
    const SqlValue first = ordered(low, left, node, 1);
    if (first.type == SqlType::failed) return first;
    if (first.type == SqlType::boolean && first.truth == node.negated) return first;
    const SqlOp high = node.negated ? SqlOp::greater : SqlOp::less_equal;
    const SqlValue second = ordered(high, left, node, 2);
    if (second.type == SqlType::failed) return second;
    if (second.type == SqlType::boolean && second.truth == node.negated) return second;
    return first.type == SqlType::null ? first : second;
  }

  SqlValue in(const SqlNode& node) const {
    const SqlValue left = child(node, 0);
    if (left.type != SqlType::text) return left;  // null
    const auto begin = program_.constants.begin() + node.list_first;
    const bool found =
        std::ranges::binary_search(begin, begin + node.list_count, left.text, {}, &SqlValue::text);
    return SqlValue::of(found != node.negated);
  }

  // False, with NOT too, where there is nothing to search in or to search for.
  SqlValue search(const SqlNode& node) const {
    const std::string_view wanted = program_.constants[node.list_first].text;
    if (wanted.empty()) return SqlValue::of(false);
    const SqlValue left = child(node, 0);
    if (left.type == SqlType::failed) return left;
    if (left.type != SqlType::text) return SqlValue::of(false);
    bool found = false;
    if (node.op == SqlOp::starts_with)
      found = left.text.starts_with(wanted);
    else if (node.op == SqlOp::ends_with)
      found = left.text.ends_with(wanted);
    else  // linear, which the standard's find is not
      found = ::memmem(left.text.data(), left.text.size(), wanted.data(), wanted.size()) != nullptr;
    return SqlValue::of(found != node.negated);
  }

  const SqlProgram& program_;
  const Slot* slots_;
};

}  // namespace

SqlVerdict evaluate(const SqlProgram& program, std::string_view properties) {
  Slot slots[sql_limit::names_max];
  const std::size_t count = program.names.size();
  for (std::size_t i = 0; i < count; ++i) slots[i] = {nullptr, 0};
  // Of a name that comes twice the last value counts, as in Java's map.
  store::for_each_property(properties, [&](std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < count; ++i) {
      if (program.names[i] == name) slots[i] = {value.data(), value.size()};
    }
  });
  const SqlValue result = Evaluation(program, slots).value(program.root);
  if (result.is_true()) return SqlVerdict::yes;
  if (result.is_false()) return SqlVerdict::no;
  return result.type == SqlType::failed ? SqlVerdict::failed : SqlVerdict::unknown;
}

}  // namespace bolide::broker
