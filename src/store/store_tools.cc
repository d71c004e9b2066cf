// SPDX-License-Identifier: Apache-2.0
//
// Verifying and dumping a store directory.
// Runs on: the command line.  Owns: nothing.  Invariant: opens files for reading only.
#include "store/store_tools.h"

#include "store/checkpoint.h"
#include "store/index_run.h"
#include "store/inner_batch.h"
#include "store/log_scanner.h"
#include "store/segment.h"
#include "store/store_layout.h"

#include <algorithm>
#include <limits>
#include <map>
#include <span>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::size_t problems_max = 100;
constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t checkpoint_bytes_max = 4ULL << 30U;

Result<std::deque<Segment>> open_for_reading(os::FileSystem& fs, const StoreLayout& layout) {
  BOLIDE_CHECK(check_directory(fs, layout));
  if (!fs.exists(layout.log)) return fail(Errc::not_a_store, layout.root + ": has no commitlog");
  if (fs.exists(layout.lock)) {
    BOLIDE_TRY(const auto lock, fs.open(layout.lock, os::OpenMode::read_write));
    if (!lock->lock()) return fail(Errc::in_use, layout.root);
  }
  BOLIDE_TRY(auto found, open_segments(fs, layout.log, 0, true));
  return std::deque<Segment>(std::make_move_iterator(found.begin()),
                             std::make_move_iterator(found.end()));
}

class Verifier {
 public:
  Verifier(os::FileSystem& fs, const std::string& directory) : fs_(fs), layout_(directory) {}

  Result<VerifyReport> run() {
    BOLIDE_TRY(segments_, open_for_reading(fs_, layout_));
    if (segments_.empty()) return report_;
    report_.segments = segments_.size();
    report_.segment_bytes = segments_.front().size;
    report_.first_position = report_.end_position = segments_.front().start;
    BOLIDE_CHECK(load_checkpoint());
    BOLIDE_CHECK(read_log());
    report_.queues = next_offsets_.size();
    check_end();
    return std::move(report_);
  }

 private:
  using QueueKey = std::pair<std::string, std::int32_t>;

  Result<> load_checkpoint() {
    const auto bytes = os::read_file(fs_, layout_.checkpoint, checkpoint_bytes_max);
    if (!bytes) return {};
    checkpoint_bytes_ = *bytes;
    const auto decoded = decode_checkpoint(checkpoint_bytes_);
    if (!decoded) {
      index_problem(layout_.checkpoint + ": damaged");
      return {};
    }
    checkpoint_ = *decoded;
    for (const RunRange& range : checkpoint_.runs) {
      ++report_.index_runs;
      Result<std::shared_ptr<IndexRun>> run = IndexRun::open(fs_, layout_.index, range);
      if (run) {
        if (const Result<> sound = (*run)->check_all(); !sound) run = Failure(sound.error());
      }
      if (!run) index_problem(run.error().message());
    }
    return {};
  }

  Result<> read_log() {
    std::int64_t from = report_.first_position;
    for (;;) {
      BOLIDE_TRY(const std::int64_t stop, read_records(from));
      BOLIDE_TRY(const std::int64_t data_end, end_of_data(segments_, stop, no_limit));
      if (data_end <= stop) return {};
      BOLIDE_TRY(const std::int64_t behind, find_record(segments_, stop + 1, data_end));
      note_damage(stop, behind >= 0 ? behind : data_end, behind >= 0);
      if (behind < 0) return {};
      from = behind;
    }
  }

  // Reads valid records; where they end.
  Result<std::int64_t> read_records(std::int64_t from) {
    LogScanner scanner(segments_, from, no_limit);
    for (;;) {
      Record record;
      BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
      if (status != DecodeStatus::record) return scanner.position();
      ++report_.records;
      report_.bytes += record.total_size;
      report_.end_position = scanner.next_position();
      note_record(record);
    }
  }

  void note_record(const Record& record) {
    const std::int32_t transaction = record.sys_flag & sys_flag::transaction_mask;
    if (transaction == sys_flag::prepared || transaction == sys_flag::rollback) return;
    key_.first.assign(record.topic);
    key_.second = record.queue_id;
    const auto [known, added] = next_offsets_.try_emplace(key_, record.queue_offset);
    if (known->second != record.queue_offset && report_.queue_problems.size() < problems_max)
      report_.queue_problems.push_back(key_.first + " " + std::to_string(key_.second) +
                                       ": offset " + std::to_string(record.queue_offset) + " at " +
                                       std::to_string(record.position) + " where " +
                                       std::to_string(known->second) + " was to come");
    known->second = record.queue_offset + offsets_covered(record);
  }

  void note_damage(std::int64_t from, std::int64_t to, bool records_behind) {
    if (report_.damages.size() >= problems_max) return;
    Damage damage{from, to, {}, 0, records_behind};
    for (const Segment& segment : segments_) {
      if (from < segment.start || from >= segment.end()) continue;
      damage.file = segment.path;
      damage.offset = segment.offset_of(from);
    }
    report_.damages.push_back(std::move(damage));
  }

  // Whether the checkpoint and the log can be of one store.
  void check_end() {
    if (checkpoint_.covered > report_.end_position)
      index_problem(layout_.checkpoint + ": covers the log up to " +
                    std::to_string(checkpoint_.covered) + ", which ends at " +
                    std::to_string(report_.end_position));
    for (const QueueMark& mark : checkpoint_.queues) {
      const QueueKey key(checkpoint_.topics[mark.topic], mark.queue_id);
      const auto known = next_offsets_.find(key);
      if (known != next_offsets_.end() && known->second < mark.next)
        index_problem(key.first + " " + std::to_string(key.second) +
                      ": the index has offsets up to " + std::to_string(mark.next) +
                      ", the log up to " + std::to_string(known->second));
    }
  }

  void index_problem(std::string text) {
    if (report_.index_problems.size() < problems_max)
      report_.index_problems.push_back(std::move(text));
  }

  os::FileSystem& fs_;
  StoreLayout layout_;
  std::deque<Segment> segments_;
  std::string checkpoint_bytes_;
  Checkpoint checkpoint_;
  std::map<QueueKey, std::int64_t> next_offsets_;
  QueueKey key_;
  VerifyReport report_;
};

}  // namespace

Result<VerifyReport> verify_store(os::FileSystem& fs, const std::string& directory) {
  return Verifier(fs, directory).run();
}

Result<std::int64_t> dump_store(os::FileSystem& fs, const std::string& directory, std::int64_t from,
                                std::uint64_t count,
                                const std::function<bool(const Record& record)>& each) {
  const StoreLayout layout(directory);
  BOLIDE_TRY(const std::deque<Segment> segments, open_for_reading(fs, layout));
  if (segments.empty()) return from;
  from = std::max(from, segments.front().start);
  // A position inside a record: on to the next one.
  BOLIDE_TRY(from, find_record(segments, from, segments.back().end()));
  if (from < 0) return segments.back().end();
  LogScanner scanner(segments, from, no_limit);
  for (; count > 0; --count) {
    Record record;
    BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
    if (status != DecodeStatus::record || !each(record)) break;
  }
  return scanner.next_position();
}

}  // namespace bolide::store
