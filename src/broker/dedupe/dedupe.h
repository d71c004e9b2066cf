// SPDX-License-Identifier: Apache-2.0
//
// Telling a repeated send from a new one: by its producer's sequence number in the queue, and, for
// topics that ask for it, by its keys within a window of time (docs/idempotence.md). It looks at
// what clients send, where it is taken in: what the broker stores again (retries, dead letters,
// what was held and is due) is not looked at.
// Runs on: core agent.  Owns: what is remembered, and its journal.  Invariant: whatever lies in the
// log below a crash is known after it: from the journal, and from the log behind what that covers.
#pragma once

#include "base/strings.h"
#include "broker/api.h"
#include "broker/dedupe/dedupe_log.h"
#include "broker/dedupe/key_window.h"
#include "broker/dedupe/sequence_window.h"
#include "broker/properties.h"
#include "broker/topics.h"
#include "store/message_store.h"

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

struct DedupeSettings {
  std::size_t window = 256;                              // sequences per producer and queue
  std::size_t producers_max = 10'000;                    // counted per queue
  std::int64_t producer_expiry_ms = 24LL * 3600 * 1000;  // without a send
  std::size_t keys_max = 1'000'000;                      // of all topics
  std::uint64_t uncovered_bytes_max = 64ULL << 20U;      // of log, that a start may have to read
};

struct DedupeStats {
  std::uint64_t repeats = 0;       // by sequence
  std::uint64_t too_old = 0;       // refused
  std::uint64_t keys_dropped = 0;  // before their time, for want of room
  std::size_t producers = 0;
  std::size_t keys = 0;
};

// By what a send is told from others.
struct DedupeName {
  const Topic* topic = nullptr;
  std::int32_t queue_id = 0;        // where it is stored
  std::int32_t numbered_queue = 0;  // where its producer sent it; a priority chooses another
  std::string_view producer;        // empty: by no sequence
  std::int64_t sequence = 0;
  std::int32_t place = -1;  // in the batch, of a stored message
  std::optional<KeyHash> key;
};

// An earlier send of the same.
struct Original {
  std::int32_t queue_id = 0;
  StoredAt at;
};

class Dedupe {
 public:
  struct Parts {
    store::MessageStore& store;
    const Topics& topics;
  };
  // Reads the log behind what the journal covers: takes time in proportion to it. Requires the
  // topics.
  Dedupe(DedupeSettings settings, Parts parts, DedupeLog::Opened opened);

  // Whether a client's send takes part.
  static bool concerns(const Topic& topic, const SendProperties& known) {
    return known.sequenced || topic.dedupe_window_ms > 0;
  }
  // Of a message that its producer sent to `queue_id`. Errors: message_invalid for a name that is
  // none.
  static Result<DedupeName> name_of(const Topic& topic, std::int32_t queue_id,
                                    const SendProperties& known);
  // The earlier send with this sequence; of a batch it may be a part. Errors: message_invalid for
  // one that is too old to tell, busy when there are too many producers, those of the journal.
  Result<std::optional<Original>> find_sequence(const DedupeName& name, const Now& now);
  // The earlier message with this key. Errors: those of the journal.
  Result<std::optional<Original>> find_key(const DedupeName& name, const Now& now);
  // It was stored.
  void note_sequence(const DedupeName& name, const StoredAt& at, const Now& now);
  void note_key(const DedupeName& name, const StoredAt& at, const Now& now);
  void count_repeat_by_sequence() { ++stats_.repeats; }
  void count_repeat_by_key(const Topic& topic);

  // The topic was deleted, with its messages.
  void forget(std::string_view topic);
  // Forgets what is too old, and saves what the log has synced, when there is enough of it.
  void tick(const Now& now, std::int64_t synced_position);
  // Everything, at a stop.
  Result<> save_all(std::int64_t synced_position);

  DedupeStats stats() const;
  // Messages that were not stored for their keys, by topic.
  const StringMap<std::uint64_t>& key_repeats() const { return key_repeats_; }
  const std::shared_ptr<store::Journal>& journal() const { return log_->journal(); }

 private:
  struct Producer {
    std::string key;  // in producers_
    std::string topic;
    std::int32_t queue_id = 0;
    std::string id;
    std::int64_t used_ms = 0;
    std::size_t fresh = 0;  // of fresh_sequences_
    bool gone = false;      // about to be erased
    SequenceWindow window;
  };
  using ProducerPlace = std::list<Producer>::iterator;
  struct FreshSequence {
    Producer* producer = nullptr;
    SequenceWindow::Entry entry;
  };
  struct FreshKey {
    const std::string* topic = nullptr;  // in keys_
    KeyPlace place;
  };

  std::string_view key_of(std::string_view topic, std::int32_t queue_id, std::string_view id);
  Producer* find_producer(const DedupeName& name, std::int64_t now_ms);
  Producer& add_producer(const DedupeName& name, std::int64_t now_ms);
  void note_fresh(Producer& producer, const SequenceWindow::Entry& entry);
  // Forgets all that `gone` says, in one walk over what is fresh.
  template <class Gone>
  void erase_producers(Gone gone);
  void erase_longest_unused();
  void expire_producers(std::int64_t until_ms);
  void put_key(std::string_view topic, const KeyPlace& place);
  void drop_keys_of(std::string_view topic);
  Result<> begin();

  // dedupe_recovery.cc
  void load(DedupeLog::Opened opened);
  void replay(std::int64_t from);
  void apply(const store::Record& record);
  void apply_sequence(const DedupeName& name, const store::Record& record);

  // dedupe_save.cc
  bool save(std::int64_t synced_position);
  void put_sequences(std::int64_t below);
  void put_keys(std::int64_t below);
  void put_all(DedupeLog& into) const;
  std::uint64_t present_bytes() const;

  DedupeSettings settings_;
  Parts parts_;
  std::unique_ptr<DedupeLog> log_;
  // Nothing before this position need be read at a start; -1: there is nothing to know at all.
  std::int64_t covered_ = -1;
  std::list<Producer> by_use_;  // the longest unused first
  StringMap<ProducerPlace> producers_;
  std::string scratch_;
  StringMap<KeyWindow> keys_;  // by topic
  std::size_t key_count_ = 0;
  // What the journal does not have yet, in order of the log.
  std::vector<FreshSequence> fresh_sequences_;
  std::vector<FreshKey> fresh_keys_;
  StringMap<std::uint64_t> key_repeats_;
  DedupeStats stats_;
};

}  // namespace bolide::broker
