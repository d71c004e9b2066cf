// SPDX-License-Identifier: Apache-2.0
//
// A hash table with open addressing; its keys stand one behind the other.
// Runs on: background agent.  Owns: the keys.  Invariant: at most three of four slots are taken, so
// that a search ends.
#include "store/last_changes.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/cursor.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::size_t step_bytes = 8;  // so that 32 bits reach 32 GiB of keys
constexpr std::size_t slots_min = 1024;

}  // namespace

std::string_view LastChanges::key_at(std::uint32_t step) const {
  ByteReader in(std::string_view(keys_).substr(step * step_bytes));
  return in.bytes(in.u32());
}

std::uint32_t LastChanges::add_key(std::string_view key) {
  const std::size_t at = keys_.size();
  BOLIDE_ASSERT(at / step_bytes <= std::numeric_limits<std::uint32_t>::max());
  char length[4];
  store_big(length, static_cast<std::uint32_t>(key.size()));
  keys_.append(length, sizeof length).append(key);
  keys_.resize((keys_.size() + step_bytes - 1) / step_bytes * step_bytes);
  return static_cast<std::uint32_t>(at / step_bytes);
}

std::size_t LastChanges::slot_of(std::string_view key) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash64(key) & mask;
  while (slots_[at].sequence != 0 && key_at(slots_[at].key) != key) at = (at + 1) & mask;
  return at;
}

void LastChanges::grow() {
  const std::vector<Slot> old = std::exchange(slots_, {});
  slots_.resize(old.empty() ? slots_min : 2 * old.size());
  for (const Slot& slot : old)
    if (slot.sequence != 0) slots_[slot_of(key_at(slot.key))] = slot;
}

void LastChanges::expect(std::size_t keys) {
  BOLIDE_ASSERT(count_ == 0);
  slots_.assign(std::bit_ceil(std::max(slots_min, keys / 3 * 4)), Slot{});
}

void LastChanges::note(std::string_view key, std::uint32_t sequence) {
  if (4 * (count_ + 1) > 3 * slots_.size()) grow();
  Slot& slot = slots_[slot_of(key)];
  if (slot.sequence == 0) {
    slot.key = add_key(key);
    ++count_;
  }
  slot.sequence = sequence;
}

std::uint32_t LastChanges::of(std::string_view key) const {
  return slots_.empty() ? 0 : slots_[slot_of(key)].sequence;
}

}  // namespace bolide::store
