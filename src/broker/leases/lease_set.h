// SPDX-License-Identifier: Apache-2.0
//
// The messages of one queue that one group was given and has not acknowledged, in little memory:
// messages given together share an entry with a bit for each. Ordered by offset; what ends first is
// found without a scan.
// Runs on: core agent.  Owns: the entries.  Invariant: an offset is open in one entry at most, and
// no two entries begin at the same offset.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace bolide::broker {

// Messages that were given together: `open` has bit i for the message at first + i.
struct Lease {
  static constexpr std::int64_t span = 64;

  std::int64_t first = 0;
  std::uint64_t open = 0;
  std::int64_t given_ms = 0;  // wall; with the offset it says which delivery this is
  std::int64_t until_ms = 0;  // wall; from then on the messages may be given again
  std::int32_t times = 1;     // how often the messages were given, with this time

  bool has(std::int64_t offset) const {
    return offset >= first && offset < first + span &&
           ((open >> static_cast<unsigned>(offset - first)) & 1U) != 0;
  }
  std::int64_t lowest() const { return first + std::countr_zero(open); }
  bool operator==(const Lease&) const = default;
};

// Calls each(offset) for the open messages of `lease`, in order.
template <class Each>
void for_each_open(const Lease& lease, Each each) {
  for (std::uint64_t rest = lease.open; rest != 0; rest &= rest - 1)
    each(lease.first + std::countr_zero(rest));
}

class LeaseSet {
 public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  // Requires: none of its messages is open here, and its first is, unless no entry begins there.
  void insert(Lease lease);
  // The entry in which the message is open; null if it is in none. Until the next change.
  const Lease* find(std::int64_t offset) const;
  // The entry that begins at `first`, or null.
  const Lease* at(std::int64_t first) const;
  // Closes one message. Requires: it is open.
  void close(std::int64_t offset);
  // Changes delivery and end of all of an entry. Requires: `lease` was given by find().
  void renew(const Lease& lease, std::int64_t given_ms, std::int64_t until_ms);
  void clear();

  // Calls each(lease) until it returns false for entries that have ended at `now_ms`: those that
  // ended first come first, but for small groups of neighbours.
  template <class Each>
  void ended(std::int64_t now_ms, Each each) const {
    for (auto at = due_.begin(); at != due_.end() && at->first <= now_ms; ++at) {
      for (const Lease& lease : chunks_.find(at->second)->second.leases) {
        if (lease.until_ms <= now_ms && !each(lease)) return;
      }
    }
  }
  // Calls each(lease), in the order of their beginnings, until it returns false.
  template <class Each>
  void for_each(Each each) const {
    for (const auto& [key, chunk] : chunks_) {
      for (const Lease& lease : chunk.leases) {
        if (!each(lease)) return;
      }
    }
  }
  // When the first entry ends; `never` without entries.
  std::int64_t next_end_ms() const { return due_.empty() ? never : due_.begin()->first; }
  // The lowest open message, or `otherwise`.
  std::int64_t lowest(std::int64_t otherwise) const;

  bool empty() const { return chunks_.empty(); }
  std::size_t open_count() const { return open_; }
  std::size_t entry_count() const { return entries_; }

  // The beginnings of entries that were made, changed or removed since the last call, each once.
  std::vector<std::int64_t> take_changed();

 private:
  // A few neighbours in one block of memory. Its key is not larger than any beginning in it, and
  // larger than all in the chunks before.
  struct Chunk {
    std::vector<Lease> leases;
    std::int64_t earliest_ms = never;
  };
  using Chunks = std::map<std::int64_t, Chunk>;
  struct Place {
    Chunks::const_iterator chunk;
    std::size_t index = 0;
  };

  bool locate(std::int64_t offset, Place* place) const;
  bool locate_beginning(std::int64_t first, Place* place) const;
  Chunks::iterator chunk_for(std::int64_t first);
  Chunks::iterator split(Chunks::iterator chunk, std::int64_t first);
  Lease& entry(const Place& place);
  void remove(const Place& place);
  void rearm(Chunks::iterator chunk);
  void note(std::int64_t first) { changed_.push_back(first); }

  Chunks chunks_;
  std::set<std::pair<std::int64_t, std::int64_t>> due_;  // (earliest_ms, key) of each chunk
  std::vector<std::int64_t> changed_;
  std::size_t open_ = 0;
  std::size_t entries_ = 0;
};

}  // namespace bolide::broker
