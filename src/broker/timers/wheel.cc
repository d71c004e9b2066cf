// SPDX-License-Identifier: Apache-2.0
//
// The wheel: a heap of times and places.
// Runs on: core agent.  Owns: what waits, and its journal.  Invariant: see wheel.h.
#include "broker/timers/wheel.h"

#include "base/log.h"
#include "base/strings.h"
#include "broker/timers/due_message.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::int32_t arrivals_per_turn = 1024;
constexpr std::int64_t recall_kept_ms = 60'000;
constexpr std::size_t moves_per_run = 2048;

// std::*_heap keep the largest first.
bool later(const TimerEntry& a, const TimerEntry& b) {
  return std::pair(a.due_ms, a.offset) > std::pair(b.due_ms, b.offset);
}

}  // namespace

Wheel::Wheel(QueueTail tail, TimerLog::Opened opened, LevelQueue::Deliver deliver, OwnSends& sends)
    : tail_(std::move(tail)),
      log_(std::move(opened.log)),
      deliver_(std::move(deliver)),
      sends_(sends),
      store_(tail_.store()),
      heap_(std::move(opened.waiting)),
      delivered_up_to_ms_(opened.delivered_up_to_ms) {
  std::erase_if(heap_, [&](const TimerEntry& entry) {
    if (entry.due_ms > delivered_up_to_ms_) return false;
    log_->remove(entry.offset);
    return true;
  });
  std::ranges::make_heap(heap_, later);
  for (const Recalled& r : opened.recalled) recalled_.emplace(r.key_hash, r.due_ms);
}

std::int64_t Wheel::due_ms() const {
  if (arrived_ || move_below_ > 0) return 0;
  return heap_.empty() ? INT64_MAX : heap_.front().due_ms;
}

void Wheel::push(const TimerEntry& entry) {
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, later);
}

std::int32_t Wheel::run(const Now& now, std::int32_t count_max) {
  if (arrived_) take_in(arrivals_per_turn);
  forget_recalls(now.wall_ms);
  if (move_below_ > 0) move_up(now);
  std::int32_t given = 0;
  while (!heap_.empty() && heap_.front().due_ms <= now.wall_ms && given < count_max) {
    std::ranges::pop_heap(heap_, later);
    const TimerEntry entry = heap_.back();
    heap_.pop_back();
    if (const auto found = recalled_.find(entry.key_hash); found != recalled_.end()) {
      log_->remove(entry.offset);
      log_->remove(Recalled{.key_hash = found->first, .due_ms = found->second});
      recalled_.erase(found);
    } else {
      give_out(entry, now);
      ++given;
    }
  }
  return given;
}

// Of messages that had been delivered already.
void Wheel::forget_recalls(WallMs now_ms) {
  if (recalled_.empty() || now_ms - recalls_seen_ms_ < recall_kept_ms) return;
  recalls_seen_ms_ = now_ms;
  std::erase_if(recalled_, [&](const auto& item) {
    if (now_ms - item.second < recall_kept_ms) return false;
    log_->remove(Recalled{.key_hash = item.first, .due_ms = item.second});
    return true;
  });
}

void Wheel::take_in(std::int32_t count_max) {
  changed_ =
      tail_.read(count_max, [this](const store::Record& record) { return arrive(record); }) > 0 ||
      changed_;
  arrived_ = !tail_.at_end();
  if (arrived_) return;
  delivered_up_to_ms_ = 0;
  foreign_.clear();
}

bool Wheel::arrive(const store::Record& record) {
  const auto due_ms =
      parse_integer<std::int64_t>(store::find_property(record.properties, timer_property::due_ms));
  if (!due_ms) {
    BOLIDE_LOG(error, "a message in {} without a time is passed over", record.topic);
    return true;
  }
  const std::string_view topic = store::find_property(record.properties, timer_property::topic);
  const std::string_view recalled =
      store::find_property(record.properties, timer_property::recalled_key);
  if (!recalled.empty()) {
    // RocketMQ names the message by its topic and key; a plain key is of the same topic.
    const std::size_t plus = recalled.find('+');
    const std::uint64_t hash =
        plus == recalled.npos ? recall_hash(topic, recalled)
                              : recall_hash(recalled.substr(0, plus), recalled.substr(plus + 1));
    recalled_.insert_or_assign(hash, *due_ms);
    log_->add(Recalled{.key_hash = hash, .due_ms = *due_ms});
    return true;
  }
  const TimerEntry entry{
      .due_ms = *due_ms,
      .offset = record.queue_offset,
      .position = record.position,
      .key_hash = recall_hash(topic, store::find_property(record.properties, "UNIQ_KEY"))};
  if (delivered_up_to_ms_ > 0) {
    if (entry.due_ms <= delivered_up_to_ms_) return true;
    const auto due = static_cast<std::uint64_t>(entry.due_ms);
    if (!foreign_.insert(entry.key_hash ^ due).second) return true;
  }
  push(entry);
  log_->add(entry);
  return true;
}

std::optional<store::ReadResult> Wheel::read(const TimerEntry& entry, store::Record* record) {
  auto read = store_.read_position(entry.position);
  if (!read.records.empty() &&
      store::decode_record(read.records.front().view(), store::Verify::header, record) ==
          store::DecodeStatus::record) {
    return read;
  }
  BOLIDE_LOG(error, "the timed message at position {} cannot be read any more", entry.position);
  ++lost_;
  log_->remove(entry.offset);
  return std::nullopt;
}

void Wheel::give_out(const TimerEntry& entry, const Now& now) {
  store::Record record;
  const auto bytes = read(entry, &record);
  if (!bytes) return;
  in_flight_.emplace(entry.offset, entry);
  deliver_(record, now, [this, entry, now](Result<Stored> stored) {
    if (stored) return copies_.add(entry.offset, stored->position);
    in_flight_.erase(entry.offset);
    TimerEntry again = entry;
    again.due_ms = now.wall_ms + retry_ms;
    push(again);
  });
}

bool Wheel::done_below(std::int64_t position) {
  const auto below = [&](const TimerEntry& entry) { return entry.position < position; };
  const bool waits = std::ranges::any_of(heap_, below);
  if (waits) move_below_ = std::max(move_below_, position);
  // What has not been read may lie anywhere.
  return !waits && !arrived_ &&
         std::ranges::none_of(in_flight_, [&](const auto& item) { return below(item.second); });
}

// A message may wait longer than the log keeps: it is stored again, comes back through the topic's
// queue, and is forgotten here once the disk has the copy.
void Wheel::move_up(const Now& now) {
  std::vector<TimerEntry> moved;
  std::erase_if(heap_, [&](const TimerEntry& entry) {
    if (entry.position >= move_below_ || moved.size() >= moves_per_run) return false;
    moved.push_back(entry);
    return true;
  });
  std::ranges::make_heap(heap_, later);
  if (moved.size() < moves_per_run) move_below_ = 0;
  for (const TimerEntry& entry : moved) {
    store::Record record;
    const auto bytes = read(entry, &record);
    if (!bytes) continue;
    const std::string properties(store::without_crc_property(record.properties));
    SendRequest request = request_of(record);
    request.properties = properties;
    request.origin = Origin::waited;
    in_flight_.emplace(entry.offset, entry);
    sends_.store(request, now, [this, entry](Result<Stored> stored) {
      if (stored) return copies_.add(entry.offset, stored->position);
      in_flight_.erase(entry.offset);
      push(entry);
    });
  }
}

std::vector<Recalled> Wheel::recalled() const {
  std::vector<Recalled> all;
  for (const auto& [hash, due_ms] : recalled_) all.push_back({.key_hash = hash, .due_ms = due_ms});
  return all;
}

Result<> Wheel::save(std::int64_t synced_position) {
  copies_.settle(synced_position, [this](std::int64_t offset) {
    in_flight_.erase(offset);
    log_->remove(offset);
  });
  if (std::exchange(changed_, false)) log_->read_up_to(tail_.next_offset());
  BOLIDE_CHECK(log_->flush());
  if (!log_->wants_snapshot(heap_.size())) return {};
  std::vector<TimerEntry> waiting = heap_;
  for (const auto& [offset, entry] : in_flight_) waiting.push_back(entry);
  return log_->snapshot(waiting, recalled(), tail_.next_offset());
}

}  // namespace bolide::broker
