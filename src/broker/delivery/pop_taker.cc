// SPDX-License-Identifier: Apache-2.0
//
// Taking messages out of a queue for a pop.
// Runs on: core agent.  Owns: nothing.  Invariant: see pop_taker.h.
#include "broker/delivery/pop_taker.h"

#include "base/log.h"
#include "broker/retry/attempts.h"
#include "store/inner_batch.h"
#include "store/records.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// How long the broker has a dead letter for itself while it is stored.
constexpr std::int64_t give_up_ms = 60'000;

// The record with another number of attempts, in memory of its own. Byte by byte as it was stored:
// what another program has written may be longer than what we would.
Slice with_attempts(const store::Record& record, const store::RecordPlace& place,
                    std::int32_t attempts) {
  auto chunk = std::make_shared<Chunk>(place.size);
  std::ranges::copy(place.view(), chunk->data());
  store::set_reconsume_times(chunk->data(), record, attempts);
  return {.chunk = std::move(chunk), .begin = 0, .size = place.size};
}

}  // namespace

// A message that was given for the last time.
struct PopTaker::GivenUp {
  store::Record record;
  EndedLease lease;
};

struct PopTaker::At {
  const PopWish& wish;
  const PopSource& source;
  const Now& now;
  PopBatch* batch;
  LeasePlace& place;
  LeaseTerms terms;
  PopQueue found;  // of this queue
  std::vector<GivenUp> given_up;
  Slices given_up_bytes;  // in which the views of given_up lie
  bool changed = false;   // the leases, beside those of found and given_up

  std::int64_t offset_of(const store::Record& record) const {
    return store::offset_in(record, source.topic, source.queue_id);
  }
  // Behind the last offset that the record covers.
  std::int64_t end_of(const store::Record& record) const {
    return offset_of(record) + store::offsets_covered(record);
  }
  void add(std::int64_t offset, std::int32_t times) {
    found.offsets.push_back(offset);
    found.times.push_back(times);
    ++batch->messages;
  }
};

std::int64_t PopTaker::first_offset(const PopWish& wish, const PopSource& source) {
  if (const auto stored = parts_.offsets.find(wish.group, source.topic, source.queue_id))
    return *stored;
  // A queue that was never trimmed is read from its start, as in semantics 3.3.
  const std::int64_t log = parts_.reader.log_offset(source.queue);
  if (!wish.from_end || log == 0) return parts_.reader.first_offset(source.queue);
  return std::max(log, parts_.visible.end(source.queue) - 1);
}

LeasePlace& PopTaker::place_of(const PopWish& wish, const PopSource& source) {
  if (LeasePlace* place = parts_.leases.find(wish.group, source.topic, source.queue_id))
    return *place;
  const std::int64_t first = first_offset(wish, source);
  (void)parts_.offsets.take_reset(wish.group, source.topic, source.queue_id);
  return parts_.leases.add(
      {.group = wish.group, .topic = std::string(source.topic), .queue_id = source.queue_id},
      first);
}

void PopTaker::take(const PopWish& wish, const PopSource& source, const Now& now, PopBatch* batch) {
  if (wish.kind != PopKind::take) return look(wish, source, now, batch);
  const std::int64_t first = parts_.reader.first_offset(source.queue);
  const std::int64_t end = parts_.visible.end(source.queue);
  At at{.wish = wish,
        .source = source,
        .now = now,
        .batch = batch,
        .place = place_of(wish, source),
        .terms = {now.wall_ms, now.wall_ms + wish.invisible_ms},
        .found = {.queue_id = source.queue_id, .retry = source.retry, .offsets = {}, .times = {}},
        .given_up = {},
        .given_up_bytes = {}};
  LeaseQueue& queue = at.place.queue;
  at.changed = std::exchange(at.place.ordered, wish.ordered) != wish.ordered;
  // What retention dropped is nobody's any more; an offset beyond the end is corrected.
  if (queue.committed() < first) queue.skip_to(first), at.changed = true;
  if (queue.cursor() > end) queue.cut(end), at.changed = true;
  if (wish.ordered) {
    if (wish.attempt != 0 && wish.attempt == at.place.attempt) {
      queue.end_all(now.wall_ms);
      at.changed = true;
    }
    if (queue.held(now.wall_ms)) {
      if (at.changed) parts_.leases.changed(at.place);
      return;
    }
    at.place.attempt = wish.attempt;
  }
  // In order nothing may overtake what is to be given again.
  const bool may_take_fresh = take_again(at) || !wish.ordered;
  if (may_take_fresh && !batch->error && !batch->cold && batch->room(wish) > 0 &&
      queue.cursor() < end)
    take_fresh(at);
  batch->rest += parts_.reader.count(source.queue, queue.cursor(), end);
  stats_.messages += at.found.offsets.size();
  for (const GivenUp& last : at.given_up) give_up(at, last);
  if (at.changed || !at.found.offsets.empty() || !at.given_up.empty())
    parts_.leases.changed(at.place);
  if (!at.found.offsets.empty()) batch->queues.push_back(std::move(at.found));
}

// Gives what has ended, while there is room. Returns whether none is left.
bool PopTaker::take_again(At& at) {
  LeaseQueue& queue = at.place.queue;
  if (queue.next_end_ms() > at.now.wall_ms) return true;
  ended_.clear();
  const std::size_t room = at.batch->room(at.wish);
  if (room == 0) {
    queue.ended(at.now.wall_ms, at.wish.messages_max, &ended_);
    at.batch->rest += static_cast<std::int64_t>(ended_.size());
    return false;
  }
  const bool all = give_ended(at, room);
  const bool left = at.terms.until_ms > at.now.wall_ms && queue.next_end_ms() <= at.now.wall_ms;
  // What was replaced or given up took no room, and had its turn: nobody must wait for the others.
  if (all && left) at.batch->unseen = true;
  return all && !left;
}

// Gives up to `room` of what has ended, in the order of offsets. False: no further.
bool PopTaker::give_ended(At& at, std::size_t room) {
  LeaseQueue& queue = at.place.queue;
  if (at.wish.ordered)
    queue.ended_in_order(at.now.wall_ms, room, &ended_);
  else
    queue.ended(at.now.wall_ms, room, &ended_);
  given_.clear();
  const std::size_t messages = at.batch->messages;
  const std::int64_t log_offset = parts_.reader.log_offset(at.source.queue);
  std::size_t begin = 0;
  while (begin < ended_.size() && at.batch->room(at.wish) > 0) {
    std::size_t end = begin + 1;
    while (end < ended_.size() && ended_[end].offset == ended_[end - 1].offset + 1 &&
           ended_[end].offset != log_offset)
      ++end;
    if (!read_again(at, begin, end)) break;
    begin = end;
  }
  queue.give_again(given_, at.terms);
  stats_.again += at.batch->messages - messages;
  return begin == ended_.size();
}

// Reads the messages [begin, end) of ended_, which are neighbours. False: no further.
bool PopTaker::read_again(At& at, std::size_t begin, std::size_t end) {
  const std::int64_t first = ended_[begin].offset;
  const std::int64_t last = ended_[end - 1].offset;
  const auto read = parts_.reader.read({.queue = at.source.queue, .offset = first, .end = last + 1},
                                       {.messages_max = static_cast<std::int32_t>(end - begin),
                                        .bytes_max = at.wish.bytes_max - at.batch->bytes},
                                       {});
  if (!readable(at, read)) return false;
  std::size_t next = begin;
  const auto pass_up_to = [&](std::int64_t offset) {
    for (; next < end && ended_[next].offset < offset; ++next) {
      at.place.queue.finish(ended_[next].offset);  // replaced or damaged
      at.changed = true;
    }
  };
  store::for_each_record(read.records,
                         [&](const store::Record& record, const store::RecordPlace& place) {
                           // A batch in one record has one lease, which may begin inside.
                           pass_up_to(at.offset_of(record));
                           if (next == end || ended_[next].offset >= at.end_of(record)) return;
                           const EndedLease& lease = ended_[next++];
                           const std::int32_t attempts = attempts_of(record) + lease.times;
                           given_.push_back(lease);
                           if (!at.wish.ordered && attempts > at.wish.attempts_max) {
                             at.given_up.push_back({.record = record, .lease = lease});
                             return;
                           }
                           at.add(lease.offset, lease.times);
                           at.batch->records.push_back(with_attempts(record, place, attempts));
                           at.batch->bytes += at.batch->records.back().size;
                         });
  at.given_up_bytes.insert(at.given_up_bytes.end(), read.records.begin(), read.records.end());
  pass_up_to(read.next_offset);
  return next == end;
}

// Stores the message as a dead letter; until that is done nobody else is given it.
void PopTaker::give_up(At& at, const GivenUp& message) {
  LeaseTerms terms{at.now.wall_ms, at.now.wall_ms + give_up_ms};
  const std::int64_t offset = message.lease.offset;
  (void)at.place.queue.change(offset, at.terms.given_ms, &terms);
  store::Record last = message.record;
  last.reconsume_times = attempts_of(last) + message.lease.times - 1;
  ++stats_.dead_letters;
  parts_.send_back.give_back(
      {.group = at.wish.group, .position = last.position, .delay_level = -1}, last, at.now,
      [this, name = at.place.name, offset](Result<> stored) {
        if (!stored) {
          BOLIDE_LOG(error, "a message of {} that {} could not consume is no dead letter yet: {}",
                     name.topic, name.group, stored.error().message());
          return;
        }
        LeasePlace* place = parts_.leases.find(name.group, name.topic, name.queue_id);
        if (place == nullptr) return;
        place->queue.finish(offset);
        parts_.leases.changed(*place);
      });
}

void PopTaker::take_fresh(At& at) {
  LeaseQueue& queue = at.place.queue;
  const std::int64_t end = parts_.visible.end(at.source.queue);
  auto read =
      parts_.reader.read({.queue = at.source.queue, .offset = queue.cursor(), .end = end},
                         {.messages_max = static_cast<std::int32_t>(at.batch->room(at.wish)),
                          .bytes_max = at.wish.bytes_max - at.batch->bytes},
                         at.wish.matcher);
  if (!readable(at, read)) return;
  if (read.messages == 0 && read.next_offset < end) at.batch->unseen = true;
  offsets_.clear();
  store::for_each_record(read.records, [&](const store::Record& record, const auto&) {
    // The place of the group may lie inside a batch that is one record, and is given whole.
    offsets_.push_back(std::max(at.offset_of(record), queue.cursor()));
    at.add(offsets_.back(), 0);
  });
  at.batch->bytes += read.bytes;
  for (Slice& slice : read.records) at.batch->records.push_back(std::move(slice));
  if (read.next_offset == queue.cursor()) return;
  queue.give(offsets_, read.next_offset, at.terms);
  parts_.leases.changed(at.place);
}

// Whether there is something in what was read; else notes in the batch why not.
bool PopTaker::readable(At& at, const store::ReadResult& read) {
  if (read.messages > 0 || read.status == store::ReadStatus::ok) return true;
  if (read.status == store::ReadStatus::cold) {
    at.batch->cold = read.cold;
  } else {
    at.batch->error = read_error(read, at.source.queue_id);
  }
  return false;
}

// What a pop would be given, without giving it.
void PopTaker::look(const PopWish& wish, const PopSource& source, const Now& now, PopBatch* batch) {
  LeasePlace* place = parts_.leases.find(wish.group, source.topic, source.queue_id);
  const std::int64_t end = parts_.visible.end(source.queue);
  const std::int64_t first = parts_.reader.first_offset(source.queue);
  std::int64_t cursor = place != nullptr ? place->queue.cursor() : first_offset(wish, source);
  cursor = std::clamp(cursor, first, std::max(first, end));
  if (place != nullptr) {
    const bool held = wish.ordered && place->queue.held(now.wall_ms);
    if (held && !(wish.attempt != 0 && wish.attempt == place->attempt)) return;
    if (place->queue.next_end_ms() <= now.wall_ms) ++batch->rest;
  }
  batch->rest += parts_.reader.count(source.queue, cursor, end);
  if (wish.kind == PopKind::notice || cursor >= end || batch->room(wish) == 0) return;
  auto read = parts_.reader.read({.queue = source.queue, .offset = cursor, .end = end},
                                 {.messages_max = static_cast<std::int32_t>(batch->room(wish)),
                                  .bytes_max = wish.bytes_max - batch->bytes},
                                 wish.matcher);
  if (read.status == store::ReadStatus::cold && read.messages == 0) batch->cold = read.cold;
  batch->messages += static_cast<std::size_t>(read.messages);
  batch->bytes += read.bytes;
  for (Slice& slice : read.records) batch->records.push_back(std::move(slice));
}

}  // namespace bolide::broker
