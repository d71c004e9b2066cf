// SPDX-License-Identifier: Apache-2.0
//
// The broker's topics: their configs, the store's number of each queue, creation on first use.
// Runs on: core agent.  Owns: the topic table.  Invariant: a change is written to the journal, then
// made, then announced (to the name servers), all by the same call; what cannot be written is not
// made.
#pragma once

#include "base/result.h"
#include "base/strings.h"
#include "base/time.h"
#include "broker/config.h"
#include "broker/metadata.h"
#include "broker/static_topics/mapping.h"
#include "store/message_store.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::broker {

struct Topic {
  TopicConfig config;
  // By queue id: as many as the larger of the config's two counts, which are both in range.
  std::vector<store::QueueNo> queues;
  // For so long a key's first message stands for all of them; 0: never.
  std::int64_t dedupe_window_ms = 0;
  // Queue ids below this one name queues of this broker at once: all of them, or none where the
  // topic is static.
  std::int32_t direct_queues = 0;
  std::shared_ptr<const TopicMapping> mapping;  // of a static topic; else null

  std::int32_t queue_count() const { return static_cast<std::int32_t>(queues.size()); }
};

struct TopicSettings {
  std::string cluster;
  std::string broker;
  bool auto_create = true;
  std::int32_t default_queues = 8;
  std::int32_t delay_levels = 18;
  std::string trace_topic;                   // empty: none
  std::size_t light_queues_max = 2'000'000;  // that have messages
};

class Topics {
 public:
  // `announce` is called after each change: with the config, or null when a topic went.
  using Announce = std::function<void(const TopicConfig* changed)>;

  Topics(TopicSettings settings, store::MessageStore& store, Metadata& metadata);
  void announce_to(Announce announce) { announce_ = std::move(announce); }

  // Takes over what was stored and adds the system's topics (semantics 3.1).
  void load(const std::vector<TopicConfig>& stored, const DataVersion& version);
  // After that: those of topics that are not there are dropped.
  void load_mappings(const std::vector<TopicMapping>& stored);
  // Takes over what was deleted. Returns whether that must be written anew before anything is
  // appended: the log ends below what was given up, so new records would be given up with it.
  bool load_trims(const std::vector<TrimEntry>& stored);
  // What was deleted, as far as the log still reaches back to it.
  std::vector<TrimEntry> trims() const;

  // A light queue has no topic of its own: what is told of it lives until the next call that asks
  // for one (semantics 3.15). Asking makes none: the queue of one that is not there is empty.
  const Topic* find(std::string_view name) const;
  bool is_absent_light(store::QueueNo queue) const { return queue == absent_; }
  // The topic, made from `default_topic`'s settings if that allows it (semantics 3.1). Errors:
  // topic_not_found, topic_not_valid, quota_exceeded for one light queue too many; as
  // Metadata::flush, with nothing changed.
  Result<const Topic*> find_or_create(std::string_view name, std::string_view default_topic,
                                      std::int32_t queues, WallMs now_ms,
                                      std::int32_t sys_flag = 0);
  // A topic that exists, or any light queue: where what was taken in goes. Errors: topic_not_found.
  Result<const Topic*> existing(std::string_view name);
  // The light queues of these names. Errors, if `bounded`: quota_exceeded, with none made.
  Result<std::vector<store::QueueNo>> make_lights(std::span<const std::string_view> names,
                                                  bool bounded);
  // Called for each light queue that is made.
  void on_light_made(std::function<void(std::string_view name, store::QueueNo queue)> callback) {
    light_made_ = std::move(callback);
  }
  // A topic that the broker makes for its own use, a group's retry topic for one, if it is absent.
  // Errors: as Metadata::flush.
  Result<const Topic*> own(std::string_view name, std::int32_t queues, WallMs now_ms,
                           std::int32_t sys_flag = 0);
  // Creates or changes. Errors: topic_not_valid, invalid_argument; as Metadata::flush.
  Result<> put(TopicConfig config, std::string_view attribute_changes, WallMs now_ms);
  // Makes it static, or changes how its queues lie. Errors: likewise; as merge_mapping.
  Result<> put_static(TopicConfig config, TopicMapping mapping, bool force, WallMs now_ms);
  // Errors: topic_not_found, topic_not_valid for a system topic; as Metadata::flush. Its messages
  // become unreachable.
  Result<> erase(std::string_view name, WallMs now_ms);

  const StringMap<Topic>& all() const { return topics_; }
  const DataVersion& version() const { return version_; }
  std::size_t light_queues() const { return lights_; }
  std::size_t light_queues_max() const { return settings_.light_queues_max; }
  bool any_static() const { return static_count_ > 0; }
  std::vector<TopicMapping> mappings() const;

 private:
  const Topic* light(std::string_view name, store::QueueNo queue) const;
  bool is_counted(store::QueueNo queue) const { return queue < counted_.size() && counted_[queue]; }
  void count_light(store::QueueNo queue);
  void count_lights();
  bool have_room_for_lights(std::size_t more);
  Topic& insert(TopicConfig config);
  void open_queues(Topic& topic);
  Result<> check_name(std::string_view name) const;
  void set_mapping(Topic& topic, TopicMapping mapping);
  void add_system_topic(std::string_view name, std::int32_t queues, std::int32_t permission);
  Result<const Topic*> save(TopicConfig config, WallMs now_ms);
  Result<> erase_light(std::string_view name, store::QueueNo queue);
  void trim(std::string_view name, std::int64_t position);
  void note_trim(std::string_view name, std::int64_t position);

  TopicSettings settings_;
  store::MessageStore& store_;
  Metadata& metadata_;
  Announce announce_;
  StringMap<Topic> topics_;
  StringMap<std::int64_t> trims_;    // by topic: its records below this position are deleted
  std::size_t trims_looked_at_ = 0;  // how many there may be before they are looked through again
  DataVersion version_;
  std::size_t static_count_ = 0;
  mutable Topic light_;          // scratch of find()
  store::QueueNo absent_;        // for ever empty
  std::size_t lights_ = 0;       // light queues with messages, and some that retention has emptied
  std::vector<bool> counted_;    // by queue: whether it is one of these
  std::int64_t counted_at_ = 0;  // where the log began when they were counted
  std::function<void(std::string_view, store::QueueNo)> light_made_;
};

}  // namespace bolide::broker
