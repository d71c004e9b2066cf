// SPDX-License-Identifier: Apache-2.0
//
// A subscription, compiled (rocketmq semantics 3.11): tags, "*" or "a || b", by whose hashes the
// store filters while clients compare the tags themselves; or an SQL92 expression, judged here.
// Runs on: core agent.  Owns: the hashes.  Invariant: immutable, shared by parked pulls.
#pragma once

#include "base/result.h"
#include "broker/filter/sql_program.h"
#include "store/message_store.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace bolide::broker {

class TagSet {
 public:
  // Errors: subscription_invalid for an expression without any tag.
  static Result<std::shared_ptr<const TagSet>> compile(std::string_view expression);

  // For the store. Lives as long as the TagSet.
  store::TagFilter filter() const;
  bool matches(std::int32_t hash) const;

 private:
  std::vector<std::int32_t> hashes_;  // sorted; empty: all messages
};

// What selects messages: one of the two is set.
struct Matcher {
  std::shared_ptr<const TagSet> tags;
  std::shared_ptr<const SqlProgram> sql;

  // `type` is TAG, which an empty one means too, or SQL92. Errors: subscription_invalid, whose
  // context says where the mistake is.
  static Result<Matcher> compile(std::string_view expression, std::string_view type);
};

}  // namespace bolide::broker
