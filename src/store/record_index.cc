// SPDX-License-Identifier: Apache-2.0
//
// From stored records to index entries: for recovery and for damaged runs.
// Runs on: the thread that opens the store; log agent for a damaged run.  Owns: nothing.
// Invariant: gives the entries that appending the records gave.
#include "base/crc.h"
#include "store/inner_batch.h"
#include "store/log_scanner.h"
#include "store/recovery.h"

namespace bolide::store {
namespace {

bool in_queue(const Record& record) {
  const std::int32_t transaction = record.sys_flag & sys_flag::transaction_mask;
  return transaction != sys_flag::prepared && transaction != sys_flag::rollback;
}

}  // namespace

bool index_record(MessageIndex& index, const Record& record) {
  bool follows = true;
  const bool keyed = (record.sys_flag & sys_flag::transaction_mask) != sys_flag::rollback;
  IndexedProperties properties;
  DispatchProperties dispatch;
  for_each_property(record.properties, [&](std::string_view name, std::string_view value) {
    properties.take(name, value);
    dispatch.take(name, value);
  });
  if (keyed)
    properties.each_key(
        [&](std::string_view key) { index.add_key(key_hash(record.topic, key), record.position); });
  if (in_queue(record)) {
    const QueueNo queue = index.queues().find_or_add(record.topic, record.queue_id);
    follows = index.queues().at(queue).next == record.queue_offset;
    const IndexEntry entry{record.position, record.store_ms, record.total_size,
                           properties.tag_hash()};
    const std::int32_t covered = offsets_covered(record);
    for (std::int32_t i = 0; i < covered; ++i) index.add(queue, record.queue_offset + i, entry);
    if (!dispatch.queues.empty() && dispatches(record.topic))
      dispatch.for_each([&](std::string_view name, std::int64_t offset) {
        const QueueNo light = index.queues().find_or_add(name, 0);
        // Named twice, or behind what is there: a position must grow with its offset.
        if (offset >= index.queues().at(light).next) index.add(light, offset, entry);
      });
  }
  index.cover(record.position + record.total_size, record.position);
  return follows;
}

Result<RunHeader> rebuild_run(os::FileSystem& fs, const std::string& index_directory,
                              const std::deque<Segment>& segments, const RunRange& range) {
  MessageIndex index(fs, index_directory);
  const std::int64_t from = std::max(range.start, segments.front().start);
  index.start({}, range.start, from);
  LogScanner scanner(segments, from, range.end);
  for (;;) {
    Record record;
    BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
    if (status == DecodeStatus::record) {
      index_record(index, record);
      continue;
    }
    if (scanner.position() >= range.end) break;
    return fail(Errc::storage_corrupt, "the log is damaged at " +
                                           std::to_string(scanner.position()) +
                                           ": see `bolide store verify`");
  }
  index.cover(range.end, index.active().last_record());
  return write_run(fs, index_directory, index.active());
}

}  // namespace bolide::store
