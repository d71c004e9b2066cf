// SPDX-License-Identifier: Apache-2.0
//
// The keys of a topic's messages of the last so-and-so long, by their hashes: a ring in order of
// arrival and an open table into it.
// Runs on: core agent.  Owns: its entries.  Invariant: the table leads to each hash's latest entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bolide::broker {

// 128 bits of a key: enough for two keys never to be taken for each other.
struct KeyHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  static KeyHash of(std::string_view key);
  bool operator==(const KeyHash&) const = default;
};

struct KeyPlace {
  KeyHash hash;
  std::int64_t stored_ms = 0;
  std::int64_t position = 0;  // in the log
  std::int64_t offset = 0;    // in the queue where the message lies
  std::int32_t queue_id = 0;  // to which it goes

  bool operator==(const KeyPlace&) const = default;
};

class KeyWindow {
 public:
  // The key's message, if it was stored after `after_ms`; null if there is none. Lives until the
  // next change.
  const KeyPlace* find(const KeyHash& hash, std::int64_t after_ms) const;
  void put(const KeyPlace& place);
  // Forgets those at the front that were stored at or before `until_ms`.
  void expire(std::int64_t until_ms);
  // Forgets the oldest. Requires size() > 0.
  void drop_oldest();

  std::size_t size() const { return size_; }
  // In order of arrival; place < size().
  const KeyPlace& at(std::size_t place) const {
    return ring_[(head_ + place) & (ring_.size() - 1)];
  }

 private:
  std::size_t mask() const { return slots_.size() - 1; }
  std::size_t find_slot(const KeyHash& hash) const;
  void erase_slot(std::size_t slot);
  void grow();
  const KeyPlace& arrived(std::uint64_t number) const { return ring_[number & (ring_.size() - 1)]; }

  // Both sizes are powers of two, or 0; an entry's number says where in the ring it stands.
  std::vector<KeyPlace> ring_;
  std::vector<std::uint64_t> slots_;  // numbers + 1; 0: free
  std::uint64_t head_ = 0;            // number of the oldest
  std::size_t size_ = 0;
};

}  // namespace bolide::broker
