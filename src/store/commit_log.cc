// SPDX-License-Identifier: Apache-2.0
//
// The commit log: appending, writing and reading. Making space ready: commit_log_ahead.cc.
// Runs on: log agent.  Owns: the segments.  Invariant: see commit_log.h.
#include "store/commit_log.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "store/commit_log_ahead.h"
#include "store/record.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::uint64_t chunk_bytes_max = 1U << 20U;
// A cold read brings in what a sequential reader will want next, too.
constexpr std::uint64_t cold_bytes_min = 1U << 20U;

std::size_t chunk_bytes(const CommitLogOptions& options) {
  return static_cast<std::size_t>(std::min(chunk_bytes_max, options.segment_bytes));
}

}  // namespace

CommitLog::CommitLog(os::FileSystem& fs, CommitLogOptions options, Background background,
                     std::shared_ptr<MarkFile> marks, Found found)
    : fs_(fs),
      options_(std::move(options)),
      background_(std::move(background)),
      marks_(std::move(marks)),
      segments_(std::move(found.segments)),
      buffer_(found.end, chunk_bytes(options_), options_.tail_cache_bytes),
      end_(found.end),
      written_(found.end) {
  BOLIDE_ASSERT(!segments_.empty() && end_ >= active().start && end_ <= active().end());
  active().ready = std::max(active().ready, active().offset_of(end_));
  reserved_mark_ = marks_->read(Mark::reserved).value_or(0);
}

Result<CommitLog::Place> CommitLog::place(std::size_t size, const Now& now) {
  if (error_) return fail(Errc::storage_stopped, error_->context);
  const std::size_t room = size + blank_bytes;
  if (room > options_.segment_bytes)
    return fail(Errc::message_too_large, std::to_string(size) + " bytes do not fit into a segment");
  if (active().offset_of(end_) + room > active().size) BOLIDE_CHECK(roll(now));
  if (active().offset_of(end_) + room > active().ready) BOLIDE_CHECK(make_ready(room, now));
  return Place{end_, buffer_.place(end_, size)};
}

void CommitLog::take(std::size_t size, std::int64_t store_ms) {
  buffer_.take(size);
  if (end_ == active().start) active().first_store_ms = store_ms;
  end_ += static_cast<std::int64_t>(size);
}

// Ends the active segment with a blank and goes on in the next.
Result<> CommitLog::roll(const Now& now) {
  if (!next_) {
    // The job under way may be making this very file.
    ahead_.settle();
    if (error_) return fail(Errc::storage_stopped, error_->context);
  }
  if (!next_) BOLIDE_CHECK(ahead_now(next_segment(0), now));
  if (active().offset_of(end_) < active().size) {
    encode_blank(buffer_.place(end_, blank_bytes),
                 static_cast<std::uint32_t>(active().end() - end_));
    buffer_.take(blank_bytes);
  }
  buffer_.end_piece();
  segments_.push_back(std::move(*next_));
  next_.reset();
  end_ = active().start;
  return {};
}

Result<> CommitLog::write(const Now& now) {
  if (error_) return fail(Errc::storage_stopped, error_->context);
  for (;;) {
    const AppendBuffer::Unwritten piece = buffer_.unwritten();
    if (piece.bytes.empty()) break;
    const Segment* segment = segment_of(piece.position);
    if (Result<> done = segment->file->write(segment->offset_of(piece.position), piece.bytes);
        !done)
      return stop(std::move(done).error());
    if (dirty_.empty() || dirty_.back() != segment->file) dirty_.push_back(segment->file);
    buffer_.written(piece.bytes.size());
  }
  written_ = end_;
  see_ahead(now);
  return {};
}

Result<> CommitLog::stop(Error error) {
  error_ = std::move(error).in("the log has stopped");
  return fail(Errc::storage_stopped, error_->context);
}

std::vector<std::shared_ptr<os::File>> CommitLog::take_dirty() {
  return std::exchange(dirty_, {});
}

const Segment* CommitLog::segment_of(std::int64_t position) const {
  const auto after =
      std::upper_bound(segments_.begin(), segments_.end(), position,
                       [](std::int64_t at, const Segment& segment) { return at < segment.start; });
  if (after == segments_.begin() || position >= std::prev(after)->end()) return nullptr;
  return &*std::prev(after);
}

bool CommitLog::is_record_in_memory(std::int64_t position, std::size_t size,
                                    std::int64_t offset) const {
  constexpr std::size_t size_at = 0;
  constexpr std::size_t queue_offset_at = 20;
  constexpr std::size_t position_at = 28;
  const char* at = buffer_.find_bytes(position, size);
  return at != nullptr && size > position_at + 8 && load_big<std::uint32_t>(at + size_at) == size &&
         load_big<std::int64_t>(at + queue_offset_at) == offset &&
         load_big<std::int64_t>(at + position_at) == position;
}

std::string_view CommitLog::bytes_in_memory(std::int64_t position, std::size_t size) const {
  const char* at = buffer_.find_bytes(position, size);
  return at == nullptr ? std::string_view{} : std::string_view(at, size);
}

Result<ChunkPtr> CommitLog::read_file(std::int64_t position, std::size_t size,
                                      ColdRange* cold) const {
  const Segment* segment = segment_of(position);
  if (segment == nullptr || segment->offset_of(position) + size > segment->size)
    return fail(Errc::storage_corrupt, "no record of " + std::to_string(size) +
                                           " bytes can stand at " + std::to_string(position));
  ChunkPtr chunk = std::make_shared<Chunk>(size);
  const std::uint64_t offset = segment->offset_of(position);
  BOLIDE_TRY(const auto got, segment->file->read_cached(offset, chunk->data(), size));
  if (!got) {
    const std::uint64_t wanted = std::max<std::uint64_t>(size, cold_bytes_min);
    *cold = {segment->file, offset, std::min(wanted, segment->size - offset)};
    return ChunkPtr();
  }
  if (*got != size) return fail(Errc::storage_corrupt, segment->path + ": shorter than it must be");
  return chunk;
}

Result<std::string> CommitLog::read_blocking(std::int64_t position, std::size_t size) const {
  const Segment* segment = segment_of(position);
  if (segment == nullptr || position >= end_) return std::string();
  size = std::min(size, static_cast<std::size_t>(std::min(segment->end(), end_) - position));
  std::string bytes(size, '\0');
  if (in_memory(position)) {
    Slices slices;
    // Of a blank only the head is kept: there may be nothing here.
    buffer_.read(position, std::min(size, buffer_.contiguous(position)), &slices);
    return slices.empty() ? std::string() : std::string(slices.front().view());
  }
  size = std::min(size, static_cast<std::size_t>(buffer_.begin() - position));
  BOLIDE_TRY(const std::size_t got,
             segment->file->read(segment->offset_of(position), bytes.data(), size));
  bytes.resize(got);
  return bytes;
}

std::int64_t CommitLog::first_store_ms(std::size_t index) {
  Segment& segment = segments_[index];
  if (segment.first_store_ms >= 0 || segment.start >= end_) return segment.first_store_ms;
  char head[256];
  Record record;
  if (const auto size = segment.file->read(0, head, sizeof head)) {
    const DecodeStatus status = decode_record({head, *size}, Verify::header, &record);
    if (status == DecodeStatus::record) segment.first_store_ms = record.store_ms;
    if (status == DecodeStatus::truncated) segment.first_store_ms = record_store_ms({head, *size});
  }
  return segment.first_store_ms;
}

Segment CommitLog::drop_front() {
  BOLIDE_ASSERT(segments_.size() > 1);
  Segment front = std::move(segments_.front());
  segments_.pop_front();
  return front;
}

}  // namespace bolide::store
