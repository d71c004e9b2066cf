// SPDX-License-Identifier: Apache-2.0
//
// Copies of waiting messages that were stored, until the disk has them: only then may the original
// be forgotten.
// Runs on: core agent.  Owns: the list.  Invariant: none is settled before those added before it.
#pragma once

#include <cstdint>
#include <deque>

namespace bolide::broker {

// What a copy's record says of its original's position in the log, and back: the complement, which
// is no position of a transaction's held message, and not 0.
constexpr std::int64_t mark_of(std::int64_t position) {
  return ~position;
}

class Copies {
 public:
  void add(std::int64_t original_offset, std::int64_t copy_position) {
    list_.push_back({original_offset, copy_position});
  }
  // Calls forget(original_offset) for all whose copy lies before `synced_position`.
  template <class Forget>
  void settle(std::int64_t synced_position, Forget forget) {
    while (!list_.empty() && list_.front().position < synced_position) {
      forget(list_.front().offset);
      list_.pop_front();
    }
  }

 private:
  struct Copy {
    std::int64_t offset = 0;
    std::int64_t position = 0;
  };

  std::deque<Copy> list_;
};

}  // namespace bolide::broker
