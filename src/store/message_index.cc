// SPDX-License-Identifier: Apache-2.0
//
// The index of the log.
// Runs on: log agent.  Owns: queues, memtables, runs.  Invariant: see message_index.h.
#include "store/message_index.h"

#include "base/assert.h"
#include "base/log.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::size_t loaded_max = 64;
constexpr std::size_t hint_count = 1024;  // a power of two
constexpr std::int64_t hole_max = 1 << 20;

// The first entry at or after `position`, as an index.
std::size_t first_from(std::span<const IndexEntry> entries, std::int64_t position) {
  const auto at = std::lower_bound(
      entries.begin(), entries.end(), position,
      [](const IndexEntry& entry, std::int64_t wanted) { return entry.position < wanted; });
  return static_cast<std::size_t>(at - entries.begin());
}

}  // namespace

MessageIndex::MessageIndex(os::FileSystem& fs, std::string directory)
    : fs_(fs), directory_(std::move(directory)), hints_(hint_count) {
  active_ = std::make_shared<Memtable>(queues_, 0);
}

void MessageIndex::start(std::deque<RunPtr> runs, std::int64_t covered, std::int64_t log_min) {
  runs_.clear();
  for (RunPtr& run : runs) runs_.push_back({std::move(run), 0});
  active_ = std::make_shared<Memtable>(queues_, covered);
  log_min_ = log_min;
}

void MessageIndex::add(QueueNo queue, std::int64_t offset, const IndexEntry& entry) {
  QueueState& state = queues_.at(queue);
  if (offset != state.next) [[unlikely]] {
    const std::int64_t hole = offset - state.next;
    if (state.next == 0 || hole < 0 || hole > hole_max) {
      set_base(queue, entry.position);
    } else {
      for (std::int64_t at = state.next; at < offset; ++at)
        active_->add(queues_, queue, at, {entry.position, entry.store_ms, 0, 0});
    }
  }
  active_->add(queues_, queue, offset, entry);
  state.next = offset + 1;
  state.last_position = entry.position;
}

void MessageIndex::set_base(QueueNo queue, std::int64_t position) {
  QueueState& state = queues_.at(queue);
  state.base_position = position;
  state.min_version = 0;
}

void MessageIndex::seal() {
  active_->seal(queues_);
  sealed_.push_back(active_);
  active_ = std::make_shared<Memtable>(queues_, active_->log_end());
}

void MessageIndex::adopt(const RunHeader& header) {
  BOLIDE_ASSERT(!sealed_.empty() && sealed_.front()->log_end() == header.range.end);
  runs_.push_back({std::make_shared<IndexRun>(fs_, directory_, header), ++clock_});
  sealed_.pop_front();
}

std::vector<std::string> MessageIndex::set_log_min(std::int64_t position) {
  std::vector<std::string> dropped;
  log_min_ = position;
  ++version_;
  while (!runs_.empty() && runs_.front().run->range().end <= position) {
    dropped.push_back(runs_.front().run->path());
    if (runs_.front().run->loaded()) --loaded_;
    runs_.pop_front();
  }
  return dropped;
}

const MemQueue* MessageIndex::in_memory(QueueNo queue, std::int64_t offset) const {
  if (const MemQueue* list = active_->find(queue); list != nullptr && offset >= list->first_offset)
    return list;
  for (auto table = sealed_.rbegin(); table != sealed_.rend(); ++table) {
    const MemQueue* list = (*table)->find(queue);
    if (list != nullptr && offset >= list->first_offset) return list;
  }
  return nullptr;
}

Result<std::size_t> MessageIndex::entries(QueueNo queue, std::int64_t offset,
                                          std::span<IndexEntry> into, ColdRange* cold) {
  if (const MemQueue* list = in_memory(queue, offset)) {
    const auto begin = static_cast<std::size_t>(offset - list->first_offset);
    BOLIDE_ASSERT(begin < list->entries.size());
    const std::size_t count = std::min(into.size(), list->entries.size() - begin);
    std::copy_n(list->entries.begin() + static_cast<std::ptrdiff_t>(begin), count, into.begin());
    return count;
  }
  Hint& hint = hints_[queue & (hint_count - 1)];
  BOLIDE_TRY(const bool found, locate(queue, offset, cold, &hint));
  if (!found) return std::size_t{0};
  const auto count =
      std::min(into.size(), static_cast<std::size_t>(hint.place.end_offset() - offset));
  BOLIDE_TRY(const bool here, hint.run->read_entries(hint.place, offset, into.first(count), cold));
  return here ? count : std::size_t{0};
}

Result<bool> MessageIndex::heal(QueueNo queue, std::int64_t offset) {
  if (in_memory(queue, offset) != nullptr) return false;
  Hint hint;
  BOLIDE_CHECK(locate(queue, offset, nullptr, &hint));
  const auto held = std::find_if(runs_.begin(), runs_.end(),
                                 [&](const Held& other) { return other.run == hint.run; });
  if (held->sound || !rebuild_) return false;
  const Result<> sound = held->run->check_all();
  held->sound = sound.has_value();
  if (sound) return false;
  BOLIDE_LOG(warning, "index run is rebuilt from the log: {}", sound.error().message());
  return repair(static_cast<std::size_t>(held - runs_.begin()));
}

Result<bool> MessageIndex::locate(QueueNo queue, std::int64_t offset, ColdRange* cold, Hint* hint) {
  const bool known = hint->queue == queue && hint->run && hint->run->loaded();
  if (known && offset >= hint->place.first_offset && offset < hint->place.end_offset()) return true;
  // Runs in which the queue stands are in order of offset; others are stepped over downwards.
  std::size_t low = 0;
  std::size_t high = runs_.size();
  const std::int64_t base = queues_.at(queue).base_position;
  if (known && offset == hint->place.end_offset()) {
    while (low < high && runs_[low].run->range().start <= hint->run->range().start) ++low;
  }
  while (low < high && runs_[low].run->range().end <= base) ++low;
  bool sequential = known && offset == hint->place.end_offset();
  while (low < high) {
    const std::size_t middle = sequential ? low : low + (high - low) / 2;
    std::size_t at = middle + 1;
    const RunQueue* place = nullptr;
    while (place == nullptr && at > low) {
      --at;
      BOLIDE_TRY(const bool here, load(at, cold));
      if (!here) return false;
      place = runs_[at].run->find(queue);
    }
    sequential = sequential && place == nullptr;
    if (place == nullptr || offset >= place->end_offset()) {
      low = middle + 1;
    } else if (offset < place->first_offset) {
      high = at;
    } else {
      *hint = {queue, runs_[at].run, *place};
      return true;
    }
  }
  return fail(Errc::storage_corrupt, "no index entry for offset " + std::to_string(offset) +
                                         " of " + std::string(queues_.topic(queue)));
}

Result<bool> MessageIndex::load(std::size_t run, ColdRange* cold) {
  Held& held = runs_[run];
  held.used = ++clock_;
  if (held.run->loaded()) return true;
  Result<bool> done = held.run->load(queues_, cold);
  if (!done) {
    const Errc code = done.error().code;
    if (!rebuild_ || (code != Errc::storage_corrupt && code != Errc::not_found)) return done;
    BOLIDE_LOG(warning, "index run is rebuilt from the log: {}", done.error().message());
    BOLIDE_TRY(done, repair(run));
  }
  if (done.value() && ++loaded_ > loaded_max) unload_oldest();
  return done;
}

Result<bool> MessageIndex::repair(std::size_t run) {
  BOLIDE_TRY(const RunHeader header, rebuild_(runs_[run].run->range()));
  runs_[run].run = std::make_shared<IndexRun>(fs_, directory_, header);
  std::fill(hints_.begin(), hints_.end(), Hint{});
  return runs_[run].run->load(queues_, nullptr);
}

void MessageIndex::unload_oldest() {
  Held* oldest = nullptr;
  for (Held& held : runs_)
    if (held.run->loaded() && (oldest == nullptr || held.used < oldest->used)) oldest = &held;
  if (oldest == nullptr) return;
  oldest->run->unload();
  --loaded_;
}

std::int64_t MessageIndex::min_offset(QueueNo queue) {
  QueueState& state = queues_.at(queue);
  if (state.min_version == version_) return state.min;
  const Result<std::int64_t> found =
      first_offset_from(queue, std::max(log_min_, state.base_position));
  QueueState& again = queues_.at(queue);  // loading a run may have added queues
  if (!found) {
    BOLIDE_LOG(error, "cannot find the first offset of {} {}: {}", queues_.topic(queue),
               again.queue_id, found.error().message());
    return std::max(again.min, std::int64_t{0});
  }
  again.min = *found;
  again.min_version = version_;
  return again.min;
}

Result<std::int64_t> MessageIndex::first_offset_from(QueueNo queue, std::int64_t position) {
  // Known without a search for the many queues that nobody writes to.
  if (queues_.at(queue).last_position < position) return queues_.at(queue).next;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    if (runs_[i].run->range().end <= position) continue;
    BOLIDE_CHECK(load(i, nullptr));
    IndexRun& run = *runs_[i].run;
    const RunQueue* place = run.find(queue);
    if (place == nullptr) continue;
    if (run.range().start >= position) return place->first_offset;
    std::vector<IndexEntry> entries(place->count);
    BOLIDE_CHECK(run.read_entries(*place, place->first_offset, entries, nullptr));
    const std::size_t first = first_from(entries, position);
    if (first < entries.size()) return place->first_offset + static_cast<std::int64_t>(first);
  }
  const auto in_table = [&](const Memtable& table) -> std::int64_t {
    const MemQueue* list = table.find(queue);
    const std::size_t first = list == nullptr ? 0 : first_from(list->entries, position);
    if (list == nullptr || first == list->entries.size()) return -1;
    return list->first_offset + static_cast<std::int64_t>(first);
  };
  for (const auto& table : sealed_)
    if (const std::int64_t found = in_table(*table); found >= 0) return found;
  if (const std::int64_t found = in_table(*active_); found >= 0) return found;
  return queues_.at(queue).next;
}

Result<> MessageIndex::find_key(std::uint64_t hash, std::int64_t from_ms, std::int64_t to_ms,
                                const std::function<bool(std::int64_t position)>& take) {
  const auto in_table = [&](const Memtable& table) {
    for (auto key = table.keys().rbegin(); key != table.keys().rend(); ++key)
      if (key->hash == hash && !take(key->position)) return false;
    return true;
  };
  if (!in_table(*active_)) return {};
  for (auto table = sealed_.rbegin(); table != sealed_.rend(); ++table)
    if (!in_table(**table)) return {};
  std::vector<std::int64_t> found;
  for (auto held = runs_.rbegin(); held != runs_.rend(); ++held) {
    const RunHeader& header = held->run->header();
    if (header.max_ms < from_ms || header.min_ms > to_ms) continue;
    found.clear();
    const bool loaded = held->run->loaded();
    BOLIDE_CHECK(held->run->find_keys(hash, &found));
    if (!loaded) held->run->unload();
    for (auto position = found.rbegin(); position != found.rend(); ++position)
      if (*position >= log_min_ && !take(*position)) return {};
  }
  return {};
}

}  // namespace bolide::store
