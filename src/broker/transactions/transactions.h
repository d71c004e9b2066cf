// SPDX-License-Identifier: Apache-2.0
//
// Transactions (rocketmq semantics 3.10): a message is held in a topic of the broker's own until
// its producer says what becomes of it; who does not say is asked. An outcome is a record in a
// second topic, so that a restart finds what is still open; how often one was asked about stands in
// the metadata.
// Runs on: core agent.  Owns: the open transactions.  Invariant: each has one outcome: a second
// commit stores nothing, and who is asked too late is not asked.
#pragma once

#include "broker/clients.h"
#include "broker/metadata.h"
#include "broker/offsets.h"
#include "broker/own_sends.h"
#include "broker/property_list.h"
#include "broker/queue_tail.h"
#include "broker/topics.h"
#include "broker/transactions/half_message.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bolide::broker {

struct TransactionSettings {
  std::int64_t timeout_ms = 6'000;
  std::int64_t check_interval_ms = 30'000;
  std::int32_t checks_max = 15;
};

struct TransactionStats {
  std::size_t open = 0;
  std::uint64_t committed = 0;
  std::uint64_t rolled_back = 0;
  std::uint64_t checks = 0;
  std::uint64_t given_up = 0;
};

class Transactions {
 public:
  struct Parts {
    Topics& topics;
    Offsets& offsets;
    Clients& clients;
    OwnSends& sends;
    Metadata& metadata;
    QueueTail::Parts reading;
    Host store_host;
  };
  // Requires the topics of held, ended and given up messages.
  Transactions(TransactionSettings settings, Parts parts, const std::vector<CheckEntry>& checks);

  // Where the message of a transaction is held that would go to `queue_id` of request.topic.
  Detour hold(const SendRequest& request, std::int32_t queue_id, PropertyList properties);
  // Commits or rolls back; `half` is the record that the request names. Errors: invalid_argument if
  // the request is not the record's; no_permission if it comes too late.
  void end(const EndTransaction& request, const store::Record& half, const Now& now,
           Reply<void> reply);
  // Holds a message again that was given up. Errors: invalid_argument if it is none; those of a
  // send.
  void resume(const store::Record& given_up, const Now& now, Reply<void> reply);
  void published(store::QueueNo queue) { arrived_ = arrived_ || queue == halves_.queue(); }
  // Takes in what has arrived and notes the outcomes of this turn; before the turn's write. Returns
  // whether there is more to take in.
  bool run(const Now& now);
  // Asks the producers of what is open for too long, and gives up what retention waits for.
  void tick(const Now& now);
  // Notes on the disk how far things are: what was ended below `synced_position` of the log. Of
  // many, those that the next runs settle are noted later.
  void save(std::int64_t synced_position);
  // Whether nothing below `position` of the log is needed any more. What is open there for longer
  // than all questions take is given up by the next ticks.
  bool done_below(std::int64_t position);
  TransactionStats stats() const;
  // How often the producers of open transactions were asked, where they were.
  std::vector<CheckEntry> checks() const;

 private:
  struct Open {
    std::int64_t position = 0;
    std::int64_t store_ms = 0;        // wall
    std::int64_t check_after_ms = 0;  // wall
    std::int64_t outcomes_from = 0;   // its outcome stands in the other topic from this offset on
    std::int32_t checks = 0;
    bool ending = false;
    std::string group;
  };

  // What may still be asked in a tick.
  struct Asking {
    std::int32_t questions;
    std::int64_t bytes;
    SessionId refused = 0;  // whose connection has enough to send
  };

  void take_in();
  void take_in_earlier_outcomes();
  bool more_to_take_in();
  // Whether it is known what was open and what had ended when the broker was last up.
  bool knows_all() { return halves_.at_end() && !earlier_outcomes_; }
  bool arrive(const store::Record& half);
  void settle_some();
  bool settle(const store::Record& outcome);
  void commit(const store::Record& half, const Now& now, OwnSends::Done done);
  void note_outcome(std::int64_t half_offset, const Now& now);
  void store_outcomes(const Now& now);
  void ask_some(const Now& now);
  void give_up_some(const Now& now);
  // Reads the message. False: not now; what is lost is noted as ended.
  bool read(std::int64_t half_offset, Open& open, const Now& now, store::ReadResult* bytes,
            store::Record* half);
  bool check(std::int64_t half_offset, Open& open, const Now& now, Asking* asking);
  bool ask(const Clients::Producer& producer, std::int64_t half_offset, const Open& open,
           const store::Record& half, Asking* asking);
  void give_up(std::int64_t half_offset, Open& open, const store::Record& half, const Now& now);

  TransactionSettings settings_;
  Parts parts_;
  QueueTail halves_;
  QueueTail outcomes_;
  std::optional<QueueTail> earlier_outcomes_;  // after a start, until they are read
  // Positions of what was committed when the broker was last up, and maybe has no outcome; sorted.
  std::vector<std::int64_t> committed_before_;
  bool arrived_ = true;
  std::int64_t synced_position_ = 0;   // as of the last save
  bool settle_soon_ = false;           // below it there are outcomes that were not read
  std::map<std::int64_t, Open> open_;  // by offset in the queue of halves
  // Their outcome was read before they were: they have ended, or are ending.
  std::set<std::int64_t> ended_early_;
  std::set<std::int64_t> ending_early_;
  std::map<std::int64_t, std::int32_t> earlier_checks_;  // of those that were not read yet
  std::string outcomes_of_turn_;
  std::int64_t checked_ms_ = 0;
  std::optional<std::int64_t> ask_from_;  // while a round of questions is under way: the next half
  std::int64_t give_up_below_ = 0;        // position in the log
  std::uint64_t turn_of_producers_ = 0;
  TransactionStats stats_;
};

}  // namespace bolide::broker
