// SPDX-License-Identifier: Apache-2.0
//
// The checkpoint file.
// Runs on: see checkpoint.h.  Owns: nothing.  Invariant: see checkpoint.h.
#include "store/checkpoint.h"

#include "base/crc.h"
#include "store/byte_sink.h"

#include <algorithm>

namespace bolide::store {
namespace {

constexpr std::string_view checkpoint_magic = "BOLIDCP1";
constexpr std::size_t run_bytes = 16;
constexpr std::size_t queue_bytes = 32;

}  // namespace

void Checkpoint::apply(const Memtable& from) {
  for (const MemQueue& queue : from.queues()) {
    if (queue.queue >= queues.size()) queues.resize(queue.queue + 1U);
    if (queue.topic_no >= topics.size()) topics.resize(queue.topic_no + 1U);
    topics[queue.topic_no] = queue.topic;
    queues[queue.queue] = {queue.topic_no, queue.queue_id, queue.end_offset(), queue.base_position,
                           queue.entries.back().position};
  }
  runs.push_back({from.log_start(), from.log_end()});
  covered = from.log_end();
  if (from.last_record() >= 0) last_record = from.last_record();
}

void Checkpoint::apply(const BaseChange& change) {
  if (change.queue >= queues.size()) queues.resize(change.queue + 1U);
  queues[change.queue].base_position = change.base_position;
}

void Checkpoint::forget_runs_below(std::int64_t log_min) {
  std::erase_if(runs, [&](const RunRange& run) { return run.end <= log_min; });
}

std::string encode_checkpoint(const Checkpoint& checkpoint) {
  std::string bytes(checkpoint_magic);
  put_little(bytes, checkpoint.covered);
  put_little(bytes, checkpoint.last_record);
  put_little(bytes, static_cast<std::uint32_t>(checkpoint.runs.size()));
  for (const RunRange& run : checkpoint.runs) {
    put_little(bytes, run.start);
    put_little(bytes, run.end);
  }
  put_little(bytes, static_cast<std::uint32_t>(checkpoint.topics.size()));
  for (const std::string_view topic : checkpoint.topics) {
    put_little(bytes, static_cast<std::uint8_t>(topic.size()));
    bytes.append(topic);
  }
  const auto kept = [](const QueueMark& queue) { return queue.next > 0; };
  put_little(bytes, static_cast<std::uint32_t>(
                        std::count_if(checkpoint.queues.begin(), checkpoint.queues.end(), kept)));
  for (const QueueMark& queue : checkpoint.queues) {
    if (!kept(queue)) continue;
    put_little(bytes, queue.topic);
    put_little(bytes, queue.queue_id);
    put_little(bytes, queue.next);
    put_little(bytes, queue.base_position);
    put_little(bytes, queue.last_position);
  }
  put_little(bytes, crc32(bytes));
  return bytes;
}

std::optional<Checkpoint> decode_checkpoint(std::string_view bytes) {
  if (bytes.size() < checkpoint_magic.size() + 4 || !bytes.starts_with(checkpoint_magic))
    return std::nullopt;
  const std::string_view summed = bytes.substr(0, bytes.size() - 4);
  if (load_little<std::uint32_t>(bytes.data() + summed.size()) != crc32(summed))
    return std::nullopt;
  Checkpoint checkpoint;
  LittleReader from(summed.substr(checkpoint_magic.size()));
  checkpoint.covered = from.read<std::int64_t>();
  checkpoint.last_record = from.read<std::int64_t>();
  const auto runs = from.read<std::uint32_t>();
  if (runs > from.remaining() / run_bytes) return std::nullopt;
  for (std::uint32_t i = 0; i < runs; ++i) {
    const auto start = from.read<std::int64_t>();
    checkpoint.runs.push_back({start, from.read<std::int64_t>()});
  }
  const auto topics = from.read<std::uint32_t>();
  if (topics > from.remaining()) return std::nullopt;
  for (std::uint32_t i = 0; i < topics; ++i)
    checkpoint.topics.push_back(from.bytes(from.read<std::uint8_t>()));
  const auto queues = from.read<std::uint32_t>();
  if (queues > from.remaining() / queue_bytes) return std::nullopt;
  for (std::uint32_t i = 0; i < queues; ++i) {
    QueueMark queue;
    queue.topic = from.read<std::uint32_t>();
    queue.queue_id = from.read<std::int32_t>();
    queue.next = from.read<std::int64_t>();
    queue.base_position = from.read<std::int64_t>();
    queue.last_position = from.read<std::int64_t>();
    if (queue.topic >= topics || checkpoint.topics[queue.topic].empty()) return std::nullopt;
    checkpoint.queues.push_back(queue);
  }
  if (from.failed() || !from.at_end()) return std::nullopt;
  return checkpoint;
}

Result<std::optional<RunHeader>> write_index(const IndexJob& job) {
  std::optional<RunHeader> written;
  if (job.sealed) {
    BOLIDE_TRY(written, write_run(*job.fs, job.index_directory, *job.sealed));
    const bool again = !job.image->runs.empty() && job.image->covered == job.sealed->log_end();
    if (!again) job.image->apply(*job.sealed);  // a try before this one may have got so far
  }
  for (const BaseChange& change : job.bases) job.image->apply(change);
  job.image->forget_runs_below(job.log_min);
  BOLIDE_CHECK(os::replace_file(*job.fs, job.checkpoint_path, encode_checkpoint(*job.image)));
  return written;
}

}  // namespace bolide::store
