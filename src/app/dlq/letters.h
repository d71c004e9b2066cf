// SPDX-License-Identifier: Apache-2.0
//
// Dead letters as commands see them: where they are, which are meant, and what became of them.
// Runs on: the main thread.  Owns: a share of its client.  Invariant: none.
#pragma once

#include <bolide/admin.h>
#include <bolide/client.h>
#include <bolide/reader.h>

#include "app/command.h"
#include "app/dlq/ledger.h"
#include "base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bolide::app {

// Gives all that a topic holds now, each queue in order. `take` returns false to end it. Errors:
// those of a Reader; timeout when what is there does not come.
Result<> read_all(const Client& client, const ReaderOptions& options,
                  const std::function<Result<bool>(ReceivedMessage&&)>& take);

// A letter's own topic; empty where it does not say it.
std::string_view topic_of_letter(const ReceivedMessage& letter);
// How often it was replayed before it died again.
std::int64_t replays_of(const ReceivedMessage& letter);

// Which letters are meant.
struct LetterFilter {
  std::string tag;
  std::string key;
  std::string topic;  // the letters' own
  std::int64_t from_ms = 0;
  std::int64_t to_ms = INT64_MAX;
  Properties properties;

  // Errors: usage.
  static Result<LetterFilter> of(const Arguments& arguments);
  bool matches(const ReceivedMessage& letter) const;
};

// The options that LetterFilter::of reads.
inline constexpr OptionRow letter_filter_rows[] = {
    {.names = "--tag", .value = "TAG", .doc = "only letters with this tag"},
    {.names = "--key", .value = "KEY", .doc = "only letters with this key"},
    {.names = "--topic",
     .takes = Takes::topic,
     .value = "TOPIC",
     .doc = "only letters that were sent to this topic"},
    {.names = "--from",
     .value = "TIME",
     .doc = "only letters that died since then: 2026-01-31T12:00:00Z or 15m"},
    {.names = "--to", .value = "TIME", .doc = "only letters that died until then"},
    {.names = "--property",
     .value = "NAME=VALUE",
     .doc = "only letters with this property; may be given again",
     .many = true},
};

// What the ledgers of all brokers say.
class Ledger {
 public:
  Ledger(Client client, Admin admin) : client_(std::move(client)), admin_(std::move(admin)) {}

  // Reads all of it; there may be none. Errors: as read_all.
  Result<> read();
  // Of a queue of dead letters.
  const LetterBook& book(const QueueId& letters) const;
  // Makes the topic where it is missing. Errors: those of an Admin.
  Result<> make(const std::string& broker);
  // The entry was written at `offset`; what others have written before it is read first. Errors:
  // those of an Admin.
  Result<> written(LedgerEntry entry);

 private:
  Result<> take(const ReceivedMessage& message);
  void apply(const LedgerEntry& entry);

  Client client_;
  Admin admin_;
  std::map<QueueId, LetterBook> books_;
  std::map<std::string, std::int64_t> next_;  // by broker: the first offset that is not known
};

}  // namespace bolide::app
