// SPDX-License-Identifier: Apache-2.0
//
// All leases of the broker.
// Runs on: core agent.  Owns: the leases, their journal.  Invariant: see lease_table.h.
#include "broker/leases/lease_table.h"

#include "base/assert.h"
#include "base/log.h"
#include "broker/queue_key.h"
#include "broker/stored_bounds.h"

#include <algorithm>

namespace bolide::broker {
namespace {

constexpr std::int64_t retry_after_ms = 500;

}  // namespace

LeaseTable::LeaseTable(Offsets& offsets, LeaseLog::Opened opened, const EndOf& end_of)
    : offsets_(offsets), log_(std::move(opened.log)) {
  for (LeaseLog::Stored& stored : opened.queues) {
    next_number_ = std::max(next_number_, stored.number + 1);
    const auto end = end_of(stored.name);
    if (!end || opened.stale) {
      removed_.push_back(stored.number);
      continue;
    }
    LeasePlace& place = insert(stored.name, stored.cursor);
    place.number = stored.number;
    place.known = true;
    for (const Lease& lease : stored.leases) place.queue.restore(lease);
    stored.leases = {};
    (void)place.queue.take_changed();
    place.noted_cursor = place.queue.cursor();
    // A power loss may have taken back messages that were given: their offsets come again.
    place.queue.cut(*end);
    changed(place);
  }
}

LeaseTable::Entry* LeaseTable::find_entry(std::string_view group, std::string_view topic) {
  set_group_key(topic, group, &key_);
  const auto found = entries_.find(key_);
  return found == entries_.end() ? nullptr : &found->second;
}

LeasePlace* LeaseTable::find(std::string_view group, std::string_view topic,
                             std::int32_t queue_id) {
  Entry* entry = find_entry(group, topic);
  const auto index = static_cast<std::size_t>(queue_id);
  if (entry == nullptr || queue_id < 0 || index >= entry->places.size()) return nullptr;
  return entry->places[index].get();
}

LeasePlace& LeaseTable::insert(const LeaseName& name, std::int64_t cursor) {
  Entry* entry = find_entry(name.group, name.topic);
  if (entry == nullptr) entry = &entries_[key_];
  const auto index = static_cast<std::size_t>(name.queue_id);
  if (index >= entry->places.size()) entry->places.resize(index + 1);
  BOLIDE_ASSERT(entry->places[index] == nullptr);
  entry->places[index].reset(new LeasePlace(name, cursor));
  ++stats_.queues;
  return *entry->places[index];
}

LeasePlace& LeaseTable::add(const LeaseName& name, std::int64_t cursor) {
  LeasePlace& place = insert(name, cursor);
  place.number = next_number_++;
  changed(place);
  return place;
}

void LeaseTable::arm(LeasePlace& place) {
  const std::int64_t end_ms = place.ordered ? place.queue.last_end_ms() : place.queue.next_end_ms();
  if (end_ms == place.armed_ms) return;
  auto node = due_.extract({place.armed_ms, &place});
  place.armed_ms = end_ms;
  if (end_ms == LeaseSet::never) return;
  if (node.empty()) {
    due_.emplace(end_ms, &place);
    return;
  }
  node.value().first = end_ms;
  due_.insert(std::move(node));
}

void LeaseTable::count(LeasePlace& place, std::size_t messages, std::size_t entries) {
  stats_.messages += messages - place.messages;
  stats_.entries += entries - place.entries;
  place.messages = messages;
  place.entries = entries;
}

void LeaseTable::changed(LeasePlace& place) {
  count(place, place.queue.leases().open_count(), place.queue.leases().entry_count());
  arm(place);
  if (place.dirty) return;
  place.dirty = true;
  dirty_.push_back(&place);
}

void LeaseTable::take_ended(std::int64_t now_ms, const std::function<void(LeasePlace&)>& each) {
  std::vector<LeasePlace*> ended;
  for (auto at = due_.begin(); at != due_.end() && at->first <= now_ms; at = due_.erase(at))
    ended.push_back(at->second);
  // armed_ms stays: the next change that moves the end puts the place back.
  for (LeasePlace* place : ended) each(*place);
}

bool LeaseTable::moved(std::string_view group, std::string_view topic, std::int32_t queue_id,
                       std::int64_t offset) {
  LeasePlace* place = find(group, topic, queue_id);
  if (place == nullptr) return false;
  offset = into_bounds(offset);
  if (offset >= place->queue.committed())
    place->queue.skip_to(offset);
  else
    place->queue.reset(offset);
  changed(*place);
  return true;
}

void LeaseTable::forget(LeasePlace& place) {
  count(place, 0, 0);
  --stats_.queues;
  if (place.known) removed_.push_back(place.number);
  due_.erase({place.armed_ms, &place});
  if (place.dirty) std::erase(dirty_, &place);
}

template <class Predicate>
void LeaseTable::erase_if(Predicate predicate) {
  for (auto at = entries_.begin(); at != entries_.end();) {
    const auto& places = at->second.places;
    // All places of an entry are of one group and topic.
    const auto any =
        std::ranges::find_if(places, [](const auto& place) { return place != nullptr; });
    if (any == places.end() || !predicate((*any)->name)) {
      ++at;
      continue;
    }
    for (const auto& place : places) {
      if (place) forget(*place);
    }
    at = entries_.erase(at);
  }
}

void LeaseTable::erase_group(std::string_view group) {
  erase_if([&](const LeaseName& name) { return name.group == group; });
}

void LeaseTable::erase_topic(std::string_view topic) {
  erase_if([&](const LeaseName& name) { return name.topic == topic; });
}

void LeaseTable::note(LeasePlace& place) {
  if (!place.known) log_->add(place.number, place.name);
  std::vector<std::int64_t> changed = place.queue.take_changed();
  if (place.unwritten.empty()) {
    place.unwritten = std::move(changed);
  } else {
    place.unwritten.insert(place.unwritten.end(), changed.begin(), changed.end());
    std::ranges::sort(place.unwritten);
    const auto again = std::ranges::unique(place.unwritten);
    place.unwritten.erase(again.begin(), again.end());
  }
  for (std::int64_t first : place.unwritten) {
    if (const Lease* lease = place.queue.leases().at(first))
      log_->put(place.number, *lease);
    else
      log_->erase(place.number, first);
  }
  if (place.noted_cursor != place.queue.cursor())
    log_->set_cursor(place.number, place.queue.cursor());
}

Result<> LeaseTable::note_all() {
  for (std::uint32_t number : removed_) log_->remove(number);
  for (LeasePlace* place : dirty_) note(*place);
  BOLIDE_CHECK(log_->flush());
  for (LeasePlace* place : dirty_) {
    place->known = true;
    place->dirty = false;
    place->noted_cursor = place->queue.cursor();
    place->unwritten.clear();
  }
  dirty_.clear();
  removed_.clear();
  return {};
}

void LeaseTable::write(std::int64_t steady_ms) {
  if ((dirty_.empty() && removed_.empty()) || steady_ms < retry_ms_) return;
  for (const LeasePlace* place : dirty_) {
    const LeaseName& name = place->name;
    offsets_.commit(name.group, name.topic, name.queue_id, place->queue.committed());
    offsets_.pulled(name.group, name.topic, name.queue_id, place->queue.cursor());
  }
  const Result<> written = note_all();
  if (!written && !failed_)
    BOLIDE_LOG(error, "leases are not saved: {}", written.error().message());
  failed_ = !written;
  retry_ms_ = written ? 0 : steady_ms + retry_after_ms;
}

void LeaseTable::tick() {
  if (!log_->wants_snapshot(0) || !log_->wants_snapshot(stats_.entries)) return;
  if (auto made = snapshot(); !made && !failed_) {
    failed_ = true;
    BOLIDE_LOG(error, "the snapshot of leases is not made: {}", made.error().message());
  }
}

Result<> LeaseTable::snapshot() {
  BOLIDE_CHECK(note_all());
  return log_->snapshot([this](const LeaseLog::Emit& emit) {
    for_each([&](const LeasePlace& place) {
      emit({.number = place.number,
            .name = place.name,
            .cursor = place.queue.cursor(),
            .leases = place.queue.leases()});
    });
  });
}

}  // namespace bolide::broker
