// SPDX-License-Identifier: Apache-2.0
//
// Files of kept records.
// Runs on: see kept_queue.h.  Owns: see kept_queue.h.  Invariant: see kept_queue.h.
#include "broker/compaction/kept_queue.h"

#include "base/log.h"
#include "broker/compaction/kept_file.h"
#include "broker/filter/sql_evaluate.h"
#include "os/path.h"
#include "store/record.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bolide::broker {
namespace {

// Of one read: entries that a filter looks at in one go, and bytes in all, with what an entry costs
// besides. Some milliseconds at most.
constexpr std::size_t filtered_step = 256;
constexpr std::size_t work_max = 2U << 20U;
constexpr std::size_t entry_work = 256;

std::string_view key_of(const store::Record& record) {
  return store::find_property(record.properties, "KEYS");
}

bool selects(const Matcher& matcher, const store::Record& record) {
  if (matcher.sql) return matches(*matcher.sql, record.properties);
  if (!matcher.tags) return true;
  const store::TagFilter filter = matcher.tags->filter();
  return filter.matches == nullptr ||
         filter.matches(filter.context, store::indexed_properties(record.properties).tag_hash());
}

bool is_record(std::string_view bytes, store::Record* record) {
  return store::decode_record(bytes, store::Verify::checksums, record) ==
         store::DecodeStatus::record;
}

// What is given of the records in a chunk.
class Selected {
 public:
  explicit Selected(const ChunkPtr& chunk) : chunk_(chunk) {}

  void add(std::size_t at, std::size_t size) {
    bytes_ += size;
    if (!slices_.empty() && slices_.back().begin + slices_.back().size == at)
      slices_.back().size += size;
    else
      slices_.push_back({chunk_, at, size});
  }
  // Few among many get memory of their own: the chunk need not live until they are sent.
  void move_to(Slices* into) {
    if (2 * bytes_ < chunk_->capacity() && bytes_ > 0) copy_out();
    std::ranges::move(slices_, std::back_inserter(*into));
  }

 private:
  void copy_out() {
    auto own = std::make_shared<Chunk>(bytes_);
    char* to = own->data();
    for (const Slice& slice : slices_) to = std::ranges::copy(slice.view(), to).out;
    slices_.assign(1, {.chunk = std::move(own), .begin = 0, .size = bytes_});
  }

  const ChunkPtr& chunk_;
  Slices slices_;  // adjacent records are one
  std::size_t bytes_ = 0;
};

}  // namespace

// What one call of read() is asked and gives.
struct KeptQueue::Reading {
  const store::ReadLimits& limits;
  const Matcher& matcher;
  store::ReadResult result;
  std::size_t work = 0;

  bool has_room(std::size_t size) const {
    const bool full = result.messages > 0 && (result.messages >= limits.messages_max ||
                                              result.bytes + size > limits.bytes_max);
    return !full && work <= work_max;
  }
};

void KeptBatch::add(const store::Record& record, std::string_view bytes) {
  const std::string_view key = key_of(record);
  if (key.empty()) return;
  const auto known = keys_.find(key);
  if (known != keys_.end()) {
    if (const auto old = records_.find(known->second); old != records_.end()) {
      bytes_ -= old->second.size();
      records_.erase(old);
    }
  }
  const bool gone = record.body.empty();
  keys_.insert_or_assign(std::string(key), gone ? -1 : record.queue_offset);
  if (gone) return;
  records_.insert_or_assign(record.queue_offset, std::string(bytes));
  bytes_ += bytes.size();
}

Result<KeptQueue::Ptr> KeptQueue::open(os::FileSystem& fs, const std::string& path) {
  auto queue = std::make_shared<KeptQueue>();
  BOLIDE_TRY(queue->file_, fs.open(path, os::OpenMode::read));
  BOLIDE_CHECK(queue->load(path));
  return Ptr(std::move(queue));
}

Result<> KeptQueue::load(const std::string& path) {
  KeptFileReader reader(*file_, path);
  for (;;) {
    BOLIDE_TRY(const auto found, reader.next());
    if (!found) return {};
    const std::int64_t before_ms = index_.empty() ? INT64_MIN : index_.back().latest_ms;
    index_.push_back({.offset = found->record.queue_offset,
                      .position = found->record.position,
                      .at = found->at,
                      .latest_ms = std::max(before_ms, found->record.store_ms)});
    end_ = found->at + found->record.total_size;
  }
}

Result<KeptQueue::Ptr> KeptQueue::merge(os::FileSystem& fs, const std::string& path, const Ptr& old,
                                        const KeptBatch& batch) {
  const std::string temporary = path + ".tmp";
  BOLIDE_CHECK(fs.make_directories(os::parent_directory(path)));
  BOLIDE_TRY(const auto file, fs.open(temporary, os::OpenMode::create));
  BOLIDE_CHECK(file->truncate(0));
  KeptFileWriter out(*file);
  auto fresh = batch.records().begin();
  const auto fresh_until = [&](std::int64_t offset) -> Result<> {
    for (; fresh != batch.records().end() && fresh->first < offset; ++fresh)
      BOLIDE_CHECK(out.add(fresh->second));
    return {};
  };
  if (old) {
    KeptFileReader reader(*old->file_, path);
    for (;;) {
      BOLIDE_TRY(const auto kept, reader.next());
      if (!kept) break;
      if (batch.has(key_of(kept->record))) continue;
      BOLIDE_CHECK(fresh_until(kept->record.queue_offset));
      BOLIDE_CHECK(out.add(kept->bytes));
    }
  }
  BOLIDE_CHECK(fresh_until(INT64_MAX));
  BOLIDE_CHECK(out.flush());
  BOLIDE_CHECK(file->sync());
  BOLIDE_CHECK(fs.rename(temporary, path));
  BOLIDE_CHECK(fs.sync_directory(os::parent_directory(path)));
  return open(fs, path);
}

std::size_t KeptQueue::first_from(std::int64_t offset) const {
  const auto found = std::ranges::lower_bound(index_, offset, {}, &Entry::offset);
  return static_cast<std::size_t>(found - index_.begin());
}

std::size_t KeptQueue::count(std::int64_t offset, std::int64_t end) const {
  return offset < end ? first_from(end) - first_from(offset) : 0;
}

std::optional<std::int64_t> KeptQueue::offset_by_time(std::int64_t time_ms, bool upper,
                                                      std::int64_t end) const {
  const auto stop = index_.begin() + static_cast<std::ptrdiff_t>(first_from(end));
  const auto found = std::partition_point(index_.begin(), stop, [&](const Entry& entry) {
    return upper ? entry.latest_ms <= time_ms : entry.latest_ms < time_ms;
  });
  if (upper) return found == index_.begin() ? std::nullopt : std::optional((found - 1)->offset);
  return found == stop ? std::nullopt : std::optional(found->offset);
}

std::optional<std::int64_t> KeptQueue::store_time(std::int64_t offset) const {
  const std::size_t behind = first_from(offset + 1);
  return behind == 0 ? std::nullopt : std::optional(index_[behind - 1].latest_ms);
}

// Up to which entry, from `begin` on, one call reads.
std::size_t KeptQueue::stretch(std::size_t begin, std::size_t end, const store::ReadLimits& limits,
                               const Matcher& matcher) const {
  const bool all_match = !matcher.tags && !matcher.sql;
  const auto wanted = static_cast<std::size_t>(std::max(limits.messages_max, 1));
  end = std::min(end, begin + (all_match ? wanted : std::max(wanted, filtered_step)));
  std::size_t behind = begin + 1;
  std::size_t bytes = size_of(begin);
  while (behind < end && bytes + size_of(behind) <= limits.bytes_max) bytes += size_of(behind++);
  return behind;
}

// The bytes of the entries [begin, end), which lie side by side, as far as the file has them.
Result<KeptQueue::Fetched> KeptQueue::fetch(std::size_t begin, std::size_t end) const {
  const std::uint64_t at = begin_of(begin);
  const std::size_t size = begin_of(end) - at;
  Fetched fetched{.chunk = std::make_shared<Chunk>(size), .size = 0, .cold = {}};
  BOLIDE_TRY(const auto got, file_->read_cached(at, fetched.chunk->data(), size));
  if (got)
    fetched.size = *got;
  else
    fetched.cold = {.file = file_, .offset = at, .size = size};
  return fetched;
}

// Gives what matches of the entries [begin, end), which were fetched. False: no more in this read.
bool KeptQueue::select(std::size_t begin, std::size_t end, const Fetched& fetched,
                       Reading* reading) const {
  Selected selected(fetched.chunk);
  const std::string_view bytes(fetched.chunk->data(), fetched.size);
  store::ReadResult& result = reading->result;
  std::size_t i = begin;
  for (; i < end && reading->has_room(size_of(i)); ++i) {
    const Entry& entry = index_[i];
    reading->work += size_of(i) + entry_work;
    result.next_offset = entry.offset + 1;
    const std::size_t at = entry.at - index_[begin].at;
    store::Record record;
    if (at >= bytes.size() || !is_record(bytes.substr(at, size_of(i)), &record)) {
      // As if a newer message had replaced it: whoever reads here expects gaps.
      BOLIDE_LOG(error, "the kept record of offset {} is damaged and passed over", entry.offset);
    } else if (selects(reading->matcher, record)) {
      selected.add(at, record.total_size);
      result.bytes += record.total_size;
      ++result.messages;
    }
  }
  selected.move_to(&result.records);
  return i == end;
}

store::ReadResult KeptQueue::read(std::int64_t offset, std::int64_t end,
                                  const store::ReadLimits& limits, const Matcher& matcher) const {
  Reading reading{.limits = limits, .matcher = matcher, .result = {}};
  store::ReadResult& result = reading.result;
  result.next_offset = offset;
  const std::size_t last = first_from(end);
  for (std::size_t begin = first_from(offset), behind = 0; begin < last; begin = behind) {
    behind = stretch(begin, last, limits, matcher);
    Result<Fetched> fetched = fetch(begin, behind);
    const bool there = fetched && !fetched->cold;
    if (!there && result.next_offset > offset) return std::move(result);  // for the next read
    if (!fetched) {
      BOLIDE_LOG(error, "read of what was kept at offset {}: {}", index_[begin].offset,
                 fetched.error().message());
      result.status = store::ReadStatus::failed;
      result.may_pass = true;
    } else if (fetched->cold) {
      result.status = store::ReadStatus::cold;
      result.cold = std::move(fetched->cold);
    }
    if (!there || !select(begin, behind, *fetched, &reading)) return std::move(result);
  }
  result.next_offset = std::max(offset, end);  // what is behind the last kept one is in the log
  return std::move(result);
}

store::ReadResult KeptQueue::read_position(std::int64_t position) const {
  const auto found = std::ranges::lower_bound(index_, position, {}, &Entry::position);
  if (found == index_.end() || found->position != position) return {};
  return read(found->offset, found->offset + 1, {.messages_max = 1}, {});
}

}  // namespace bolide::broker
