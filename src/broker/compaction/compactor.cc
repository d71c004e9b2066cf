// SPDX-License-Identifier: Apache-2.0
//
// Keeping the newest messages of compacted topics.
// Runs on: core agent.  Owns: see compactor.h.  Invariant: see compactor.h.
#include "broker/compaction/compactor.h"

#include "base/log.h"
#include "broker/compaction/compaction.h"
#include "store/records.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// Of the log that is read in one go, and of records that are merged at a time.
constexpr std::int32_t step_records = 256;
constexpr std::size_t step_bytes = 1U << 20U;
constexpr std::size_t batch_bytes = 16U << 20U;
// And in one turn: where keys repeat, a batch stays small however much is read.
constexpr std::size_t turn_bytes = 4U << 20U;

}  // namespace

Compactor::Compactor(KeptPlace place, Parts parts)
    : place_(std::move(place)), parts_(std::move(parts)) {
  if (place_.fs != nullptr) open_all();
}

std::string Compactor::path_of(store::QueueNo queue) const {
  const store::QueueName name = parts_.store.queue_name(queue);
  return place_.directory + "/" + std::string(name.topic) + "/" + std::to_string(name.queue_id);
}

Compactor::Queue& Compactor::state_of(store::QueueNo queue) {
  Queue& state = queues_[queue];
  if (state.id == 0) state.id = ++last_id_;
  return state;
}

Compactor::Queue* Compactor::find(store::QueueNo queue, std::uint64_t id) {
  const auto found = queues_.find(queue);
  return found == queues_.end() || found->second.id != id ? nullptr : &found->second;
}

bool Compactor::done_below(std::int64_t end_position) {
  if (place_.fs == nullptr) return true;
  if (busy_) return false;
  end_position_ = end_position;
  warmed_up_ = -1;
  return proceed();
}

// Goes on until all is done or a job of the background agent must end first, which calls it again.
bool Compactor::proceed() {
  if (work_ && find(work_->queue, work_->id) == nullptr) work_.reset();
  if (work_ && !done_in(work_->queue)) return false;
  for (const auto& [name, topic] : parts_.topics.all()) {
    if (topic.config.attributes.empty() || !is_compacted(topic.config)) continue;
    for (const store::QueueNo queue : topic.queues)
      if (!done_in(queue)) return false;
  }
  return true;
}

bool Compactor::done_in(store::QueueNo queue) {
  Queue& state = state_of(queue);
  if (state.unread) return false;  // a merge now would leave out what its file has
  if (!work_) {
    const std::int64_t min = parts_.store.min_offset(queue);
    if (min >= parts_.store.next_offset(queue)) return true;
    work_ = Work{.queue = queue, .id = state.id, .next = std::max(state.next, min), .batch = {}};
  }
  const Collected collected = collect(*work_);
  if (collected == Collected::not_now) return false;
  Work work = std::move(*work_);
  work_.reset();
  if (!work.batch.empty()) {
    merge(std::move(work));
    return false;
  }
  state.next = work.next;
  return collected == Collected::all;
}

Compactor::Collected Compactor::collect(Work& work) {
  const std::int64_t end = parts_.store.next_offset(work.queue);
  std::size_t bytes = 0;
  while (work.next < end) {
    if (work.batch.bytes() >= batch_bytes) return Collected::full;
    if (bytes >= turn_bytes) {
      go_on_later();
      return Collected::not_now;
    }
    auto read = parts_.store.read(work.queue, work.next, end,
                                  {.messages_max = step_records, .bytes_max = step_bytes}, {});
    if (read.status == store::ReadStatus::cold && read.messages == 0) {
      warm_up(std::move(*read.cold), work.next);
      return Collected::not_now;
    }
    if (read.may_pass) return Collected::not_now;  // retention asks again
    // The error is logged; what is damaged cannot be kept, and must not hold up the disk for ever.
    if (read.status == store::ReadStatus::failed && read.messages == 0)
      read.next_offset = work.next + 1;
    bytes += read.bytes;
    if (!take(work, read.records)) return Collected::all;
    work.next = read.next_offset;
  }
  return Collected::all;
}

// False: the rest lies behind what is to be kept.
bool Compactor::take(Work& work, const Slices& records) {
  return store::for_each_record(records,
                                [&](const store::Record& record, const store::RecordPlace& place) {
                                  if (record.position >= end_position_) {
                                    work.next = std::max(work.next, record.queue_offset);
                                    return false;
                                  }
                                  work.batch.add(record, place.view());
                                  return true;
                                });
}

// Behind what else the serving thread has to do.
void Compactor::go_on_later() {
  busy_ = true;
  parts_.background([this]() -> std::move_only_function<void()> {
    return [this] {
      busy_ = false;
      (void)proceed();
    };
  });
}

// A disk that stays cold is left alone until retention asks again.
void Compactor::warm_up(store::ColdRange range, std::int64_t offset) {
  if (std::exchange(warmed_up_, offset) == offset) return;
  busy_ = true;
  parts_.background([this, range = std::move(range)]() -> std::move_only_function<void()> {
    store::warm_up(range);
    return [this] {
      busy_ = false;
      (void)proceed();
    };
  });
}

void Compactor::merge(Work work) {
  busy_ = true;
  auto shared = std::make_shared<Work>(std::move(work));
  parts_.background([this, shared, fs = place_.fs, path = path_of(shared->queue),
                     old = queues_[shared->queue].kept]() -> std::move_only_function<void()> {
    auto kept = KeptQueue::merge(*fs, path, old, shared->batch);
    return [this, shared, path, kept = std::move(kept)]() mutable {
      busy_ = false;
      merged(shared->queue, shared->id, shared->next, path, std::move(kept));
    };
  });
}

void Compactor::merged(store::QueueNo queue, std::uint64_t id, std::int64_t next,
                       const std::string& path, Result<KeptQueue::Ptr> kept) {
  if (!kept) {
    BOLIDE_LOG(error, "{}: the newest messages are not kept yet, the log stays: {}", path,
               kept.error().message());
    return;
  }
  Queue* state = find(queue, id);
  if (state == nullptr) {  // its topic was deleted meanwhile
    (void)place_.fs->remove(path);
    return;
  }
  state->kept = std::move(*kept);
  const Topic* topic = parts_.topics.find(parts_.store.queue_name(queue).topic);
  if (topic == nullptr || !is_compacted(topic->config))
    return erase_topic(parts_.store.queue_name(queue).topic);
  state->next = std::max(state->next, next);
  ++merges_;
  (void)proceed();
}

std::optional<std::int64_t> Compactor::first_offset(store::QueueNo queue, std::int64_t min) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return std::nullopt;
  const Queue& state = found->second;
  std::int64_t first = min;
  if (state.unread)
    first = 0;
  else if (state.kept && state.kept->size() > 0)
    first = state.kept->first_offset();
  return first < min ? std::optional(first) : std::nullopt;
}

std::optional<std::int64_t> Compactor::offset_by_time(store::QueueNo queue, std::int64_t time_ms,
                                                      bool upper, std::int64_t end) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return std::nullopt;
  if (found->second.unread) return 0;
  if (!found->second.kept) return std::nullopt;
  return found->second.kept->offset_by_time(time_ms, upper, end);
}

std::optional<std::int64_t> Compactor::store_time(store::QueueNo queue, std::int64_t offset) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || !found->second.kept) return std::nullopt;
  return found->second.kept->store_time(offset);
}

std::int64_t Compactor::count(store::QueueNo queue, std::int64_t offset, std::int64_t end) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end()) return 0;
  if (found->second.unread) return std::max(end - offset, std::int64_t{0});
  if (!found->second.kept) return 0;
  return static_cast<std::int64_t>(found->second.kept->count(offset, end));
}

store::ReadResult Compactor::read(store::QueueNo queue, std::int64_t offset, std::int64_t end,
                                  const store::ReadLimits& limits, const Matcher& matcher) const {
  const auto found = queues_.find(queue);
  if (found != queues_.end() && found->second.kept)
    return found->second.kept->read(offset, end, limits, matcher);
  store::ReadResult nothing;
  nothing.next_offset = std::max(offset, end);
  if (found == queues_.end() || !found->second.unread) return nothing;
  nothing.next_offset = offset;
  nothing.status = store::ReadStatus::failed;
  nothing.may_pass = true;
  return nothing;
}

Result<Slices> Compactor::record_at(std::int64_t position) {
  const std::string where = "the message at position " + std::to_string(position);
  for (const auto& [queue, state] : queues_) {
    if (!state.kept) continue;
    auto read = state.kept->read_position(position);
    if (!read.records.empty()) return std::move(read.records);
    if (read.cold) {
      parts_.background([range = std::move(*read.cold)]() -> std::move_only_function<void()> {
        store::warm_up(range);
        return [] {};
      });
      return fail(Errc::busy, where + " is being read from the disk");
    }
    if (read.may_pass) return fail(Errc::io, where + " cannot be read now");
  }
  if (any_unread_) return fail(Errc::io, where + " may be one of those that cannot be read yet");
  return fail(Errc::not_found, where);
}

void Compactor::erase_topic(std::string_view topic) {
  if (place_.fs == nullptr) return;
  bool any = false;
  for (auto at = queues_.begin(); at != queues_.end();) {
    const bool its = parts_.store.queue_name(at->first).topic == topic;
    any = any || (its && (at->second.kept || at->second.unread));
    at = its ? queues_.erase(at) : std::next(at);
  }
  if (!any) return;
  // A leftover would be found by the next start, below the offsets of the new topic.
  if (auto gone = place_.fs->remove_all(place_.directory + "/" + std::string(topic)); !gone)
    BOLIDE_LOG(error, "{}/{}: {}", place_.directory, topic, gone.error().message());
}

CompactionStats Compactor::stats() const {
  CompactionStats stats{.merges = merges_};
  for (const auto& [number, queue] : queues_)
    if (queue.kept) stats.kept += queue.kept->size();
  return stats;
}

}  // namespace bolide::broker
