// SPDX-License-Identifier: Apache-2.0
//
// Filter: what selects the messages of a topic, at the broker.
// Any thread.  Owns: its expression.  Invariant: none; a broker says whether it can be read.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace bolide {

// Which messages of a topic: those with a tag, or those whose properties fulfil a condition.
struct Filter {
  // What the expression is.
  enum class Kind : std::uint8_t { tags, sql92 };

  Filter() = default;  // all messages
  // "*", all messages, or "tag || tag".
  Filter(std::string tags) : expression(std::move(tags)) {}
  // Likewise.
  Filter(const char* tags) : expression(tags) {}
  // A condition on properties in RocketMQ's SQL92, such as "amount > 100 AND region IN ('eu')".
  static Filter sql(std::string expression) {
    Filter filter(std::move(expression));
    filter.kind = Kind::sql92;
    return filter;
  }

  std::string expression = "*";
  Kind kind = Kind::tags;
};

}  // namespace bolide
