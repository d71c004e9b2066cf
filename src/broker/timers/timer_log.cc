// SPDX-License-Identifier: Apache-2.0
//
// The journal of waiting timers: keys and values of fixed size, big-endian.
// Runs on: core agent.  Owns: the journal.  Invariant: see timer_log.h.
#include "broker/timers/timer_log.h"

#include "base/cursor.h"
#include "broker/stored_bounds.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace bolide::broker {
namespace {

constexpr char waiting_key = 'w';
constexpr char recalled_key = 'c';
constexpr std::string_view next_key = "n";
constexpr std::string_view settled_key = "p";
constexpr std::uint64_t change_bytes_min = 8U << 20U;
constexpr std::uint64_t record_bytes = 64;  // of a waiting message, about

// Up to four numbers after an optional letter.
class Packed {
 public:
  explicit Packed(char letter) : size_(1) { bytes_[0] = letter; }
  Packed() = default;

  Packed& add(std::int64_t value) {
    store_big(bytes_.data() + size_, value);
    size_ += sizeof value;
    return *this;
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 33> bytes_{};
  std::size_t size_ = 0;
};

Packed key_of(char letter, std::int64_t number) {
  return Packed(letter).add(number);
}

std::int64_t bits(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

Packed value_of(const TimerEntry& entry) {
  return Packed().add(entry.due_ms).add(entry.position).add(bits(entry.key_hash));
}

// The journal as it is read: changes in order, sorted out at the end.
class Replay {
 public:
  void apply(std::string_view key, std::string_view value, bool erased) {
    if (key == next_key) {
      next_offset_ = ByteReader(value).i64();
      return;
    }
    if (key == settled_key) {
      settled_position_ = ByteReader(value).i64();
      return;
    }
    ByteReader key_in(key);
    const char letter = static_cast<char>(key_in.u8());
    const std::int64_t number = key_in.i64();
    ByteReader in(value);
    if (letter == waiting_key) {
      changes_.push_back({.entry = {.due_ms = erased ? gone : in.i64(),
                                    .offset = number,
                                    .position = erased ? 0 : in.i64(),
                                    .key_hash = erased ? 0 : in.u64()},
                          .order = changes_.size()});
    } else if (letter == recalled_key) {
      if (erased)
        recalled_.erase(static_cast<std::uint64_t>(number));
      else
        recalled_[static_cast<std::uint64_t>(number)] = in.i64();
    } else {
      bad_ = true;
    }
    bad_ = bad_ || key_in.failed() || in.failed();
  }

  Result<> result(TimerLog::Opened* into) {
    const auto possible = [](const Change& change) {
      return sane(change.entry.offset) && sane(change.entry.position) &&
             change.entry.due_ms < stored_end;
    };
    bad_ = bad_ || !sane(next_offset_) || !sane(settled_position_) ||
           !std::ranges::all_of(changes_, possible);
    if (bad_) return fail(Errc::storage_corrupt, "the journal of timers holds what it cannot");
    // Of several changes of a place the last one counts: after a loss of power that took more of
    // the log than of the journal, another message has taken the place of one that was removed.
    std::ranges::sort(changes_, [](const Change& a, const Change& b) {
      return std::pair(a.entry.offset, a.order) < std::pair(b.entry.offset, b.order);
    });
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      const TimerEntry& entry = changes_[i].entry;
      const bool last = i + 1 == changes_.size() || changes_[i + 1].entry.offset != entry.offset;
      if (last && entry.due_ms != gone) into->waiting.push_back(entry);
    }
    for (const auto& [hash, due_ms] : recalled_) into->recalled.push_back({hash, due_ms});
    into->next_offset = next_offset_;
    into->settled_position = settled_position_;
    return {};
  }

 private:
  static constexpr std::int64_t gone = INT64_MIN;
  struct Change {
    TimerEntry entry;
    std::size_t order = 0;
  };

  std::vector<Change> changes_;
  std::map<std::uint64_t, std::int64_t> recalled_;
  std::int64_t next_offset_ = 0;
  std::int64_t settled_position_ = 0;
  bool bad_ = false;
};

}  // namespace

Result<TimerLog::Opened> TimerLog::open(os::FileSystem& fs, const std::string& directory,
                                        store::Background background) {
  Replay replay;
  BOLIDE_TRY(auto opened,
             store::open_journal(fs, directory,
                                 [&](std::string_view key, std::string_view value, bool erased) {
                                   replay.apply(key, value, erased);
                                 }));
  Opened made;
  BOLIDE_CHECK(replay.result(&made));
  made.log =
      std::unique_ptr<TimerLog>(new TimerLog(std::move(opened.journal), std::move(background)));
  return made;
}

void TimerLog::add(const TimerEntry& entry) {
  journal_->put(key_of(waiting_key, entry.offset).view(), value_of(entry).view());
}

void TimerLog::remove(std::int64_t offset) {
  journal_->erase(key_of(waiting_key, offset).view());
}

void TimerLog::add(const Recalled& recalled) {
  journal_->put(key_of(recalled_key, bits(recalled.key_hash)).view(),
                Packed().add(recalled.due_ms).view());
}

void TimerLog::remove(const Recalled& recalled) {
  journal_->erase(key_of(recalled_key, bits(recalled.key_hash)).view());
}

void TimerLog::read_up_to(std::int64_t next_offset) {
  journal_->put(next_key, Packed().add(next_offset).view());
}

void TimerLog::settled_below(std::int64_t position) {
  journal_->put(settled_key, Packed().add(position).view());
}

Result<> TimerLog::flush() {
  if (!journal_->dirty()) return {};
  return journal_->write();
}

void TimerLog::compact_if_due(std::size_t waiting, std::int64_t now_ms) {
  now_ms_ = now_ms;
  const bool past =
      journal_->change_bytes() > std::max(change_bytes_min, 2 * record_bytes * waiting);
  if (!past || journal_->compacting() || !compacting_.due(now_ms)) return;
  journal_->compact(background_,
                    [this](const Result<>& ended) { compacting_.note(ended, now_ms_); });
}

}  // namespace bolide::broker
