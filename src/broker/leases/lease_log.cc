// SPDX-License-Identifier: Apache-2.0
//
// The journal of leases: keys and values of fixed size, big-endian.
// Runs on: core agent.  Owns: the journal.  Invariant: see lease_log.h.
#include "broker/leases/lease_log.h"

#include "base/cursor.h"
#include "broker/config.h"
#include "broker/stored_bounds.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>
#include <tuple>

namespace bolide::broker {
namespace {

constexpr char queue_key = 'q';
constexpr char cursor_key = 'c';
constexpr char lease_key = 'l';
constexpr char block_key = 'b';             // in snapshots: many leases
constexpr std::string_view turn_key = "t";  // what stands before it belongs together
constexpr std::size_t lease_bytes = 36;
constexpr std::size_t block_leases = 64;
constexpr std::uint64_t change_bytes_min = 8U << 20U;
constexpr std::uint64_t change_record_bytes = 70;  // of one lease, about

// A key: a letter, the queue's number and, for leases, the first offset.
class Key {
 public:
  Key(char letter, std::uint32_t number) {
    Writer out(bytes_.data(), bytes_.size());
    out.u8(static_cast<std::uint8_t>(letter));
    out.u32(number);
    size_ = out.size();
  }
  Key(char letter, std::uint32_t number, std::int64_t first) : Key(letter, number) {
    store_big(bytes_.data() + size_, first);
    size_ += sizeof first;
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 13> bytes_{};
  std::size_t size_ = 0;
};

void write_lease(Writer& out, const Lease& lease) {
  out.i64(lease.first);
  out.u64(lease.open);
  out.i64(lease.given_ms);
  out.i64(lease.until_ms);
  out.i32(lease.times);
}

Lease read_lease(ByteReader& in) {
  Lease lease;
  lease.first = in.i64();
  lease.open = in.u64();
  lease.given_ms = in.i64();
  lease.until_ms = in.i64();
  lease.times = in.i32();
  return lease;
}

bool valid(const Lease& lease) {
  return sane(lease.first) && lease.open != 0 && sane(lease.given_ms) && sane(lease.until_ms) &&
         lease.times > 0 && lease.times < INT32_MAX / 2;
}

bool valid(const LeaseName& name) {
  return !name.topic.empty() && !name.group.empty() && name.queue_id >= 0 &&
         name.queue_id < queues_max;
}

std::string value_of(const LeaseName& name) {
  std::string value(4 + 2 + name.topic.size() + name.group.size(), '\0');
  Writer out(value.data(), value.size());
  out.i32(name.queue_id);
  out.u16(static_cast<std::uint16_t>(name.topic.size()));
  out.bytes(name.topic);
  out.bytes(name.group);
  return value;
}

// The journal as it is read: changes in order, sorted out at the end. What a torn write left of a
// turn does not count: half of a change may be a message that nobody has.
class Replay {
 public:
  void take(std::string_view key, std::string_view value, bool erased) {
    if (key != turn_key) {
      turn_.push_back({.key = std::string(key), .value = std::string(value), .erased = erased});
      return;
    }
    for (const Record& record : turn_) apply(record.key, record.value, record.erased);
    turn_.clear();
  }

  // Whether the last turn is not whole.
  bool torn() const { return !turn_.empty(); }

  Result<std::vector<LeaseLog::Stored>> result() {
    std::vector<LeaseLog::Stored> list;
    for (auto& [number, queue] : queues_) {
      if (!valid(queue.name)) bad_ = true;
      list.push_back({.number = number,
                      .name = std::move(queue.name),
                      .cursor = queue.cursor,
                      .leases = settled(queue.changes)});
      queue.changes = {};
    }
    if (bad_) return fail(Errc::storage_corrupt, "the journal of leases holds what it cannot");
    return list;
  }

 private:
  static constexpr std::int32_t gone = 0;  // Lease::times of an entry that went

  struct Record {
    std::string key;
    std::string value;
    bool erased = false;
  };
  struct Change {
    Lease lease;
    std::uint32_t order = 0;
  };
  struct Queue {
    LeaseName name;
    std::int64_t cursor = 0;
    std::vector<Change> changes;
  };

  void apply(std::string_view key, std::string_view value, bool erased) {
    ByteReader key_in(key);
    const char letter = static_cast<char>(key_in.u8());
    const std::uint32_t number = key_in.u32();
    ByteReader in(value);
    switch (letter) {
      case queue_key: read_queue(number, in, erased); break;
      // Whoever knows the queue corrects a place that it does not have.
      case cursor_key: queues_[number].cursor = into_bounds(in.i64()); break;
      case lease_key: read_one(number, key_in.i64(), in, erased); break;
      case block_key:
        while (in.remaining() > 0 && !in.failed()) add(number, read_lease(in));
        break;
      default: bad_ = true;
    }
    bad_ = bad_ || key_in.failed() || in.failed();
  }

  void read_queue(std::uint32_t number, ByteReader& in, bool erased) {
    if (erased) {
      queues_.erase(number);
      return;
    }
    LeaseName name{.group = {}, .topic = {}, .queue_id = in.i32()};
    const std::uint16_t topic_bytes = in.u16();
    name.topic = in.bytes(topic_bytes);
    name.group = in.bytes(in.remaining());
    queues_[number] = {.name = std::move(name), .cursor = 0, .changes = {}};
  }
  void read_one(std::uint32_t number, std::int64_t first, ByteReader& in, bool erased) {
    if (!erased) {
      const Lease lease = read_lease(in);
      bad_ = bad_ || lease.first != first;
      return add(number, lease);
    }
    Lease went;
    went.first = first;
    went.times = gone;
    queues_[number].changes.push_back({.lease = went, .order = ++order_});
  }
  void add(std::uint32_t number, const Lease& lease) {
    bad_ = bad_ || !valid(lease);
    queues_[number].changes.push_back({.lease = lease, .order = ++order_});
  }
  // The last change of each entry counts.
  static std::vector<Lease> settled(std::vector<Change>& changes) {
    std::ranges::sort(changes, {}, [](const Change& change) {
      return std::tuple(change.lease.first, change.order);
    });
    std::vector<Lease> leases;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const Lease& lease = changes[i].lease;
      const bool last = i + 1 == changes.size() || changes[i + 1].lease.first != lease.first;
      if (last && lease.times != gone) leases.push_back(lease);
    }
    return leases;
  }

  std::vector<Record> turn_;
  std::map<std::uint32_t, Queue> queues_;
  std::uint32_t order_ = 0;
  bool bad_ = false;
};

// Writes one queue into a snapshot; `leases` calls its argument for each lease.
template <class Leases>
void emit_queue(const store::Journal::Emit& emit, std::uint32_t number, const LeaseName& name,
                std::int64_t cursor, const Leases& leases) {
  emit(Key(queue_key, number).view(), value_of(name));
  std::array<char, block_leases * lease_bytes> block{};
  std::optional<Writer> out;
  std::int64_t first = 0;
  const auto flush = [&] {
    if (out) emit(Key(block_key, number, first).view(), {block.data(), out->size()});
    out.reset();
  };
  leases([&](const Lease& lease) {
    if (!out) {
      first = lease.first;
      out.emplace(block.data(), block.size());
    }
    write_lease(*out, lease);
    if (out->size() == block.size()) flush();
    return true;
  });
  flush();
  std::array<char, sizeof cursor> value{};
  store_big(value.data(), cursor);
  emit(Key(cursor_key, number).view(), {value.data(), value.size()});
  emit(turn_key, {});
}

}  // namespace

Result<LeaseLog::Opened> LeaseLog::open(os::FileSystem& fs, const std::string& directory) {
  Replay replay;
  BOLIDE_TRY(auto opened,
             store::open_journal(fs, directory,
                                 [&](std::string_view key, std::string_view value, bool erased) {
                                   replay.take(key, value, erased);
                                 }));
  Opened made;
  BOLIDE_TRY(made.queues, replay.result());
  if (replay.torn()) {
    // The half turn must not become part of the next one.
    BOLIDE_CHECK(opened.journal->snapshot([&](const store::Journal::Emit& emit) {
      for (const Stored& queue : made.queues) {
        emit_queue(emit, queue.number, queue.name, queue.cursor, [&](const auto& each) {
          for (const Lease& lease : queue.leases) each(lease);
        });
      }
    }));
  }
  made.log = std::unique_ptr<LeaseLog>(new LeaseLog(std::move(opened.journal)));
  return made;
}

void LeaseLog::add(std::uint32_t number, const LeaseName& name) {
  journal_->put(Key(queue_key, number).view(), value_of(name));
}

void LeaseLog::remove(std::uint32_t number) {
  journal_->erase(Key(queue_key, number).view());
}

void LeaseLog::set_cursor(std::uint32_t number, std::int64_t cursor) {
  std::array<char, sizeof cursor> value{};
  store_big(value.data(), cursor);
  journal_->put(Key(cursor_key, number).view(), {value.data(), value.size()});
}

void LeaseLog::put(std::uint32_t number, const Lease& lease) {
  std::array<char, lease_bytes> value{};
  Writer out(value.data(), value.size());
  write_lease(out, lease);
  journal_->put(Key(lease_key, number, lease.first).view(), {value.data(), value.size()});
}

void LeaseLog::erase(std::uint32_t number, std::int64_t first) {
  journal_->erase(Key(lease_key, number, first).view());
}

Result<> LeaseLog::flush() {
  if (!journal_->dirty()) return {};
  journal_->put(turn_key, {});
  Result<> written = journal_->write();
  if (!written) journal_->discard();
  return written;
}

bool LeaseLog::wants_snapshot(std::size_t entries) const {
  return journal_->change_bytes() > std::max(change_bytes_min, change_record_bytes * entries);
}

Result<> LeaseLog::snapshot(const std::function<void(const Emit&)>& each) {
  return journal_->snapshot([&](const store::Journal::Emit& emit) {
    each([&](const View& queue) {
      emit_queue(emit, queue.number, queue.name, queue.cursor,
                 [&](const auto& take) { queue.leases.for_each(take); });
    });
  });
}

}  // namespace bolide::broker
