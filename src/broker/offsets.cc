// SPDX-License-Identifier: Apache-2.0
//
// Committed consumer offsets.
// Runs on: core agent.  Owns: the offset table.  Invariant: see offsets.h.
#include "broker/offsets.h"

#include "broker/queue_key.h"

#include <algorithm>

namespace bolide::broker {
namespace {

// A group that only pulls, as tools do, is none of the topic's consumers.
bool has_committed(const auto& places) {
  return std::ranges::any_of(places, [](const auto& place) { return place.committed >= 0; });
}

}  // namespace

void Offsets::load(const std::vector<OffsetEntry>& stored) {
  for (const OffsetEntry& entry : stored) {
    place(entry.group, entry.topic, entry.queue_id).committed = entry.offset;
  }
}

bool Offsets::cut(const EndOf& end_of) {
  bool any = false;
  for (auto& [key, entry] : entries_) {
    for (std::size_t id = 0; id < entry.queues.size(); ++id) {
      Place& at = entry.queues[id];
      const auto queue_id = static_cast<std::int32_t>(id);
      const auto end = at.committed > 0 ? end_of(entry.topic, queue_id) : std::nullopt;
      if (!end || at.committed <= *end) continue;
      at.committed = *end;
      mark(entry, at, queue_id);
      any = true;
    }
  }
  return any;
}

Offsets::Entry* Offsets::find_entry(std::string_view group, std::string_view topic) const {
  set_group_key(topic, group, &key_);
  const auto found = entries_.find(key_);
  return found == entries_.end() ? nullptr : const_cast<Entry*>(&found->second);
}

Offsets::Place* Offsets::find_place(std::string_view group, std::string_view topic,
                                    std::int32_t queue_id) const {
  Entry* entry = find_entry(group, topic);
  const auto index = static_cast<std::size_t>(queue_id);
  return entry == nullptr || index >= entry->queues.size() ? nullptr : &entry->queues[index];
}

Offsets::Place& Offsets::place(std::string_view group, std::string_view topic,
                               std::int32_t queue_id) {
  Entry* entry = find_entry(group, topic);
  if (entry == nullptr) {
    entry = &entries_[key_];
    entry->topic = topic;
    entry->group = group;
  }
  const auto index = static_cast<std::size_t>(queue_id);
  if (index >= entry->queues.size()) entry->queues.resize(index + 1);
  return entry->queues[index];
}

std::optional<std::int64_t> Offsets::find(std::string_view group, std::string_view topic,
                                          std::int32_t queue_id) const {
  const Place* found = find_place(group, topic, queue_id);
  if (found == nullptr || found->committed < 0) return std::nullopt;
  return found->committed;
}

void Offsets::mark(Entry& entry, Place& place, std::int32_t queue_id) {
  if (place.dirty) return;
  place.dirty = true;
  dirty_.push_back({.topic = entry.topic, .group = entry.group, .queue_id = queue_id});
}

void Offsets::commit(std::string_view group, std::string_view topic, std::int32_t queue_id,
                     std::int64_t offset) {
  Place& at = place(group, topic, queue_id);
  if (at.reset || at.committed == offset) return;
  at.committed = offset;
  mark(*find_entry(group, topic), at, queue_id);
}

void Offsets::pulled(std::string_view group, std::string_view topic, std::int32_t queue_id,
                     std::int64_t next_offset) {
  place(group, topic, queue_id).pulled = next_offset;
}

std::int64_t Offsets::pulled_offset(std::string_view group, std::string_view topic,
                                    std::int32_t queue_id) const {
  const Place* found = find_place(group, topic, queue_id);
  return found == nullptr ? 0 : found->pulled;
}

void Offsets::reset(std::string_view group, std::string_view topic, std::int32_t queue_id,
                    std::int64_t offset, bool tell_client) {
  Place& at = place(group, topic, queue_id);
  at.committed = offset;
  at.pulled = offset;
  at.reset = tell_client ? std::optional(offset) : std::nullopt;
  mark(*find_entry(group, topic), at, queue_id);
}

std::optional<std::int64_t> Offsets::take_reset(std::string_view group, std::string_view topic,
                                                std::int32_t queue_id) {
  Place* found = find_place(group, topic, queue_id);
  if (found == nullptr || !found->reset) return std::nullopt;
  return std::exchange(found->reset, std::nullopt);
}

template <class Predicate>
void Offsets::erase_if(Predicate predicate) {
  std::erase_if(entries_, [&](const auto& item) {
    const Entry& entry = item.second;
    if (!predicate(entry)) return false;
    for (std::size_t id = 0; id < entry.queues.size(); ++id) {
      if (entry.queues[id].committed < 0) continue;
      erased_.push_back(
          {.topic = entry.topic, .group = entry.group, .queue_id = static_cast<std::int32_t>(id)});
    }
    return true;
  });
}

void Offsets::erase_group(std::string_view group) {
  erase_if([&](const Entry& entry) { return entry.group == group; });
}

void Offsets::erase_topic(std::string_view topic) {
  erase_if([&](const Entry& entry) { return entry.topic == topic; });
}

std::vector<std::string> Offsets::topics_of(std::string_view group) const {
  std::vector<std::string> topics;
  for (const auto& [key, entry] : entries_) {
    if (entry.group == group && has_committed(entry.queues)) topics.push_back(entry.topic);
  }
  std::ranges::sort(topics);
  return topics;
}

std::vector<std::string> Offsets::groups_of(std::string_view topic) const {
  std::vector<std::string> groups;
  for (const auto& [key, entry] : entries_) {
    if (entry.topic == topic && has_committed(entry.queues)) groups.push_back(entry.group);
  }
  std::ranges::sort(groups);
  return groups;
}

std::vector<OffsetEntry> Offsets::all() const {
  std::vector<OffsetEntry> list;
  for (const auto& [key, entry] : entries_) {
    for (std::size_t id = 0; id < entry.queues.size(); ++id) {
      if (entry.queues[id].committed < 0) continue;
      list.push_back({.topic = entry.topic,
                      .group = entry.group,
                      .queue_id = static_cast<std::int32_t>(id),
                      .offset = entry.queues[id].committed});
    }
  }
  return list;
}

Result<> Offsets::save_dirty() {
  // What was erased first: it may have been committed anew since.
  for (const Dirty& d : erased_) metadata_.erase_offset(d.topic, d.group, d.queue_id);
  for (const Dirty& d : dirty_) {
    const Place* found = find_place(d.group, d.topic, d.queue_id);
    if (found == nullptr) continue;  // erased since
    metadata_.save_offset(d.topic, d.group, d.queue_id, found->committed);
  }
  BOLIDE_CHECK(metadata_.flush());
  for (const Dirty& d : dirty_) {
    if (Place* found = find_place(d.group, d.topic, d.queue_id)) found->dirty = false;
  }
  dirty_.clear();
  erased_.clear();
  return {};
}

}  // namespace bolide::broker
