// SPDX-License-Identifier: Apache-2.0
//
// Segment files.
// Runs on: see segment.h.  Owns: nothing.  Invariant: see segment.h.
#include "store/segment.h"

#include "base/strings.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::uint64_t zeros_at_once = 1U << 20U;
constexpr std::size_t name_digits = 20;

// The size all segments share: the first one's, which is whole if there are others.
Result<std::uint64_t> common_size(const std::vector<Segment>& segments, std::uint64_t fallback) {
  BOLIDE_TRY(const std::uint64_t size, segments[0].file->size());
  return size == 0 ? fallback : size;
}

// Gives every segment its size; the last may be shorter after a crash while it was made.
Result<> check_sizes(std::vector<Segment>& segments, std::uint64_t size, bool read_only) {
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    segment.size = size;
    if (i > 0 && segment.start != segments[i - 1].end())
      return fail(Errc::storage_corrupt, segment.path + ": the segment before it, " +
                                             position_name(segments[i - 1].end()) + ", is missing");
    BOLIDE_TRY(const std::uint64_t found, segment.file->size());
    if (found == size) continue;
    if (i + 1 < segments.size() || found > size)
      return fail(Errc::storage_corrupt, segment.path + ": has " + std::to_string(found) +
                                             " bytes, the log's segments have " +
                                             std::to_string(size));
    if (!read_only) BOLIDE_CHECK(segment.file->truncate(size));
  }
  return {};
}

}  // namespace

std::string position_name(std::int64_t position) {
  const DecimalText digits(position);
  return std::string(name_digits - digits.view().size(), '0').append(digits.view());
}

std::int64_t name_position(std::string_view name) {
  if (name.size() != name_digits) return -1;
  return parse_integer<std::int64_t>(name).value_or(-1);
}

Result<Segment> make_segment(os::FileSystem& fs, const std::string& directory, std::int64_t start,
                             std::uint64_t size) {
  Segment segment;
  segment.start = start;
  segment.size = size;
  segment.path = directory + "/" + position_name(start);
  BOLIDE_TRY(segment.file, fs.open(segment.path, os::OpenMode::create));
  BOLIDE_CHECK(segment.file->truncate(0));
  BOLIDE_CHECK(segment.file->truncate(size));
  BOLIDE_CHECK(segment.file->sync());
  BOLIDE_CHECK(fs.sync_directory(directory));
  return segment;
}

Result<std::vector<Segment>> open_segments(os::FileSystem& fs, const std::string& directory,
                                           std::uint64_t segment_bytes, bool read_only) {
  std::vector<Segment> segments;
  BOLIDE_TRY(const auto names, fs.list(directory));
  const auto mode = read_only ? os::OpenMode::read : os::OpenMode::read_write;
  for (const std::string& name : names) {
    Segment segment;
    segment.start = name_position(name);
    segment.path = directory + "/" + name;
    if (segment.start < 0) return fail(Errc::not_a_store, segment.path + ": not a segment's name");
    BOLIDE_TRY(segment.file, fs.open(segment.path, mode));
    segments.push_back(std::move(segment));
  }
  while (!segments.empty()) {
    BOLIDE_TRY(const std::uint64_t size, segments.back().file->size());
    if (size != 0) break;
    if (!read_only) BOLIDE_CHECK(fs.remove(segments.back().path));
    segments.pop_back();
  }
  if (segments.empty()) return segments;
  BOLIDE_TRY(const std::uint64_t size, common_size(segments, segment_bytes));
  BOLIDE_CHECK(check_sizes(segments, size, read_only));
  return segments;
}

Result<std::uint64_t> reserve_segment(os::File& file, const Reserve& wanted) {
  std::uint64_t size = std::max(wanted.size, wanted.size_min);
  for (;;) {
    Result<> reserved = file.reserve(wanted.offset, size);
    if (reserved && wanted.zeros) reserved = write_zeros(file, wanted.offset, size);
    if (reserved && wanted.zeros) reserved = file.sync();
    if (reserved) return size;
    if (reserved.error().code != Errc::disk_full || size <= wanted.size_min)
      return Failure(std::move(reserved).error());
    size = std::max(size / 4, wanted.size_min);
  }
}

Result<> write_zeros(os::File& file, std::uint64_t offset, std::uint64_t size) {
  const std::string zeros(std::min(size, zeros_at_once), '\0');
  while (size > 0) {
    const std::uint64_t piece = std::min<std::uint64_t>(size, zeros.size());
    BOLIDE_CHECK(file.write(offset, std::string_view(zeros).substr(0, piece)));
    offset += piece;
    size -= piece;
  }
  return {};
}

}  // namespace bolide::store
