// SPDX-License-Identifier: Apache-2.0
//
// The commit log: segments, the append buffer at their end, and the space made ready ahead of it.
// Runs on: log agent; files are made and space is reserved on the background agent.
// Owns: the segments.  Invariant: nothing is appended outside space that was made ready, so that a
// full disk is met before a position is given; a failed write stops the log for good.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "base/time.h"
#include "os/file_system.h"
#include "store/append_buffer.h"
#include "store/job_slot.h"
#include "store/mark_file.h"
#include "store/queue_index.h"
#include "store/segment.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bolide::store {

struct CommitLogOptions {
  std::string directory;
  std::uint64_t segment_bytes = 1U << 30U;
  std::uint64_t tail_cache_bytes = 8U << 20U;
  bool zeros_ahead = false;
};

class CommitLog {
 public:
  // Where recovery found the log.
  struct Found {
    std::deque<Segment> segments;  // contiguous; the last holds `end`
    std::int64_t end = 0;
  };

  CommitLog(os::FileSystem& fs, CommitLogOptions options, Background background,
            std::shared_ptr<MarkFile> marks, Found found);

  // Makes the first space ready. Errors: disk_full is no error here, io.
  Result<> start(const Now& now);

  struct Place {
    std::int64_t position = 0;
    char* at = nullptr;
  };
  // Memory for a record of `size` bytes; take() keeps it. Errors: message_too_large, disk_full,
  // storage_stopped; then nothing has changed for the caller.
  Result<Place> place(std::size_t size, const Now& now);
  void take(std::size_t size, std::int64_t store_ms);

  // Writes what was taken, then sees to the space ahead. An error is repeated for ever.
  Result<> write(const Now& now);
  void see_ahead(const Now& now);
  // Waits for a running background job: nothing of the log's runs elsewhere afterwards.
  void settle() { ahead_.settle(); }

  std::int64_t min_position() const { return segments_.front().start; }
  std::int64_t end() const { return end_; }
  std::int64_t written() const { return written_; }
  std::uint64_t segment_bytes() const { return options_.segment_bytes; }
  const std::deque<Segment>& segments() const { return segments_; }

  // Files with writes since the last call.
  std::vector<std::shared_ptr<os::File>> take_dirty();

  bool in_memory(std::int64_t position) const { return position >= buffer_.begin(); }
  // Whether a record of that size and queue offset begins at `position`, which is in memory.
  bool is_record_in_memory(std::int64_t position, std::size_t size, std::int64_t offset) const;
  // Empty if they are not. They live until the next append.
  std::string_view bytes_in_memory(std::int64_t position, std::size_t size) const;
  // Appends slices of what is in memory.
  void read_memory(std::int64_t position, std::size_t size, Slices* into) const {
    buffer_.read(position, size, into);
  }
  // Reads [position, position + size), which lies in one segment and was written, without waiting
  // for the disk. Null with *cold set when it is not in the page cache. Errors: io,
  // storage_corrupt.
  Result<ChunkPtr> read_file(std::int64_t position, std::size_t size, ColdRange* cold) const;
  // The same, but waits, and gives fewer bytes where the log ends.
  Result<std::string> read_blocking(std::int64_t position, std::size_t size) const;
  // The segment that holds `position`, or null.
  const Segment* segment_of(std::int64_t position) const;

  // Store time of the segment's first record, -1 when it has none.
  std::int64_t first_store_ms(std::size_t segment);
  // Forgets the oldest segment; its file is the caller's to remove. Requires more than one segment.
  Segment drop_front();

 private:
  struct Ahead;      // what to make ready
  struct AheadDone;  // what was made ready

  Segment& active() { return segments_.back(); }
  Result<> roll(const Now& now);
  Result<> make_ready(std::size_t size, const Now& now);
  Result<> ahead_now(Ahead wanted, const Now& now);
  Ahead more_of_active(std::size_t size_min) const;
  Ahead next_segment(std::size_t size_min) const;
  static Result<AheadDone> prepare(const Ahead& wanted);
  Result<> apply(Result<AheadDone> done);
  Result<> stop(Error error);

  os::FileSystem& fs_;
  CommitLogOptions options_;
  Background background_;
  std::shared_ptr<MarkFile> marks_;
  std::deque<Segment> segments_;
  std::optional<Segment> next_;
  AppendBuffer buffer_;
  std::int64_t end_;
  std::int64_t written_;
  std::int64_t reserved_mark_ = 0;
  std::vector<std::shared_ptr<os::File>> dirty_;
  std::int64_t retry_ms_ = 0;  // steady; no attempt to make space ready before
  std::optional<Error> error_;
  JobSlot ahead_;  // last: its jobs end before the rest goes
};

}  // namespace bolide::store
