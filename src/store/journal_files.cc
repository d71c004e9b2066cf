// SPDX-License-Identifier: Apache-2.0
//
// Names and making of a journal's files.
// Runs on: see journal_files.h.  Owns: nothing.  Invariant: see journal_files.h.
#include "store/journal_files.h"

#include "base/log.h"
#include "base/strings.h"
#include "store/journal_format.h"

#include <charconv>
#include <optional>

namespace bolide::store {
namespace {

constexpr std::string_view snapshot_prefix = "snapshot.";
constexpr std::string_view changes_prefix = "changes.";
constexpr std::string_view unfinished_suffix = ".tmp";
constexpr std::size_t write_bytes = 1U << 20U;

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

}  // namespace

std::string JournalFiles::snapshot(std::uint64_t generation) const {
  return directory_ + "/" + numbered(snapshot_prefix, generation);
}

std::string JournalFiles::unfinished(std::uint64_t generation) const {
  return snapshot(generation) + std::string(unfinished_suffix);
}

std::string JournalFiles::changes(std::uint64_t generation) const {
  return directory_ + "/" + numbered(changes_prefix, generation);
}

Result<JournalFiles::Generations> JournalFiles::list() const {
  BOLIDE_TRY(const auto names, fs_->list(directory_));
  Generations found;
  for (std::string_view name : names) {
    if (const auto g = generation_of(name, changes_prefix)) found.changes.push_back(*g);
    const bool unfinished = name.ends_with(unfinished_suffix);
    if (unfinished) name.remove_suffix(unfinished_suffix.size());
    if (const auto g = generation_of(name, snapshot_prefix))
      (unfinished ? found.unfinished : found.snapshots).push_back(*g);
  }
  return found;
}

Result<std::unique_ptr<os::File>> JournalFiles::new_changes(std::uint64_t generation) const {
  BOLIDE_TRY(auto file, fs_->open(changes(generation), os::OpenMode::create));
  BOLIDE_CHECK(file->truncate(0));  // a crash may have left one
  BOLIDE_CHECK(file->write(0, journal_header(JournalFile::changes, generation)));
  BOLIDE_CHECK(file->sync());
  return file;
}

Result<> JournalFiles::finish(std::uint64_t generation) const {
  BOLIDE_CHECK(fs_->rename(unfinished(generation), snapshot(generation)));
  return sync_names();
}

void JournalFiles::remove(const std::string& path) const {
  const auto removed = fs_->remove(path);
  if (!removed && removed.error().code != Errc::not_found)
    BOLIDE_LOG(warning, "journal: cannot remove an old file: {}", removed.error().message());
}

SnapshotWriter::SnapshotWriter(os::File& file, std::uint64_t generation)
    : file_(file),
      generation_(generation),
      buffer_(journal_header(JournalFile::snapshot, generation)) {}

void SnapshotWriter::put(std::string_view key, std::string_view value) {
  append_journal_record(
      buffer_, generation_,
      {.kind = JournalKind::put, .sequence = ++sequence_, .key = key, .value = value});
  if (buffer_.size() >= write_bytes) flush();
}

Result<> SnapshotWriter::finish() {
  append_journal_record(buffer_, generation_, {.kind = JournalKind::end, .sequence = ++sequence_});
  flush();
  BOLIDE_CHECK(result_);
  return file_.sync();
}

void SnapshotWriter::flush() {
  if (result_) result_ = file_.write(position_, buffer_);
  if (result_) file_.start_writeback(position_, buffer_.size());
  position_ += buffer_.size();
  buffer_.clear();
}

}  // namespace bolide::store
