// SPDX-License-Identifier: Apache-2.0
//
// The files of the commit log: <dir>/commitlog/<20-digit start>, all of one size, sparse beyond
// what was reserved (rocketmq disk 4). Runs on: log agent; make_segment and reserve_segment also on
// the background agent. Owns: the descriptors.  Invariant: segments are contiguous and in order.
#pragma once

#include "base/result.h"
#include "os/file_system.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bolide::store {

struct Segment {
  std::int64_t start = 0;
  std::uint64_t size = 0;
  std::shared_ptr<os::File> file;
  std::string path;
  std::uint64_t ready = 0;           // bytes from the start that may be written
  std::int64_t first_store_ms = -1;  // of its first record; -1: none yet, or not looked up

  std::int64_t end() const { return start + static_cast<std::int64_t>(size); }
  std::int64_t ready_end() const { return start + static_cast<std::int64_t>(ready); }
  std::uint64_t offset_of(std::int64_t position) const {
    return static_cast<std::uint64_t>(position - start);
  }
};

// 20 decimal digits, as all names of positions on disk.
std::string position_name(std::int64_t position);
// The position a name stands for, or -1.
std::int64_t name_position(std::string_view name);

// Makes the file of its full size, durably; what was in it is gone. Errors: disk_full, io.
Result<Segment> make_segment(os::FileSystem& fs, const std::string& directory, std::int64_t start,
                             std::uint64_t size);

// Opens the segments in `directory`. `segment_bytes` is taken where the files do not tell the size;
// empty files at the end are removed. Errors: storage_corrupt when one is missing or has another
// size.
Result<std::vector<Segment>> open_segments(os::FileSystem& fs, const std::string& directory,
                                           std::uint64_t segment_bytes, bool read_only = false);

// How space is made ready ahead of the appends.
struct Reserve {
  std::uint64_t offset = 0;
  std::uint64_t size_min = 0;  // tried last, when there is little space
  std::uint64_t size = 0;      // tried first
  bool zeros = false;          // also write and sync zeros: a later sync then changes no metadata
};
// Bytes that were made ready from `offset` on. Errors: disk_full, io.
Result<std::uint64_t> reserve_segment(os::File& file, const Reserve& wanted);

// Writes zeros, unsynced.
Result<> write_zeros(os::File& file, std::uint64_t offset, std::uint64_t size);

}  // namespace bolide::store
