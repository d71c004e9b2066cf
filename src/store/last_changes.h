// SPDX-License-Identifier: Apache-2.0
//
// Which change of each key is the last one: a table of keys, about 30 bytes for a short one.
// Runs on: background agent.  Owns: the keys.  Invariant: a key stands in it once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

class LastChanges {
 public:
  // Makes room for so many keys, for a large table takes long to grow. Requires: it is empty.
  void expect(std::size_t keys);
  // Change number `sequence` is of `key`, and later than those noted before. Requires: not 0.
  void note(std::string_view key, std::uint32_t sequence);
  // The last one of the key; 0: there is none.
  std::uint32_t of(std::string_view key) const;
  std::size_t size() const { return count_; }

 private:
  struct Slot {
    std::uint32_t key = 0;       // where it stands in keys_, in steps
    std::uint32_t sequence = 0;  // 0: the slot is free
  };

  std::string_view key_at(std::uint32_t step) const;
  std::uint32_t add_key(std::string_view key);
  // Of the key, or the free one where it belongs. Requires a free one.
  std::size_t slot_of(std::string_view key) const;
  void grow();

  std::string keys_;  // each with its length (4) before it, padded to a step
  std::vector<Slot> slots_;
  std::size_t count_ = 0;
};

}  // namespace bolide::store
