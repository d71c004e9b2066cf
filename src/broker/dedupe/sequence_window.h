// SPDX-License-Identifier: Apache-2.0
//
// The last messages of one producer to one queue, by their sequence numbers: a ring that grows up
// to its limit.
// Runs on: core agent.  Owns: its entries.  Invariant: entries are sorted by sequence; all of them
// are above the floor, below which nothing is known any more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bolide::broker {

// Where a message, or a batch, was stored.
struct StoredAt {
  std::int64_t position = 0;  // in the log, of the first message
  std::int64_t last = 0;      // of the last one
  std::int64_t offset = 0;    // of the first one, in the queue where it lies
  std::int32_t count = 1;     // messages: of a batch those that are stored, in its order

  bool operator==(const StoredAt&) const = default;
};

class SequenceWindow {
 public:
  struct Entry {
    std::int64_t sequence = 0;
    StoredAt at;
  };

  // Where it was stored; null if that is not known. Lives until the next put().
  const StoredAt* find(std::int64_t sequence) const;
  // Whether it may have been stored and been forgotten since.
  bool is_too_old(std::int64_t sequence) const { return sequence <= floor_; }
  // Remembers it, or what is known of it now, and forgets the lowest beyond `entries_max`. Nothing
  // happens to what is too old.
  void put(std::int64_t sequence, const StoredAt& at, std::size_t entries_max);
  void raise_floor(std::int64_t floor);

  std::int64_t floor() const { return floor_; }
  std::size_t size() const { return size_; }
  // In order; place < size().
  const Entry& at(std::size_t place) const { return ring_[index(place)]; }

 private:
  std::size_t index(std::size_t place) const { return (head_ + place) & (ring_.size() - 1); }
  std::size_t lower_bound(std::int64_t sequence) const;
  void grow();
  void drop_lowest();

  std::vector<Entry> ring_;  // its size is a power of two, or 0
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::int64_t floor_ = -1;
};

}  // namespace bolide::broker
