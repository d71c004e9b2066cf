// SPDX-License-Identifier: Apache-2.0
//
// Sends that may be repeats of earlier ones (docs/idempotence.md): what is stored already is
// answered as it was then, and not stored.
// Runs on: core agent.  Owns: nothing beyond sender.h.  Invariant: a repeat is answered when what
// it repeats is safe, not before.
#include "base/producer_identity.h"
#include "broker/batch_element.h"
#include "broker/sender.h"
#include "store/records.h"

#include <algorithm>
#include <map>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::int64_t not_stored = -1;

// The place of a stored message in its producer's batch; nothing if it is none of this batch.
std::optional<std::size_t> place_in_batch(const store::Record& record, const DedupeName& batch) {
  if (store::find_property(record.properties, producer_id_property) != batch.producer)
    return std::nullopt;
  const auto number =
      ProducerSequence::parse(store::find_property(record.properties, producer_sequence_property));
  if (!number || number->sequence != batch.sequence || number->place < 0) return std::nullopt;
  return static_cast<std::size_t>(number->place);
}

std::size_t count_of(std::string_view batch_body) {
  BatchElement element;
  std::size_t count = 0;
  for (ByteReader in(batch_body); in.remaining() > 0 && read_element(in, &element);) ++count;
  return count;
}

// The number of the queue as the producer knows it.
std::int32_t numbered_for(const SendRequest& request, std::int32_t queue_id) {
  if (request.numbered_queue >= 0) return request.numbered_queue;
  return request.queue_id < 0 ? queue_id : request.queue_id;
}

}  // namespace

Result<> Sender::append_once(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                             const SendProperties& known, const Now& now) {
  // A priority may have chosen another queue than the one for which the producer has numbered it.
  BOLIDE_TRY(DedupeName name, Dedupe::name_of(topic, numbered_for(request, queue_id), known));
  name.queue_id = queue_id;
  BOLIDE_TRY(const auto by_sequence, dedupe_->find_sequence(name, now));
  if (by_sequence) {
    dedupe_->count_repeat_by_sequence();
    answer_again(request, *by_sequence, known);
    return {};
  }
  BOLIDE_TRY(const auto by_key, dedupe_->find_key(name, now));
  if (by_key) {
    dedupe_->count_repeat_by_key(topic);
    answer_again(request, *by_key, known);
    return {};
  }
  BOLIDE_CHECK(append_plain(request, topic, queue_id, known, now));
  const Waiting& stored = waiting_.back();
  const StoredAt at{
      .position = stored.position, .last = stored.position, .offset = stored.first_offset};
  dedupe_->note_sequence(name, at, now);
  dedupe_->note_key(name, at, now);
  return {};
}

void Sender::answer_again(const SendRequest& request, const Original& original,
                          const SendProperties& known) {
  Waiting& waiting = wait(request, 0, original.queue_id);
  waiting.count = 0;
  waiting.first_offset = original.at.offset;
  waiting.end_position = original.at.last + 1;
  waiting.position = original.at.position;
  waiting.set_key(known.indexed.unique_key);
  const bool held = known.special && !known.transaction;
  if (!held && known.priority.empty()) return;
  const auto read = store_.read_position(original.at.position);
  store::Record record;
  if (read.records.empty() ||
      store::decode_record(read.records.front().view(), store::Verify::header, &record) !=
          store::DecodeStatus::record)
    return;
  // The topic may have had another number of queues then, and so the priority another queue.
  if (!held) {
    waiting.queue_id = record.queue_id;
    return;
  }
  waiting.rare =
      std::make_unique<Rare>(Rare{.recall_handle = detours_.recall_handle(record), .light = {}});
}

// A batch of which a part may be stored already.
struct Sender::BatchOnce {
  DedupeName name;
  std::int32_t queue_id = 0;
  std::int32_t numbered_queue = 0;
  store::QueueNo queue = 0;
  std::optional<Original> original;     // of its first messages
  std::vector<std::int64_t> positions;  // of each message; not_stored: it is to be stored
  std::vector<DedupeName> keys;         // of each message
  // By key, the place of the message that is stored for it.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::size_t> places;
  std::vector<std::size_t> rest;  // which are to be stored
  std::optional<Original> first;  // where its first message lies
  std::string body;               // of what is to be stored
};

// Of the messages of the batch that were stored. Those that cannot be read any more are told as the
// first one.
std::vector<std::int64_t> Sender::positions_of(const BatchOnce& batch, std::string_view body) {
  const StoredAt& at = batch.original->at;
  // How many there were comes from properties, which a client may have written.
  std::vector<std::int64_t> positions(std::min(static_cast<std::size_t>(at.count), count_of(body)),
                                      at.position);
  std::int64_t offset = std::max(at.offset, store_.min_offset(batch.queue));
  for (const std::int64_t end = store_.next_offset(batch.queue); offset < end;) {
    const auto read = store_.read(batch.queue, offset, end, {.messages_max = at.count}, {});
    if (read.messages == 0) break;
    const bool all =
        store::for_each_record(read.records, [&](const store::Record& record, const auto&) {
          if (record.position > at.last) return false;
          const auto place = place_in_batch(record, batch.name);
          if (place && *place < positions.size()) positions[*place] = record.position;
          return true;
        });
    if (!all) return positions;
    offset = read.next_offset;
  }
  return positions;
}

// Looks at the next message of the batch: whether it is stored already, or is to be.
Result<> Sender::plan_element(const Topic& topic, BatchElement element, BatchOnce& batch,
                              const Now& now) {
  const std::size_t at = batch.keys.size();
  SendProperties known = scan_properties(element.properties);
  known.sequenced = false;  // a batch has one number
  BOLIDE_TRY(const DedupeName name, Dedupe::name_of(topic, batch.queue_id, known));
  batch.keys.push_back(name);
  if (at < batch.positions.size()) return {};
  BOLIDE_TRY(const auto by_key, dedupe_->find_key(name, now));
  if (by_key || (name.key && batch.places.contains({name.key->low, name.key->high}))) {
    dedupe_->count_repeat_by_key(topic);
    if (at == 0) batch.first = by_key;
    // One behind its like in the same batch is told when that is stored.
    batch.positions.push_back(by_key ? by_key->at.position : not_stored);
    return {};
  }
  if (name.key) batch.places.emplace(std::pair(name.key->low, name.key->high), at);
  batch.positions.push_back(not_stored);
  batch.rest.push_back(at);
  std::string properties(element.properties);
  if (!batch.name.producer.empty()) {
    if (!properties.empty() && properties.back() != property_end) properties += property_end;
    const ProducerSequence number{
        .sequence = batch.name.sequence,
        .queue_check = ProducerSequence::check_of(topic.config.name, batch.numbered_queue),
        .place = static_cast<std::int32_t>(at)};
    properties.append(producer_id_property).push_back(name_end);
    properties.append(batch.name.producer).push_back(property_end);
    properties.append(producer_sequence_property).push_back(name_end);
    properties.append(number.text()).push_back(property_end);
  }
  if (!store::properties_fit(properties))
    return fail(Errc::message_invalid, "properties of a message in the batch are too long");
  element.properties = properties;
  write_element(&batch.body, element);
  return {};
}

Result<> Sender::append_batch_once(const SendRequest& request, const Topic& topic,
                                   std::int32_t queue_id, const SendProperties& common,
                                   const Now& now) {
  BatchOnce batch;
  batch.queue_id = queue_id;
  batch.queue = topic.queues[static_cast<std::size_t>(queue_id)];
  batch.numbered_queue = numbered_for(request, queue_id);
  BOLIDE_TRY(batch.name, Dedupe::name_of(topic, batch.numbered_queue, common));
  batch.name.queue_id = queue_id;
  BOLIDE_TRY(batch.original, dedupe_->find_sequence(batch.name, now));
  if (batch.original) {
    dedupe_->count_repeat_by_sequence();
    batch.positions = positions_of(batch, request.body);
    batch.first = batch.original;
  }
  BatchElement element;
  for (ByteReader in(request.body); in.remaining() > 0;) {
    BOLIDE_ASSERT(read_element(in, &element));
    BOLIDE_CHECK(plan_element(topic, element, batch, now));
  }
  batch.positions.resize(batch.keys.size());
  BOLIDE_CHECK(store_rest(request, batch, now));
  for (std::size_t i = 0; i < batch.positions.size(); ++i) {
    if (batch.positions[i] != not_stored) continue;
    const auto& hash = *batch.keys[i].key;
    batch.positions[i] = batch.positions[batch.places.at({hash.low, hash.high})];
  }
  Waiting& waiting = wait(request, 0, batch.first ? batch.first->queue_id : queue_id);
  waiting.count = 0;
  waiting.first_offset = batch.first ? batch.first->at.offset : 0;
  waiting.end_position = *std::ranges::max_element(batch.positions) + 1;
  waiting.positions = std::move(batch.positions);
  return {};
}

// Stores what is not yet, and notes it, also that of a batch of which not all could be stored.
Result<> Sender::store_rest(const SendRequest& request, BatchOnce& batch, const Now& now) {
  if (batch.rest.empty()) return {};
  const std::size_t before = waiting_.size();
  SendRequest changed = request;
  changed.ticket = {};
  changed.body = batch.body;
  Result<> done = append_elements(changed, batch.queue, batch.queue_id, now);
  if (waiting_.size() == before) return done;
  const Waiting& stored = waiting_.back();
  for (std::size_t i = 0; i < stored.positions.size(); ++i) {
    const std::size_t place = batch.rest[i];
    batch.positions[place] = stored.positions[i];
    const StoredAt at{.position = stored.positions[i],
                      .last = stored.positions[i],
                      .offset = stored.first_offset + static_cast<std::int64_t>(i)};
    dedupe_->note_key(batch.keys[place], at, now);
  }
  StoredAt at{.position = stored.positions.front(),
              .last = stored.positions.back(),
              .offset = stored.first_offset,
              .count = static_cast<std::int32_t>(
                  done ? batch.positions.size() : batch.rest[stored.positions.size() - 1] + 1)};
  if (batch.original) {
    at.position = batch.original->at.position;
    at.offset = batch.original->at.offset;
  }
  dedupe_->note_sequence(batch.name, at, now);
  if (!batch.first) batch.first = Original{.queue_id = batch.queue_id, .at = at};
  return done;
}

}  // namespace bolide::broker
