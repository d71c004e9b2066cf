// SPDX-License-Identifier: Apache-2.0
//
// Messages for later: the levels and the wheel together.
// Runs on: core agent.  Owns: the levels, the wheel.  Invariant: see timers.h.
#include "broker/timers/timers.h"

#include "base/log.h"
#include "broker/timers/recall_handle.h"
#include "store/multi_dispatch.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::int32_t deliver_per_turn = 512;
constexpr std::int64_t note_every_bytes = 16LL << 20U;
constexpr std::int64_t scan_bytes_max = 1LL << 30U;

}  // namespace

Timers::Timers(TimerSettings settings, Parts parts, TimerLog::Opened opened)
    : settings_(std::move(settings)), parts_(std::move(parts)) {
  const auto deliver = [this](const store::Record& record, const Now& now, OwnSends::Done done) {
    this->deliver(record, now, std::move(done));
  };
  const Topic& schedule = *parts_.topics.find(schedule_topic);
  for (std::int32_t id = 0; id < schedule.queue_count(); ++id) {
    const store::QueueNo queue = schedule.queues[static_cast<std::size_t>(id)];
    const std::int64_t at =
        std::min(parts_.offsets.find(schedule_group, schedule_topic, id).value_or(0),
                 parts_.reading.visible.end(queue));
    levels_.push_back(std::make_unique<LevelQueue>(QueueTail(parts_.reading, queue, at),
                                                   settings_.levels.delay_ms(id + 1), deliver));
    if (level_of_.size() <= queue) level_of_.resize(queue + 1, nullptr);
    level_of_[queue] = levels_.back().get();
  }
  const Topic& wheel = *parts_.topics.find(wheel_topic);
  settled_ = settled_noted_ = opened.settled_position;
  forget_what_is_gone(parts_.reading.visible.end(wheel.queues.front()), &opened);
  QueueTail tail(parts_.reading, wheel.queues.front(), opened.next_offset);
  wheel_ = std::make_unique<Wheel>(std::move(tail), std::move(opened), deliver, parts_.sends);
  find_copies(settled_noted_);
}

// A loss of power may take more of the log than of the journal; and a kill, the end of a write to
// the journal, which says how far the topic was read. What lies behind that is read again.
void Timers::forget_what_is_gone(std::int64_t end_offset, TimerLog::Opened* opened) {
  if (opened->next_offset > end_offset) {
    opened->next_offset = end_offset;
    opened->log->read_up_to(end_offset);
  }
  std::erase_if(opened->waiting, [&](const TimerEntry& entry) {
    if (entry.offset < opened->next_offset) return false;
    opened->log->remove(entry.offset);
    return true;
  });
}

void Timers::find_copies(std::int64_t from) {
  if (wheel_->idle() && std::ranges::all_of(levels_, &LevelQueue::idle)) return;
  store::MessageStore& store = parts_.reading.store;
  const std::int64_t end = store.stats().max_position;
  if (from >= end) return;
  if (end - from > scan_bytes_max) {
    BOLIDE_LOG(warning,
               "the journal of timers is far behind the log: what was delivered shortly before the "
               "broker ended may be delivered again");
    return;
  }
  const auto scanned = store.scan(from, [this](const store::Record& record) {
    if (record.prepared_position < 0)
      delivered_before_.push_back(mark_of(record.prepared_position));
  });
  if (!scanned)
    BOLIDE_LOG(error, "what was delivered before cannot be read, and may be delivered again: {}",
               scanned.error().message());
  std::ranges::sort(delivered_before_);
}

Result<std::optional<Detour>> Timers::defer(const SendRequest& request, std::int32_t queue_id,
                                            PropertyList properties, const Now& now) {
  BOLIDE_TRY(const auto wish,
             wish_of(&properties, settings_.levels, settings_.horizon_ms, now.wall_ms));
  if (!wish) return std::nullopt;
  note_target(&properties, request.topic, queue_id);
  const std::string_view key = properties.find("UNIQ_KEY");
  RecallHandle handle;
  if (wish->level == 0 && !key.empty())
    handle = {.topic = std::string(request.topic),
              .broker = settings_.broker,
              .due_ms = wish->due_ms,
              .unique_key = std::string(key)};
  Detour detour{.topic = parts_.topics.find(wish->level > 0 ? schedule_topic : wheel_topic),
                .queue_id = wish->level > 0 ? wish->level - 1 : 0,
                .properties = properties.text(),
                .recall_handle = handle.unique_key.empty() ? "" : handle.text()};
  BOLIDE_CHECK(check_room_for_places(detour.properties, properties.find(store::dispatch_property)));
  if (detour.topic == nullptr || detour.queue_id >= detour.topic->queue_count())
    return fail(Errc::internal, "there is no topic for messages that wait");
  return detour;
}

std::string Timers::recall_handle_of(const store::Record& held) const {
  const PropertyList properties(held.properties);
  const auto due_ms = parse_integer<std::int64_t>(properties.find(timer_property::due_ms));
  if (held.topic != wheel_topic || !due_ms || properties.find("UNIQ_KEY").empty()) return {};
  return RecallHandle{.topic = std::string(properties.find(timer_property::topic)),
                      .broker = settings_.broker,
                      .due_ms = *due_ms,
                      .unique_key = std::string(properties.find("UNIQ_KEY"))}
      .text();
}

bool Timers::run(const Now& now) {
  if (due_ms_ > now.wall_ms) return false;
  std::int32_t left = deliver_per_turn;
  for (const auto& level : levels_) left -= level->run(now, left);
  wheel_->run(now, left);
  due_ms_ = earliest();
  return left <= 0;
}

std::int64_t Timers::earliest() const {
  std::int64_t due_ms = wheel_->due_ms();
  for (const auto& level : levels_) due_ms = std::min(due_ms, level->due_ms());
  return due_ms;
}

void Timers::deliver(const store::Record& record, const Now& now, OwnSends::Done done) {
  if (std::ranges::binary_search(delivered_before_, record.position)) return done(Stored{});
  auto target = target_of(record, now.wall_ms);
  const Topic* topic = target ? parts_.topics.find(target->topic) : nullptr;
  if (topic == nullptr || topic->queue_count() == 0) {
    ++stats_.dropped;
    BOLIDE_LOG(warning, "a message that waited in {} is dropped: {}", record.topic,
               target ? "topic " + target->topic + " is gone" : target.error().message());
    return done(Stored{});
  }
  SendRequest request = request_of(record);
  request.topic = target->topic;
  // The topic may have become smaller.
  request.queue_id = target->queue_id % topic->queue_count();
  request.properties = target->properties;
  request.origin = Origin::waited;
  request.prepared_position = mark_of(record.position);
  ++stats_.delivered;
  parts_.sends.store(
      request, now,
      [this, topic = target->topic, done = std::move(done)](Result<Stored> stored) mutable {
        if (stored || !hopeless(stored.error())) return done(std::move(stored));
        --stats_.delivered;
        ++stats_.dropped;
        BOLIDE_LOG(error, "a message that waited is dropped, topic {} does not take it: {}", topic,
                   stored.error().message());
        done(Stored{});
      });
}

Result<> Timers::save(std::int64_t synced_position, const Now& now) {
  for (std::size_t id = 0; id < levels_.size(); ++id) {
    const std::int64_t settled = levels_[id]->settle(synced_position);
    if (settled > 0)
      parts_.offsets.commit(schedule_group, schedule_topic, static_cast<std::int32_t>(id), settled);
  }
  // A delivery that failed wants another try.
  due_ms_ = std::min(due_ms_, earliest());
  note_settled();
  BOLIDE_CHECK(wheel_->save(synced_position, now));
  settled_ = synced_position;
  return {};
}

// One save late: the places in the levels' queues reach the disk after the journal of timers.
void Timers::note_settled() {
  if (settled_ - settled_noted_ < note_every_bytes) return;
  wheel_->settled_below(settled_);
  settled_noted_ = settled_;
}

bool Timers::done_below(std::int64_t position) {
  bool done = wheel_->done_below(position);
  for (const auto& level : levels_) done = level->done_below(position) && done;
  due_ms_ = done ? due_ms_ : 0;
  return done;
}

TimerStats Timers::stats() const {
  TimerStats stats = stats_;
  stats.waiting = wheel_->waiting();
  stats.dropped += wheel_->lost();
  return stats;
}

}  // namespace bolide::broker
