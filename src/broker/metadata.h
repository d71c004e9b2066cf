// SPDX-License-Identifier: Apache-2.0
//
// What the broker keeps beside messages (topics, groups, committed offsets) in the journal: one key
// per thing, values as RocketMQ's JSON where it has one. Runs on: core agent (writes are small and
// buffered).  Owns: the journal. Invariant: what save_* was told is on disk after the next flush();
// a kill loses at most what came since.
#pragma once

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "broker/api.h"
#include "broker/config.h"
#include "store/journal.h"

#include <memory>
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
void write_version(JsonWriter& out, const DataVersion& version);
void read_version(JsonReader& in, DataVersion* version);

// What the journal holds when the broker starts.
struct StoredMetadata {
  std::vector<TopicConfig> topics;
  std::vector<GroupConfig> groups;
  std::vector<OffsetEntry> offsets;
  DataVersion topic_version;
  DataVersion group_version;
};

class Metadata {
 public:
  // Opens `directory` and gives what it holds. `fresh`: nothing was there. Errors: as open_journal.
  struct Opened;
  static Result<Opened> open(os::FileSystem& fs, const std::string& directory);

  void save_topic(const TopicConfig& config, const DataVersion& version);
  void erase_topic(std::string_view name, const DataVersion& version);
  void save_group(const GroupConfig& config, const DataVersion& version);
  void erase_group(std::string_view name, const DataVersion& version);
  void save_offset(std::string_view topic, std::string_view group, std::int32_t queue_id,
                   std::int64_t offset);
  void erase_offset(std::string_view topic, std::string_view group, std::int32_t queue_id);

  // Writes what was saved since the last call. Errors: disk_full, io.
  Result<> flush();
  Result<> sync() { return journal_->sync(); }
  // Whether the change log has grown enough for a snapshot of everything.
  bool wants_snapshot() const;
  Result<> snapshot(const StoredMetadata& all);

 private:
  explicit Metadata(std::unique_ptr<store::Journal> journal) : journal_(std::move(journal)) {}

  std::unique_ptr<store::Journal> journal_;
};

struct Metadata::Opened {
  std::unique_ptr<Metadata> metadata;
  StoredMetadata stored;
  bool fresh = false;
};

}  // namespace bolide::broker
