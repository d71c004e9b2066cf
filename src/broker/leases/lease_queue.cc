// SPDX-License-Identifier: Apache-2.0
//
// What one group was given of one queue.
// Runs on: core agent.  Owns: the cursor, the leases.  Invariant: see lease_queue.h.
#include "broker/leases/lease_queue.h"

#include "base/assert.h"

#include <algorithm>

namespace bolide::broker {
namespace {

// A delivery is known by its time, so the next one of the same message must be later.
LeaseTerms later_than(std::int64_t given_ms, LeaseTerms terms) {
  terms.given_ms = std::max(terms.given_ms, given_ms + 1);
  terms.until_ms = std::max(terms.until_ms, terms.given_ms + 1);
  return terms;
}

// Collects neighbours with the same terms into entries.
class Entries {
 public:
  Entries(LeaseSet& into, LeaseTerms terms) : into_(into), terms_(terms) {
    terms_.until_ms = std::max(terms_.until_ms, terms_.given_ms + 1);
  }
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;
  ~Entries() { flush(); }

  void add(std::int64_t offset, std::int32_t times) {
    if (entry_.open != 0 && (times != entry_.times || offset >= entry_.first + Lease::span))
      flush();
    if (entry_.open == 0) {
      entry_ = {.first = offset,
                .given_ms = terms_.given_ms,
                .until_ms = terms_.until_ms,
                .times = times};
    }
    entry_.open |= std::uint64_t{1} << static_cast<unsigned>(offset - entry_.first);
  }

 private:
  void flush() {
    if (entry_.open != 0) into_.insert(entry_);
    entry_.open = 0;
  }

  LeaseSet& into_;
  LeaseTerms terms_;
  Lease entry_;
};

}  // namespace

void LeaseQueue::give(std::span<const std::int64_t> offsets, std::int64_t next, LeaseTerms terms) {
  BOLIDE_ASSERT(next >= cursor_);
  Entries entries(leases_, terms);
  for (std::int64_t offset : offsets) {
    BOLIDE_ASSERT(offset >= cursor_ && offset < next);
    entries.add(offset, 1);
  }
  cursor_ = next;
}

void LeaseQueue::ended(std::int64_t now_ms, std::size_t count,
                       std::vector<EndedLease>* into) const {
  leases_.ended(now_ms, [&](const Lease& lease) {
    for_each_open(lease, [&](std::int64_t offset) {
      if (into->size() < count) into->push_back({.offset = offset, .times = lease.times});
    });
    return into->size() < count;
  });
  std::ranges::sort(*into, {}, &EndedLease::offset);
}

void LeaseQueue::ended_in_order(std::int64_t now_ms, std::size_t count,
                                std::vector<EndedLease>* into) const {
  leases_.for_each([&](const Lease& lease) {
    // Entries overlap by their span at most, so nothing lower comes after this.
    if (into->size() >= count && lease.first > into->at(count - 1).offset) return false;
    if (lease.until_ms > now_ms) return true;
    for_each_open(lease, [&](std::int64_t offset) {
      into->push_back({.offset = offset, .times = lease.times});
    });
    std::ranges::sort(*into, {}, &EndedLease::offset);
    return true;
  });
  if (into->size() > count) into->resize(count);
}

void LeaseQueue::give_again(std::span<const EndedLease> messages, LeaseTerms terms) {
  for (const EndedLease& message : messages) leases_.close(message.offset);
  Entries entries(leases_, terms);
  for (const EndedLease& message : messages) entries.add(message.offset, message.times + 1);
}

Settled LeaseQueue::check(std::int64_t offset, std::int64_t given_ms) const {
  if (offset >= cursor_) return Settled::unknown;
  const Lease* lease = leases_.find(offset);
  if (lease == nullptr) return Settled::earlier;
  return lease->given_ms == given_ms ? Settled::done : Settled::stale;
}

Settled LeaseQueue::ack(std::int64_t offset, std::int64_t given_ms) {
  const Settled settled = check(offset, given_ms);
  if (settled == Settled::done) leases_.close(offset);
  return settled;
}

void LeaseQueue::renew(std::int64_t offset, LeaseTerms terms) {
  const Lease lease = *leases_.find(offset);
  if (std::has_single_bit(lease.open)) return leases_.renew(lease, terms.given_ms, terms.until_ms);
  leases_.close(offset);
  leases_.insert({.first = offset,
                  .open = 1,
                  .given_ms = terms.given_ms,
                  .until_ms = terms.until_ms,
                  .times = lease.times});
}

Settled LeaseQueue::change(std::int64_t offset, std::int64_t given_ms, LeaseTerms* terms) {
  const Settled settled = check(offset, given_ms);
  if (settled != Settled::done) return settled;
  *terms = later_than(given_ms, *terms);
  renew(offset, *terms);
  return settled;
}

Settled LeaseQueue::change_end(std::int64_t offset, std::int64_t given_ms, std::int64_t until_ms) {
  const Settled settled = check(offset, given_ms);
  if (settled == Settled::done) renew(offset, {given_ms, std::max(until_ms, given_ms + 1)});
  return settled;
}

bool LeaseQueue::suspend(std::int64_t given_ms, std::int64_t until_ms) {
  std::vector<Lease> given;
  leases_.for_each([&](const Lease& lease) {
    if (lease.given_ms == given_ms) given.push_back(lease);
    return true;
  });
  for (Lease& lease : given) {
    for_each_open(lease, [&](std::int64_t offset) { leases_.close(offset); });
    const std::int64_t begin = lease.lowest();
    lease.open >>= static_cast<unsigned>(begin - lease.first);
    lease.first = begin;
    lease.until_ms = std::max(until_ms, given_ms + 1);
    lease.times = std::max(1, lease.times - 1);
    leases_.insert(lease);
  }
  return !given.empty();
}

void LeaseQueue::finish(std::int64_t offset) {
  if (leases_.find(offset) != nullptr) leases_.close(offset);
}

bool LeaseQueue::held(std::int64_t now_ms) const {
  bool held = false;
  leases_.for_each([&](const Lease& lease) {
    held = lease.until_ms > now_ms;
    return !held;
  });
  return held;
}

std::int64_t LeaseQueue::last_end_ms() const {
  if (leases_.empty()) return LeaseSet::never;
  std::int64_t last_ms = 0;
  leases_.for_each([&](const Lease& lease) {
    last_ms = std::max(last_ms, lease.until_ms);
    return true;
  });
  return last_ms;
}

void LeaseQueue::end_all(std::int64_t now_ms) {
  std::vector<Lease> running;
  leases_.for_each([&](const Lease& lease) {
    if (lease.until_ms > now_ms) running.push_back(lease);
    return true;
  });
  for (const Lease& lease : running) leases_.renew(lease, lease.given_ms, now_ms);
}

void LeaseQueue::reset(std::int64_t offset) {
  leases_.clear();
  cursor_ = offset;
}

void LeaseQueue::close_if(auto predicate) {
  std::vector<std::int64_t> offsets;
  leases_.for_each([&](const Lease& lease) {
    for_each_open(lease, [&](std::int64_t offset) {
      if (predicate(offset)) offsets.push_back(offset);
    });
    return true;
  });
  for (std::int64_t offset : offsets) leases_.close(offset);
}

void LeaseQueue::skip_to(std::int64_t offset) {
  if (leases_.lowest(offset) < offset) close_if([&](std::int64_t open) { return open < offset; });
  cursor_ = std::max(cursor_, offset);
}

void LeaseQueue::cut(std::int64_t end) {
  cursor_ = std::min(cursor_, end);
  close_if([&](std::int64_t open) { return open >= cursor_; });
}

}  // namespace bolide::broker
