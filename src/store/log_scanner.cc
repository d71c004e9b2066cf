// SPDX-License-Identifier: Apache-2.0
//
// Scanning the log.
// Runs on: see log_scanner.h.  Owns: its buffer.  Invariant: see log_scanner.h.
#include "store/log_scanner.h"

#include "base/cursor.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace bolide::store {
namespace {

constexpr std::size_t read_bytes = 4U << 20U;
constexpr std::size_t position_at = 28;
constexpr std::size_t head_bytes = position_at + 8;

std::int64_t claimed_position(std::string_view record) {
  return load_big<std::int64_t>(record.data() + position_at);
}

// Calls `see(position, bytes)` for blocks of [from, to), a segment at a time; passes over holes,
// which a new segment mostly is.
template <class See>
Result<> each_block(const std::deque<Segment>& segments, std::int64_t from, std::int64_t to,
                    See see) {
  const auto buffer = std::make_unique_for_overwrite<char[]>(read_bytes);
  for (const Segment& segment : segments) {
    std::int64_t at = std::max(from, segment.start);
    const std::int64_t end = std::min(to, segment.end());
    while (at < end) {
      const std::uint64_t here = segment.offset_of(at);
      const std::uint64_t data = segment.file->next_data(here);
      if (data >= segment.offset_of(end)) break;
      at += static_cast<std::int64_t>(data - here);
      const auto size = std::min(read_bytes, static_cast<std::size_t>(end - at));
      BOLIDE_TRY(const std::size_t got,
                 segment.file->read(segment.offset_of(at), buffer.get(), size));
      if (got == 0) break;
      see(at, std::string_view(buffer.get(), got));
      at += static_cast<std::int64_t>(got);
    }
  }
  return {};
}

}  // namespace

LogScanner::LogScanner(const std::deque<Segment>& segments, std::int64_t from, std::int64_t limit)
    : segments_(segments),
      position_(from),
      next_(from),
      limit_(limit),
      buffer_(std::make_unique_for_overwrite<char[]>(read_bytes)),
      capacity_(read_bytes) {
  while (segment_ < segments_.size() && segments_[segment_].end() <= from) ++segment_;
}

// Makes at least `size` bytes from next_ on available, as far as the segment has them.
Result<> LogScanner::fill(std::size_t size) {
  if (end_ - begin_ >= size) return {};
  const Segment& segment = segments_[segment_];
  if (size > capacity_) {
    auto larger = std::make_unique_for_overwrite<char[]>(size);
    std::memcpy(larger.get(), buffer_.get() + begin_, end_ - begin_);
    buffer_ = std::move(larger);
    capacity_ = size;
  } else {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
  }
  end_ -= begin_;
  begin_ = 0;
  const std::uint64_t offset = segment.offset_of(next_) + end_;
  const auto room =
      static_cast<std::size_t>(std::min<std::uint64_t>(capacity_ - end_, segment.size - offset));
  BOLIDE_TRY(const std::size_t got, segment.file->read(offset, buffer_.get() + end_, room));
  end_ += got;
  return {};
}

Result<DecodeStatus> LogScanner::next(Record* into) {
  for (;;) {
    position_ = next_;
    if (segment_ >= segments_.size() || next_ >= limit_) return DecodeStatus::end;
    const Segment& segment = segments_[segment_];
    const std::uint64_t left = segment.size - segment.offset_of(next_);
    BOLIDE_CHECK(fill(std::min<std::uint64_t>(left, head_bytes)));
    DecodeStatus status = decode_record(window(), Verify::checksums, into);
    if (status == DecodeStatus::truncated) {
      const bool plausible = window().size() >= head_bytes && into->total_size <= left &&
                             claimed_position(window()) == next_;
      if (!plausible) return DecodeStatus::corrupt;
      BOLIDE_CHECK(fill(into->total_size));
      status = decode_record(window(), Verify::checksums, into);
    }
    if (status == DecodeStatus::blank) {
      if (into->total_size != left) return DecodeStatus::corrupt;
      next_ = segment.end();
      ++segment_;
      begin_ = end_ = 0;
      continue;
    }
    if (status == DecodeStatus::end) return status;
    if (status != DecodeStatus::record || into->position != next_) return DecodeStatus::corrupt;
    begin_ += into->total_size;
    next_ += into->total_size;
    return status;
  }
}

Result<std::int64_t> end_of_data(const std::deque<Segment>& segments, std::int64_t from,
                                 std::int64_t to) {
  std::int64_t end = from;
  BOLIDE_CHECK(each_block(segments, from, to, [&](std::int64_t at, std::string_view bytes) {
    // Equal to itself shifted by one and beginning with zero: all zeros, found at memcmp's speed.
    if (bytes[0] == 0 && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0) return;
    const std::size_t last = bytes.find_last_not_of('\0');
    end = at + static_cast<std::int64_t>(last) + 1;
  }));
  return end;
}

Result<std::int64_t> find_record(const std::deque<Segment>& segments, std::int64_t from,
                                 std::int64_t to) {
  constexpr std::string_view magic_head = "\xDA\xA3\x20";
  std::vector<std::int64_t> candidates;
  BOLIDE_CHECK(each_block(segments, from, to, [&](std::int64_t block, std::string_view bytes) {
    for (std::size_t at = bytes.find(magic_head); at != std::string_view::npos;
         at = bytes.find(magic_head, at + 1))
      candidates.push_back(block + static_cast<std::int64_t>(at) - 4);
  }));
  for (const std::int64_t at : candidates) {
    if (at < from) continue;
    LogScanner scanner(segments, at, std::numeric_limits<std::int64_t>::max());
    Record record;
    BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
    if (status == DecodeStatus::record && scanner.position() == at) return at;
  }
  return -1;
}

}  // namespace bolide::store
