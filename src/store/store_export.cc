// SPDX-License-Identifier: Apache-2.0
//
// Exporting a store directory for Apache RocketMQ's broker.
// Runs on: the command line; the main thread at a clean stop.  Owns: the directory's lock.
// Invariant: see store_export.h.
#include "store/store_export.h"

#include "base/crc.h"
#include "base/cursor.h"
#include "base/strings.h"
#include "store/checkpoint.h"
#include "store/log_scanner.h"
#include "store/mark_file.h"
#include "store/multi_dispatch.h"
#include "store/record.h"
#include "store/segment.h"
#include "store/store_layout.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <limits>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::int64_t no_limit = std::numeric_limits<std::int64_t>::max();
constexpr std::uint64_t checkpoint_bytes_max = 4ULL << 30U;
constexpr std::int64_t progress_step = 64LL << 20U;
constexpr std::size_t apache_checkpoint_bytes = 4096;
constexpr std::string_view schedule_topic = "SCHEDULE_TOPIC_XXXX";
// 1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h: the broker's default (semantics 3.8).
constexpr std::int32_t delay_seconds[] = {1,   5,   10,  30,  60,  120,  180,  240,  300,
                                          360, 420, 480, 540, 600, 1200, 1800, 3600, 7200};

// The hash of the tags; of a delayed message the time at which it is due.
std::int64_t tags_code(const Record& record, const IndexedProperties& properties) {
  if (record.topic == schedule_topic) {
    const auto level =
        parse_integer<std::int32_t>(find_property(record.properties, "DELAY")).value_or(0);
    constexpr auto levels = static_cast<std::int32_t>(std::size(delay_seconds));
    if (level > 0) return record.store_ms + 1000LL * delay_seconds[std::min(level, levels) - 1];
  }
  return properties.tag_hash();
}

std::int32_t transaction_of(const Record& record) {
  return record.sys_flag & sys_flag::transaction_mask;
}

Failure unclean(const std::string& what) {
  return fail(Errc::invalid_argument, what + ": start a server on it, and stop it, before");
}

class Export {
 public:
  Export(os::FileSystem& fs, const std::string& directory, const ExportOptions& options)
      : fs_(fs), layout_(directory), options_(options), work_(layout_.own + "/export") {}

  Result<ExportReport> run() {
    BOLIDE_CHECK(open());
    BOLIDE_CHECK(fs_.remove_all(work_));
    Result<> done = write();
    if (done) done = install();
    // Best effort: the next export begins with it.
    (void)fs_.remove_all(work_);
    if (!done) return Failure(std::move(done).error());
    return report_;
  }

 private:
  Result<> open();
  Result<> load_queues();
  Result<> write();
  Result<> read_log();
  Result<> take(const Record& record);
  Result<> take_light_queues(const Record& record, const QueueUnit& unit);
  Result<> take_keys(const Record& record, const IndexedProperties& properties);
  Result<> install();
  std::string apache_checkpoint() const;

  os::FileSystem& fs_;
  StoreLayout layout_;
  const ExportOptions& options_;
  std::string work_;
  std::unique_ptr<os::File> lock_;
  std::deque<Segment> segments_;
  std::int64_t closed_ = 0;  // where Bolide has closed the log
  std::unique_ptr<QueueFilesExport> queues_;
  std::unique_ptr<IndexFilesExport> index_;
  std::string key_;
  std::int64_t last_store_ms_ = 0;
  std::int64_t last_queued_ = 0;  // position of the last record that is in a queue
  ExportReport report_;
};

Result<> Export::open() {
  BOLIDE_CHECK(check_directory(fs_, layout_));
  if (!fs_.exists(layout_.log)) return fail(Errc::not_a_store, layout_.root + ": has no commitlog");
  BOLIDE_TRY(lock_, fs_.open(layout_.lock, os::OpenMode::create));
  if (Result<> locked = lock_->lock(); !locked)
    return locked.error().code == Errc::in_use ? fail(Errc::in_use, layout_.root)
                                               : std::move(locked);
  if (!fs_.exists(layout_.marks)) return unclean(layout_.root + ": Bolide has not run on it");
  if (fs_.exists(layout_.abort)) return unclean(layout_.root + ": its server was killed");
  BOLIDE_TRY(const auto marks, MarkFile::open(fs_, layout_.marks));
  closed_ = marks->read(Mark::closed).value_or(-1);
  if (closed_ < 0) return unclean(layout_.root + ": its server was killed");
  BOLIDE_TRY(auto found, open_segments(fs_, layout_.log, 0, true));
  segments_.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return {};
}

Result<> Export::write() {
  const std::int64_t log_min = segments_.empty() ? 0 : segments_.front().start;
  report_.first_position = report_.end_position = log_min;
  queues_ = std::make_unique<QueueFilesExport>(fs_, work_ + "/consumequeue", log_min,
                                               options_.queue_file_units);
  index_ = std::make_unique<IndexFilesExport>(fs_, work_ + "/index", options_.index_shape);
  BOLIDE_CHECK(load_queues());
  BOLIDE_CHECK(read_log());
  BOLIDE_CHECK(queues_->finish());
  BOLIDE_CHECK(index_->finish());
  report_.queues = queues_->queues();
  report_.queue_files = queues_->files();
  report_.keys = index_->keys();
  report_.index_files = index_->files();
  return {};
}

// The next offsets of queues whose records are gone, and what deleted topics have left behind.
Result<> Export::load_queues() {
  const auto bytes = os::read_file(fs_, layout_.checkpoint, checkpoint_bytes_max);
  if (!bytes && bytes.error().code == Errc::not_found) return {};
  if (!bytes) return Failure(bytes.error());
  const auto checkpoint = decode_checkpoint(*bytes);
  if (!checkpoint) return unclean(layout_.checkpoint + " is damaged");
  for (const QueueMark& mark : checkpoint->queues) {
    const std::string_view topic = checkpoint->topics[mark.topic];
    if (!options_.leave_out || !options_.leave_out(topic))
      queues_->expect(topic, mark.queue_id, mark.next, mark.base_position);
  }
  return {};
}

Result<> Export::read_log() {
  if (segments_.empty()) return {};
  LogScanner scanner(segments_, report_.first_position, no_limit);
  std::int64_t told = report_.first_position;
  for (;;) {
    Record record;
    BOLIDE_TRY(const DecodeStatus status, scanner.next(&record));
    if (status != DecodeStatus::record) break;
    BOLIDE_CHECK(take(record));
    if (!options_.progress || scanner.position() - told < progress_step) continue;
    told = scanner.position();
    options_.progress(told - report_.first_position, closed_ - report_.first_position);
  }
  report_.end_position = scanner.position();
  if (report_.end_position == closed_) return {};
  const std::string end = std::to_string(report_.end_position);
  if (report_.end_position > closed_)
    return unclean(layout_.root + ": another server has written on, up to " + end);
  return fail(Errc::storage_corrupt, layout_.log + ": damaged at " + end + ", before its end at " +
                                         std::to_string(closed_));
}

Result<> Export::take(const Record& record) {
  ++report_.records;
  last_store_ms_ = record.store_ms;
  const IndexedProperties properties = indexed_properties(record.properties);
  BOLIDE_CHECK(take_keys(record, properties));
  if (options_.leave_out && options_.leave_out(record.topic)) {
    ++report_.left_out;
    return {};
  }
  const std::int32_t transaction = transaction_of(record);
  if (transaction == sys_flag::prepared || transaction == sys_flag::rollback) return {};
  last_queued_ = record.position;
  const QueueUnit unit{record.position, static_cast<std::int32_t>(record.total_size),
                       tags_code(record, properties)};
  BOLIDE_CHECK(queues_->add(record.topic, record.queue_id, record.queue_offset, unit));
  return take_light_queues(record, unit);
}

Result<> Export::take_light_queues(const Record& record, const QueueUnit& unit) {
  if (!dispatches(record.topic)) return {};
  DispatchProperties dispatch;
  for_each_property(record.properties, [&](std::string_view name, std::string_view value) {
    dispatch.take(name, value);
  });
  Result<> done;
  std::set<std::string_view> seen;  // a queue that is named twice has the record once
  dispatch.for_each([&](std::string_view name, std::int64_t offset) {
    if (done && seen.insert(name).second) done = queues_->add(name, 0, offset, unit);
  });
  return done;
}

Result<> Export::take_keys(const Record& record, const IndexedProperties& properties) {
  if (transaction_of(record) == sys_flag::rollback) return {};
  const auto add = [&](std::string_view prefix, std::string_view key) {
    key_.assign(record.topic).append(prefix).append(key);
    return index_->add(key_, record.position, record.store_ms);
  };
  if (!properties.unique_key.empty()) BOLIDE_CHECK(add("#", properties.unique_key));
  for (const std::string_view word : split(properties.keys, ' '))
    if (!word.empty()) BOLIDE_CHECK(add("#", word));
  // Since 5.4 tags are keys too.
  if (!properties.tags.empty()) BOLIDE_CHECK(add("#T#", properties.tags));
  return {};
}

Result<> Export::install() {
  BOLIDE_CHECK(fs_.remove_all(layout_.root + "/checkpoint"));
  for (const char* name : {"consumequeue", "index"}) {
    const std::string place = layout_.root + "/" + name;
    BOLIDE_CHECK(fs_.remove_all(place));
    BOLIDE_CHECK(fs_.rename(work_ + "/" + name, place));
  }
  BOLIDE_CHECK(fs_.sync_directory(layout_.root));
  return os::replace_file(fs_, layout_.root + "/checkpoint", apache_checkpoint());
}

std::string Export::apache_checkpoint() const {
  std::string bytes(apache_checkpoint_bytes, '\0');
  Writer to(bytes.data(), bytes.size());
  to.i64(last_store_ms_);  // of the log
  to.i64(last_store_ms_);  // of the queues
  to.i64(last_store_ms_);  // of the index: files that end later are made anew after a crash
  to.i64(0);               // the master's, of a replica
  to.i64(report_.end_position);
  to.i64(last_queued_);
  return bytes;
}

}  // namespace

Result<ExportReport> export_store(os::FileSystem& fs, const std::string& directory,
                                  const ExportOptions& options) {
  return Export(fs, directory, options).run();
}

}  // namespace bolide::store
