// SPDX-License-Identifier: Apache-2.0
//
// All leases of the broker, by group, topic and queue; their journal; their end times; and the
// groups' committed offsets that follow from them.
// Runs on: core agent.  Owns: the leases, their journal.  Invariant: whatever changed in a turn is
// noted in the journal by the write() at its end, before any answer leaves.
#pragma once

#include "base/result.h"
#include "base/strings.h"
#include "broker/leases/lease_log.h"
#include "broker/leases/lease_queue.h"
#include "broker/offsets.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::broker {

// The leases of one group in one queue. Whoever changes `queue` calls LeaseTable::changed.
struct LeasePlace {
  LeaseName name;
  LeaseQueue queue;
  bool ordered = false;       // consumers of it want all messages to be done before the next
  std::uint64_t attempt = 0;  // hash of the attempt for which they were given, if they are

 private:
  friend class LeaseTable;
  explicit LeasePlace(LeaseName of, std::int64_t cursor) : name(std::move(of)), queue(cursor) {}

  std::uint32_t number = 0;
  bool known = false;  // to the journal
  bool dirty = false;
  std::int64_t noted_cursor = -1;
  std::int64_t armed_ms = LeaseSet::never;  // in due_
  std::vector<std::int64_t> unwritten;      // beginnings that a failed write left
  std::size_t messages = 0;                 // as the table counts them
  std::size_t entries = 0;                  // likewise
};

struct LeaseStats {
  std::size_t queues = 0;
  std::size_t messages = 0;  // given and not done
  std::size_t entries = 0;
};

class LeaseTable {
 public:
  // `end_of` gives the end of a queue, or nothing if the queue is gone.
  using EndOf = std::function<std::optional<std::int64_t>(const LeaseName& name)>;

  LeaseTable(Offsets& offsets, LeaseLog::Opened opened, const EndOf& end_of);

  bool empty() const { return entries_.empty(); }
  // Null: the group was never given anything of the queue.
  LeasePlace* find(std::string_view group, std::string_view topic, std::int32_t queue_id);
  // Makes the place, to begin at `cursor`. Requires: it is not there.
  LeasePlace& add(const LeaseName& name, std::int64_t cursor);
  void changed(LeasePlace& place);

  // The group's offset was set from outside: by a client that pulls, or by an administrator.
  // Returns whether the group has leases in the queue.
  bool moved(std::string_view group, std::string_view topic, std::int32_t queue_id,
             std::int64_t offset);
  void erase_group(std::string_view group);
  void erase_topic(std::string_view topic);

  // Calls each(place) for the places in which leases have ended since the last call.
  void take_ended(std::int64_t now_ms, const std::function<void(LeasePlace&)>& each);

  // End of turn: notes what changed in the journal and commits offsets. What could not be written
  // is tried again later; a failure is told once.
  void write(std::int64_t steady_ms);
  // Makes a snapshot, if the journal has grown enough.
  void tick();
  Result<> snapshot();
  const std::shared_ptr<store::Journal>& journal() const { return log_->journal(); }
  const LeaseStats& stats() const { return stats_; }

 private:
  struct Entry {
    std::vector<std::unique_ptr<LeasePlace>> places;  // by queue id; null: none
  };

  Entry* find_entry(std::string_view group, std::string_view topic);
  LeasePlace& insert(const LeaseName& name, std::int64_t cursor);
  void note(LeasePlace& place);
  Result<> note_all();
  void count(LeasePlace& place, std::size_t messages, std::size_t entries);
  void arm(LeasePlace& place);
  void forget(LeasePlace& place);
  template <class Predicate>
  void erase_if(Predicate predicate);
  template <class Each>
  void for_each(Each each) const {
    for (const auto& [key, entry] : entries_) {
      for (const auto& place : entry.places) {
        if (place) each(*place);
      }
    }
  }

  Offsets& offsets_;
  std::unique_ptr<LeaseLog> log_;
  std::string key_;  // scratch: looking up allocates nothing
  StringMap<Entry> entries_;
  std::vector<LeasePlace*> dirty_;
  std::vector<std::uint32_t> removed_;
  std::set<std::pair<std::int64_t, LeasePlace*>> due_;
  std::uint32_t next_number_ = 1;
  LeaseStats stats_;
  bool failed_ = false;
  std::int64_t retry_ms_ = 0;  // steady
};

}  // namespace bolide::broker
