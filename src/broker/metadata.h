// SPDX-License-Identifier: Apache-2.0
//
// What the broker keeps beside messages (topics, groups, committed offsets) in the journal: one key
// per thing, values as RocketMQ's JSON where it has one. Runs on: core agent (writes are small).
// Owns: the journal. Invariant: the next flush() writes all that save_* and erase_* were told since
// the last one, or fails and forgets it: then whoever made the change must not make it.
#pragma once

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/api.h"
#include "broker/config.h"
#include "broker/disk_retry.h"
#include "store/journal.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

// RocketMQ's JSON of a topic and of a group (disk 4, config files). Unknown members are passed
// over.
void write_topic(JsonWriter& out, const TopicConfig& config);
void read_topic(JsonReader& in, TopicConfig* config);
void write_group(JsonWriter& out, const GroupConfig& config);
void read_group(JsonReader& in, GroupConfig* config);
void write_mode(JsonWriter& out, const RequestMode& mode);
void read_mode(JsonReader& in, RequestMode* mode);
// The whole table, as in the file and in answers (code 402).
std::string request_modes_json(const std::vector<RequestMode>& modes);
void write_version(JsonWriter& out, const DataVersion& version);
void read_version(JsonReader& in, DataVersion* version);

// A topic that was deleted: its records below `position` of the log are gone, though it may have
// been made again since.
struct TrimEntry {
  std::string topic;
  std::int64_t position = 0;
};

// A queue that a client consumes in order. `queue` is its queue_key().
struct LockEntry {
  std::string queue;
  std::string client_id;
  WallMs renewed_ms = 0;
};

// How often the producer of an open transaction was asked, by the offset of its half.
struct CheckEntry {
  std::int64_t half_offset = 0;
  std::int32_t checks = 0;
};

// What the journal holds when the broker starts.
struct StoredMetadata {
  std::vector<TopicConfig> topics;
  std::vector<GroupConfig> groups;
  std::vector<OffsetEntry> offsets;
  std::vector<TrimEntry> trims;
  std::vector<RequestMode> modes;
  std::vector<LockEntry> locks;
  std::vector<CheckEntry> checks;
  std::vector<TopicMapping> mappings;
  DataVersion topic_version;
  DataVersion group_version;
};

class Metadata {
 public:
  // Opens `directory` and gives what it holds. `fresh`: nothing was there. Errors: as open_journal.
  struct Opened;
  static Result<Opened> open(os::FileSystem& fs, const std::string& directory);

  void save_topic(const TopicConfig& config, const DataVersion& version);
  // Its mapping, and its records below `trim_position` of the log, go with it.
  void erase_topic(std::string_view name, std::int64_t trim_position, const DataVersion& version);
  // How the queues of a static topic lie.
  void save_mapping(const TopicMapping& mapping);
  void save_group(const GroupConfig& config, const DataVersion& version);
  void erase_group(std::string_view name, const DataVersion& version);
  void save_mode(const RequestMode& mode);
  void save_offset(std::string_view topic, std::string_view group, std::int32_t queue_id,
                   std::int64_t offset);
  void erase_offset(std::string_view topic, std::string_view group, std::int32_t queue_id);
  void save_lock(const LockEntry& lock);
  void erase_lock(std::string_view queue);
  void save_checks(const CheckEntry& entry);
  void erase_checks(std::int64_t half_offset);

  // The time of the turn, by which tries after a failure are spaced out.
  void at(const Now& now) { now_ms_ = now.steady_ms(); }
  // Writes what was saved since the last call. Soon after a failure it is not tried, and gives that
  // failure again. Errors: disk_full, io, storage_stopped.
  Result<> flush();
  // Whether the next flush() will try to write.
  bool ready() const { return writing_.due(now_ms_); }
  // Whether the change log has grown enough for a snapshot of everything, and one may be tried.
  bool wants_snapshot() const;
  // From now on a snapshot is wanted until one is written.
  void want_snapshot() { snapshot_due_ = true; }
  Result<> snapshot(const StoredMetadata& all);
  const std::shared_ptr<store::Journal>& journal() const { return journal_; }

 private:
  Metadata(std::shared_ptr<store::Journal> journal, std::uint64_t present_bytes)
      : journal_(std::move(journal)), present_bytes_(present_bytes) {}

  std::shared_ptr<store::Journal> journal_;
  std::uint64_t present_bytes_;  // of all that is kept, as of the start or the last snapshot
  std::int64_t now_ms_ = 0;      // steady
  bool snapshot_due_ = false;
  DiskRetry writing_{"changes of topics, groups and offsets"};
  DiskRetry snapshots_{"the snapshot of topics, groups and offsets"};
};

struct Metadata::Opened {
  std::unique_ptr<Metadata> metadata;
  StoredMetadata stored;
  bool fresh = false;
};

}  // namespace bolide::broker
