// SPDX-License-Identifier: Apache-2.0
//
// The open messages of one queue and group.
// Runs on: core agent.  Owns: the entries.  Invariant: see lease_set.h.
#include "broker/leases/lease_set.h"

#include "base/assert.h"

#include <algorithm>

namespace bolide::broker {
namespace {

constexpr std::size_t chunk_entries = 64;

}  // namespace

bool LeaseSet::locate(std::int64_t offset, Place* place) const {
  auto chunk = chunks_.upper_bound(offset);
  while (chunk != chunks_.begin()) {
    --chunk;
    const std::vector<Lease>& leases = chunk->second.leases;
    auto at = std::ranges::upper_bound(leases, offset, {}, &Lease::first);
    while (at != leases.begin()) {
      --at;
      // Entries may overlap where single messages were taken out of them.
      if (at->first <= offset - Lease::span) return false;
      if (!at->has(offset)) continue;
      *place = {.chunk = chunk, .index = static_cast<std::size_t>(at - leases.begin())};
      return true;
    }
  }
  return false;
}

bool LeaseSet::locate_beginning(std::int64_t first, Place* place) const {
  auto chunk = chunks_.upper_bound(first);
  if (chunk == chunks_.begin()) return false;
  --chunk;
  const std::vector<Lease>& leases = chunk->second.leases;
  const auto at = std::ranges::lower_bound(leases, first, {}, &Lease::first);
  if (at == leases.end() || at->first != first) return false;
  *place = {.chunk = chunk, .index = static_cast<std::size_t>(at - leases.begin())};
  return true;
}

const Lease* LeaseSet::find(std::int64_t offset) const {
  Place place;
  return locate(offset, &place) ? &place.chunk->second.leases[place.index] : nullptr;
}

const Lease* LeaseSet::at(std::int64_t first) const {
  Place place;
  return locate_beginning(first, &place) ? &place.chunk->second.leases[place.index] : nullptr;
}

Lease& LeaseSet::entry(const Place& place) {
  return const_cast<Lease&>(place.chunk->second.leases[place.index]);
}

// Brings the chunk's place in due_ up to date, without giving its node back.
void LeaseSet::rearm(Chunks::iterator chunk) {
  std::int64_t earliest_ms = never;
  for (const Lease& lease : chunk->second.leases)
    earliest_ms = std::min(earliest_ms, lease.until_ms);
  if (earliest_ms == chunk->second.earliest_ms) return;
  auto node = due_.extract({chunk->second.earliest_ms, chunk->first});
  chunk->second.earliest_ms = earliest_ms;
  if (node.empty()) {
    due_.emplace(earliest_ms, chunk->first);
    return;
  }
  node.value().first = earliest_ms;
  due_.insert(std::move(node));
}

// The chunk that has room for an entry that begins at `first`.
LeaseSet::Chunks::iterator LeaseSet::chunk_for(std::int64_t first) {
  auto chunk = chunks_.upper_bound(first);
  if (chunk == chunks_.begin()) {
    return chunks_.try_emplace(first).first;  // below all keys
  }
  --chunk;
  if (chunk->second.leases.size() < chunk_entries) return chunk;
  return split(chunk, first);
}

LeaseSet::Chunks::iterator LeaseSet::split(Chunks::iterator chunk, std::int64_t first) {
  std::vector<Lease>& full = chunk->second.leases;
  if (first > full.back().first) {  // the usual case: entries come in order, and chunks stay full
    return chunks_.try_emplace(first).first;
  }
  const auto middle = full.begin() + static_cast<std::ptrdiff_t>(full.size() / 2);
  const auto right = chunks_.try_emplace(middle->first).first;
  right->second.leases.reserve(chunk_entries);
  right->second.leases.assign(middle, full.end());
  full.erase(middle, full.end());
  rearm(right);
  rearm(chunk);
  return first >= right->first ? right : chunk;
}

void LeaseSet::insert(Lease lease) {
  BOLIDE_ASSERT(lease.open != 0);
  Place taken;
  if (locate_beginning(lease.first, &taken)) {
    // That entry's own first message is closed, or it would be open twice: let it begin later.
    BOLIDE_ASSERT((lease.open & entry(taken).open & 1U) == 0);
    Lease other = entry(taken);
    open_ -= static_cast<std::size_t>(std::popcount(other.open));
    remove(taken);
    const int closed = std::countr_zero(other.open);
    other.first += closed;
    other.open >>= static_cast<unsigned>(closed);
    insert(other);
  }
  const auto chunk = chunk_for(lease.first);
  std::vector<Lease>& leases = chunk->second.leases;
  if (leases.capacity() == 0) leases.reserve(4);
  leases.insert(std::ranges::upper_bound(leases, lease.first, {}, &Lease::first), lease);
  open_ += static_cast<std::size_t>(std::popcount(lease.open));
  ++entries_;
  rearm(chunk);
  note(lease.first);
}

void LeaseSet::remove(const Place& place) {
  const auto chunk = chunks_.find(place.chunk->first);
  std::vector<Lease>& leases = chunk->second.leases;
  note(leases[place.index].first);
  --entries_;
  if (leases.size() == 1) {
    due_.erase({chunk->second.earliest_ms, chunk->first});
    chunks_.erase(chunk);
    return;
  }
  leases.erase(leases.begin() + static_cast<std::ptrdiff_t>(place.index));
  rearm(chunk);
}

void LeaseSet::close(std::int64_t offset) {
  Place place;
  const bool found = locate(offset, &place);
  BOLIDE_ASSERT(found);
  Lease& lease = entry(place);
  --open_;
  lease.open &= ~(std::uint64_t{1} << static_cast<unsigned>(offset - lease.first));
  if (lease.open == 0) return remove(place);
  note(lease.first);
}

void LeaseSet::renew(const Lease& lease, std::int64_t given_ms, std::int64_t until_ms) {
  Place place;
  const bool found = locate_beginning(lease.first, &place);
  BOLIDE_ASSERT(found);
  Lease& changed = entry(place);
  changed.given_ms = given_ms;
  changed.until_ms = until_ms;
  note(changed.first);
  rearm(chunks_.find(place.chunk->first));
}

void LeaseSet::clear() {
  for_each([this](const Lease& lease) {
    note(lease.first);
    return true;
  });
  chunks_.clear();
  due_.clear();
  open_ = 0;
  entries_ = 0;
}

std::int64_t LeaseSet::lowest(std::int64_t otherwise) const {
  std::int64_t lowest = otherwise;
  for_each([&](const Lease& lease) {
    if (lease.first >= lowest) return false;
    lowest = std::min(lowest, lease.lowest());
    return true;
  });
  return lowest;
}

std::vector<std::int64_t> LeaseSet::take_changed() {
  std::vector<std::int64_t> changed = std::move(changed_);
  changed_ = {};
  std::ranges::sort(changed);
  const auto again = std::ranges::unique(changed);
  changed.erase(again.begin(), again.end());
  return changed;
}

}  // namespace bolide::broker
