// SPDX-License-Identifier: Apache-2.0
//
// What was done with dead letters: entries in a topic of its own, on the broker that has the
// letters, behind them in its log, so that retention never drops an entry before its letters.
// A replay writes which letters it will send before it sends any, and that it has when it has: what
// was killed in between is found and finished (docs/dead-letters.md).
// Runs on: any thread.  Owns: its values.  Invariant: the order of the entries in their queue
// decides who replays a letter, the same for everybody who reads them.
#pragma once

#include "app/dlq/offset_set.h"
#include "client/names.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bolide::app {

inline constexpr std::string_view ledger_topic = "bolide_dlq_ledger";
using client::dead_letter_prefix;
// Letters of one entry; fewer than a broker remembers of a producer's sends.
inline constexpr std::int64_t letters_per_entry = 100;

struct LedgerEntry {
  enum class Kind : std::uint8_t { replay, done, discard };
  // Where copies for a topic go: queue offset % queues of the broker.
  struct Target {
    std::string broker;
    std::int32_t queues = 0;

    bool operator==(const Target&) const = default;
  };

  Kind kind = Kind::replay;
  std::string topic;  // of the dead letters
  std::int32_t queue = 0;
  OffsetSet letters;                      // replay, discard: which; done: which could not be sent
  bool again = false;                     // replay: also those that were replayed or discarded
  std::string to;                         // replay: instead of the letters' own topics
  std::map<std::string, Target> targets;  // replay: by topic
  std::int64_t replay = -1;               // done: whose

  // Where it stands, and since when.
  std::string broker;
  std::int64_t offset = -1;
  std::int64_t written_ms = 0;

  // Nothing for a text that is none.
  static std::optional<LedgerEntry> parse(std::string_view text);
  std::string text() const;
};

// What became of the letters of one queue of dead letters.
class LetterBook {
 public:
  // A replay that has begun and not ended.
  struct Unfinished {
    LedgerEntry entry;
    OffsetSet letters;           // those of the entry that it is to send
    OffsetSet handled_before;    // of these: a refusal does not open them
    OffsetSet discarded_before;  // of these
  };

  // In the order of the ledger.
  void apply(const LedgerEntry& entry);
  bool is_open(std::int64_t letter) const { return !claimed_.contains(letter); }
  const OffsetSet& claimed() const { return claimed_; }
  const OffsetSet& discarded() const { return discarded_; }
  const std::map<std::int64_t, Unfinished>& unfinished() const { return unfinished_; }

 private:
  void begin(const LedgerEntry& entry);
  void end(const LedgerEntry& entry);

  OffsetSet claimed_;
  OffsetSet discarded_;                            // of these
  std::map<std::int64_t, Unfinished> unfinished_;  // by the entry's offset
};

}  // namespace bolide::app
