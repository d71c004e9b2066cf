// SPDX-License-Identifier: Apache-2.0
//
// The store: what is done from time to time (syncs, index runs, retention, a look at the disk) and
// at the end. Runs on: log agent; runs are written and files removed on the background agent. Owns:
// nothing. Invariant: the index on disk never covers what the disk may yet lose.
#include "base/log.h"
#include "store/store_impl.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::int64_t index_retry_interval_ms = 1000;
constexpr std::int64_t space_interval_ms = 1000;

}  // namespace

void StoreImpl::tick(const Now& now) {
  now_ms_ = now.steady_ms();
  if (stopped_ || closed_) return;
  if (now_ms_ - last_sync_ms_ >= options_.flush_interval_ms) start_sync();
  log_.see_ahead(now);
  keep_index();
  keep_space(now);
}

void StoreImpl::keep_index() {
  // The more runs wait to be written, the larger the next: writing catches up, its cost being per
  // run.
  const std::uint64_t run_bytes = options_.index_run_bytes * (1 + index_->sealed().size());
  if (memtable_full(index_->active(), run_bytes)) index_->seal();
  if (index_slot_.busy() || now_ms_ < index_retry_ms_) return;
  const bool run = !index_->sealed().empty() && index_->sealed().front()->log_end() <= synced_;
  const bool base = !base_changes_.empty() && base_changes_.front().base_position <= synced_;
  if (!run && !base) return;
  index_slot_.start(agents_.background, [this, job = index_job()]() -> JobSlot::Finish {
    return [this, written = write_index(job)]() mutable { index_written(std::move(written)); };
  });
}

IndexJob StoreImpl::index_job() {
  IndexJob job;
  job.fs = &fs_;
  job.index_directory = layout_.index;
  job.checkpoint_path = layout_.checkpoint;
  if (!index_->sealed().empty() && index_->sealed().front()->log_end() <= synced_)
    job.sealed = index_->sealed().front();
  // Positions in order: those that the log may yet lose stay for later.
  const auto safe = std::find_if(base_changes_.begin(), base_changes_.end(),
                                 [&](const BaseChange& c) { return c.base_position > synced_; });
  job.bases.assign(base_changes_.begin(), safe);
  base_changes_.erase(base_changes_.begin(), safe);
  job.log_min = log_.min_position();
  job.image = image_;
  return job;
}

void StoreImpl::index_written(Result<std::optional<RunHeader>> written) {
  if (!written) {
    BOLIDE_LOG(warning, "index is not written, will be tried again: {}", written.error().message());
    index_retry_ms_ = now_ms_ + index_retry_interval_ms;
    return;
  }
  if (!*written) return;
  index_->adopt(**written);
  covered_ = (*written)->range.end;
}

void StoreImpl::keep_space(const Now& now) {
  if (space_slot_.busy() || (space_ms_ != 0 && now_ms_ - space_ms_ < space_interval_ms)) return;
  space_ms_ = std::max<std::int64_t>(now_ms_, 1);
  // What is left must always be a whole end of the log: oldest first, each durably, and nothing
  // more while one cannot be removed.
  if (to_remove_.empty()) expire(now);
  space_slot_.start(agents_.background,
                    [this, paths = to_remove_, &fs = fs_, layout = layout_]() -> JobSlot::Finish {
                      Result<> result;
                      auto next = paths.begin();
                      for (; next != paths.end(); ++next) {
                        result = fs.remove_all(*next);
                        if (result) result = fs.sync_directory(layout.log);
                        if (!result) break;
                      }
                      return [this, left = std::vector(next, paths.end()),
                              result = std::move(result), space = fs.space(layout.root)]() mutable {
                        removed(std::move(left), result);
                        if (space) space_seen(*space);
                      };
                    });
}

void StoreImpl::removed(std::vector<std::string> left, const Result<>& result) {
  if (!result && !remove_failed_)
    BOLIDE_LOG(warning, "old files are not removed, will be tried again: {}",
               result.error().message());
  remove_failed_ = !result;
  to_remove_ = std::move(left);
}

// Takes out of the log what is too old, or what the disk has no room for.
void StoreImpl::expire(const Now& now) {
  bool crowded = disk_used_percent_ > options_.disk_max_used_percent;
  while (log_.segments().size() > 1) {
    const std::int64_t next_begins = log_.first_store_ms(1);
    const bool old = next_begins >= 0 && now.wall_ms - next_begins > options_.retention_ms;
    const bool must_go = crowded && log_.segments().size() > 2;
    if (!old && !must_go) break;
    if (log_.segments()[1].start > covered_) {
      // The checkpoint must know the queues' offsets before the records go: next time.
      if (index_->sealed().empty() && !index_->active().empty()) index_->seal();
      break;
    }
    if (may_drop_ && !may_drop_(log_.segments()[1].start)) break;
    if (must_go && !old) {
      BOLIDE_LOG(warning, "{}: {} % of the disk is used: {} goes before its time (see {})",
                 layout_.root, disk_used_percent_, log_.segments().front().path,
                 "store.disk_max_used_percent");
      crowded = false;  // one at a time: then look at the disk again
    }
    to_remove_.push_back(log_.drop_front().path);
  }
  if (to_remove_.empty()) return;
  for (std::string& run : index_->set_log_min(log_.min_position()))
    to_remove_.push_back(std::move(run));
}

void StoreImpl::space_seen(const os::SpaceInfo& space) {
  if (space.total_bytes == 0) return;
  const std::uint64_t used = space.total_bytes - std::min(space.free_bytes, space.total_bytes);
  disk_used_percent_ = static_cast<int>(used * 100 / space.total_bytes);
  const bool full = disk_used_percent_ > options_.disk_full_percent;
  if (full != disk_full_)
    BOLIDE_LOG(warning, "{}: {} % used, appends are {}", layout_.root, disk_used_percent_,
               full ? "refused" : "taken again");
  disk_full_ = full;
}

Result<> StoreImpl::close() {
  if (closed_) return {};
  Result<> written = write_turn({0, now_ms_ * 1'000'000});
  sync_slot_.settle();
  index_slot_.settle();
  space_slot_.settle();
  log_.settle();
  Result<> done = written ? close_files() : std::move(written);
  closed_ = true;
  if (!stopped_) stopped_ = Error{Errc::storage_stopped, layout_.root + ": closed"};
  lock_.reset();
  return done;
}

Result<> StoreImpl::close_files() {
  BOLIDE_CHECK(sync_all());
  if (!index_->active().empty()) index_->seal();
  while (!index_->sealed().empty() || !base_changes_.empty()) {
    BOLIDE_TRY(const auto header, write_index(index_job()));
    if (header) index_->adopt(*header);
  }
  BOLIDE_CHECK(marks_->set(Mark::closed, log_.end()));
  BOLIDE_CHECK(marks_->sync());
  BOLIDE_CHECK(fs_.remove(layout_.abort));
  return fs_.sync_directory(layout_.root);
}

}  // namespace bolide::store
