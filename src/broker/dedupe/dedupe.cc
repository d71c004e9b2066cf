// SPDX-License-Identifier: Apache-2.0
//
// Telling a repeated send from a new one.
// Runs on: core agent.  Owns: what is remembered.  Invariant: see dedupe.h.
#include "broker/dedupe/dedupe.h"

#include "base/log.h"
#include "base/producer_identity.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// A producer that was used so lately is not forgotten for another one.
constexpr std::int64_t in_use_ms = 600'000;

}  // namespace

Dedupe::Dedupe(DedupeSettings settings, Parts parts, DedupeLog::Opened opened)
    : settings_(settings), parts_(parts), log_(std::move(opened.log)) {
  load(std::move(opened));
}

Result<DedupeName> Dedupe::name_of(const Topic& topic, std::int32_t queue_id,
                                   const SendProperties& known) {
  DedupeName name{
      .topic = &topic, .queue_id = queue_id, .numbered_queue = queue_id, .producer = {}, .key = {}};
  if (known.sequenced) {
    const auto sequence = ProducerSequence::parse(known.producer_sequence);
    if (known.producer_id.empty() || known.producer_id.size() > producer_id_bytes_max || !sequence)
      return fail(Errc::message_invalid, "properties " + std::string(producer_id_property) +
                                             " and " + std::string(producer_sequence_property) +
                                             " do not name a producer's message");
    if (sequence->queue_check == ProducerSequence::check_of(topic.config.name, queue_id)) {
      name.producer = known.producer_id;
      name.sequence = sequence->sequence;
      name.place = sequence->place;
    }
  }
  // What becomes of a transaction's message is not known yet: it may be sent again.
  if (topic.dedupe_window_ms > 0 && !known.transaction) {
    const std::string_view key =
        known.indexed.keys.empty() ? known.indexed.unique_key : known.indexed.keys;
    if (!key.empty()) name.key = KeyHash::of(key);
  }
  return name;
}

// The log must be read from here on after a crash: that stands in the journal before anything does
// in the log.
Result<> Dedupe::begin() {
  if (covered_ >= 0) return {};
  const std::int64_t end = parts_.store.stats().max_position;
  log_->cover(end);
  BOLIDE_CHECK(log_->flush());
  covered_ = end;
  return {};
}

std::string_view Dedupe::key_of(std::string_view topic, std::int32_t queue_id,
                                std::string_view id) {
  scratch_.assign(topic);
  scratch_.push_back('\0');
  scratch_.append(DecimalText(queue_id).view()).push_back('\0');
  scratch_ += id;
  return scratch_;
}

Dedupe::Producer* Dedupe::find_producer(const DedupeName& name, std::int64_t now_ms) {
  const auto found =
      producers_.find(key_of(name.topic->config.name, name.numbered_queue, name.producer));
  if (found == producers_.end()) return nullptr;
  const ProducerPlace place = found->second;
  place->used_ms = std::max(place->used_ms, now_ms);
  by_use_.splice(by_use_.end(), by_use_, place);
  return &*place;
}

Dedupe::Producer& Dedupe::add_producer(const DedupeName& name, std::int64_t now_ms) {
  by_use_.push_back(
      {.key = std::string(key_of(name.topic->config.name, name.numbered_queue, name.producer)),
       .topic = name.topic->config.name,
       .queue_id = name.numbered_queue,
       .id = std::string(name.producer),
       .used_ms = now_ms,
       .window = {}});
  const ProducerPlace place = std::prev(by_use_.end());
  producers_.emplace(place->key, place);
  return *place;
}

void Dedupe::note_fresh(Producer& producer, const SequenceWindow::Entry& entry) {
  fresh_sequences_.push_back({.producer = &producer, .entry = entry});
  ++producer.fresh;
}

template <class Gone>
void Dedupe::erase_producers(Gone gone) {
  bool fresh = false;
  bool any = false;
  for (Producer& producer : by_use_) {
    producer.gone = gone(producer);
    any = any || producer.gone;
    fresh = fresh || (producer.gone && producer.fresh > 0);
  }
  if (fresh)
    std::erase_if(fresh_sequences_, [](const FreshSequence& at) { return at.producer->gone; });
  if (!any) return;
  std::erase_if(by_use_, [&](const Producer& producer) {
    if (producer.gone) producers_.erase(producers_.find(producer.key));
    return producer.gone;
  });
}

void Dedupe::erase_longest_unused() {
  Producer& first = by_use_.front();
  if (first.fresh > 0)
    std::erase_if(fresh_sequences_, [&](const FreshSequence& at) { return at.producer == &first; });
  producers_.erase(producers_.find(first.key));
  by_use_.pop_front();
}

void Dedupe::expire_producers(std::int64_t until_ms) {
  if (by_use_.empty() || by_use_.front().used_ms > until_ms) return;
  erase_producers([&](const Producer& producer) { return producer.used_ms <= until_ms; });
}

Result<std::optional<Original>> Dedupe::find_sequence(const DedupeName& name, const Now& now) {
  if (name.producer.empty()) return std::nullopt;
  BOLIDE_CHECK(begin());
  const Producer* const producer = find_producer(name, now.wall_ms);
  if (producer == nullptr) {
    if (producers_.size() < settings_.producers_max) return std::nullopt;
    if (by_use_.front().used_ms > now.wall_ms - in_use_ms)
      return fail(Errc::busy, std::to_string(producers_.size()) +
                                  " producers with sequence numbers in queues are in use "
                                  "(broker.dedupe_producers_max)");
    erase_longest_unused();
    return std::nullopt;
  }
  if (const StoredAt* at = producer->window.find(name.sequence); at != nullptr)
    return Original{.queue_id = name.queue_id, .at = *at};
  if (!producer->window.is_too_old(name.sequence)) return std::nullopt;
  ++stats_.too_old;
  return fail(Errc::message_invalid,
              "sequence " + std::to_string(name.sequence) + " of producer " +
                  std::string(name.producer) + " is older than the last " +
                  std::to_string(producer->window.size()) +
                  " that the queue remembers: whether it was stored is not known");
}

Result<std::optional<Original>> Dedupe::find_key(const DedupeName& name, const Now& now) {
  if (!name.key) return std::nullopt;
  BOLIDE_CHECK(begin());
  const auto found = keys_.find(name.topic->config.name);
  if (found == keys_.end()) return std::nullopt;
  const KeyPlace* const place =
      found->second.find(*name.key, now.wall_ms - name.topic->dedupe_window_ms);
  if (place == nullptr) return std::nullopt;
  return Original{
      .queue_id = place->queue_id,
      .at = {.position = place->position, .last = place->position, .offset = place->offset}};
}

void Dedupe::note_sequence(const DedupeName& name, const StoredAt& at, const Now& now) {
  if (name.producer.empty()) return;
  Producer* producer = find_producer(name, now.wall_ms);
  if (producer == nullptr) producer = &add_producer(name, now.wall_ms);
  producer->window.put(name.sequence, at, settings_.window);
  note_fresh(*producer, {.sequence = name.sequence, .at = at});
}

void Dedupe::note_key(const DedupeName& name, const StoredAt& at, const Now& now) {
  if (!name.key) return;
  const KeyPlace place{.hash = *name.key,
                       .stored_ms = now.wall_ms,
                       .position = at.position,
                       .offset = at.offset,
                       .queue_id = name.queue_id};
  put_key(name.topic->config.name, place);
  fresh_keys_.push_back({.topic = &keys_.find(name.topic->config.name)->first, .place = place});
}

void Dedupe::put_key(std::string_view topic, const KeyPlace& place) {
  auto found = keys_.find(topic);
  if (found == keys_.end()) found = keys_.emplace(topic, KeyWindow{}).first;
  KeyWindow& keys = found->second;
  if (key_count_ >= settings_.keys_max && keys.size() > 0) {
    keys.drop_oldest();
    --key_count_;
    ++stats_.keys_dropped;
  }
  keys.put(place);
  ++key_count_;
}

void Dedupe::count_repeat_by_key(const Topic& topic) {
  auto found = key_repeats_.find(topic.config.name);
  if (found == key_repeats_.end()) found = key_repeats_.emplace(topic.config.name, 0).first;
  ++found->second;
}

void Dedupe::drop_keys_of(std::string_view topic) {
  const auto found = keys_.find(topic);
  if (found == keys_.end()) return;
  std::erase_if(fresh_keys_, [&](const FreshKey& fresh) { return fresh.topic == &found->first; });
  key_count_ -= found->second.size();
  keys_.erase(found);
}

void Dedupe::forget(std::string_view topic) {
  key_repeats_.erase(std::string(topic));
  if (covered_ < 0) return;
  erase_producers([&](const Producer& producer) { return producer.topic == topic; });
  drop_keys_of(topic);
  log_->forget(topic);
  if (auto written = log_->flush(); !written)
    BOLIDE_LOG(error, "the journal of repeated sends: {}", written.error().message());
}

DedupeStats Dedupe::stats() const {
  DedupeStats stats = stats_;
  stats.producers = producers_.size();
  stats.keys = key_count_;
  return stats;
}

}  // namespace bolide::broker
