// SPDX-License-Identifier: Apache-2.0
//
// Telling a repeated send from a new one: what a start finds in the journal and in the log.
// Runs on: core agent, at the start.  Owns: nothing beyond dedupe.h.  Invariant: see dedupe.h.
#include "base/log.h"
#include "base/producer_identity.h"
#include "broker/dedupe/dedupe.h"
#include "broker/timers/timers.h"
#include "broker/transactions/transactions.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// Where a client's message was to go, and where it lies until then.
struct Taken {
  std::string_view topic;
  std::int32_t queue_id = 0;
};

// Nothing: the record is no message of a client as it was taken in, but a later copy.
std::optional<Taken> taken_for(const store::Record& record) {
  if (record.topic.starts_with(retry_prefix) || record.topic.starts_with(dead_letter_prefix))
    return std::nullopt;
  if ((record.sys_flag & store::sys_flag::transaction_mask) == store::sys_flag::commit)
    return std::nullopt;
  const bool held =
      record.topic == schedule_topic || record.topic == wheel_topic || record.topic == half_topic;
  const std::string_view real = store::find_property(record.properties, "REAL_TOPIC");
  if (held == real.empty()) return std::nullopt;
  if (!held) return Taken{.topic = record.topic, .queue_id = record.queue_id};
  const auto queue_id =
      parse_integer<std::int32_t>(store::find_property(record.properties, "REAL_QID"));
  if (!queue_id) return std::nullopt;
  return Taken{.topic = real, .queue_id = *queue_id};
}

// The queue to which a producer sent what is stored in `queue_id`: a message with a priority may
// lie in another one, and the queues of static topics have numbers of their own.
std::int32_t numbered_for(const Topic& topic, std::int32_t queue_id, const SendProperties& known) {
  if ((known.priority.empty() && topic.mapping == nullptr) || !known.sequenced) return queue_id;
  const auto sequence = ProducerSequence::parse(known.producer_sequence);
  if (!sequence) return queue_id;
  const auto is_it = [&](std::int32_t id) {
    return ProducerSequence::check_of(topic.config.name, id) == sequence->queue_check;
  };
  if (topic.mapping != nullptr) {
    for (const auto& [id, queue] : topic.mapping->queues)
      if (is_it(id)) return id;
    return queue_id;
  }
  for (std::int32_t id = 0; id < topic.queue_count(); ++id)
    if (is_it(id)) return id;
  return queue_id;
}

bool has_queue(const Topic& topic, std::int32_t numbered_queue) {
  return topic.mapping != nullptr ? topic.mapping->queues.contains(numbered_queue)
                                  : numbered_queue < topic.queue_count();
}

}  // namespace

void Dedupe::load(DedupeLog::Opened opened) {
  if (!opened.covered) return;
  const std::int64_t end = parts_.store.stats().max_position;
  // A loss of power may have taken the end of the log and left the journal.
  covered_ = std::min(*opened.covered, end);
  const auto known_queue = [&](std::string_view name, std::int32_t queue_id) {
    const Topic* const topic = parts_.topics.find(name);
    return topic != nullptr && has_queue(*topic, queue_id) ? topic : nullptr;
  };
  for (const DedupeLog::Producer& stored : opened.producers) {
    const Topic* const topic = known_queue(stored.topic, stored.queue_id);
    if (topic == nullptr) continue;
    const DedupeName name{.topic = topic,
                          .queue_id = stored.queue_id,
                          .numbered_queue = stored.queue_id,
                          .producer = stored.id,
                          .key = {}};
    Producer* producer = find_producer(name, stored.used_ms);
    if (producer == nullptr) producer = &add_producer(name, stored.used_ms);
    producer->window.raise_floor(stored.floor);
    for (const SequenceWindow::Entry& entry : stored.entries)
      if (entry.at.last < covered_)
        producer->window.put(entry.sequence, entry.at, settings_.window);
  }
  by_use_.sort([](const Producer& a, const Producer& b) { return a.used_ms < b.used_ms; });
  while (producers_.size() > settings_.producers_max) erase_longest_unused();
  for (const DedupeLog::Keys& stored : opened.keys) {
    const Topic* const topic = parts_.topics.find(stored.topic);
    if (topic == nullptr || topic->dedupe_window_ms <= 0) continue;
    for (const KeyPlace& place : stored.places)
      if (place.position < covered_) put_key(stored.topic, place);
  }
  replay(covered_);
  // What was not taken over must not come back.
  if (auto taken = log_->snapshot([this](DedupeLog& into) { put_all(into); }); !taken)
    BOLIDE_LOG(error, "the snapshot of repeated sends: {}", taken.error().message());
}

void Dedupe::replay(std::int64_t from) {
  const auto read = parts_.store.scan(from, [this](const store::Record& record) { apply(record); });
  if (!read) BOLIDE_LOG(error, "the log is not read to its end: {}", read.error().message());
}

void Dedupe::apply(const store::Record& record) {
  const auto taken = taken_for(record);
  if (!taken) return;
  const Topic* const topic = parts_.topics.find(taken->topic);
  if (topic == nullptr || taken->queue_id < 0 || taken->queue_id >= topic->queue_count()) return;
  const SendProperties known = scan_properties(record.properties);
  if (!concerns(*topic, known)) return;
  const auto queue = parts_.store.find_queue(record.topic, record.queue_id);
  if (!queue || record.queue_offset < parts_.store.min_offset(*queue)) return;  // deleted
  auto name = name_of(*topic, numbered_for(*topic, taken->queue_id, known), known);
  if (!name) return;
  name->queue_id = taken->queue_id;
  if (!name->producer.empty()) apply_sequence(*name, record);
  if (!name->key) return;
  const KeyPlace place{.hash = *name->key,
                       .stored_ms = record.store_ms,
                       .position = record.position,
                       .offset = record.queue_offset,
                       .queue_id = taken->queue_id};
  put_key(taken->topic, place);
  fresh_keys_.push_back({.topic = &keys_.find(taken->topic)->first, .place = place});
}

void Dedupe::apply_sequence(const DedupeName& name, const store::Record& record) {
  StoredAt at{.position = record.position,
              .last = record.position,
              .offset = record.queue_offset,
              .count = name.place < 0 ? 1 : name.place + 1};
  Producer* producer = find_producer(name, record.store_ms);
  if (producer == nullptr) producer = &add_producer(name, record.store_ms);
  if (const StoredAt* known = producer->window.find(name.sequence); known != nullptr) {
    if (record.position <= known->last || at.count <= known->count) return;
    at.position = known->position;
    at.offset = known->offset;
  }
  producer->window.put(name.sequence, at, settings_.window);
  note_fresh(*producer, {.sequence = name.sequence, .at = at});
}

}  // namespace bolide::broker
