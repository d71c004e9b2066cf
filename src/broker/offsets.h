// SPDX-License-Identifier: Apache-2.0
//
// Committed consumer offsets by group, topic and queue, and what a reset by an administrator leaves
// to be told to pulling clients (rocketmq semantics 3.6). Runs on: core agent.  Owns: the offset
// table. Invariant: what was changed is in the journal after the next save_dirty() that went well.
#pragma once

#include "base/strings.h"
#include "broker/api.h"
#include "broker/metadata.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

class Offsets {
 public:
  explicit Offsets(Metadata& metadata) : metadata_(metadata) {}

  void load(const std::vector<OffsetEntry>& stored);
  // Where the queues end, as far as they are known. What was committed beyond is committed at the
  // end. Returns whether anything was: it must be saved before anything is appended.
  using EndOf =
      std::function<std::optional<std::int64_t>(std::string_view topic, std::int32_t queue_id)>;
  bool cut(const EndOf& end_of);

  std::optional<std::int64_t> find(std::string_view group, std::string_view topic,
                                   std::int32_t queue_id) const;
  // Ignored while a reset of the queue waits to be told to its consumer.
  void commit(std::string_view group, std::string_view topic, std::int32_t queue_id,
              std::int64_t offset);
  // What the group was last given, committed or not.
  void pulled(std::string_view group, std::string_view topic, std::int32_t queue_id,
              std::int64_t next_offset);
  std::int64_t pulled_offset(std::string_view group, std::string_view topic,
                             std::int32_t queue_id) const;

  // Sets the offset; with `tell_client` the next pull of the queue is told.
  void reset(std::string_view group, std::string_view topic, std::int32_t queue_id,
             std::int64_t offset, bool tell_client);
  // The offset that the next pull must be told, once.
  std::optional<std::int64_t> take_reset(std::string_view group, std::string_view topic,
                                         std::int32_t queue_id);

  void erase_group(std::string_view group);
  void erase_topic(std::string_view topic);
  std::vector<std::string> topics_of(std::string_view group) const;
  std::vector<std::string> groups_of(std::string_view topic) const;
  std::vector<OffsetEntry> all() const;
  // Groups and topics of which anything is noted.
  std::size_t size() const { return entries_.size(); }

  // Writes what was changed to the journal: a queue that was committed a thousand times once. What
  // could not be written is written by a later call. Errors: as Metadata::flush.
  Result<> save_dirty();

 private:
  struct Place {
    std::int64_t committed = -1;  // -1: never
    std::int64_t pulled = 0;
    std::optional<std::int64_t> reset;
    bool dirty = false;
  };
  struct Entry {
    std::string topic;
    std::string group;
    std::vector<Place> queues;  // by queue id
  };

  Entry* find_entry(std::string_view group, std::string_view topic) const;
  Place* find_place(std::string_view group, std::string_view topic, std::int32_t queue_id) const;
  Place& place(std::string_view group, std::string_view topic, std::int32_t queue_id);
  void mark(Entry& entry, Place& place, std::int32_t queue_id);
  template <class Predicate>
  void erase_if(Predicate predicate);

  struct Dirty {
    std::string topic;
    std::string group;
    std::int32_t queue_id = 0;
  };

  Metadata& metadata_;
  mutable std::string key_;   // scratch: looking up allocates nothing
  StringMap<Entry> entries_;  // by topic/group
  std::vector<Dirty> dirty_;
  std::vector<Dirty> erased_;
};

}  // namespace bolide::broker
