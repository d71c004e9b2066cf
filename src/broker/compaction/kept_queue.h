// SPDX-License-Identifier: Apache-2.0
//
// What a compacted topic keeps of a queue when the log behind it goes: the newest record of each
// key, in a file of its own, in order of offset (docs/disk/kept.md).
// Runs on: made and merged on the background agent, read on the core agent. Immutable, so that both
// agents may hold it.  Owns: the open file.  Invariant: a file is replaced as a whole or not; a key
// stands in it once.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "broker/subscription.h"
#include "os/file_system.h"
#include "store/message_store.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bolide::broker {

// Records that are to be kept: of each key the newest.
class KeptBatch {
 public:
  // In order of offset. A record without a body takes its key away.
  void add(const store::Record& record, std::string_view bytes);
  std::size_t bytes() const { return bytes_; }
  bool empty() const { return keys_.empty(); }
  bool has(std::string_view key) const { return keys_.contains(key); }
  const std::map<std::int64_t, std::string>& records() const { return records_; }

 private:
  std::map<std::string, std::int64_t, std::less<>> keys_;  // offset; -1: taken away
  std::map<std::int64_t, std::string> records_;
  std::size_t bytes_ = 0;
};

class KeptQueue {
 public:
  using Ptr = std::shared_ptr<const KeptQueue>;

  // What is damaged is logged and left out. Errors: not_found, io.
  static Result<Ptr> open(os::FileSystem& fs, const std::string& path);
  // Writes what `old` (null: nothing) and `batch` hold together to `path`, durably, and opens it.
  // Errors: disk_full, io.
  static Result<Ptr> merge(os::FileSystem& fs, const std::string& path, const Ptr& old,
                           const KeptBatch& batch);

  std::size_t size() const { return index_.size(); }
  std::int64_t first_offset() const { return index_.front().offset; }
  // By when they were stored, of those below `end`: the first at or after that time; `upper`: the
  // last at or before it. Nothing: there is none.
  std::optional<std::int64_t> offset_by_time(std::int64_t time_ms, bool upper,
                                             std::int64_t end) const;
  // The newest store time of those up to `offset`; nothing: there are none.
  std::optional<std::int64_t> store_time(std::int64_t offset) const;
  // Records in [offset, end).
  std::size_t count(std::int64_t offset, std::int64_t end) const;
  // Records in [offset, end) that match, as MessageStore::read gives them; next_offset is `end`
  // when there are no more. A damaged record is logged and passed over.
  store::ReadResult read(std::int64_t offset, std::int64_t end, const store::ReadLimits& limits,
                         const Matcher& matcher) const;
  // The record that stood there in the log, if it was kept.
  store::ReadResult read_position(std::int64_t position) const;

 private:
  // Small: there may be millions.
  struct Entry {
    std::int64_t offset = 0;
    std::int64_t position = 0;  // in the log: it grows with the offset
    std::uint64_t at = 0;
    std::int64_t latest_ms = 0;  // the newest store time up to here, so that it grows
  };

  struct Fetched {
    ChunkPtr chunk;
    std::size_t size = 0;  // what the file had
    std::optional<store::ColdRange> cold;
  };
  struct Reading;

  Result<> load(const std::string& path);
  std::size_t stretch(std::size_t begin, std::size_t end, const store::ReadLimits& limits,
                      const Matcher& matcher) const;
  Result<Fetched> fetch(std::size_t begin, std::size_t end) const;
  bool select(std::size_t begin, std::size_t end, const Fetched& fetched, Reading* reading) const;
  std::size_t first_from(std::int64_t offset) const;
  // Where the entry's bytes begin, or for the last but one all bytes end.
  std::uint64_t begin_of(std::size_t i) const { return i < index_.size() ? index_[i].at : end_; }
  // With damaged bytes behind the record, if there are any.
  std::size_t size_of(std::size_t i) const { return begin_of(i + 1) - begin_of(i); }

  std::shared_ptr<os::File> file_;
  std::vector<Entry> index_;
  std::uint64_t end_ = 0;  // of the last record
};

}  // namespace bolide::broker
