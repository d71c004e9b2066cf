// SPDX-License-Identifier: Apache-2.0
//
// The keys of a topic's last messages.
// Runs on: core agent.  Owns: its entries.  Invariant: see key_window.h.
#include "broker/dedupe/key_window.h"

#include "base/crc.h"

#include <utility>

namespace bolide::broker {
namespace {

constexpr std::size_t entries_first = 64;
constexpr std::uint64_t seed_of_high = 0x9E3779B97F4A7C15U;

}  // namespace

KeyHash KeyHash::of(std::string_view key) {
  return {.low = hash64(key), .high = hash64(key, seed_of_high)};
}

// The slot of the hash, or the free one where it would stand.
std::size_t KeyWindow::find_slot(const KeyHash& hash) const {
  std::size_t slot = hash.low & mask();
  while (slots_[slot] != 0 && arrived(slots_[slot] - 1).hash != hash) slot = (slot + 1) & mask();
  return slot;
}

const KeyPlace* KeyWindow::find(const KeyHash& hash, std::int64_t after_ms) const {
  if (slots_.empty()) return nullptr;
  const std::uint64_t number = slots_[find_slot(hash)];
  if (number == 0) return nullptr;
  const KeyPlace& place = arrived(number - 1);
  return place.stored_ms > after_ms ? &place : nullptr;
}

void KeyWindow::put(const KeyPlace& place) {
  if (size_ == ring_.size()) grow();
  const std::uint64_t number = head_ + size_;
  const std::size_t slot = find_slot(place.hash);
  ring_[number & (ring_.size() - 1)] = place;
  slots_[slot] = number + 1;
  ++size_;
}

void KeyWindow::expire(std::int64_t until_ms) {
  while (size_ > 0 && at(0).stored_ms <= until_ms) drop_oldest();
  if (size_ == 0) *this = {};
}

void KeyWindow::drop_oldest() {
  const std::size_t slot = find_slot(at(0).hash);
  // A later message with this key may have taken its place.
  if (slots_[slot] == head_ + 1) erase_slot(slot);
  ++head_;
  --size_;
}

// Those behind it that stand too far from home move up.
void KeyWindow::erase_slot(std::size_t slot) {
  for (std::size_t next = (slot + 1) & mask(); slots_[next] != 0; next = (next + 1) & mask()) {
    const std::size_t home = arrived(slots_[next] - 1).hash.low & mask();
    if (((next - home) & mask()) < ((next - slot) & mask())) continue;
    slots_[slot] = slots_[next];
    slot = next;
  }
  slots_[slot] = 0;
}

void KeyWindow::grow() {
  std::vector<KeyPlace> larger(ring_.empty() ? entries_first : ring_.size() * 2);
  for (std::uint64_t number = head_; number < head_ + size_; ++number)
    larger[number & (larger.size() - 1)] = arrived(number);
  ring_ = std::move(larger);
  slots_.assign(ring_.size() * 2, 0);
  for (std::uint64_t number = head_; number < head_ + size_; ++number)
    slots_[find_slot(arrived(number).hash)] = number + 1;
}

}  // namespace bolide::broker
