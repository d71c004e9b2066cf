// SPDX-License-Identifier: Apache-2.0
//
// The store: opening, queues, appending, syncing. Reading: store_read.cc. Upkeep: store_upkeep.cc.
// Runs on: log agent.  Owns: see store_impl.h.  Invariant: see message_store.h.
#include "base/assert.h"
#include "base/crc.h"
#include "base/log.h"
#include "os/clock.h"
#include "store/store_impl.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::int64_t marks_interval_ms = 1000;
// Sealed memtables that could not be written: beyond this many, appends are refused.
constexpr std::size_t sealed_max = 16;

CommitLogOptions log_options(const StoreOptions& options, const StoreLayout& layout,
                             std::uint64_t segment_bytes) {
  return {layout.log, segment_bytes, options.tail_cache_bytes,
          options.reply_level == ReplyLevel::sync};
}

}  // namespace

Result<std::unique_ptr<MessageStore>> open_store(os::FileSystem& fs, const StoreOptions& options,
                                                 StoreAgents agents, const Now& now) {
  BOLIDE_TRY(Recovered found, recover(fs, options));
  auto store = std::make_unique<StoreImpl>(fs, options, std::move(agents), std::move(found));
  BOLIDE_CHECK(store->start(now));
  return store;
}

StoreImpl::StoreImpl(os::FileSystem& fs, const StoreOptions& options, StoreAgents agents,
                     Recovered found)
    : fs_(fs),
      options_(options),
      layout_(options.directory),
      agents_(std::move(agents)),
      lock_(std::move(found.lock)),
      marks_(std::move(found.marks)),
      index_(std::move(found.index)),
      image_(std::move(found.image)),
      log_(fs, log_options(options, layout_, found.segment_bytes), agents_.background, marks_,
           std::move(found.log)),
      synced_(log_.end()),
      covered_(image_->covered),
      entries_(64) {
  stats_.clean_start = found.clean;
  stats_.recovered_messages = found.messages;
  index_->on_damage([this](const RunRange& range) {
    return rebuild_run(fs_, layout_.index, log_.segments(), range);
  });
}

Result<> StoreImpl::start(const Now& now) {
  now_ms_ = last_sync_ms_ = last_marks_ms_ = now.steady_ms();
  return log_.start(now);
}

QueueNo StoreImpl::queue(std::string_view topic, std::int32_t queue_id) {
  BOLIDE_ASSERT(!topic.empty() && topic.size() <= 255);
  return index_->queues().find_or_add(topic, queue_id);
}

std::optional<QueueNo> StoreImpl::find_queue(std::string_view topic, std::int32_t queue_id) const {
  return index_->queues().find(topic, queue_id);
}

QueueName StoreImpl::queue_name(QueueNo queue) const {
  return {index_->queues().topic(queue), index_->queues().at(queue).queue_id};
}

bool StoreImpl::is_empty(QueueNo queue) const {
  const QueueState& state = index_->queues().at(queue);
  return state.last_position < std::max(log_.min_position(), state.base_position);
}

void StoreImpl::trim_queue(QueueNo queue, std::int64_t position) {
  BOLIDE_ASSERT(position <= log_.end());
  if (position <= index_->queues().at(queue).base_position) return;
  index_->set_base(queue, position);
  // In order of position, as the checkpoint takes them.
  const auto at = std::upper_bound(
      base_changes_.begin(), base_changes_.end(), position,
      [](std::int64_t wanted, const BaseChange& change) { return wanted < change.base_position; });
  base_changes_.insert(at, {queue, position});
}

Result<Appended> StoreImpl::append(const AppendRequest& request, const Now& now) {
  if (stopped_) [[unlikely]]
    return Failure(stopped_error().error());
  if (disk_full_ && !request.own) [[unlikely]]
    return fail(Errc::disk_full, layout_.root + ": " + std::to_string(disk_used_percent_) +
                                     " % used, the limit is " +
                                     std::to_string(options_.disk_full_percent) + " %");
  if (index_->sealed().size() >= sealed_max) [[unlikely]]
    return fail(Errc::disk_full, layout_.index + ": index runs cannot be written");
  QueueState& state = index_->queues().at(request.queue);
  Record record = request.record;
  record.topic = index_->queues().topic(request.queue);
  record.queue_id = state.queue_id;
  record.queue_offset = state.next;
  record.store_ms = now.wall_ms;
  if (!properties_fit(record.properties)) [[unlikely]]
    return fail(Errc::message_invalid, "properties are too long");
  const std::size_t size = record_size(record);
  Result<CommitLog::Place> place = log_.place(size, now);
  if (!place) [[unlikely]] {
    if (place.error().code == Errc::storage_stopped) stop(place.error());
    return Failure(std::move(place).error());
  }
  record.position = place->position;
  encode_record(record, place->at);
  log_.take(size, record.store_ms);
  const Appended appended{record.queue_offset, record.position, log_.end(), record.store_ms};
  const IndexEntry entry{record.position, record.store_ms, static_cast<std::uint32_t>(size),
                         request.tag_hash};
  for (std::int32_t i = 0; i < request.offsets; ++i)
    index_->add(request.queue, record.queue_offset + i, entry);
  for (const QueueNo also : request.also) index_->add(also, next_offset(also), entry);
  for (const std::string_view key : request.keys)
    index_->add_key(key_hash(record.topic, key), record.position);
  index_->cover(log_.end(), record.position);
  ++stats_.appended_messages;
  stats_.appended_bytes += size;
  return appended;
}

Result<> StoreImpl::write_turn(const Now& now) {
  now_ms_ = now.steady_ms();
  if (stopped_) return stopped_error();
  if (Result<> written = log_.write(now); !written) {
    stop(written.error());
    return written;
  }
  if (options_.reply_level == ReplyLevel::sync ||
      now_ms_ - last_sync_ms_ >= options_.flush_interval_ms)
    start_sync();
  keep_index();
  return {};
}

std::int64_t StoreImpl::safe_position() const {
  return options_.reply_level == ReplyLevel::sync ? synced_ : log_.written();
}

void StoreImpl::stop(const Error& error) {
  if (stopped_) return;
  stopped_ = error;
  BOLIDE_LOG(error, "the store has stopped: {}", error.message());
}

// One sync at a time covers all that was written before it; what comes meanwhile is for the next.
void StoreImpl::start_sync() {
  if (sync_slot_.busy() || stopped_) return;
  std::vector<Journal::Unsynced> beside;
  bool any_beside = false;
  for (const auto& journal : journals_) {
    beside.push_back(journal->unsynced());
    any_beside = any_beside || beside.back().file;
  }
  if (log_.written() == synced_ && !any_beside) return;
  const bool with_marks = now_ms_ - last_marks_ms_ >= marks_interval_ms;
  if (with_marks) last_marks_ms_ = now_ms_;
  last_sync_ms_ = now_ms_;
  sync_slot_.start(agents_.sync,
                   [this, files = log_.take_dirty(), marks = marks_, with_marks,
                    beside = std::move(beside), position = log_.written()]() -> JobSlot::Finish {
                     const std::int64_t began_ns = os::system_clock().now().steady_ns;
                     Result<> result;
                     std::vector<Result<>> journals;
                     for (const Journal::Unsynced& journal : beside) {
                       journals.push_back(journal.sync());
                       if (result) result = journals.back();
                     }
                     for (const auto& file : files)
                       if (result) result = file->sync();
                     if (result && with_marks) result = marks->sync();
                     const std::int64_t took_us =
                         (os::system_clock().now().steady_ns - began_ns) / 1000;
                     return [this, position, took_us, beside, journals = std::move(journals),
                             result = std::move(result)]() mutable {
                       for (std::size_t i = 0; i < beside.size(); ++i)
                         if (beside[i].file) journals_[i]->synced(beside[i], journals[i]);
                       synced(std::move(result), position, took_us);
                     };
                   });
}

Result<> StoreImpl::sync_all() {
  // A settled sync may have started the next one.
  while (!stopped_ && (sync_slot_.busy() || synced_ < log_.written())) {
    start_sync();
    sync_slot_.settle();
  }
  return stopped_ ? stopped_error() : Result<>();
}

void StoreImpl::synced(Result<> result, std::int64_t position, std::int64_t took_us) {
  if (!result) {
    // Never tried again: what the kernel dropped would then look as if it were on disk.
    stop(std::move(result).error());
  } else {
    synced_ = position;
    ++stats_.syncs;
    flush_us_.add(static_cast<std::uint64_t>(took_us));
    // The mark may be late, never early: an error of this write loses nothing.
    (void)marks_->set(Mark::synced, position);
    if (options_.reply_level == ReplyLevel::sync) start_sync();
  }
  if (on_safe_ && (stopped_ || options_.reply_level == ReplyLevel::sync)) on_safe_();
}

StoreStats StoreImpl::stats() const {
  StoreStats stats = stats_;
  stats.min_position = log_.min_position();
  stats.max_position = log_.end();
  stats.safe_position = safe_position();
  stats.synced_position = synced_;
  stats.index_runs = index_->run_count();
  stats.disk_used_percent = disk_used_percent_;
  stats.appends_refused = disk_full_;
  stats.damaged_records = damaged_.size();
  return stats;
}

}  // namespace bolide::store
