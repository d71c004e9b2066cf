// SPDX-License-Identifier: Apache-2.0
//
// The store's door: append records, read them by queue offset, position or key. It knows queues by
// number and bytes, and no topic semantics. Opening recovers; one directory has one owner.
// Runs on: log agent (one thread).  Owns: the commit log, the queue index, the key index, the lock
// file. Invariant: what append() assigned is either written at the end of the turn or the store
// stops for good; safe_position() never passes what the reply level has made safe.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "base/time.h"
#include "os/file_system.h"
#include "store/journal.h"
#include "store/queue_index.h"
#include "store/record.h"
#include "table/metrics.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

enum class ReplyLevel : std::uint8_t { async, sync };

struct StoreOptions {
  std::string directory;
  ReplyLevel reply_level = ReplyLevel::async;
  std::uint64_t segment_bytes = 1U << 30U;
  std::uint64_t tail_cache_bytes = 8U << 20U;
  std::uint64_t index_run_bytes = 256U << 20U;  // log covered by one index run
  std::int64_t flush_interval_ms = 200;         // async: how often the log is synced
  std::int64_t retention_ms = 72LL * 3600 * 1000;
  int disk_max_used_percent = 85;  // above: the oldest segments go, however young
  int disk_full_percent = 90;      // above: only the server's own appends are taken
};

// Work that must not run on the log agent. Both call back on the log agent.
struct StoreAgents {
  Background background;  // file creation, index runs, deletion, warm-up
  Background sync;        // fdatasync and nothing else
};

// A record to append; `queue` decides topic and queue id in the record. Views are copied by
// append().
struct AppendRequest {
  QueueNo queue = 0;
  Record record;  // topic, queue_id, offsets and store_ms are filled in by the store
  std::int32_t tag_hash = 0;
  std::span<const std::string_view> keys;  // for the key index: UNIQ_KEY and each KEYS word
  // Light queues in which the record stands too, each at its next_offset(); the record's properties
  // say so (multi_dispatch.h).
  std::span<const QueueNo> also;
  std::int32_t offsets = 1;  // of the queue that the record covers (inner_batch.h)
  // No client's: taken above disk_full_percent too, while there is space. Retention, which brings
  // space back, waits for such records.
  bool own = false;
};

struct Appended {
  std::int64_t queue_offset = 0;
  std::int64_t position = 0;
  std::int64_t end_position = 0;  // safe once safe_position() >= this
  std::int64_t store_ms = 0;
};

struct ReadLimits {
  std::int32_t messages_max = 32;
  std::size_t bytes_max = 256U << 10U;  // the first record is given whatever its size
};

// Whether a record with this tag hash is wanted. A plain function pointer with a context: called
// per entry on the path of a message.
struct TagFilter {
  bool (*matches)(const void* context, std::int32_t tag_hash) = nullptr;  // null: all
  const void* context = nullptr;
};

struct ReadResult {
  ReadStatus status = ReadStatus::ok;
  Slices records;  // adjacent records are one slice
  std::int32_t messages = 0;
  std::size_t bytes = 0;
  std::int64_t next_offset = 0;  // where to go on, past filtered entries too
  bool may_pass = false;         // with ReadStatus::failed: the disk's error, not the record's
  // With ReadStatus::failed: the offset behind the damaged record that is at fault; 0: none is.
  std::int64_t damaged_end = 0;
  std::optional<ColdRange> cold;  // with ReadStatus::cold
};

struct StoreStats {
  std::int64_t min_position = 0;
  std::int64_t max_position = 0;
  std::int64_t safe_position = 0;
  std::int64_t synced_position = 0;
  std::uint64_t appended_messages = 0;
  std::uint64_t appended_bytes = 0;
  std::uint64_t syncs = 0;
  std::uint64_t index_runs = 0;
  int disk_used_percent = 0;
  bool appends_refused = false;
  std::int64_t recovered_messages = 0;
  bool clean_start = true;            // the last stop was clean
  std::uint64_t damaged_records = 0;  // that were met by reads
};

struct QueueName {
  std::string_view topic;
  std::int32_t queue_id = 0;
};

class MessageStore {
 public:
  virtual ~MessageStore() = default;  // without close(): as if killed

  // --- queues -------------------------------------------------------------------------------
  // The queue's number; made if the store does not know it. Topic of 1..255 bytes.
  virtual QueueNo queue(std::string_view topic, std::int32_t queue_id) = 0;
  virtual std::optional<QueueNo> find_queue(std::string_view topic,
                                            std::int32_t queue_id) const = 0;
  // The largest id of a queue that it knows of the topic; -1: it knows none.
  virtual std::int32_t last_queue_id(std::string_view topic) const = 0;
  virtual std::size_t queue_count() const = 0;
  virtual QueueName queue_name(QueueNo queue) const = 0;
  virtual std::int64_t min_offset(QueueNo queue) = 0;
  // Whether the log has none of its records any more, or never had. Never waits for the disk.
  virtual bool is_empty(QueueNo queue) const = 0;
  virtual std::int64_t next_offset(QueueNo queue) const = 0;  // of the next append
  // Forgets the queue's records below `position` of the log: they are no longer reachable, the next
  // append gets next_offset() as before, so that no offset is ever given twice. Kept by the next
  // checkpoint only: until then the caller repeats it after a start. Requires: position <= the
  // log's end. A position below that of an earlier call changes nothing.
  virtual void trim_queue(QueueNo queue, std::int64_t position) = 0;

  // --- append (within a turn) ---------------------------------------------------------------
  // Copies the record into the append buffer. Errors: message_too_large (larger than a segment
  // allows), disk_full, storage_stopped. After an error nothing was assigned.
  virtual Result<Appended> append(const AppendRequest& request, const Now& now) = 0;
  // End of turn: writes what was appended with one write and, as the level asks, starts a sync.
  // An error stops the store for good: it is repeated by every later append.
  virtual Result<> write_turn(const Now& now) = 0;
  // Waits until the disk has all that was written. Errors: storage_stopped.
  virtual Result<> sync_all() = 0;
  // Everything that ends at or before this position may be acknowledged and shown.
  virtual std::int64_t safe_position() const = 0;
  // Called on the log agent whenever safe_position() has grown outside write_turn(), and once when
  // the store stops on a failed sync (safe_position() then stands still).
  virtual void on_safe(std::function<void()> callback) = 0;
  virtual bool stopped() const = 0;
  // Asked on the log agent before retention drops what lies below a position; false keeps it for
  // now, and the question comes again a second later.
  virtual void before_drop(std::function<bool(std::int64_t end_position)> may) = 0;
  // From now on every sync of the log syncs this journal too: what a record depends on there, if it
  // was written before the record was appended, is as safe as the record. A journal that cannot be
  // synced stops the store.
  virtual void sync_with(std::shared_ptr<Journal> journal) = 0;

  // --- read ---------------------------------------------------------------------------------
  // Records of a queue from `offset`, below `end_offset` (the caller's visible end), that match.
  // Requires min_offset <= offset < end_offset <= next_offset.
  virtual ReadResult read(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                          const ReadLimits& limits, const TagFilter& filter) = 0;
  // One record by position; empty records when there is none that starts exactly there.
  virtual ReadResult read_position(std::int64_t position) = 0;
  // Every record of the log that was written from `from` on, which is the start or the end of one.
  // Blocks: for starts. What was dropped is passed over. Errors: storage_corrupt, io.
  virtual Result<> scan(std::int64_t from, const std::function<void(const Record&)>& each) = 0;
  // Positions of records that carry `key` of `topic`, newest first, stored in [from_ms, to_ms].
  // False positives (hash) are possible: the caller compares. Blocks on cold index pages: bounded.
  virtual Result<std::vector<std::int64_t>> find_key(std::string_view topic, std::string_view key,
                                                     std::int64_t from_ms, std::int64_t to_ms,
                                                     std::size_t count_max) = 0;
  // The first offset whose record was stored at or after `time_ms` (lower) or the last at or before
  // (upper), within [min, next]; RocketMQ's rules for times outside (semantics 3.6).
  virtual std::int64_t offset_by_time(QueueNo queue, std::int64_t time_ms, bool upper) = 0;
  // Store time of the record at `offset`; nothing if there is none.
  virtual std::optional<std::int64_t> store_time(QueueNo queue, std::int64_t offset) = 0;

  // --- life ---------------------------------------------------------------------------------
  // Every ~100 ms: interval syncs, sealing, checkpoint, retention, disk watch.
  virtual void tick(const Now& now) = 0;
  // Writes and syncs everything, marks the stop clean, releases the lock. Blocks.
  virtual Result<> close() = 0;
  virtual StoreStats stats() const = 0;
  // How long syncs of the log took, in microseconds.
  virtual const table::Histogram& flush_us() const = 0;
};

// Opens or makes the store in options.directory: takes the lock first, recovers, is ready to
// append. Errors: in_use (another process), not_a_store, no_permission, storage_corrupt, io,
// disk_full.
Result<std::unique_ptr<MessageStore>> open_store(os::FileSystem& fs, const StoreOptions& options,
                                                 StoreAgents agents, const Now& now);

}  // namespace bolide::store
