// SPDX-License-Identifier: Apache-2.0
//
// Reading run files.
// Runs on: log agent.  Owns: descriptor and directory.  Invariant: see index_run.h.
#include "store/index_run.h"

#include "base/assert.h"
#include "base/crc.h"
#include "store/index_run_format.h"

#include <algorithm>
#include <array>
#include <utility>

namespace bolide::store {
namespace {

std::uint64_t keys_offset(const RunHeader& header) {
  return run_header_bytes + header.entry_count * run_entry_bytes;
}
std::uint64_t directory_offset(const RunHeader& header) {
  return keys_offset(header) + header.key_count * run_key_bytes;
}

Failure corrupt(const std::string& path, std::string_view what) {
  return fail(Errc::storage_corrupt, path + ": " + std::string(what));
}

}  // namespace

IndexRun::IndexRun(os::FileSystem& fs, const std::string& directory, RunHeader header)
    : fs_(fs), path_(directory + "/" + run_name(header.range)), header_(header) {}

Result<std::shared_ptr<IndexRun>> IndexRun::open(os::FileSystem& fs, const std::string& directory,
                                                 const RunRange& range) {
  RunHeader wanted;
  wanted.range = range;
  auto run = std::make_shared<IndexRun>(fs, directory, wanted);
  std::array<char, run_header_bytes> bytes{};
  BOLIDE_TRY(const auto file, run->file());
  BOLIDE_TRY(const std::size_t got, file->read(0, bytes.data(), bytes.size()));
  const auto header = decode_run_header({bytes.data(), got});
  if (!header || header->range != range) return corrupt(run->path_, "header does not match");
  BOLIDE_TRY(const std::uint64_t size, file->size());
  if (size != directory_offset(*header) + header->directory_bytes)
    return corrupt(run->path_, "size does not match");
  run->header_ = *header;
  run->unload();
  return run;
}

Result<std::shared_ptr<os::File>> IndexRun::file() {
  if (!file_) {
    BOLIDE_TRY(file_, fs_.open(path_, os::OpenMode::read));
  }
  return file_;
}

Result<bool> IndexRun::read(std::uint64_t offset, char* into, std::size_t size, ColdRange* cold) {
  BOLIDE_TRY(const auto opened, file());
  std::size_t got = 0;
  if (cold == nullptr) {
    BOLIDE_TRY(got, opened->read(offset, into, size));
  } else {
    BOLIDE_TRY(const auto cached, opened->read_cached(offset, into, size));
    if (!cached) {
      *cold = {opened, offset, size};
      return false;
    }
    got = *cached;
  }
  if (got != size) return corrupt(path_, "shorter than its header says");
  return true;
}

Result<bool> IndexRun::load(QueueTable& queues, ColdRange* cold) {
  if (loaded_) return true;
  std::string bytes(header_.directory_bytes, '\0');
  BOLIDE_TRY(const bool here, read(directory_offset(header_), bytes.data(), bytes.size(), cold));
  if (!here) return false;
  if (crc32(bytes) != header_.directory_crc) return corrupt(path_, "directory is damaged");
  queues_.clear();
  std::uint64_t index = 0;
  const bool valid =
      decode_run_directory(bytes, [&](std::string_view topic, std::int32_t queue_id,
                                      std::uint32_t count, std::int64_t first_offset) {
        queues_.push_back({queues.find_or_add(topic, queue_id), count, first_offset, index});
        index += count;
      });
  if (!valid || index != header_.entry_count) return corrupt(path_, "directory is malformed");
  std::sort(queues_.begin(), queues_.end(),
            [](const RunQueue& a, const RunQueue& b) { return a.queue < b.queue; });
  loaded_ = true;
  return true;
}

void IndexRun::unload() {
  loaded_ = false;
  queues_ = {};
  file_.reset();
}

const RunQueue* IndexRun::find(QueueNo queue) const {
  BOLIDE_ASSERT(loaded_);
  const auto at = std::lower_bound(queues_.begin(), queues_.end(), queue,
                                   [](const RunQueue& a, QueueNo b) { return a.queue < b; });
  return at != queues_.end() && at->queue == queue && at->count > 0 ? &*at : nullptr;
}

Result<bool> IndexRun::read_entries(const RunQueue& place, std::int64_t offset,
                                    std::span<IndexEntry> into, ColdRange* cold) {
  BOLIDE_ASSERT(offset >= place.first_offset &&
                offset + static_cast<std::int64_t>(into.size()) <= place.end_offset());
  const auto index = place.entry_index + static_cast<std::uint64_t>(offset - place.first_offset);
  BOLIDE_TRY(const bool here, read(run_header_bytes + index * run_entry_bytes,
                                   reinterpret_cast<char*>(into.data()), into.size_bytes(), cold));
  if (!here) return false;
  // Their sum is over the whole section; this much is sure to notice before they are used.
  std::int64_t above = header_.range.start;
  for (const IndexEntry& entry : into) {
    if (entry.position < above || entry.position + entry.size > header_.range.end)
      return corrupt(path_, "entries are damaged");
    above = entry.position;
  }
  return true;
}

Result<> IndexRun::find_keys(std::uint64_t hash, std::vector<std::int64_t>* into) {
  const auto key_at = [&](std::uint64_t index) -> Result<KeyEntry> {
    KeyEntry key;
    BOLIDE_CHECK(read(keys_offset(header_) + index * run_key_bytes, reinterpret_cast<char*>(&key),
                      sizeof key, nullptr));
    return key;
  };
  std::uint64_t low = 0;
  std::uint64_t high = header_.key_count;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    BOLIDE_TRY(const KeyEntry key, key_at(middle));
    if (key.hash < hash) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (; low < header_.key_count; ++low) {
    BOLIDE_TRY(const KeyEntry key, key_at(low));
    if (key.hash != hash) break;
    into->push_back(key.position);
  }
  return {};
}

Result<> IndexRun::check_all() {
  struct Section {
    std::uint64_t offset;
    std::uint64_t size;
    std::uint32_t crc;
    std::string_view name;
  };
  const Section sections[] = {
      {run_header_bytes, header_.entry_count * run_entry_bytes, header_.entries_crc, "entries are"},
      {keys_offset(header_), header_.key_count * run_key_bytes, header_.keys_crc, "keys are"},
      {directory_offset(header_), header_.directory_bytes, header_.directory_crc, "directory is"}};
  for (const Section& section : sections) {
    std::string bytes(section.size, '\0');
    BOLIDE_CHECK(read(section.offset, bytes.data(), bytes.size(), nullptr));
    if (crc32(bytes) != section.crc) return corrupt(path_, std::string(section.name) + " damaged");
  }
  return {};
}

}  // namespace bolide::store
