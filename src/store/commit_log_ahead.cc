// SPDX-License-Identifier: Apache-2.0
//
// The commit log: space made ready ahead of the appends.
// Runs on: log agent; prepare() on the background agent.  Owns: nothing of its own.
// Invariant: one preparation at a time.
#include "store/commit_log_ahead.h"

#include "base/log.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::uint64_t first_step_bytes = 4U << 20U;
constexpr std::uint64_t step_bytes = 64U << 20U;
constexpr std::uint64_t zeros_step_bytes = 16U << 20U;  // these are written, and synced
constexpr std::int64_t retry_interval_ms = 100;

}  // namespace

Result<> CommitLog::start(const Now& now) {
  if (active().ready >= active().size) return {};
  Result<> done = ahead_now(more_of_active(0), now);
  if (!done && done.error().code == Errc::disk_full) {
    BOLIDE_LOG(warning, "no space to append: {}", done.error().message());
    return {};
  }
  return done;
}

CommitLog::Ahead CommitLog::more_of_active(std::size_t size_min) const {
  const Segment& segment = segments_.back();
  const std::uint64_t left = segment.size - segment.ready;
  const std::uint64_t step = segment.ready <= first_step_bytes / 2 ? first_step_bytes
                             : options_.zeros_ahead                ? zeros_step_bytes
                                                                   : step_bytes;
  const std::uint64_t used = segment.offset_of(end_);
  const std::uint64_t need = used + size_min > segment.ready ? used + size_min - segment.ready : 0;
  Ahead wanted{&fs_,          marks_,       reserved_mark_, options_.directory,
               segment.start, segment.size, segment.file,   {}};
  wanted.reserve = {segment.ready, std::min(std::max<std::uint64_t>(need, 1), left),
                    std::min(std::max(step, need), left), options_.zeros_ahead};
  return wanted;
}

CommitLog::Ahead CommitLog::next_segment(std::size_t size_min) const {
  const std::uint64_t size = options_.segment_bytes;
  Ahead wanted{&fs_,    marks_, reserved_mark_, options_.directory, segments_.back().end(), size,
               nullptr, {}};
  wanted.reserve = {0, std::min<std::uint64_t>(std::max<std::size_t>(size_min, 1), size),
                    std::min(first_step_bytes, size), options_.zeros_ahead};
  return wanted;
}

Result<CommitLog::AheadDone> CommitLog::prepare(const Ahead& wanted) {
  AheadDone done;
  done.start = wanted.start;
  std::shared_ptr<os::File> file = wanted.file;
  if (!file) {
    BOLIDE_TRY(done.made,
               make_segment(*wanted.fs, wanted.directory, wanted.start, wanted.segment_bytes));
    file = done.made->file;
  }
  BOLIDE_TRY(const std::uint64_t size, reserve_segment(*file, wanted.reserve));
  done.ready = wanted.reserve.offset + size;
  done.mark = std::max(wanted.mark_min, wanted.start + static_cast<std::int64_t>(done.ready));
  BOLIDE_CHECK(wanted.marks->set(Mark::reserved, done.mark));
  BOLIDE_CHECK(wanted.marks->sync());
  return done;
}

Result<> CommitLog::apply(Result<AheadDone> done) {
  if (!done) {
    if (done.error().code != Errc::disk_full) return stop(std::move(done).error());
    return Failure(std::move(done).error());
  }
  reserved_mark_ = done->mark;
  if (done->made) {
    done->made->ready = done->ready;
    next_ = std::move(*done->made);
  } else if (done->start == active().start) {
    active().ready = std::max(active().ready, done->ready);
  }
  return {};
}

// Prepares on this thread: only where an append would otherwise be refused.
Result<> CommitLog::ahead_now(Ahead wanted, const Now& now) {
  if (now.steady_ms() < retry_ms_) return fail(Errc::disk_full, options_.directory);
  Result<> done = apply(prepare(wanted));
  if (!done) retry_ms_ = now.steady_ms() + retry_interval_ms;
  return done;
}

Result<> CommitLog::make_ready(std::size_t size, const Now& now) {
  ahead_.settle();
  if (error_) return fail(Errc::storage_stopped, error_->context);
  if (active().offset_of(end_) + size <= active().ready) return {};
  return ahead_now(more_of_active(size), now);
}

void CommitLog::see_ahead(const Now& now) {
  if (ahead_.busy() || error_ || now.steady_ms() < retry_ms_) return;
  const std::uint64_t step = options_.zeros_ahead ? zeros_step_bytes : step_bytes;
  const bool all_ready = active().ready >= active().size;
  const std::uint64_t left = active().ready - active().offset_of(end_);
  if (all_ready ? next_.has_value() || left > step / 2 : left > step / 2) return;
  ahead_.start(background_,
               [this, wanted = all_ready ? next_segment(0) : more_of_active(0),
                retry_ms = now.steady_ms() + retry_interval_ms]() -> JobSlot::Finish {
                 return [this, retry_ms, done = prepare(wanted)]() mutable {
                   // A full disk shows itself to the producer when the space is really needed.
                   if (!apply(std::move(done))) retry_ms_ = retry_ms;
                 };
               });
}

}  // namespace bolide::store
