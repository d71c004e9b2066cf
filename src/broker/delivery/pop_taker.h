// SPDX-License-Identifier: Apache-2.0
//
// Takes messages out of one queue for one pop: first those whose leases have ended, each with its
// number of attempts written into the copy, then those that nobody was given yet. Of a compacted
// topic it takes what was kept, too. A lease of a message that compaction has replaced since ends
// as if it were acknowledged: the newer message of the key, which the group is or was given, says
// all. Runs on: core agent.  Owns: nothing.  Invariant: a message is leased in the call that reads
// it; what could not be read stays as it was.
#pragma once

#include "base/time.h"
#include "broker/api.h"
#include "broker/delivery/queue_reader.h"
#include "broker/delivery/visible.h"
#include "broker/groups.h"
#include "broker/leases/lease_table.h"
#include "broker/offsets.h"
#include "broker/retry/send_back.h"
#include "broker/subscription.h"
#include "store/message_store.h"
#include "store/record.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bolide::broker {

// What a pop asks for.
struct PopWish {
  PopKind kind = PopKind::take;
  std::string group;
  std::size_t messages_max = 32;
  std::size_t bytes_max = 256 << 10;
  std::int64_t invisible_ms = 0;
  std::int32_t priority_factor = 100;  // of a hundred pops so many begin with the highest
  std::int32_t attempts_max = 16;      // redeliveries; then the message is a dead letter
  bool from_end = false;
  bool ordered = false;
  std::uint64_t attempt = 0;  // hash, 0: none
  Matcher matcher;
};

// A queue to take from.
struct PopSource {
  store::QueueNo queue = 0;
  std::string_view topic;
  std::int32_t queue_id = 0;
  PopRetry retry = PopRetry::none;
};

// What one pop was given so far.
struct PopBatch {
  std::size_t messages = 0;
  std::size_t bytes = 0;
  std::int64_t rest = 0;
  std::vector<PopQueue> queues;
  Slices records;
  bool unseen = false;                   // not all that is there was looked at
  std::optional<store::ColdRange> cold;  // what must be read first, if anything
  std::optional<Error> error;            // why a queue gave nothing

  std::size_t room(const PopWish& wish) const {
    return bytes >= wish.bytes_max ? 0 : wish.messages_max - messages;
  }
};

struct PopStats {
  std::uint64_t messages = 0;
  std::uint64_t again = 0;         // of these, given before
  std::uint64_t dead_letters = 0;  // given up after the last attempt
};

class PopTaker {
 public:
  struct Parts {
    Offsets& offsets;
    Visible& visible;
    QueueReader reader;
    LeaseTable& leases;
    SendBack& send_back;
  };
  explicit PopTaker(Parts parts) : parts_(parts) {}

  // Adds what `source` has to `batch`; if there is no room, only to batch->rest.
  void take(const PopWish& wish, const PopSource& source, const Now& now, PopBatch* batch);
  const PopStats& stats() const { return stats_; }

 private:
  struct At;  // where a call of take() is
  struct GivenUp;

  LeasePlace& place_of(const PopWish& wish, const PopSource& source);
  std::int64_t first_offset(const PopWish& wish, const PopSource& source);
  void look(const PopWish& wish, const PopSource& source, const Now& now, PopBatch* batch);
  bool take_again(At& at);
  bool give_ended(At& at, std::size_t room);
  bool read_again(At& at, std::size_t begin, std::size_t end);
  void give_up(At& at, const GivenUp& message);
  void take_fresh(At& at);
  bool readable(At& at, const store::ReadResult& read);

  Parts parts_;
  PopStats stats_;
  std::vector<EndedLease> ended_;      // scratch
  std::vector<EndedLease> given_;      // scratch
  std::vector<std::int64_t> offsets_;  // scratch
};

}  // namespace bolide::broker
