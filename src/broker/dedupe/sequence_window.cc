// SPDX-License-Identifier: Apache-2.0
//
// The last messages of a producer to a queue.
// Runs on: core agent.  Owns: its entries.  Invariant: see sequence_window.h.
#include "broker/dedupe/sequence_window.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::size_t entries_first = 8;

}  // namespace

std::size_t SequenceWindow::lower_bound(std::int64_t sequence) const {
  // Nearly always the next one.
  if (size_ == 0 || at(size_ - 1).sequence < sequence) return size_;
  std::size_t low = 0;
  std::size_t high = size_;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (at(middle).sequence < sequence)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

const StoredAt* SequenceWindow::find(std::int64_t sequence) const {
  const std::size_t place = lower_bound(sequence);
  if (place == size_ || at(place).sequence != sequence) return nullptr;
  return &at(place).at;
}

void SequenceWindow::put(std::int64_t sequence, const StoredAt& stored, std::size_t entries_max) {
  if (is_too_old(sequence)) return;
  std::size_t place = lower_bound(sequence);
  if (place < size_ && at(place).sequence == sequence) {
    ring_[index(place)].at = stored;
    return;
  }
  if (size_ == ring_.size()) grow();
  ++size_;
  for (std::size_t i = size_ - 1; i > place; --i) ring_[index(i)] = ring_[index(i - 1)];
  ring_[index(place)] = {.sequence = sequence, .at = stored};
  while (size_ > entries_max) drop_lowest();
}

void SequenceWindow::raise_floor(std::int64_t floor) {
  floor_ = std::max(floor_, floor);
  while (size_ > 0 && is_too_old(at(0).sequence)) drop_lowest();
}

void SequenceWindow::drop_lowest() {
  floor_ = std::max(floor_, at(0).sequence);
  head_ = index(1);
  --size_;
}

void SequenceWindow::grow() {
  std::vector<Entry> larger(ring_.empty() ? entries_first : ring_.size() * 2);
  for (std::size_t i = 0; i < size_; ++i) larger[i] = at(i);
  ring_ = std::move(larger);
  head_ = 0;
}

}  // namespace bolide::broker
