// SPDX-License-Identifier: Apache-2.0
//
// The merge of a snapshot and its change log: which change of each key is the last one; then all of
// the snapshot that no change is about; then those last changes.
// Runs on: background agent.  Owns: see journal_merge.h.  Invariant: see journal_merge.h.
#include "store/journal_merge.h"

#include <limits>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::uint64_t step_bytes = 1U << 20U;
constexpr std::uint64_t change_bytes_usual = 64;

// Gives `each` about step_bytes of records. Whether there are more.
template <class Each>
Result<bool> read_some(JournalReader& in, Each each) {
  const std::uint64_t stop = in.position() + step_bytes;
  while (in.position() < stop) {
    BOLIDE_TRY(const auto record, in.next());
    if (!record) return false;
    each(*record);
  }
  return true;
}

}  // namespace

Result<bool> JournalMerge::step() {
  const std::string name =
      phase_ == Phase::snapshot ? files_.snapshot(generation_) : files_.changes(generation_);
  if (auto done = proceed(); !done) {
    in_.reset();
    file_.reset();
    remove_unfinished();
    if (done.error().code == Errc::storage_corrupt)
      return Failure(std::move(done.error()).in(name));
    return Failure(std::move(done.error()));
  }
  return phase_ == Phase::done;
}

Result<> JournalMerge::proceed() {
  const Phase next = static_cast<Phase>(std::to_underlying(phase_) + 1);
  switch (phase_) {
    case Phase::begin: BOLIDE_CHECK(begin()); break;
    case Phase::index: {
      BOLIDE_TRY(const bool more, index_some());
      if (more) return {};
      BOLIDE_TRY(auto file, files_.fs().open(files_.snapshot(generation_), os::OpenMode::read));
      BOLIDE_TRY(const std::uint64_t bytes, file->size());
      in_.emplace(std::move(file),
                  JournalReader::Source{JournalFile::snapshot, generation_, bytes});
      break;
    }
    case Phase::snapshot: {
      BOLIDE_TRY(const bool more, copy_snapshot());
      if (more) return {};
      BOLIDE_TRY(in_, open_changes());
      break;
    }
    case Phase::changes: {
      BOLIDE_TRY(const bool more, copy_changes());
      if (more) return {};
      in_.reset();
      break;
    }
    case Phase::sync: BOLIDE_CHECK(out_->finish()); break;
    case Phase::name: BOLIDE_CHECK(files_.finish(generation_ + 1)); break;
    case Phase::clean_up: clean_up(); break;
    case Phase::done: return {};
  }
  phase_ = next;
  return {};
}

Result<> JournalMerge::begin() {
  last_.expect(change_bytes_ / change_bytes_usual);
  BOLIDE_TRY(in_, open_changes());
  BOLIDE_TRY(file_, files_.fs().open(files_.unfinished(generation_ + 1), os::OpenMode::create));
  BOLIDE_CHECK(file_->truncate(0));
  out_.emplace(*file_, generation_ + 1);
  return {};
}

Result<JournalReader> JournalMerge::open_changes() const {
  BOLIDE_TRY(auto file, files_.fs().open(files_.changes(generation_), os::OpenMode::read));
  return JournalReader(std::move(file), {JournalFile::changes, generation_, change_bytes_});
}

Result<bool> JournalMerge::index_some() {
  bool too_many = false;
  BOLIDE_TRY(const bool more, read_some(*in_, [&](const JournalRecord& record) {
               too_many = record.sequence > std::numeric_limits<std::uint32_t>::max();
               if (record.kind != JournalKind::follows && !too_many)
                 last_.note(record.key, static_cast<std::uint32_t>(record.sequence));
             }));
  if (too_many) return fail(Errc::internal, "more changes than can be counted");
  return more;
}

Result<bool> JournalMerge::copy_snapshot() {
  BOLIDE_TRY(const bool more, read_some(*in_, [&](const JournalRecord& record) {
               if (last_.of(record.key) == 0) out_->put(record.key, record.value);
             }));
  BOLIDE_CHECK(out_->result());
  return more;
}

Result<bool> JournalMerge::copy_changes() {
  BOLIDE_TRY(const bool more, read_some(*in_, [&](const JournalRecord& record) {
               if (record.kind == JournalKind::put && last_.of(record.key) == record.sequence)
                 out_->put(record.key, record.value);
             }));
  BOLIDE_CHECK(out_->result());
  return more;
}

void JournalMerge::clean_up() const {
  files_.remove(files_.snapshot(generation_));
  files_.remove(files_.changes(generation_));
}

}  // namespace bolide::store
