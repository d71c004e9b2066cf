// SPDX-License-Identifier: Apache-2.0
//
// Files of kept records.
// Runs on: see kept_queue.h.  Owns: see kept_queue.h.  Invariant: see kept_queue.h.
#include "broker/compaction/kept_queue.h"

#include "base/log.h"
#include "broker/filter/sql_evaluate.h"
#include "os/path.h"
#include "store/record.h"

#include <algorithm>

namespace bolide::broker {
namespace {

constexpr std::size_t read_step = 1U << 20U;
constexpr std::size_t write_step = 1U << 20U;
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

// Writes a file from its beginning on.
class FileWriter {
 public:
  explicit FileWriter(os::File& file) : file_(file) {}
  Result<> add(std::string_view bytes) {
    pending_ += bytes;
    return pending_.size() < write_step ? Result<>() : flush();
  }
  Result<> flush() {
    BOLIDE_CHECK(file_.write(written_, pending_));
    written_ += pending_.size();
    pending_.clear();
    return {};
  }

 private:
  os::File& file_;
  std::string pending_;
  std::uint64_t written_ = 0;
};

}  // namespace

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
  std::string buffer;
  std::size_t used = 0;  // of the buffer
  std::uint64_t at = 0;  // of the file
  for (;;) {
    store::Record record;
    const std::string_view rest = std::string_view(buffer).substr(used);
    const auto status = store::decode_record(rest, store::Verify::checksums, &record);
    if (status == store::DecodeStatus::record) {
      index_.push_back({record.queue_offset, at, record.total_size});
      at += record.total_size;
      used += record.total_size;
      continue;
    }
    if (status != store::DecodeStatus::truncated)
      return fail(Errc::storage_corrupt, path + ": damaged at " + std::to_string(at));
    buffer.erase(0, used);
    used = 0;
    const std::size_t had = buffer.size();
    buffer.resize(had + read_step);
    BOLIDE_TRY(const std::size_t got, file_->read(at + had, buffer.data() + had, read_step));
    buffer.resize(had + got);
    if (got > 0) continue;
    if (had == 0) return {};
    return fail(Errc::storage_corrupt, path + ": ends inside a record");
  }
}

Result<std::string> KeptQueue::bytes_of(const Entry& entry) const {
  std::string bytes(entry.size, '\0');
  BOLIDE_TRY(const std::size_t got, file_->read(entry.at, bytes.data(), bytes.size()));
  store::Record record;
  if (got != bytes.size() || !is_record(bytes, &record))
    return fail(Errc::storage_corrupt, "the kept record at " + std::to_string(entry.at));
  return bytes;
}

Result<KeptQueue::Ptr> KeptQueue::merge(os::FileSystem& fs, const std::string& path, const Ptr& old,
                                        const KeptBatch& batch) {
  const std::string temporary = path + ".tmp";
  BOLIDE_CHECK(fs.make_directories(os::parent_directory(path)));
  BOLIDE_TRY(const auto file, fs.open(temporary, os::OpenMode::create));
  BOLIDE_CHECK(file->truncate(0));
  FileWriter out(*file);
  auto fresh = batch.records().begin();
  const auto fresh_until = [&](std::int64_t offset) -> Result<> {
    for (; fresh != batch.records().end() && fresh->first < offset; ++fresh)
      BOLIDE_CHECK(out.add(fresh->second));
    return {};
  };
  for (std::size_t i = 0; old && i < old->index_.size(); ++i) {
    const Entry& entry = old->index_[i];
    BOLIDE_TRY(const std::string bytes, old->bytes_of(entry));
    store::Record record;
    (void)store::decode_record(bytes, store::Verify::header, &record);
    if (batch.has(key_of(record))) continue;
    BOLIDE_CHECK(fresh_until(entry.offset));
    BOLIDE_CHECK(out.add(bytes));
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

bool KeptQueue::has(std::int64_t offset, std::int64_t end) const {
  const std::size_t at = first_from(offset);
  return at < index_.size() && index_[at].offset < end;
}

// Up to which entry, from `begin` on, one call reads.
std::size_t KeptQueue::stretch(std::size_t begin, std::size_t end, const store::ReadLimits& limits,
                               const Matcher& matcher) const {
  const bool all_match = !matcher.tags && !matcher.sql;
  const auto wanted = static_cast<std::size_t>(std::max(limits.messages_max, 1));
  end = std::min(end, begin + (all_match ? wanted : std::max(wanted, filtered_step)));
  std::size_t behind = begin + 1;
  std::size_t bytes = index_[begin].size;
  while (behind < end && bytes + index_[behind].size <= limits.bytes_max)
    bytes += index_[behind++].size;
  return behind;
}

// The entries [begin, end), which lie side by side. Null: they are cold.
Result<ChunkPtr> KeptQueue::chunk_of(std::size_t begin, std::size_t end,
                                     std::optional<store::ColdRange>* cold) const {
  const std::uint64_t at = index_[begin].at;
  const std::size_t size = index_[end - 1].at + index_[end - 1].size - at;
  ChunkPtr chunk = std::make_shared<Chunk>(size);
  BOLIDE_TRY(const auto got, file_->read_cached(at, chunk->data(), size));
  if (!got) {
    *cold = {.file = file_, .offset = at, .size = size};
    return ChunkPtr();
  }
  if (*got != size)
    return fail(Errc::storage_corrupt, "what was kept ends before " + std::to_string(at + size));
  return chunk;
}

store::ReadResult KeptQueue::read(std::int64_t offset, std::int64_t end,
                                  const store::ReadLimits& limits, const Matcher& matcher) const {
  store::ReadResult result;
  result.next_offset = offset;
  const std::size_t last = first_from(end);
  std::size_t work = 0;
  for (std::size_t begin = first_from(offset), behind = 0; begin < last; begin = behind) {
    behind = stretch(begin, last, limits, matcher);
    std::optional<store::ColdRange> cold;
    const Result<ChunkPtr> chunk = chunk_of(begin, behind, &cold);
    if (cold) {
      if (result.next_offset > offset) return result;  // for the next read
      result.status = store::ReadStatus::cold;
      result.cold = std::move(cold);
      return result;
    }
    for (std::size_t i = begin; i < behind; ++i) {
      const Entry& entry = index_[i];
      const bool full = result.messages > 0 && (result.messages >= limits.messages_max ||
                                                result.bytes + entry.size > limits.bytes_max);
      if (full || work > work_max) return result;
      work += entry.size + entry_work;
      const std::size_t at = entry.at - index_[begin].at;
      store::Record record;
      if (!chunk || !is_record({(*chunk)->data() + at, entry.size}, &record)) {
        BOLIDE_LOG(error, "the kept record of offset {} is damaged", entry.offset);
        if (entry.offset == offset) result.status = store::ReadStatus::failed;
        result.next_offset = entry.offset;
        return result;
      }
      result.next_offset = entry.offset + 1;
      if (!selects(matcher, record)) continue;
      result.records.push_back({*chunk, at, entry.size});
      result.bytes += entry.size;
      ++result.messages;
    }
  }
  result.next_offset = std::max(offset, end);  // what is behind the last kept one is in the log
  return result;
}

}  // namespace bolide::broker
