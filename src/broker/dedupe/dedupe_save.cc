// SPDX-License-Identifier: Apache-2.0
//
// Telling a repeated send from a new one: what is forgotten, and what is saved.
// Runs on: core agent.  Owns: nothing beyond dedupe.h.  Invariant: see dedupe.h.
#include "base/log.h"
#include "broker/dedupe/dedupe.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::size_t fresh_max = 16'384;  // then they are saved, however short the log

}  // namespace

void Dedupe::tick(const Now& now, std::int64_t synced_position) {
  if (covered_ < 0) return;
  expire_producers(now.wall_ms - settings_.producer_expiry_ms);
  for (auto at = keys_.begin(); at != keys_.end();) {
    const Topic* const topic = parts_.topics.find(at->first);
    const std::int64_t window_ms = topic == nullptr ? 0 : topic->dedupe_window_ms;
    const std::size_t before = at->second.size();
    at->second.expire(now.wall_ms - window_ms);
    key_count_ -= before - at->second.size();
    const std::string name = at->second.size() == 0 ? at->first : std::string();
    ++at;
    if (!name.empty()) drop_keys_of(name);
  }
  const bool enough =
      fresh_sequences_.size() + fresh_keys_.size() >= fresh_max ||
      synced_position - covered_ >= static_cast<std::int64_t>(settings_.uncovered_bytes_max) ||
      (producers_.empty() && keys_.empty());
  if (enough && !save(synced_position)) return;
  if (!log_->wants_snapshot(0) || !log_->wants_snapshot(present_bytes())) return;
  if (auto taken = log_->snapshot([this](DedupeLog& into) { put_all(into); }); !taken)
    BOLIDE_LOG(error, "the snapshot of repeated sends: {}", taken.error().message());
}

bool Dedupe::save(std::int64_t synced_position) {
  const std::int64_t covered_before = covered_;
  if (producers_.empty() && keys_.empty()) {
    fresh_sequences_.clear();  // no producer counts its own any more
    fresh_keys_.clear();
    log_->cover_nothing();
    covered_ = -1;
  } else {
    std::int64_t covered = synced_position;
    for (const FreshSequence& fresh : fresh_sequences_)
      if (fresh.entry.at.last >= synced_position)
        covered = std::min(covered, fresh.entry.at.position);
    put_sequences(synced_position);
    put_keys(synced_position);
    log_->cover(covered);
    covered_ = covered;
  }
  if (auto written = log_->flush(); !written) {
    BOLIDE_LOG(error, "the journal of repeated sends: {}", written.error().message());
    covered_ = covered_before;
    return false;
  }
  std::erase_if(fresh_sequences_, [&](const FreshSequence& fresh) {
    if (fresh.entry.at.last >= synced_position) return false;
    --fresh.producer->fresh;
    return true;
  });
  std::erase_if(fresh_keys_,
                [&](const FreshKey& fresh) { return fresh.place.position < synced_position; });
  return true;
}

// A record for each producer, of all that is new of it.
void Dedupe::put_sequences(std::int64_t below) {
  std::vector<FreshSequence> sorted;
  for (const FreshSequence& fresh : fresh_sequences_)
    if (fresh.entry.at.last < below) sorted.push_back(fresh);
  std::ranges::sort(sorted, [](const FreshSequence& a, const FreshSequence& b) {
    if (a.producer != b.producer) return std::less<>{}(a.producer, b.producer);
    return a.entry.at.last < b.entry.at.last;
  });
  std::vector<SequenceWindow::Entry> entries;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    entries.push_back(sorted[i].entry);
    const Producer& producer = *sorted[i].producer;
    if (i + 1 < sorted.size() && sorted[i + 1].producer == &producer) continue;
    log_->put({.topic = producer.topic,
               .queue_id = producer.queue_id,
               .id = producer.id,
               .used_ms = producer.used_ms,
               .floor = -1},
              entries);
    entries.clear();
  }
}

void Dedupe::put_keys(std::int64_t below) {
  std::map<const std::string*, std::vector<KeyPlace>> by_topic;
  for (const FreshKey& fresh : fresh_keys_)
    if (fresh.place.position < below) by_topic[fresh.topic].push_back(fresh.place);
  for (const auto& [topic, places] : by_topic) log_->put_keys(*topic, places);
}

void Dedupe::put_all(DedupeLog& into) const {
  // What the log has not synced stays out: it is put by a later save.
  std::int64_t below = INT64_MAX;
  for (const FreshSequence& fresh : fresh_sequences_) below = std::min(below, fresh.entry.at.last);
  for (const FreshKey& fresh : fresh_keys_) below = std::min(below, fresh.place.position);
  std::vector<SequenceWindow::Entry> entries;
  for (const Producer& producer : by_use_) {
    entries.clear();
    for (std::size_t i = 0; i < producer.window.size(); ++i) {
      const SequenceWindow::Entry& entry = producer.window.at(i);
      if (entry.at.last < below) entries.push_back(entry);
    }
    into.put({.topic = producer.topic,
              .queue_id = producer.queue_id,
              .id = producer.id,
              .used_ms = producer.used_ms,
              .floor = producer.window.floor()},
             entries);
  }
  std::vector<KeyPlace> places;
  for (const auto& [topic, keys] : keys_) {
    places.clear();
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (keys.at(i).position < below) places.push_back(keys.at(i));
    into.put_keys(topic, places);
  }
  if (covered_ >= 0) into.cover(covered_);
}

Result<> Dedupe::save_all(std::int64_t synced_position) {
  if (covered_ < 0) return {};
  if (!save(synced_position)) return fail(Errc::io, "the journal of repeated sends");
  return log_->snapshot([this](DedupeLog& into) { put_all(into); });
}

std::uint64_t Dedupe::present_bytes() const {
  std::uint64_t bytes = DedupeLog::bytes_of_keys(key_count_);
  for (const Producer& producer : by_use_)
    bytes += DedupeLog::bytes_of_producer(producer.window.size());
  return bytes;
}

}  // namespace bolide::broker
