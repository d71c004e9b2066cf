// SPDX-License-Identifier: Apache-2.0
//
// Apache RocketMQ's consume queues, written.
// Runs on: the command line; the main thread at a clean stop.  Owns: what is not yet written.
// Invariant: see export_queues.h.
#include "store/export_queues.h"

#include "base/cursor.h"
#include "os/path.h"
#include "store/segment.h"

#include <algorithm>
#include <limits>

namespace bolide::store {
namespace {

constexpr std::size_t pending_bytes_max = 64U << 20U;
// As the index: more offsets than that left out are no hole, but another life of the queue.
constexpr std::int64_t hole_max = 1 << 20;
// The broker fills a queue that begins inside a file with units {0, 2^31-1, 0}: before the log's
// beginning, so below the queue's least offset.
constexpr std::int32_t filler_size = std::numeric_limits<std::int32_t>::max();
// Where nothing follows them, the broker takes the last unit's end for how far the log is indexed,
// and drops new records below it: so these must end early.
constexpr std::int32_t last_filler_size = 1;

}  // namespace

QueueFilesExport::Queue& QueueFilesExport::queue(std::string_view topic, std::int32_t queue_id,
                                                 QueueNo* no) {
  *no = table_.find_or_add(topic, queue_id);
  if (*no >= queues_.size()) queues_.resize(*no + 1U);
  return queues_[*no];
}

void QueueFilesExport::expect(std::string_view topic, std::int32_t queue_id, std::int64_t next,
                              std::int64_t base_position) {
  QueueNo no = 0;
  Queue& known = queue(topic, queue_id, &no);
  known.expected_next = next;
  known.base_position = base_position;
}

Result<> QueueFilesExport::add(std::string_view topic, std::int32_t queue_id, std::int64_t offset,
                               const QueueUnit& unit) {
  QueueNo no = 0;
  Queue& known = queue(topic, queue_id, &no);
  // In a log that begins at 0 nothing can be said to be below the least offset: there what was
  // given up is shown again, as else what follows it would be passed over.
  if (unit.position < known.base_position && log_min_ > 0) return {};
  if (known.first < 0 || offset < known.next || offset - known.next > hole_max)
    BOLIDE_CHECK(begin(no, offset, filler_size));
  while (known.next <= offset) append(known, unit);
  return pending_bytes_ < pending_bytes_max ? Result<>() : write_all();
}

// The queue's first unit will be that of `offset`.
Result<> QueueFilesExport::begin(QueueNo no, std::int64_t offset, std::int32_t filler) {
  Queue& queue = queues_[no];
  if (queue.first >= 0) BOLIDE_CHECK(fs_.remove_all(path(no)));
  pending_bytes_ -= queue.pending.size();
  queue.pending.clear();
  queue.first = queue.next = queue.written = offset - offset % units_per_file_;
  while (queue.next < offset) append(queue, {0, filler, 0});
  return {};
}

void QueueFilesExport::append(Queue& queue, const QueueUnit& unit) {
  char bytes[queue_unit_bytes];
  Writer to(bytes, sizeof bytes);
  to.i64(unit.position);
  to.i32(unit.size);
  to.i64(unit.tags_code);
  queue.pending.append(bytes, sizeof bytes);
  pending_bytes_ += sizeof bytes;
  ++queue.next;
}

std::string QueueFilesExport::path(QueueNo no) const {
  return directory_ + "/" + std::string(table_.topic(no)) + "/" +
         std::to_string(table_.at(no).queue_id);
}

Result<> QueueFilesExport::write(QueueNo no) {
  Queue& queue = queues_[no];
  if (queue.pending.empty()) return {};
  const std::string directory = path(no);
  if (queue.written == queue.first) BOLIDE_CHECK(fs_.make_directories(directory));
  std::string_view rest = queue.pending;
  while (!rest.empty()) {
    const std::int64_t in_file = queue.written % units_per_file_;
    const std::string name =
        directory + "/" + position_name((queue.written - in_file) * queue_unit_bytes);
    BOLIDE_TRY(const auto file, fs_.open(name, os::OpenMode::create));
    if (in_file == 0)
      BOLIDE_CHECK(file->truncate(static_cast<std::uint64_t>(units_per_file_ * queue_unit_bytes)));
    const std::string_view piece =
        rest.substr(0, static_cast<std::size_t>((units_per_file_ - in_file) * queue_unit_bytes));
    BOLIDE_CHECK(file->write(static_cast<std::uint64_t>(in_file * queue_unit_bytes), piece));
    rest.remove_prefix(piece.size());
    queue.written += static_cast<std::int64_t>(piece.size()) / queue_unit_bytes;
  }
  pending_bytes_ -= queue.pending.size();
  std::string().swap(queue.pending);
  return {};
}

Result<> QueueFilesExport::write_all() {
  for (QueueNo no = 0; no < queues_.size(); ++no) BOLIDE_CHECK(write(no));
  return {};
}

Result<> QueueFilesExport::finish() {
  BOLIDE_CHECK(fs_.make_directories(directory_));
  for (QueueNo no = 0; no < queues_.size(); ++no) {
    Queue& queue = queues_[no];
    if (queue.first < 0 && queue.expected_next > 0) {
      // In the file of the last offset there was: one without units must not be.
      BOLIDE_CHECK(begin(no, queue.expected_next - 1, last_filler_size));
      append(queue, {0, last_filler_size, 0});
    }
    BOLIDE_CHECK(write(no));
    if (queue.first >= 0) BOLIDE_CHECK(sync(no));
  }
  return fs_.sync_directory(directory_);
}

Result<> QueueFilesExport::sync(QueueNo no) {
  const Queue& queue = queues_[no];
  const std::string directory = path(no);
  for (std::int64_t at = queue.first; at < queue.next; at += units_per_file_) {
    BOLIDE_TRY(const auto file, fs_.open(directory + "/" + position_name(at * queue_unit_bytes),
                                         os::OpenMode::read_write));
    BOLIDE_CHECK(file->sync());
    ++files_written_;
  }
  ++queues_written_;
  BOLIDE_CHECK(fs_.sync_directory(directory));
  return fs_.sync_directory(os::parent_directory(directory));
}

}  // namespace bolide::store
