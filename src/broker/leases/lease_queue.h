// SPDX-License-Identifier: Apache-2.0
//
// What one group was given of one queue, message by message: the mechanism behind POP, and behind
// every protocol that acknowledges single messages. It knows no protocol: a delivery is named by
// values, offset and time.
//   given (lease) --ack--> done;  lease --its end, or given back--> given again, times + 1
// Runs on: core agent.  Owns: the cursor, the leases.  Invariant: each message below the cursor is
// leased or done; committed() is the lowest that is not done, and never passes the cursor.
#pragma once

#include "broker/leases/lease_set.h"
#include "broker/leases/settled.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bolide::broker {

// From when to when messages are given, as wall time.
struct LeaseTerms {
  std::int64_t given_ms = 0;
  std::int64_t until_ms = 0;
};

// A message that may be given again, and how often it was given.
struct EndedLease {
  std::int64_t offset = 0;
  std::int32_t times = 0;

  bool operator==(const EndedLease&) const = default;
};

class LeaseQueue {
 public:
  explicit LeaseQueue(std::int64_t cursor) : cursor_(cursor) {}

  // The next message that nobody was given.
  std::int64_t cursor() const { return cursor_; }
  // Everything below is done.
  std::int64_t committed() const { return leases_.lowest(cursor_); }

  // Gives messages from the cursor on, which goes to `next`; `offsets`, in order, are those that
  // somebody wants, the others are done with. Requires: cursor() <= each offset < next.
  void give(std::span<const std::int64_t> offsets, std::int64_t next, LeaseTerms terms);
  // Up to `count` messages whose leases have ended at `now_ms`; what ended first comes first.
  void ended(std::int64_t now_ms, std::size_t count, std::vector<EndedLease>* into) const;
  // All of them that have ended, lowest offset first, as consumers in order need them.
  void ended_in_order(std::int64_t now_ms, std::size_t count, std::vector<EndedLease>* into) const;
  // Gives them again. Requires: each is leased, and its lease has ended; in the order of offsets.
  void give_again(std::span<const EndedLease> messages, LeaseTerms terms);

  // The message that was given at `given_ms` is done. It may be late, as long as nobody else was
  // given the message.
  Settled ack(std::int64_t offset, std::int64_t given_ms);
  // Gives the message that was given at `given_ms` a new end; it is then known as given at
  // terms->given_ms, which is set to what was noted. An end that has passed gives it back.
  Settled change(std::int64_t offset, std::int64_t given_ms, LeaseTerms* terms);
  // The same for a consumer in order, whose delivery keeps its name.
  Settled change_end(std::int64_t offset, std::int64_t given_ms, std::int64_t until_ms);
  // All that was given at `given_ms` gets this end, and that delivery is not counted. False: there
  // is none.
  bool suspend(std::int64_t given_ms, std::int64_t until_ms);
  // The message is done, whoever has it.
  void finish(std::int64_t offset);

  // Whether anybody holds a message: then a consumer in order must wait.
  bool held(std::int64_t now_ms) const;
  // When the last lease ends; LeaseSet::never without leases.
  std::int64_t last_end_ms() const;
  // Ends all leases now: whoever has them asks again because the answer was lost.
  void end_all(std::int64_t now_ms);

  // The group's place was set from outside: everything below is done, nothing from there on is.
  void reset(std::int64_t offset);
  // Everything below `offset` is done.
  void skip_to(std::int64_t offset);
  // The queue ends at `end`: nothing from there on was ever stored (a crash took it back).
  void cut(std::int64_t end);
  // A lease that the journal holds, at start.
  void restore(const Lease& lease) { leases_.insert(lease); }

  const LeaseSet& leases() const { return leases_; }
  std::int64_t next_end_ms() const { return leases_.next_end_ms(); }
  std::vector<std::int64_t> take_changed() { return leases_.take_changed(); }

 private:
  void close_if(auto predicate);
  Settled check(std::int64_t offset, std::int64_t given_ms) const;
  void renew(std::int64_t offset, LeaseTerms terms);

  std::int64_t cursor_;
  LeaseSet leases_;
};

}  // namespace bolide::broker
