// SPDX-License-Identifier: Apache-2.0
//
// The metadata journal on files: open, write, sync, snapshot.
// Runs on: log agent.  Owns: the change log's File.  Invariant: a snapshot file that has its final
// name is complete and durable, and so is the header of the change log of its generation.
#include "store/journal.h"

#include "base/log.h"
#include "base/strings.h"
#include "store/journal_format.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace bolide::store {
namespace {

constexpr std::string_view snapshot_prefix = "snapshot.";
constexpr std::string_view changes_prefix = "changes.";
constexpr std::string_view unfinished_suffix = ".tmp";
constexpr std::uint64_t first_generation = 1;  // an empty snapshot, made by the first open
constexpr std::size_t write_bytes = 1U << 20U;
constexpr std::uint64_t file_bytes_max = 16ULL << 30U;

std::string numbered(std::string_view prefix, std::uint64_t generation) {
  std::string name(prefix);
  name.append(16, '0');
  put_hex(name.data() + prefix.size(), generation, 16);
  return name;
}

std::optional<std::uint64_t> generation_of(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || name.size() != prefix.size() + 16) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = name.data() + name.size();
  const auto [at, error] = std::from_chars(name.data() + prefix.size(), end, value, 16);
  if (error != std::errc{} || at != end || numbered(prefix, value) != name) return std::nullopt;
  return value;
}

// Writes records to a file in large pieces.
class SnapshotWriter {
 public:
  SnapshotWriter(os::File& file, std::uint64_t generation)
      : file_(file),
        generation_(generation),
        buffer_(journal_header(JournalFile::snapshot, generation)) {}

  void put(std::string_view key, std::string_view value) {
    add({.kind = JournalKind::put, .key = key, .value = value});
    if (buffer_.size() >= write_bytes) flush();
  }
  Result<> finish() {
    add({.kind = JournalKind::end});
    flush();
    BOLIDE_CHECK(result_);
    return file_.sync();
  }

 private:
  void add(JournalRecord record) {
    record.sequence = ++sequence_;
    append_journal_record(buffer_, generation_, record);
  }
  void flush() {
    if (result_) result_ = file_.write(position_, buffer_);
    position_ += buffer_.size();
    buffer_.clear();
  }

  os::File& file_;
  std::uint64_t generation_;
  std::string buffer_;
  std::uint64_t sequence_ = 0;
  std::uint64_t position_ = 0;
  Result<> result_;
};

class FileJournal final : public Journal {
 public:
  FileJournal(os::FileSystem& fs, std::string directory)
      : fs_(fs), directory_(std::move(directory)) {}

  using Apply = std::function<void(std::string_view key, std::string_view value, bool erased)>;
  // Returns whether nothing was ever written.
  Result<bool> open(const Apply& apply);

  void put(std::string_view key, std::string_view value) override {
    add({.kind = JournalKind::put, .key = key, .value = value});
  }
  void erase(std::string_view key) override { add({.kind = JournalKind::erase, .key = key}); }
  bool dirty() const override { return !pending_.empty(); }
  Result<> write() override;
  void discard() override;
  Result<> sync() override;
  Unsynced unsynced() const override;
  void synced(const Unsynced& what, const Result<>& result) override;
  std::uint64_t change_bytes() const override { return position_ - journal_header_bytes; }
  Result<> snapshot(const std::function<void(const Emit&)>& each) override;

 private:
  struct Generations {
    std::vector<std::uint64_t> snapshots;
    std::vector<std::uint64_t> changes;
  };

  std::string path(std::string_view name) const { return directory_ + "/" + std::string(name); }
  void add(JournalRecord record);
  Result<Generations> list_generations();
  Result<> load_snapshot(const Apply& apply);
  Result<> load_changes(const Apply& apply);
  Result<> refuse_orphans(const Generations& generations);
  void remove_others(const Generations& generations);
  Result<std::unique_ptr<os::File>> new_changes(std::uint64_t generation);
  Result<> new_snapshot(std::uint64_t generation, const std::function<void(const Emit&)>& each);
  Result<> check_running() const;

  os::FileSystem& fs_;
  std::string directory_;
  std::shared_ptr<os::File> file_;
  std::string pending_;
  std::uint64_t generation_ = first_generation - 1;
  std::uint64_t sequence_ = 0;          // of the last record in the change log or in pending_
  std::uint64_t written_sequence_ = 0;  // of the last record in the change log
  std::uint64_t position_ = journal_header_bytes;
  std::uint64_t synced_bytes_ = journal_header_bytes;
  bool torn_ = false;  // a failed write may have left bytes behind position_
  bool stopped_ = false;
};

void FileJournal::add(JournalRecord record) {
  record.sequence = ++sequence_;
  record.synced_bytes = synced_bytes_;
  append_journal_record(pending_, generation_, record);
}

Result<> FileJournal::check_running() const {
  if (!stopped_) return {};
  return fail(Errc::storage_stopped, directory_ + ": an earlier write or sync failed");
}

// A failed write may be tried again, with the same changes or others: it goes to the same place.
// What the failed one left there is cut first, for behind shorter records it could be read as more.
Result<> FileJournal::write() {
  BOLIDE_CHECK(check_running());
  if (pending_.empty()) return {};
  if (torn_) BOLIDE_CHECK(file_->truncate(position_));
  torn_ = true;
  BOLIDE_CHECK(file_->write(position_, pending_));
  torn_ = false;
  position_ += pending_.size();
  written_sequence_ = sequence_;
  pending_.clear();
  return {};
}

void FileJournal::discard() {
  pending_.clear();
  sequence_ = written_sequence_;
}

Result<> FileJournal::sync() {
  BOLIDE_CHECK(check_running());
  const Unsynced what = unsynced();
  if (!what.file) return {};
  Result<> result = what.file->sync();
  synced(what, result);
  return result;
}

Journal::Unsynced FileJournal::unsynced() const {
  if (stopped_ || synced_bytes_ == position_) return {};
  return {file_, position_};
}

void FileJournal::synced(const Unsynced& what, const Result<>& result) {
  if (what.file != file_) return;  // a snapshot has what that file held
  if (!result) stopped_ = true;
  if (result) synced_bytes_ = std::max(synced_bytes_, what.bytes);
}

Result<std::unique_ptr<os::File>> FileJournal::new_changes(std::uint64_t generation) {
  const std::string name = path(numbered(changes_prefix, generation));
  BOLIDE_TRY(auto file, fs_.open(name, os::OpenMode::create));
  BOLIDE_CHECK(file->truncate(0));  // a crash may have left one
  BOLIDE_CHECK(file->write(0, journal_header(JournalFile::changes, generation)));
  BOLIDE_CHECK(file->sync());
  return file;
}

Result<> FileJournal::new_snapshot(std::uint64_t generation,
                                   const std::function<void(const Emit&)>& each) {
  const std::string name = path(numbered(snapshot_prefix, generation));
  const std::string unfinished = name + std::string(unfinished_suffix);
  {
    BOLIDE_TRY(auto file, fs_.open(unfinished, os::OpenMode::create));
    BOLIDE_CHECK(file->truncate(0));
    SnapshotWriter out(*file, generation);
    each([&](std::string_view key, std::string_view value) { out.put(key, value); });
    BOLIDE_CHECK(out.finish());
  }
  // From the rename on the next open takes the new files, so there is no going back to the old
  // ones.
  auto named = fs_.rename(unfinished, name);
  if (named) named = fs_.sync_directory(directory_);
  if (!named) stopped_ = true;
  return named;
}

Result<> FileJournal::snapshot(const std::function<void(const Emit&)>& each) {
  BOLIDE_CHECK(check_running());
  const std::uint64_t generation = generation_ + 1;
  BOLIDE_TRY(auto file, new_changes(generation));
  BOLIDE_CHECK(new_snapshot(generation, each));
  file_ = std::move(file);
  pending_.clear();  // the snapshot has these changes
  generation_ = generation;
  torn_ = false;
  sequence_ = written_sequence_ = 0;
  position_ = synced_bytes_ = journal_header_bytes;
  if (auto listed = list_generations()) remove_others(*listed);
  return {};
}

Result<FileJournal::Generations> FileJournal::list_generations() {
  BOLIDE_TRY(const auto names, fs_.list(directory_));
  Generations found;
  for (const std::string& name : names) {
    if (const auto g = generation_of(name, snapshot_prefix)) found.snapshots.push_back(*g);
    if (const auto g = generation_of(name, changes_prefix)) found.changes.push_back(*g);
  }
  return found;
}

// Best effort: what stays is removed after the next snapshot or open, and is never read.
void FileJournal::remove_others(const Generations& generations) {
  const auto remove = [&](std::string_view prefix, std::uint64_t generation) {
    if (generation == generation_) return;
    const std::string name = path(numbered(prefix, generation));
    if (auto removed = fs_.remove(name); !removed) {
      BOLIDE_LOG(warning, "journal: cannot remove an old file: {}", removed.error().message());
    }
  };
  for (const std::uint64_t g : generations.snapshots) remove(snapshot_prefix, g);
  for (const std::uint64_t g : generations.changes) remove(changes_prefix, g);
}

// A change log newer than the newest snapshot is what a crash in snapshot() leaves, and holds no
// record then. One with records means that its snapshot was lost.
Result<> FileJournal::refuse_orphans(const Generations& generations) {
  for (const std::uint64_t g : generations.changes) {
    if (g <= generation_) continue;
    const std::string name = path(numbered(changes_prefix, g));
    BOLIDE_TRY(auto file, fs_.open(name, os::OpenMode::read));
    BOLIDE_TRY(const auto size, file->size());
    if (size > journal_header_bytes) {
      return fail(Errc::storage_corrupt, name + ": has changes, but its snapshot is missing");
    }
  }
  return {};
}

Result<> FileJournal::load_snapshot(const Apply& apply) {
  const std::string name = path(numbered(snapshot_prefix, generation_));
  BOLIDE_TRY(const auto bytes, os::read_file(fs_, name, file_bytes_max));
  const auto each = [&](const JournalRecord& r) { apply(r.key, r.value, false); };
  auto scan = scan_journal(bytes, JournalFile::snapshot, generation_, each);
  if (!scan) return Failure(std::move(scan.error()).in(name));
  if (!scan->ended) {
    return fail(Errc::storage_corrupt,
                name + ": position " + std::to_string(scan->good_bytes) + ": the end is missing");
  }
  return {};
}

Result<> FileJournal::load_changes(const Apply& apply) {
  const std::string name = path(numbered(changes_prefix, generation_));
  auto opened = fs_.open(name, os::OpenMode::read_write);
  if (!opened && opened.error().code == Errc::not_found) {
    return fail(Errc::storage_corrupt, name + ": missing, though its snapshot is there");
  }
  BOLIDE_TRY(file_, std::move(opened));
  BOLIDE_TRY(const auto bytes, os::read_file(fs_, name, file_bytes_max));
  const auto each = [&](const JournalRecord& r) {
    apply(r.key, r.value, r.kind == JournalKind::erase);
  };
  auto scan = scan_journal(bytes, JournalFile::changes, generation_, each);
  if (!scan) return Failure(std::move(scan.error()).in(name));
  if (scan->good_bytes < bytes.size()) {
    BOLIDE_LOG(warning, "journal: {}: cutting an unfinished write of {} bytes at position {}", name,
               bytes.size() - scan->good_bytes, scan->good_bytes);
    BOLIDE_CHECK(file_->truncate(scan->good_bytes));
  }
  // What was replayed is about to be answered with, so it must not go away again.
  BOLIDE_CHECK(file_->sync());
  sequence_ = written_sequence_ = scan->last_sequence;
  position_ = synced_bytes_ = scan->good_bytes;
  return {};
}

Result<bool> FileJournal::open(const Apply& apply) {
  BOLIDE_CHECK(fs_.make_directories(directory_));
  BOLIDE_TRY(const auto generations, list_generations());
  const auto& snapshots = generations.snapshots;
  if (!snapshots.empty()) generation_ = *std::max_element(snapshots.begin(), snapshots.end());
  BOLIDE_CHECK(refuse_orphans(generations));
  if (snapshots.empty()) {
    BOLIDE_CHECK(snapshot([](const Emit&) {}));
  } else {
    BOLIDE_CHECK(load_snapshot(apply));
    BOLIDE_CHECK(load_changes(apply));
    remove_others(generations);
  }
  return generation_ == first_generation && sequence_ == 0;
}

}  // namespace

Result<JournalOpened> open_journal(
    os::FileSystem& fs, const std::string& directory,
    const std::function<void(std::string_view key, std::string_view value, bool erased)>& apply) {
  auto journal = std::make_unique<FileJournal>(fs, directory);
  auto fresh = journal->open(apply);
  if (!fresh) return Failure(std::move(fresh.error()).in("journal"));
  return JournalOpened{.journal = std::move(journal), .fresh = *fresh};
}

}  // namespace bolide::store
