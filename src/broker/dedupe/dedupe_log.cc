// SPDX-License-Identifier: Apache-2.0
//
// The journal of what is known of earlier sends: big-endian, one letter for what a record is.
// Runs on: core agent.  Owns: the journal.  Invariant: see dedupe_log.h.
#include "broker/dedupe/dedupe_log.h"

#include "base/cursor.h"
#include "base/producer_identity.h"
#include "broker/config.h"
#include "broker/stored_bounds.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::string_view producer_key = "p";
constexpr std::string_view keys_key = "k";
constexpr std::string_view forget_key = "x";
constexpr std::string_view covered_key = "c";
constexpr std::size_t entry_bytes = 36;
constexpr std::size_t place_bytes = 44;
constexpr std::size_t head_bytes = 120;  // about, of a record with its names
constexpr std::size_t entries_per_record = 1024;
constexpr std::size_t topic_bytes_max = 255;
constexpr std::uint64_t change_bytes_min = 8U << 20U;

void write_entry(Writer& out, const SequenceWindow::Entry& entry) {
  out.i64(entry.sequence);
  out.i64(entry.at.position);
  out.i64(entry.at.last);
  out.i64(entry.at.offset);
  out.i32(entry.at.count);
}

SequenceWindow::Entry read_entry(ByteReader& in) {
  SequenceWindow::Entry entry;
  entry.sequence = in.i64();
  entry.at.position = in.i64();
  entry.at.last = in.i64();
  entry.at.offset = in.i64();
  entry.at.count = in.i32();
  return entry;
}

bool valid(const SequenceWindow::Entry& entry) {
  return sane(entry.sequence) && sane(entry.at.position) && entry.at.last >= entry.at.position &&
         sane(entry.at.last) && sane(entry.at.offset) && entry.at.count > 0;
}

void write_place(Writer& out, const KeyPlace& place) {
  out.u64(place.hash.low);
  out.u64(place.hash.high);
  out.i64(place.stored_ms);
  out.i64(place.position);
  out.i64(place.offset);
  out.i32(place.queue_id);
}

KeyPlace read_place(ByteReader& in) {
  KeyPlace place;
  place.hash.low = in.u64();
  place.hash.high = in.u64();
  place.stored_ms = in.i64();
  place.position = in.i64();
  place.offset = in.i64();
  place.queue_id = in.i32();
  return place;
}

bool valid(const KeyPlace& place) {
  return sane(place.stored_ms) && sane(place.position) && sane(place.offset) &&
         place.queue_id >= 0 && place.queue_id < queues_max;
}

class Replay {
 public:
  void take(std::string_view key, std::string_view value, bool erased) {
    ByteReader in(value);
    if (key == producer_key) {
      read_producer(in);
    } else if (key == keys_key) {
      read_keys(in);
    } else if (key == forget_key) {
      forget(value);
    } else if (key == covered_key) {
      if (erased)
        opened_.covered.reset();
      else
        opened_.covered = in.i64();
      bad_ = bad_ || (!erased && !sane(*opened_.covered));
    } else {
      bad_ = true;
    }
    bad_ = bad_ || in.failed();
  }

  Result<DedupeLog::Opened> result() {
    if (bad_)
      return fail(Errc::storage_corrupt, "the journal of repeated sends holds what it cannot");
    return std::move(opened_);
  }

 private:
  void read_producer(ByteReader& in) {
    DedupeLog::Producer producer;
    producer.queue_id = in.i32();
    producer.topic = in.bytes(in.u8());
    producer.id = in.bytes(in.u8());
    producer.used_ms = in.i64();
    producer.floor = in.i64();
    while (in.remaining() > 0 && !in.failed()) {
      producer.entries.push_back(read_entry(in));
      bad_ = bad_ || !valid(producer.entries.back());
    }
    bad_ = bad_ || producer.topic.empty() || producer.id.empty() || producer.queue_id < 0 ||
           producer.queue_id >= queues_max || producer.id.size() > producer_id_bytes_max ||
           !sane(producer.used_ms) || producer.floor < -1 || producer.floor >= stored_end;
    opened_.producers.push_back(std::move(producer));
  }
  void read_keys(ByteReader& in) {
    DedupeLog::Keys keys;
    keys.topic = in.bytes(in.u8());
    while (in.remaining() > 0 && !in.failed()) {
      keys.places.push_back(read_place(in));
      bad_ = bad_ || !valid(keys.places.back());
    }
    bad_ = bad_ || keys.topic.empty();
    opened_.keys.push_back(std::move(keys));
  }
  void forget(std::string_view topic) {
    std::erase_if(opened_.producers, [&](const auto& producer) { return producer.topic == topic; });
    std::erase_if(opened_.keys, [&](const auto& keys) { return keys.topic == topic; });
  }

  DedupeLog::Opened opened_;
  bool bad_ = false;
};

}  // namespace

Result<DedupeLog::Opened> DedupeLog::open(os::FileSystem& fs, const std::string& directory) {
  Replay replay;
  BOLIDE_TRY(auto opened,
             store::open_journal(fs, directory,
                                 [&](std::string_view key, std::string_view value, bool erased) {
                                   replay.take(key, value, erased);
                                 }));
  BOLIDE_TRY(Opened made, replay.result());
  made.log = std::unique_ptr<DedupeLog>(new DedupeLog(std::move(opened.journal)));
  return made;
}

void DedupeLog::emit(std::string_view key, std::string_view value) {
  if (snapshot_ != nullptr)
    (*snapshot_)(key, value);
  else
    journal_->put(key, value);
}

void DedupeLog::put(const Owner& owner, std::span<const SequenceWindow::Entry> entries) {
  BOLIDE_ASSERT(owner.topic.size() <= topic_bytes_max && owner.id.size() <= producer_id_bytes_max);
  do {
    const auto block = entries.first(std::min(entries.size(), entries_per_record));
    entries = entries.subspan(block.size());
    value_.resize(4 + 1 + owner.topic.size() + 1 + owner.id.size() + 8 + 8 +
                  block.size() * entry_bytes);
    Writer out(value_.data(), value_.size());
    out.i32(owner.queue_id);
    out.u8(static_cast<std::uint8_t>(owner.topic.size()));
    out.bytes(owner.topic);
    out.u8(static_cast<std::uint8_t>(owner.id.size()));
    out.bytes(owner.id);
    out.i64(owner.used_ms);
    out.i64(owner.floor);
    for (const SequenceWindow::Entry& entry : block) write_entry(out, entry);
    emit(producer_key, value_);
  } while (!entries.empty());
}

void DedupeLog::put_keys(std::string_view topic, std::span<const KeyPlace> places) {
  BOLIDE_ASSERT(topic.size() <= topic_bytes_max);
  while (!places.empty()) {
    const auto block = places.first(std::min(places.size(), entries_per_record));
    places = places.subspan(block.size());
    value_.resize(1 + topic.size() + block.size() * place_bytes);
    Writer out(value_.data(), value_.size());
    out.u8(static_cast<std::uint8_t>(topic.size()));
    out.bytes(topic);
    for (const KeyPlace& place : block) write_place(out, place);
    emit(keys_key, value_);
  }
}

void DedupeLog::forget(std::string_view topic) {
  emit(forget_key, topic);
}

void DedupeLog::cover(std::int64_t position) {
  std::array<char, sizeof position> value{};
  store_big(value.data(), position);
  emit(covered_key, {value.data(), value.size()});
}

void DedupeLog::cover_nothing() {
  journal_->erase(covered_key);
}

Result<> DedupeLog::flush() {
  if (!journal_->dirty()) return {};
  Result<> written = journal_->write();
  if (!written) journal_->discard();
  return written;
}

bool DedupeLog::wants_snapshot(std::uint64_t present_bytes) const {
  return journal_->change_bytes() > std::max(change_bytes_min, 2 * present_bytes);
}

Result<> DedupeLog::snapshot(const std::function<void(DedupeLog& into)>& all) {
  return journal_->snapshot([&](const store::Journal::Emit& emit_one) {
    snapshot_ = &emit_one;
    all(*this);
    snapshot_ = nullptr;
  });
}

std::uint64_t DedupeLog::bytes_of_producer(std::size_t entries) {
  return head_bytes + entries * entry_bytes;
}

std::uint64_t DedupeLog::bytes_of_keys(std::size_t places) {
  return places * place_bytes;
}

}  // namespace bolide::broker
