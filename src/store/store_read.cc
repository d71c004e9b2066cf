// SPDX-License-Identifier: Apache-2.0
//
// The store: reading by offset, position, time and key.
// Runs on: log agent.  Owns: nothing.  Invariant: bytes that come from a file are given only after
// their checksums were seen to match.
#include "base/log.h"
#include "store/inner_batch.h"
#include "store/log_scanner.h"
#include "store/store_impl.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

// Entries that one read looks at, however few of them match.
constexpr std::int64_t scanned_max = 4096;
// Records of other queues between the wanted ones are read too, where that saves a call.
constexpr std::int64_t span_max = 1 << 20;
constexpr std::int64_t waste_free = 32 << 10;
// Damaged records that are named and counted, each once.
constexpr std::size_t damaged_max = 100'000;

}  // namespace

ReadResult StoreImpl::read(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                           const ReadLimits& limits, const TagFilter& filter) {
  ReadResult result = read_once(queue, offset, end_offset, limits, filter);
  if (result.status != ReadStatus::failed) [[likely]]
    return result;
  const Result<bool> healed = index_->heal(queue, result.next_offset);
  if (healed && *healed) result = read_once(queue, offset, end_offset, limits, filter);
  if (!healed) {
    why_ = healed.error();
    at_fault_.reset();
  }
  if (result.status == ReadStatus::failed) explain(queue, &result);
  return result;
}

ReadResult StoreImpl::read_once(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                                const ReadLimits& limits, const TagFilter& filter) {
  ReadResult result;
  result.next_offset = offset;
  wanted_.clear();
  at_fault_.reset();
  const auto fails = [&](const Error& error) {
    result.status = ReadStatus::failed;
    why_ = error;
  };
  const auto chosen = choose(queue, offset, end_offset, limits, filter, &result);
  if (!chosen) fails(chosen.error());
  if (const auto given = give(queue, &result); !given) fails(given.error());
  // What was met behind the first step forward is for the next read.
  if (result.messages > 0 || result.next_offset > offset) {
    result.status = ReadStatus::ok;
    result.cold.reset();
  } else if (result.cold) {
    result.status = ReadStatus::cold;
  }
  return result;
}

// Damage of a record is told once, and how far it reaches; what may pass, each time.
void StoreImpl::explain(QueueNo queue, ReadResult* failed) {
  const QueueName name = queue_name(queue);
  failed->may_pass = why_.code == Errc::io;
  if (!at_fault_ || why_.code != Errc::storage_corrupt) {
    BOLIDE_LOG(error, "read of {} {} at offset {}: {}", name.topic, name.queue_id,
               failed->next_offset, why_.message());
    return;
  }
  failed->damaged_end = behind_record(queue, *at_fault_);
  if (damaged_.size() < damaged_max && damaged_.insert(at_fault_->entry.position).second)
    BOLIDE_LOG(error, "the message at offset {} of {} {} is passed over: {}", at_fault_->offset,
               name.topic, name.queue_id, why_.message());
}

// The first offset behind `wanted` that is not of its record, which may hold many messages.
std::int64_t StoreImpl::behind_record(QueueNo queue, const Wanted& wanted) {
  const std::int64_t end = next_offset(queue);
  std::int64_t offset = wanted.offset + 1;
  while (offset < end) {
    const auto count = std::min(entries_.size(), static_cast<std::size_t>(end - offset));
    ColdRange cold;
    const auto got = index_->entries(queue, offset, std::span(entries_).first(count), &cold);
    if (!got || *got == 0) break;  // its other messages are met one by one
    for (std::size_t i = 0; i < *got; ++i, ++offset) {
      if (entries_[i].position != wanted.entry.position) return offset;
    }
  }
  return offset;
}

Error StoreImpl::damage_at(std::int64_t position) const {
  std::string text = "the record at " + std::to_string(position);
  if (const Segment* segment = log_.segment_of(position))
    text += " (" + segment->path + ", byte " + std::to_string(segment->offset_of(position)) + ")";
  text += " is damaged: see `bolide store verify --data-dir " + options_.directory + "`";
  return {Errc::storage_corrupt, std::move(text)};
}

// Fills wanted_ with what is to be given and sets next_offset behind what was looked at. False when
// the index is cold.
Result<bool> StoreImpl::choose(QueueNo queue, std::int64_t offset, std::int64_t end_offset,
                               const ReadLimits& limits, const TagFilter& filter,
                               ReadResult* into) {
  std::size_t bytes = 0;
  std::int64_t matched = 0;  // messages: a record may hold many
  bool inside = false;       // the next entry may be of the last wanted record
  const std::int64_t scan_end = std::min(end_offset, offset + scanned_max);
  while (offset < scan_end) {
    const std::int64_t missing = limits.messages_max - matched;
    if (missing <= 0 && !wanted_.empty() && !inside) break;
    const auto room = static_cast<std::int64_t>(entries_.size());
    // One more shows whether the last wanted record goes on.
    const std::int64_t ask = filter.matches != nullptr || missing <= 0
                                 ? room
                                 : std::clamp(missing + 1, std::int64_t{1}, room);
    const auto count = static_cast<std::size_t>(std::min(ask, scan_end - offset));
    ColdRange cold;
    BOLIDE_TRY(const std::size_t got,
               index_->entries(queue, offset, std::span(entries_).first(count), &cold));
    if (got == 0) {
      into->cold = std::move(cold);
      return false;
    }
    for (std::size_t i = 0; i < got; ++i, ++offset) {
      const IndexEntry& entry = entries_[i];
      const bool match = entry.size > 0 && (filter.matches == nullptr ||
                                            filter.matches(filter.context, entry.tag_hash));
      // The record is given whole, so its other messages are too.
      const bool given =
          match && !wanted_.empty() && wanted_.back().entry.position == entry.position;
      if (match && !given && !wanted_.empty() &&
          (matched >= limits.messages_max || bytes + entry.size > limits.bytes_max))
        return true;
      into->next_offset = offset + 1;
      inside = match;
      if (!match) continue;
      ++matched;
      if (given) continue;
      bytes += entry.size;
      wanted_.push_back({entry, offset});
    }
  }
  return true;
}

// Turns wanted_ into slices. False when the log is cold at some point: then only what is before it
// is given, and next_offset stands there.
Result<bool> StoreImpl::give(QueueNo queue, ReadResult* into) {
  for (std::size_t i = 0; i < wanted_.size();) {
    const Wanted& wanted = wanted_[i];
    std::size_t end = i + 1;
    Result<bool> here = true;
    if (!log_.in_memory(wanted.entry.position)) {
      here = give_from_file(queue, i, &end, into);
    } else if (Result<> given = give_from_memory(queue, wanted, into); !given) {
      here = Failure(std::move(given).error());
    }
    if (!here || !*here) {
      into->next_offset = wanted.offset;
      if (!here) at_fault_ = wanted;
      return here;
    }
    i = end;
  }
  return true;
}

// The long way, for records that stand in more places than one.
bool StoreImpl::stands_in_memory(QueueNo queue, const Wanted& wanted) const {
  const std::string_view bytes = log_.bytes_in_memory(wanted.entry.position, wanted.entry.size);
  const QueueName name = queue_name(queue);
  Record record;
  return decode_record(bytes, Verify::header, &record) == DecodeStatus::record &&
         record.position == wanted.entry.position && record.total_size == wanted.entry.size &&
         stands_at(record, name.topic, name.queue_id, wanted.offset);
}

Result<> StoreImpl::give_from_memory(QueueNo queue, const Wanted& wanted, ReadResult* into) {
  const IndexEntry& entry = wanted.entry;
  if (!log_.is_record_in_memory(entry.position, entry.size, wanted.offset) &&
      !stands_in_memory(queue, wanted)) [[unlikely]]
    return Failure(damage_at(entry.position));
  const std::size_t before = into->records.size();
  log_.read_memory(entry.position, entry.size, &into->records);
  if (before > 0) {
    Slice& last = into->records[before - 1];
    const Slice& added = into->records[before];
    if (last.chunk == added.chunk && last.begin + last.size == added.begin) {
      last.size += added.size;
      into->records.pop_back();
    }
  }
  ++into->messages;
  into->bytes += entry.size;
  return {};
}

// How many of wanted_ from `begin` on lie so close together that one call reads them all.
std::size_t StoreImpl::stretch(std::size_t begin, std::int64_t* span_end) const {
  const std::int64_t start = wanted_[begin].entry.position;
  const Segment* segment = log_.segment_of(start);
  std::int64_t useful = wanted_[begin].entry.size;
  *span_end = start + useful;
  std::size_t end = begin + 1;
  for (; end < wanted_.size() && segment != nullptr; ++end) {
    const IndexEntry& entry = wanted_[end].entry;
    const std::int64_t entry_end = entry.position + entry.size;
    useful += entry.size;
    const bool close =
        entry_end - start <= span_max && entry_end - start <= 4 * useful + waste_free;
    if (!close || entry.position < *span_end || entry_end > segment->end() ||
        log_.in_memory(entry.position))
      break;
    *span_end = entry_end;
  }
  return end;
}

// Reads wanted_[begin] and those behind it that lie close by with one call.
Result<bool> StoreImpl::give_from_file(QueueNo queue, std::size_t begin, std::size_t* end,
                                       ReadResult* into) {
  const std::int64_t start = wanted_[begin].entry.position;
  std::int64_t span_end = 0;
  *end = stretch(begin, &span_end);
  ColdRange cold;
  BOLIDE_TRY(const ChunkPtr chunk,
             log_.read_file(start, static_cast<std::size_t>(span_end - start), &cold));
  if (!chunk) {
    into->cold = std::move(cold);
    return false;
  }
  const QueueName name = queue_name(queue);
  for (std::size_t i = begin; i < *end; ++i) {
    const IndexEntry& entry = wanted_[i].entry;
    const auto at = static_cast<std::size_t>(entry.position - start);
    Record record;
    const DecodeStatus status =
        decode_record({chunk->data() + at, entry.size}, Verify::checksums, &record);
    const bool right = status == DecodeStatus::record && record.total_size == entry.size &&
                       record.position == entry.position &&
                       stands_at(record, name.topic, name.queue_id, wanted_[i].offset);
    if (!right && i == begin) return Failure(damage_at(entry.position));
    if (!right) {
      *end = i;
      break;
    }
    Slice* last = into->records.empty() ? nullptr : &into->records.back();
    if (last != nullptr && last->chunk == chunk && last->begin + last->size == at) {
      last->size += entry.size;
    } else {
      into->records.push_back({chunk, at, entry.size});
    }
    ++into->messages;
    into->bytes += entry.size;
  }
  return true;
}

ReadResult StoreImpl::read_position(std::int64_t position) {
  ReadResult result;
  if (position < log_.min_position() || position >= log_.end()) return result;
  Record record;
  Result<std::string> head = log_.read_blocking(position, 64);
  if (!head || head->size() < 64) return result;
  const DecodeStatus status = decode_record(*head, Verify::header, &record);
  if (status != DecodeStatus::truncated && status != DecodeStatus::record) return result;
  const std::size_t size = record.total_size;
  const Segment* segment = log_.segment_of(position);
  if (size > segment->size - segment->offset_of(position)) return result;
  Result<std::string> bytes = log_.read_blocking(position, size);
  if (!bytes || bytes->size() != size) return result;
  if (decode_record(*bytes, Verify::checksums, &record) != DecodeStatus::record ||
      record.position != position)
    return result;
  auto chunk = std::make_shared<Chunk>(size);
  std::copy(bytes->begin(), bytes->end(), chunk->data());
  result.records.push_back({chunk, 0, size});
  result.messages = 1;
  result.bytes = size;
  result.next_offset = record.queue_offset + 1;
  return result;
}

Result<> StoreImpl::scan(std::int64_t from, const std::function<void(const Record&)>& each) {
  LogScanner scanner(log_.segments(), std::max(from, log_.min_position()), log_.written());
  for (;;) {
    Record record;
    BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
    if (status == DecodeStatus::end) return {};
    if (status != DecodeStatus::record)
      return fail(Errc::storage_corrupt, "no record at " + std::to_string(scanner.position()));
    each(record);
  }
}

std::int64_t StoreImpl::record_time(std::int64_t position) {
  const Result<std::string> head = log_.read_blocking(position, 128);
  return head ? record_store_ms(*head) : -1;
}

Result<std::vector<std::int64_t>> StoreImpl::find_key(std::string_view topic, std::string_view key,
                                                      std::int64_t from_ms, std::int64_t to_ms,
                                                      std::size_t count_max) {
  std::vector<std::int64_t> found;
  if (count_max == 0) return found;
  BOLIDE_CHECK(index_->find_key(key_hash(topic, key), from_ms, to_ms, [&](std::int64_t position) {
    const std::int64_t time = record_time(position);
    if (time >= from_ms && time <= to_ms) found.push_back(position);
    return found.size() < count_max;
  }));
  return found;
}

std::optional<std::int64_t> StoreImpl::store_time(QueueNo queue, std::int64_t offset) {
  if (offset < index_->min_offset(queue) || offset >= next_offset(queue)) return std::nullopt;
  IndexEntry entry;
  const Result<std::size_t> got = index_->entries(queue, offset, std::span(&entry, 1), nullptr);
  if (!got || *got == 0) return std::nullopt;
  return entry.store_ms;
}

std::int64_t StoreImpl::offset_by_time(QueueNo queue, std::int64_t time_ms, bool upper) {
  const std::int64_t min = index_->min_offset(queue);
  const std::int64_t next = next_offset(queue);
  // The first offset stored at or after time_ms, for the upper bound after it.
  std::int64_t low = min;
  std::int64_t high = next;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const std::int64_t time = store_time(queue, middle).value_or(time_ms);
    if (upper ? time <= time_ms : time < time_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return upper ? std::max(low - 1, min) : low;
}

}  // namespace bolide::store
