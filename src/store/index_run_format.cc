// SPDX-License-Identifier: Apache-2.0
//
// Run files: how they are written, and their header and directory.
// Runs on: background agent.  Owns: nothing.  Invariant: docs/disk/index.md.
#include "store/index_run.h"

#include "base/crc.h"
#include "store/byte_sink.h"
#include "store/index_run_format.h"
#include "store/segment.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::string_view run_magic = "BOLIDIX1";

std::string encode_header(const RunHeader& header) {
  std::string bytes(run_magic);
  for (const std::int64_t value :
       {header.range.start, header.range.end, header.min_ms, header.max_ms})
    put_little(bytes, value);
  for (const std::uint64_t value : {header.entry_count, header.key_count, header.directory_bytes})
    put_little(bytes, value);
  for (const std::uint32_t value : {header.entries_crc, header.keys_crc, header.directory_crc})
    put_little(bytes, value);
  put_little(bytes, crc32(bytes));
  bytes.resize(run_header_bytes, '\0');
  return bytes;
}

// Appends to a file through a buffer, and sums.
class SectionWriter {
 public:
  SectionWriter(os::File& file, std::uint64_t offset) : file_(file), offset_(offset) {}

  Result<> add(std::string_view bytes) {
    buffer_.append(bytes);
    return buffer_.size() < flush_bytes ? Result<>() : flush();
  }
  // Ends the section: its checksum.
  Result<std::uint32_t> end() {
    BOLIDE_CHECK(flush());
    return std::exchange(crc_, 0);
  }

 private:
  static constexpr std::size_t flush_bytes = 1U << 20U;

  Result<> flush() {
    crc_ = crc32(buffer_, crc_);
    BOLIDE_CHECK(file_.write(offset_, buffer_));
    offset_ += buffer_.size();
    buffer_.clear();
    return {};
  }

  os::File& file_;
  std::uint64_t offset_;
  std::string buffer_;
  std::uint32_t crc_ = 0;
};

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::vector<const MemQueue*> sorted_queues(const Memtable& from) {
  std::vector<const MemQueue*> queues;
  queues.reserve(from.queues().size());
  for (const MemQueue& queue : from.queues()) queues.push_back(&queue);
  std::sort(queues.begin(), queues.end(), [](const MemQueue* a, const MemQueue* b) {
    const int order = a->topic.compare(b->topic);
    return order != 0 ? order < 0 : a->queue_id < b->queue_id;
  });
  return queues;
}

std::string encode_directory(const std::vector<const MemQueue*>& queues) {
  std::string bytes;
  for (std::size_t i = 0; i < queues.size();) {
    std::size_t end = i;
    while (end < queues.size() && queues[end]->topic == queues[i]->topic) ++end;
    put_little(bytes, static_cast<std::uint8_t>(queues[i]->topic.size()));
    bytes.append(queues[i]->topic);
    put_little(bytes, static_cast<std::uint32_t>(end - i));
    for (; i < end; ++i) {
      put_little(bytes, queues[i]->queue_id);
      put_little(bytes, static_cast<std::uint32_t>(queues[i]->entries.size()));
      put_little(bytes, queues[i]->first_offset);
    }
  }
  return bytes;
}

Result<> write_sections(os::File& file, const Memtable& from, RunHeader* header) {
  const std::vector<const MemQueue*> queues = sorted_queues(from);
  SectionWriter out(file, run_header_bytes);
  for (const MemQueue* queue : queues) {
    header->entry_count += queue->entries.size();
    BOLIDE_CHECK(out.add(bytes_of(queue->entries)));
  }
  BOLIDE_TRY(header->entries_crc, out.end());
  std::vector<KeyEntry> keys = from.keys();
  std::sort(keys.begin(), keys.end(), [](const KeyEntry& a, const KeyEntry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.position < b.position;
  });
  header->key_count = keys.size();
  BOLIDE_CHECK(out.add(bytes_of(keys)));
  BOLIDE_TRY(header->keys_crc, out.end());
  const std::string directory = encode_directory(queues);
  header->directory_bytes = directory.size();
  BOLIDE_CHECK(out.add(directory));
  BOLIDE_TRY(header->directory_crc, out.end());
  return {};
}

}  // namespace

std::string run_name(const RunRange& range) {
  return position_name(range.start) + "-" + position_name(range.end) + ".run";
}

Result<RunHeader> write_run(os::FileSystem& fs, const std::string& directory,
                            const Memtable& from) {
  RunHeader header;
  header.range = {from.log_start(), from.log_end()};
  header.min_ms = from.min_ms();
  header.max_ms = from.max_ms();
  const std::string path = directory + "/" + run_name(header.range);
  BOLIDE_TRY(const auto file, fs.open(path, os::OpenMode::create));
  BOLIDE_CHECK(file->truncate(0));
  BOLIDE_CHECK(write_sections(*file, from, &header));
  BOLIDE_CHECK(file->write(0, encode_header(header)));
  BOLIDE_CHECK(file->sync());
  BOLIDE_CHECK(fs.sync_directory(directory));
  return header;
}

std::optional<RunHeader> decode_run_header(std::string_view bytes) {
  constexpr std::size_t summed = run_magic.size() + 7 * 8 + 3 * 4;
  if (bytes.size() < run_header_bytes || !bytes.starts_with(run_magic)) return std::nullopt;
  RunHeader header;
  LittleReader from(bytes.substr(run_magic.size()));
  header.range.start = from.read<std::int64_t>();
  header.range.end = from.read<std::int64_t>();
  header.min_ms = from.read<std::int64_t>();
  header.max_ms = from.read<std::int64_t>();
  header.entry_count = from.read<std::uint64_t>();
  header.key_count = from.read<std::uint64_t>();
  header.directory_bytes = from.read<std::uint64_t>();
  header.entries_crc = from.read<std::uint32_t>();
  header.keys_crc = from.read<std::uint32_t>();
  header.directory_crc = from.read<std::uint32_t>();
  if (from.read<std::uint32_t>() != crc32(bytes.substr(0, summed))) return std::nullopt;
  constexpr std::uint64_t count_max = 1ULL << 32U;
  if (header.entry_count > count_max || header.key_count > count_max ||
      header.directory_bytes > count_max)
    return std::nullopt;
  return header;
}

bool decode_run_directory(std::string_view bytes, const RunQueueVisitor& each) {
  LittleReader from(bytes);
  while (!from.at_end()) {
    const std::string_view topic = from.bytes(from.read<std::uint8_t>());
    const auto count = from.read<std::uint32_t>();
    constexpr std::size_t queue_bytes = 16;
    if (from.failed() || topic.empty() || count > from.remaining() / queue_bytes) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto queue_id = from.read<std::int32_t>();
      const auto entries = from.read<std::uint32_t>();
      each(topic, queue_id, entries, from.read<std::int64_t>());
    }
  }
  return !from.failed();
}

}  // namespace bolide::store
