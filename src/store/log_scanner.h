// SPDX-License-Identifier: Apache-2.0
//
// Reads the log from front to back with large reads and checks every record.
// Runs on: the thread that opens the store; tools.  Owns: its read buffer.
// Invariant: a record is given only if its checksums match and it says of itself where it stands.
#pragma once

#include "base/result.h"
#include "store/record.h"
#include "store/segment.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

namespace bolide::store {

class LogScanner {
 public:
  // `segments` must outlive the scanner. Stops at `limit` at the latest.
  LogScanner(const std::deque<Segment>& segments, std::int64_t from, std::int64_t limit);

  // record: *into is set, views until the next call. end: zeros, or the limit, or no more segments.
  // corrupt: whatever stands at position() is no record. Blanks are passed over. Errors: io.
  Result<DecodeStatus> next(Record* into);
  // Where the last record given begins; after end or corrupt where it was met.
  std::int64_t position() const { return position_; }
  // Where the next record would begin.
  std::int64_t next_position() const { return next_; }

 private:
  Result<> fill(std::size_t size);
  std::string_view window() const { return {buffer_.get() + begin_, end_ - begin_}; }

  const std::deque<Segment>& segments_;
  std::size_t segment_ = 0;
  std::int64_t position_;
  std::int64_t next_;
  std::int64_t limit_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_;
  std::size_t begin_ = 0;  // of what is not yet used
  std::size_t end_ = 0;
};

// Where the last byte that is not zero ends in [from, to); `from` if all are zero. Errors: io.
Result<std::int64_t> end_of_data(const std::deque<Segment>& segments, std::int64_t from,
                                 std::int64_t to);
// The position of the first valid record in [from, to), or -1. Errors: io.
Result<std::int64_t> find_record(const std::deque<Segment>& segments, std::int64_t from,
                                 std::int64_t to);

}  // namespace bolide::store
