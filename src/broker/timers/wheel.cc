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
constexpr std::size_t moves_per_run = 512;
// What is due so soon goes by itself.
constexpr std::int64_t not_moved_ms = 10'000;

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
  if (arrived_ || move_below_ > 0 || !moving_.empty()) return again_ms_;
  return heap_.empty() ? INT64_MAX : std::max(heap_.front().due_ms, again_ms_);
}

void Wheel::push(const TimerEntry& entry) {
  heap_.push_back(entry);
  std::ranges::push_heap(heap_, later);
  lowest_ = std::min(lowest_, entry.position);
}

std::int32_t Wheel::run(const Now& now, std::int32_t count_max) {
  if (again_ms_ > now.wall_ms) return 0;
  again_ms_ = 0;
  if (arrived_) take_in(now);
  if (move_below_ > 0 && moving_.empty()) choose_to_move(now.wall_ms);
  if (!moving_.empty()) move_up(now);
  std::int32_t given = 0;
  while (!heap_.empty() && heap_.front().due_ms <= now.wall_ms && given < count_max) {
    const TimerEntry entry = heap_.front();
    if (recalled_.contains(entry.key_hash))
      log_->remove(entry.offset);
    else if (!give_out(entry, now))
      break;
    else
      ++given;
    std::ranges::pop_heap(heap_, later);
    heap_.pop_back();
  }
  forget_recalls(now.wall_ms);
  return given;
}

// Once nothing that they could concern is there any more.
void Wheel::forget_recalls(WallMs now_ms) {
  if (recalled_.empty() || arrived_ || now_ms - recalls_seen_ms_ < recall_kept_ms) return;
  recalls_seen_ms_ = now_ms;
  const std::int64_t past_ms = heap_.empty() ? now_ms : std::min(now_ms, heap_.front().due_ms);
  std::erase_if(recalled_, [&](const auto& item) {
    if (past_ms - item.second < recall_kept_ms) return false;
    log_->remove(Recalled{.key_hash = item.first, .due_ms = item.second});
    return true;
  });
}

void Wheel::take_in(const Now& now) {
  const auto arrives = [this](const store::Record& record) { return arrive(record); };
  changed_ = tail_.read(arrivals_per_turn, arrives) > 0 || changed_;
  if (tail_.again_in_ms() > 0) again_ms_ = now.wall_ms + tail_.again_in_ms();
  arrived_ = !tail_.at_end();
  if (arrived_) return;
  delivered_up_to_ms_ = 0;
  foreign_.clear();
}

// RocketMQ names the message by its topic, which may hold a plus, and key; a plain key is of the
// same topic.
std::uint64_t Wheel::hash_of_recalled(const store::Record& record,
                                      std::string_view recalled) const {
  const std::string_view topic = store::find_property(record.properties, timer_property::topic);
  const bool of_topic =
      recalled.starts_with(topic) && recalled.substr(topic.size()).starts_with('+');
  if (of_topic) return recall_hash(topic, recalled.substr(topic.size() + 1));
  const std::size_t plus = recalled.find('+');
  return plus == recalled.npos ? recall_hash(topic, recalled)
                               : recall_hash(recalled.substr(0, plus), recalled.substr(plus + 1));
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
    const std::uint64_t hash = hash_of_recalled(record, recalled);
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

std::optional<store::ReadResult> Wheel::read(const TimerEntry& entry, const Now& now,
                                             store::Record* record) {
  store::ReadResult read;
  if (tail_.read_again(entry.offset, &read, record)) return read;
  if (tail_.again_in_ms() > 0) {
    again_ms_ = now.wall_ms + tail_.again_in_ms();
  } else {
    ++lost_;
    log_->remove(entry.offset);
  }
  return std::nullopt;
}

// False: it must wait for the disk.
bool Wheel::give_out(const TimerEntry& entry, const Now& now) {
  store::Record record;
  const auto bytes = read(entry, now, &record);
  if (!bytes) return tail_.again_in_ms() == 0;
  in_flight_.emplace(entry.offset, entry);
  deliver_(record, now, [this, entry, now](Result<Stored> stored) {
    if (stored) return copies_.add(entry.offset, stored->position);
    in_flight_.erase(entry.offset);
    TimerEntry again = entry;
    again.due_ms = now.wall_ms + retry_ms;
    push(again);
  });
  return true;
}

bool Wheel::done_below(std::int64_t position) {
  if (lowest_ < position) {
    lowest_ = INT64_MAX;
    for (const TimerEntry& entry : heap_) lowest_ = std::min(lowest_, entry.position);
    if (lowest_ < position) move_below_ = std::max(move_below_, position);
  }
  const auto below = [&](const TimerEntry& entry) { return entry.position < position; };
  // What has not been read may lie anywhere.
  return lowest_ >= position && !arrived_ && std::ranges::none_of(moving_, below) &&
         std::ranges::none_of(in_flight_, [&](const auto& item) { return below(item.second); });
}

void Wheel::choose_to_move(WallMs now_ms) {
  std::erase_if(heap_, [&](const TimerEntry& entry) {
    if (entry.position >= move_below_ || entry.due_ms - now_ms < not_moved_ms) return false;
    moving_.push_back(entry);
    return true;
  });
  std::ranges::make_heap(heap_, later);
  std::ranges::sort(moving_, std::ranges::greater{}, &TimerEntry::position);
  move_below_ = 0;
}

// A message may wait longer than the log keeps: it is stored again, comes back through the topic's
// queue, and is forgotten here once the disk has the copy.
void Wheel::move_up(const Now& now) {
  for (std::size_t moved = 0; moved < moves_per_run && !moving_.empty(); ++moved) {
    store::Record record;
    const auto bytes = read(moving_.back(), now, &record);
    if (!bytes && tail_.again_in_ms() > 0) return;
    const TimerEntry entry = moving_.back();
    moving_.pop_back();
    if (bytes) move(entry, record, now);
  }
}

void Wheel::move(const TimerEntry& entry, const store::Record& record, const Now& now) {
  const std::string properties(store::without_crc_property(record.properties));
  SendRequest request = request_of(record);
  request.properties = properties;
  request.origin = Origin::waited;
  request.prepared_position = mark_of(entry.position);
  in_flight_.emplace(entry.offset, entry);
  sends_.store(request, now, [this, entry](Result<Stored> stored) {
    if (stored) return copies_.add(entry.offset, stored->position);
    in_flight_.erase(entry.offset);
    push(entry);
  });
}

Result<> Wheel::save(std::int64_t synced_position, const Now& now) {
  copies_.settle(synced_position, [this](std::int64_t offset) {
    in_flight_.erase(offset);
    log_->remove(offset);
  });
  if (std::exchange(changed_, false)) log_->read_up_to(tail_.next_offset());
  BOLIDE_CHECK(log_->flush());
  log_->compact_if_due(waiting(), now.steady_ms());
  return {};
}

}  // namespace bolide::broker
