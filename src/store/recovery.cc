// SPDX-License-Identifier: Apache-2.0
//
// Opening a store directory.
// Runs on: the thread that opens the store.  Owns: nothing.  Invariant: see recovery.h.
#include "store/recovery.h"

#include "base/log.h"
#include "store/log_scanner.h"
#include "store/log_tail.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::size_t memtable_entries_max = 512U << 10U;
constexpr std::uint64_t checkpoint_bytes_max = 4ULL << 30U;

class Recovery {
 public:
  Recovery(os::FileSystem& fs, const StoreOptions& options)
      : fs_(fs), options_(options), layout_(options.directory) {}

  Result<Recovered> run();

 private:
  Result<> prepare_directory();
  Result<> set_apache_index_aside();
  Result<> open_log();
  Result<> load_checkpoint();
  bool checkpoint_fits(const Checkpoint& checkpoint) const;
  Result<> adopt(const Checkpoint& checkpoint);
  Result<> adopt_runs(const Checkpoint& checkpoint);
  Result<> scan();
  Result<> write_sealed();
  Result<> finish();
  LogTail tail() const;
  Result<> remove_stray_runs();
  Result<> sync_segments(std::int64_t from);

  std::deque<Segment>& segments() { return found_.log.segments; }
  std::int64_t last_end() const { return found_.log.segments.back().end(); }

  os::FileSystem& fs_;
  const StoreOptions& options_;
  StoreLayout layout_;
  Recovered found_;
  std::int64_t scanned_from_ = 0;
  std::int64_t covered_ = 0;  // by the checkpoint that was found
  bool image_changed_ = false;
  bool strict_ = false;  // what is read from the log was written by us, behind what is indexed
};

Result<Recovered> Recovery::run() {
  BOLIDE_CHECK(check_directory(fs_, layout_));
  BOLIDE_CHECK(prepare_directory());
  BOLIDE_CHECK(open_log());
  BOLIDE_CHECK(load_checkpoint());
  BOLIDE_CHECK(scan());
  BOLIDE_CHECK(finish());
  return std::move(found_);
}

Result<> Recovery::prepare_directory() {
  BOLIDE_CHECK(fs_.make_directories(layout_.root));
  BOLIDE_TRY(found_.lock, fs_.open(layout_.lock, os::OpenMode::create));
  if (Result<> locked = found_.lock->lock(); !locked) {
    if (locked.error().code != Errc::in_use) return locked;
    return fail(Errc::in_use, layout_.root);
  }
  found_.clean = !fs_.exists(layout_.abort);
  BOLIDE_CHECK(fs_.make_directories(layout_.log));
  BOLIDE_CHECK(fs_.make_directories(layout_.index));
  BOLIDE_TRY(const auto abort, fs_.open(layout_.abort, os::OpenMode::create));
  BOLIDE_CHECK(fs_.sync_directory(layout_.root));
  BOLIDE_CHECK(set_apache_index_aside());
  BOLIDE_TRY(found_.marks, MarkFile::open(fs_, layout_.marks));
  return {};
}

// What Apache's broker derives from the log is out of date with our first append, and it would
// believe it; an export derives everything anew.
Result<> Recovery::set_apache_index_aside() {
  const std::string aside = layout_.own + "/apache";
  bool any = false;
  for (const char* name :
       {"checkpoint", "consumequeue", "batchconsumequeue", "consumequeue_ext", "index"}) {
    const std::string from = layout_.root + "/" + name;
    if (!fs_.exists(from)) continue;
    if (!any) BOLIDE_CHECK(fs_.make_directories(aside));
    any = true;
    BOLIDE_CHECK(fs_.remove_all(aside + "/" + name));
    BOLIDE_CHECK(fs_.rename(from, aside + "/" + name));
  }
  if (!any) return {};
  BOLIDE_LOG(info, "{}: consume queues and index of Apache RocketMQ are set aside in {}",
             layout_.root, aside);
  BOLIDE_CHECK(fs_.sync_directory(aside));
  return fs_.sync_directory(layout_.root);
}

Result<> Recovery::open_log() {
  BOLIDE_TRY(auto segments_found, open_segments(fs_, layout_.log, options_.segment_bytes));
  if (segments_found.empty()) {
    BOLIDE_TRY(Segment first, make_segment(fs_, layout_.log, 0, options_.segment_bytes));
    segments_found.push_back(std::move(first));
  }
  found_.segment_bytes = segments_found.front().size;
  if (found_.segment_bytes != options_.segment_bytes)
    BOLIDE_LOG(info, "{}: segments have {} bytes and keep this size", layout_.log,
               found_.segment_bytes);
  for (Segment& segment : segments_found) segments().push_back(std::move(segment));
  return {};
}

Result<> Recovery::load_checkpoint() {
  found_.index = std::make_unique<MessageIndex>(fs_, layout_.index);
  found_.image = std::make_shared<Checkpoint>();
  found_.image->names = found_.index->queues().names();
  found_.index->on_damage(
      [this](const RunRange& range) { return rebuild_run(fs_, layout_.index, segments(), range); });
  scanned_from_ = segments().front().start;
  found_.image->covered = scanned_from_;
  const Result<std::string> bytes = os::read_file(fs_, layout_.checkpoint, checkpoint_bytes_max);
  if (!bytes && bytes.error().code != Errc::not_found) return Failure(bytes.error());
  const auto checkpoint = bytes ? decode_checkpoint(*bytes) : std::nullopt;
  if (checkpoint && checkpoint_fits(*checkpoint)) return adopt(*checkpoint);
  if (bytes)
    BOLIDE_LOG(warning, "{} does not match the log: the index is rebuilt", layout_.checkpoint);
  found_.index->start({}, scanned_from_, scanned_from_);
  return {};
}

// Whether the log has what the checkpoint says it covers.
bool Recovery::checkpoint_fits(const Checkpoint& checkpoint) const {
  const auto& segments = found_.log.segments;
  if (checkpoint.covered > last_end()) return false;
  for (std::size_t i = 1; i < checkpoint.runs.size(); ++i)
    if (checkpoint.runs[i].start != checkpoint.runs[i - 1].end) return false;
  if (!checkpoint.runs.empty() && checkpoint.runs.back().end != checkpoint.covered) return false;
  if (checkpoint.last_record < segments.front().start) return true;
  LogScanner scanner(segments, checkpoint.last_record, std::numeric_limits<std::int64_t>::max());
  Record record;
  const auto status = scanner.next(&record);
  return status && *status == DecodeStatus::record &&
         scanner.position() == checkpoint.last_record &&
         scanner.next_position() <= checkpoint.covered;
}

Result<> Recovery::adopt(const Checkpoint& checkpoint) {
  QueueTable& queues = found_.index->queues();
  Checkpoint& image = *found_.image;
  for (const QueueMark& mark : checkpoint.queues) {
    const std::string_view topic = checkpoint.topics[mark.topic];
    const QueueNo queue = queues.find_or_add(topic, mark.queue_id);
    QueueState& state = queues.at(queue);
    state.next = mark.next;
    state.base_position = mark.base_position;
    state.last_position = mark.last_position;
    if (queue >= image.queues.size()) image.queues.resize(queue + 1U);
    if (state.topic >= image.topics.size()) image.topics.resize(state.topic + 1U);
    image.topics[state.topic] = queues.topic(queue);
    image.queues[queue] = mark;
    image.queues[queue].topic = state.topic;
  }
  image.covered = checkpoint.covered;
  image.last_record = checkpoint.last_record;
  image.runs = checkpoint.runs;
  image.forget_runs_below(segments().front().start);
  return adopt_runs(image);
}

Result<> Recovery::adopt_runs(const Checkpoint& image) {
  std::deque<MessageIndex::RunPtr> runs;
  for (const RunRange& range : image.runs) {
    Result<MessageIndex::RunPtr> run = IndexRun::open(fs_, layout_.index, range);
    if (!run &&
        (run.error().code == Errc::storage_corrupt || run.error().code == Errc::not_found)) {
      BOLIDE_LOG(warning, "index run is rebuilt from the log: {}", run.error().message());
      BOLIDE_TRY(const RunHeader header, rebuild_run(fs_, layout_.index, segments(), range));
      run = std::make_shared<IndexRun>(fs_, layout_.index, header);
    }
    if (!run) return Failure(run.error());
    runs.push_back(std::move(*run));
  }
  const std::int64_t log_min = segments().front().start;
  scanned_from_ = std::max(image.covered, log_min);
  covered_ = image.covered;
  found_.index->start(std::move(runs), scanned_from_, log_min);
  strict_ = scanned_from_ == image.covered && found_.marks->read(Mark::closed) == -1;
  return {};
}

Result<> Recovery::scan() {
  LogScanner scanner(segments(), scanned_from_, std::numeric_limits<std::int64_t>::max());
  for (;;) {
    Record record;
    BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
    if (status != DecodeStatus::record) break;
    if (!index_record(*found_.index, record) && strict_)
      return fail(Errc::storage_corrupt,
                  layout_.log + ": the record at " + std::to_string(scanner.position()) +
                      " has offset " + std::to_string(record.queue_offset) +
                      ", which does not follow in its queue: see `bolide store verify --data-dir " +
                      layout_.root + "`");
    ++found_.messages;
    if (!memtable_full(found_.index->active(), options_.index_run_bytes)) continue;
    BOLIDE_CHECK(write_sealed());
  }
  found_.log.end = scanner.position();
  found_.index->cover(found_.log.end, found_.index->active().last_record());
  return {};
}

Result<> Recovery::write_sealed() {
  found_.index->seal();
  // A full disk is no reason not to start: the memtable stays until there is room for its run.
  if (found_.index->sealed().size() > 1) return {};
  const Memtable& sealed = *found_.index->sealed().front();
  const Result<RunHeader> header = write_run(fs_, layout_.index, sealed);
  if (!header && header.error().code == Errc::disk_full) return {};
  if (!header) return Failure(header.error());
  found_.image->apply(sealed);
  found_.index->adopt(*header);
  image_changed_ = true;
  return {};
}

Result<> Recovery::finish() {
  const std::int64_t end = found_.log.end;
  if (found_.clean && found_.marks->read(Mark::closed) == end) {
    BOLIDE_CHECK(cut_tail(fs_, layout_, segments(), {end, 0, end, false}));
  } else {
    BOLIDE_CHECK(cut_tail(fs_, layout_, segments(), tail()));
    BOLIDE_CHECK(sync_segments(scanned_from_));
  }
  if (segments().back().end() == end) {
    BOLIDE_TRY(Segment next, make_segment(fs_, layout_.log, end, found_.segment_bytes));
    segments().push_back(std::move(next));
  }
  BOLIDE_CHECK(found_.marks->set(Mark::closed, -1));
  BOLIDE_CHECK(found_.marks->set(Mark::synced, end));
  BOLIDE_CHECK(found_.marks->sync());
  if (image_changed_) {
    Result<> written = os::replace_file(fs_, layout_.checkpoint, encode_checkpoint(*found_.image));
    // On a full disk the next one, with more runs, does as well.
    if (!written && written.error().code != Errc::disk_full) return written;
  }
  return remove_stray_runs();
}

// What is known of the log behind its last good record.
LogTail Recovery::tail() const {
  const MarkFile& marks = *found_.marks;
  const std::int64_t end = found_.log.end;
  const std::int64_t closed = marks.read(Mark::closed).value_or(-1);
  const bool ours = marks.read(Mark::synced).has_value() && (closed < 0 || closed == end);
  LogTail tail{end, std::max(covered_, marks.read(Mark::synced).value_or(0)), last_end()};
  tail.safe_end = std::max(tail.safe_end, closed);
  if (ours)
    tail.data_end = std::clamp(marks.read(Mark::reserved).value_or(last_end()), end, last_end());
  // Another server has stopped in good order: all must be readable.
  tail.whole = !ours && found_.clean;
  return tail;
}

// What was recovered is shown to consumers, so it must not be lost by the next crash.
Result<> Recovery::sync_segments(std::int64_t from) {
  for (const Segment& segment : segments())
    if (segment.end() > from) BOLIDE_CHECK(segment.file->sync());
  return {};
}

Result<> Recovery::remove_stray_runs() {
  BOLIDE_TRY(const auto names, fs_.list(layout_.index));
  for (const std::string& name : names) {
    const bool used = std::any_of(found_.image->runs.begin(), found_.image->runs.end(),
                                  [&](const RunRange& run) { return run_name(run) == name; });
    if (!used) BOLIDE_CHECK(fs_.remove(layout_.index + "/" + name));
  }
  return {};
}

}  // namespace

Result<Recovered> recover(os::FileSystem& fs, const StoreOptions& options) {
  return Recovery(fs, options).run();
}

bool memtable_full(const Memtable& table, std::uint64_t index_run_bytes) {
  return table.entry_count() >= memtable_entries_max ||
         static_cast<std::uint64_t>(table.log_end() - table.log_start()) >= index_run_bytes;
}

}  // namespace bolide::store
