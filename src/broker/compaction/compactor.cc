// SPDX-License-Identifier: Apache-2.0
//
// Keeping the newest messages of compacted topics.
// Runs on: core agent.  Owns: see compactor.h.  Invariant: see compactor.h.
#include "broker/compaction/compactor.h"

#include "base/log.h"
#include "base/strings.h"
#include "broker/compaction/compaction.h"
#include "store/record.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

// Of the log that is read in one go, and of records that are merged at a time.
constexpr std::int32_t step_records = 256;
constexpr std::size_t step_bytes = 1U << 20U;
constexpr std::size_t batch_bytes = 16U << 20U;

}  // namespace

Compactor::Compactor(KeptPlace place, Parts parts)
    : place_(std::move(place)), parts_(std::move(parts)) {
  if (place_.fs != nullptr) open_all();
}

void Compactor::open_all() {
  os::FileSystem& fs = *place_.fs;
  if (!fs.exists(place_.directory)) return;
  const auto topics = fs.list(place_.directory);
  if (!topics) return;
  for (const std::string& topic : *topics) {
    const Topic* known = parts_.topics.find(topic);
    if (known == nullptr || !is_compacted(known->config)) {  // deleted just before a kill
      (void)fs.remove_all(place_.directory + "/" + topic);
      continue;
    }
    const auto names = fs.list(place_.directory + "/" + topic);
    if (!names) continue;
    for (const std::string& name : *names) {
      const auto id = parse_integer<std::int32_t>(name);
      if (!id || *id < 0) continue;  // an unfinished merge
      const std::string path = place_.directory + "/" + topic + "/" + name;
      auto kept = KeptQueue::open(fs, path);
      if (!kept) {
        BOLIDE_LOG(error, "{}: what was kept cannot be read and is set aside: {}", path,
                   kept.error().message());
        (void)fs.rename(path, path + ".damaged");
        continue;
      }
      queues_[parts_.store.queue(topic, *id)].kept = std::move(*kept);
    }
  }
}

std::string Compactor::path_of(store::QueueNo queue) const {
  const store::QueueName name = parts_.store.queue_name(queue);
  return place_.directory + "/" + std::string(name.topic) + "/" + std::to_string(name.queue_id);
}

bool Compactor::done_below(std::int64_t end_position) {
  if (place_.fs == nullptr) return true;
  if (*busy_) return false;
  for (const auto& [name, topic] : parts_.topics.all()) {
    if (topic.config.attributes.empty() || !is_compacted(topic.config)) continue;
    for (const store::QueueNo queue : topic.queues)
      if (!done_in(queue, end_position)) return false;
  }
  return true;
}

bool Compactor::done_in(store::QueueNo queue, std::int64_t end_position) {
  const std::int64_t min = parts_.store.min_offset(queue);
  if (min >= parts_.store.next_offset(queue)) return true;
  Queue& state = queues_[queue];
  state.next = std::max(state.next, min);
  const std::int64_t from = state.next;
  KeptBatch batch;
  const bool all = collect(queue, state, end_position, &batch);
  if (batch.empty()) return all;
  merge(queue, std::exchange(state.next, from), std::move(batch));
  return false;
}

bool Compactor::collect(store::QueueNo queue, Queue& state, std::int64_t end_position,
                        KeptBatch* batch) {
  const std::int64_t end = parts_.store.next_offset(queue);
  while (state.next < end) {
    if (batch->bytes() >= batch_bytes) return false;
    auto read = parts_.store.read(queue, state.next, end,
                                  {.messages_max = step_records, .bytes_max = step_bytes}, {});
    if (read.status == store::ReadStatus::cold) {
      *busy_ = true;
      parts_.background(
          [range = std::move(*read.cold), busy = busy_]() -> std::move_only_function<void()> {
            store::warm_up(range);
            return [busy] { *busy = false; };
          });
      return false;
    }
    // The error is logged; what is damaged cannot be kept, and must not hold up the disk for ever.
    if (read.status == store::ReadStatus::failed) read.next_offset = state.next + 1;
    for (const Slice& slice : read.records) {
      std::string_view bytes = slice.view();
      store::Record record;
      while (!bytes.empty() && store::decode_record(bytes, store::Verify::header, &record) ==
                                   store::DecodeStatus::record) {
        if (record.position >= end_position) {
          state.next = record.queue_offset;
          return true;
        }
        batch->add(record, bytes.substr(0, record.total_size));
        bytes.remove_prefix(record.total_size);
      }
    }
    state.next = read.next_offset;
  }
  return true;
}

void Compactor::merge(store::QueueNo queue, std::int64_t next, KeptBatch batch) {
  *busy_ = true;
  auto work = std::make_shared<KeptBatch>(std::move(batch));
  parts_.background([this, queue, next, work, fs = place_.fs, path = path_of(queue),
                     old = queues_[queue].kept, busy = busy_]() -> std::move_only_function<void()> {
    auto merged = std::make_shared<Result<KeptQueue::Ptr>>(KeptQueue::merge(*fs, path, old, *work));
    return [this, queue, next, merged, busy, path] {
      *busy = false;
      if (!*merged) {
        BOLIDE_LOG(error, "{}: the newest messages are not kept yet, the log stays: {}", path,
                   merged->error().message());
        return;
      }
      const std::string_view name = parts_.store.queue_name(queue).topic;
      const Topic* topic = parts_.topics.find(name);
      Queue& state = queues_[queue];
      state.kept = std::move(**merged);
      if (topic == nullptr || !is_compacted(topic->config)) return erase_topic(name);  // meanwhile
      state.next = std::max(state.next, next);
      ++merges_;
    };
  });
}

std::optional<std::int64_t> Compactor::first_offset(store::QueueNo queue, std::int64_t min) const {
  const auto found = queues_.find(queue);
  if (found == queues_.end() || !found->second.kept || found->second.kept->size() == 0)
    return std::nullopt;
  const std::int64_t first = found->second.kept->first_offset();
  return first < min ? std::optional(first) : std::nullopt;
}

bool Compactor::has(store::QueueNo queue, std::int64_t offset, std::int64_t end) const {
  const auto found = queues_.find(queue);
  return found != queues_.end() && found->second.kept && found->second.kept->has(offset, end);
}

void Compactor::read(store::QueueNo queue, std::int64_t offset, std::int64_t end,
                     const store::ReadLimits& limits, const Matcher& matcher,
                     std::move_only_function<void(store::ReadResult)> done) {
  parts_.background([kept = queues_.at(queue).kept, offset, end, limits, matcher,
                     done = std::move(done)]() mutable -> std::move_only_function<void()> {
    return [result = kept->read(offset, end, limits, matcher), done = std::move(done)]() mutable {
      done(std::move(result));
    };
  });
}

void Compactor::erase_topic(std::string_view topic) {
  if (place_.fs == nullptr) return;
  bool any = false;
  for (auto at = queues_.begin(); at != queues_.end();) {
    const bool its = parts_.store.queue_name(at->first).topic == topic;
    any = any || (its && at->second.kept);
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
