// SPDX-License-Identifier: Apache-2.0
//
// Cutting the end of the log.
// Runs on: the thread that opens the store.  Owns: nothing.  Invariant: see recovery.h.
#include "store/log_tail.h"

#include "base/log.h"
#include "store/log_scanner.h"

#include <algorithm>

namespace bolide::store {
namespace {

constexpr std::uint64_t copy_bytes = 1U << 20U;

// Copies [from, to) of the log to a file of its own, whole or not at all.
Result<> save(os::FileSystem& fs, const std::string& path, const std::deque<Segment>& segments,
              std::int64_t from, std::int64_t to) {
  if (fs.exists(path)) return {};  // by a start that went no further
  const std::string unfinished = path + ".tmp";
  {
    BOLIDE_TRY(const auto file, fs.open(unfinished, os::OpenMode::create));
    BOLIDE_CHECK(file->truncate(0));
    std::string buffer(copy_bytes, '\0');
    for (const Segment& segment : segments) {
      std::int64_t at = std::max(from, segment.start);
      while (at < std::min(to, segment.end())) {
        const auto size = std::min<std::uint64_t>(
            copy_bytes, static_cast<std::uint64_t>(std::min(to, segment.end()) - at));
        BOLIDE_TRY(const std::size_t got,
                   segment.file->read(segment.offset_of(at), buffer.data(), size));
        if (got == 0) break;
        BOLIDE_CHECK(file->write(static_cast<std::uint64_t>(at - from), {buffer.data(), got}));
        at += static_cast<std::int64_t>(got);
      }
    }
    BOLIDE_CHECK(file->sync());
  }
  return fs.rename(unfinished, path);
}

// Zeros over [from, to), the later segments first: a crash in between leaves the cut to be done
// again.
Result<> erase(std::deque<Segment>& segments, std::int64_t from, std::int64_t to) {
  for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
    const std::int64_t begin = std::max(from, segment->start);
    const std::int64_t end = std::min(to, segment->end());
    if (begin >= end) continue;
    BOLIDE_CHECK(write_zeros(*segment->file, segment->offset_of(begin),
                             static_cast<std::uint64_t>(end - begin)));
    BOLIDE_CHECK(segment->file->sync());
  }
  return {};
}

}  // namespace

Result<> cut_tail(os::FileSystem& fs, const StoreLayout& layout, std::deque<Segment>& segments,
                  const LogTail& tail) {
  BOLIDE_TRY(const std::int64_t dirty_end, end_of_data(segments, tail.end, tail.data_end));
  if (dirty_end > tail.end) {
    const Segment& segment = *std::prev(
        std::upper_bound(segments.begin(), segments.end(), tail.end,
                         [](std::int64_t at, const Segment& other) { return at < other.start; }));
    if (tail.whole || tail.end < tail.safe_end)
      return fail(Errc::storage_corrupt,
                  segment.path + ": damaged at byte " +
                      std::to_string(segment.offset_of(tail.end)) + " (log position " +
                      std::to_string(tail.end) +
                      "), in what was safely stored: see `bolide store verify --data-dir " +
                      layout.root + "`");
    BOLIDE_TRY(const std::int64_t behind, find_record(segments, tail.end + 1, dirty_end));
    if (behind >= 0) {
      const std::string path = layout.own + "/cut-" + position_name(tail.end);
      BOLIDE_CHECK(save(fs, path, segments, tail.end, dirty_end));
      BOLIDE_CHECK(fs.sync_directory(layout.own));
      BOLIDE_LOG(
          warning,
          "the log ends at {}: {} bytes behind it were not yet on disk as a whole; saved in {}",
          tail.end, dirty_end - tail.end, path);
    }
    BOLIDE_CHECK(erase(segments, tail.end, dirty_end));
  } else if (tail.end < tail.safe_end) {
    BOLIDE_LOG(error,
               "the log ends at {}, but was on disk up to {} once: it was cut from outside, "
               "or the disk loses what it has synced",
               tail.end, tail.safe_end);
  }
  bool removed = false;
  while (segments.size() > 1 && segments.back().start > tail.end) {
    BOLIDE_CHECK(fs.remove(segments.back().path));
    segments.pop_back();
    removed = true;
  }
  return removed ? fs.sync_directory(layout.log) : Result<>();
}

}  // namespace bolide::store
