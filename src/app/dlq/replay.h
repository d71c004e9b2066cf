// SPDX-License-Identifier: Apache-2.0
//
// Sending dead letters back to where they came from, each once, however often it is killed and run
// again (docs/dead-letters.md).
// Runs on: the main thread.  Owns: its producers.
// Invariant: a letter is sent only after the ledger says that it will be; an attempt that ended
// half-way is finished with the same numbers before anything else is sent.
#pragma once

#include <bolide/producer.h>

#include "app/dlq/letters.h"
#include "app/pacer.h"

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

namespace bolide::app {

// By which a user names another topic for the copies.
inline constexpr std::string_view into_option = "--into";

struct ReplayWish {
  std::string topic;  // of the dead letters
  LetterFilter filter;
  std::string to = {};  // empty: the letters' own topics
  double rate = 0;
  std::int64_t replays_max = 3;
  std::int64_t count_max = INT64_MAX;
  bool again = false;
  bool give_up = false;  // what is stuck counts as replayed from now on
  bool dry_run = false;
};

struct ReplayReport {
  std::int64_t finished = 0;   // of an earlier run that was cut off
  std::int64_t replayed = 0;   // beside those; with dry_run: would be
  std::int64_t handled = 0;    // left alone: replayed or discarded before
  std::int64_t too_often = 0;  // likewise: replayed as often as is allowed
  std::int64_t nowhere = 0;    // likewise: they do not say where they come from
  std::int64_t failed = 0;     // a broker refuses them; with dry_run: their topic is not there
  std::string refusal;         // the first of them
  std::int64_t stuck = 0;      // of an earlier run that was cut off, and cannot be finished now
  std::string stuck_by;        // what the first of them met
  std::int64_t given_up = 0;   // of these, by wish
};

class Replay {
 public:
  Replay(Client client, ReplayWish wish, std::ostream& progress);

  // Errors: topic_not_found (no dead letters), those of sends and reads; what was sent stays sent.
  Result<ReplayReport> run();
  // Whether the brokers store repeats once, so that this is exact even across a kill.
  bool is_exact() const { return exact_; }

 private:
  using Targets = std::map<std::string, LedgerEntry::Target>;

  Result<> ask_brokers();
  Result<> finish_earlier();
  Result<> finish(const QueueId& queue, const LetterBook::Unfinished& replay);
  Result<> leave_stuck(const LetterBook::Unfinished& replay, const Error& why);
  Result<> take(ReceivedMessage&& letter);
  Result<> send_part(const QueueId& queue, std::vector<ReceivedMessage> part);
  Result<std::int64_t> write(const LedgerEntry& entry);
  // Sends the letters of an entry that are its own; those of `there` are sent already.
  Result<OffsetSet> send_letters(const LetterBook::Unfinished& replay,
                                 std::map<std::int64_t, ReceivedMessage> letters,
                                 const std::set<std::string>& there);
  // What is on its way.
  struct Copy {
    Message message;
    QueueId queue;
    std::future<StatusOr<SendReceipt>> sent;
    Status refusal;
  };
  Result<> send_copies(const LedgerEntry& entry, std::map<std::int64_t, Copy>* copies);
  Message copy_of(const ReceivedMessage& letter, const std::string& topic, const std::string& name);
  Result<> end(const LedgerEntry& entry, const OffsetSet& failed);
  Result<std::set<std::string>> copies_there(const LedgerEntry& entry);
  Result<> check_brokers(const LedgerEntry& entry);
  Result<std::vector<RouteEntry>> plain_route(const std::string& topic);
  Result<LedgerEntry::Target> target_for(const std::string& topic, const std::string& broker);
  Result<std::optional<LedgerEntry::Target>> target_or_refusal(const std::string& topic,
                                                               const std::string& broker);
  Result<Producer*> producer_for(const LedgerEntry& entry);
  void show_progress();
  std::string topic_for(const LedgerEntry& entry, const ReceivedMessage& letter) const;

  Client client_;
  Admin admin_;
  ReplayWish wish_;
  std::ostream& progress_;
  Ledger ledger_;
  Pacer pacer_;
  ReplayReport report_;
  bool exact_ = true;
  std::int64_t taken_ = 0;                                 // letters that are meant, so far
  std::map<QueueId, std::vector<ReceivedMessage>> parts_;  // to be sent together
  Targets targets_;                                        // by topic and broker
  std::optional<Producer> writer_;                         // of the ledger
  std::map<std::string, Producer> senders_;                // by their ids
  std::int64_t shown_ms_ = 0;
};

// Marks open letters as handled, without sending them. Errors: as Replay::run.
Result<std::int64_t> discard_letters(const Client& client, const ReplayWish& wish);

}  // namespace bolide::app
