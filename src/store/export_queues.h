// SPDX-License-Identifier: Apache-2.0
//
// Writes the consume queues of Apache RocketMQ's broker: <dir>/<topic>/<queue>/<20-digit start>,
// files of 300,000 units of 20 bytes (rocketmq disk 4).
// Runs on: the command line; the main thread at a clean stop.  Owns: what is not yet written, up to
// a bounded size. Invariant: the unit of offset n stands at byte 20 n of its queue; no file is
// without a unit, as the broker would take its zeros for one.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/queue_table.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

inline constexpr std::int64_t queue_unit_bytes = 20;
inline constexpr std::int64_t queue_file_units = 300'000;

struct QueueUnit {
  std::int64_t position = 0;
  std::int32_t size = 0;
  std::int64_t tags_code = 0;
};

class QueueFilesExport {
 public:
  // `log_min`: where the log begins. `units_per_file` is the format's, but for tests.
  QueueFilesExport(os::FileSystem& fs, std::string directory, std::int64_t log_min,
                   std::int64_t units_per_file = queue_file_units)
      : fs_(fs),
        directory_(std::move(directory)),
        log_min_(log_min),
        units_per_file_(units_per_file) {}

  // What the store knows of a queue from elsewhere, before its first unit: the next offset, and
  // that records below `base_position` are not to be seen.
  void expect(std::string_view topic, std::int32_t queue_id, std::int64_t next,
              std::int64_t base_position);
  // The unit at `offset`; units of a queue come in the order of the log. Offsets left out get the
  // unit that follows them; an offset that goes back starts the queue anew. Errors: disk_full, io.
  Result<> add(std::string_view topic, std::int32_t queue_id, std::int64_t offset,
               const QueueUnit& unit);
  // Writes the rest, durably. Queues that have a next offset but no unit get files that say so.
  // Errors: disk_full, io.
  Result<> finish();

  std::uint64_t queues() const { return queues_written_; }
  std::uint64_t files() const { return files_written_; }

 private:
  struct Queue {
    std::int64_t first = -1;   // the offset with which the first file begins; -1: no unit yet
    std::int64_t next = 0;     // of the next unit
    std::int64_t written = 0;  // units below this offset are in the files
    std::int64_t expected_next = 0;
    std::int64_t base_position = 0;
    std::string pending;
  };

  Queue& queue(std::string_view topic, std::int32_t queue_id, QueueNo* no);
  Result<> begin(QueueNo no, std::int64_t offset, std::int32_t filler_size);
  void append(Queue& queue, const QueueUnit& unit);
  std::string path(QueueNo no) const;
  Result<> write(QueueNo no);
  Result<> write_all();
  Result<> sync(QueueNo no);

  os::FileSystem& fs_;
  std::string directory_;
  std::int64_t log_min_;
  std::int64_t units_per_file_;
  QueueTable table_;
  std::vector<Queue> queues_;  // by queue number
  std::size_t pending_bytes_ = 0;
  std::uint64_t queues_written_ = 0;
  std::uint64_t files_written_ = 0;
};

}  // namespace bolide::store
