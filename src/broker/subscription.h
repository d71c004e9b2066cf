// SPDX-License-Identifier: Apache-2.0
//
// A tag subscription, compiled: "*" or "a || b" (rocketmq semantics 3.11). The store filters by
// hash; clients compare the tags themselves. Runs on: core agent.  Owns: the hashes.  Invariant:
// immutable, shared by parked pulls.
#pragma once

#include "base/result.h"
#include "store/message_store.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace bolide::broker {

class TagSet {
 public:
  // Errors: subscription_invalid for an expression without any tag; not_supported for a type other
  // than TAG.
  static Result<std::shared_ptr<const TagSet>> compile(std::string_view expression,
                                                       std::string_view type);

  // For the store. Lives as long as the TagSet.
  store::TagFilter filter() const;
  bool matches(std::int32_t hash) const;

 private:
  std::vector<std::int32_t> hashes_;  // sorted; empty: all messages
};

}  // namespace bolide::broker
