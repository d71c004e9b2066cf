// SPDX-License-Identifier: Apache-2.0
//
// The metadata journal on files: write, sync, snapshot, compact.
// Runs on: log agent.  Owns: the change log's File, the merge that runs.  Invariant: the files that
// recovery needs for what was written stay until a durable snapshot has it.
#include "store/journal.h"

#include "base/assert.h"
#include "store/job_slot.h"
#include "store/journal_merge.h"
#include "store/journal_recovery.h"

#include <algorithm>
#include <utility>

namespace bolide::store {
namespace {

class FileJournal final : public Journal {
 public:
  FileJournal(os::FileSystem& fs, std::string directory) : files_(fs, std::move(directory)) {}

  // Returns whether nothing was ever written.
  Result<bool> open(const JournalApply& apply);

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
  std::uint64_t change_bytes() const override;
  Result<> snapshot(const std::function<void(const Emit&)>& each) override;
  void compact(const Background& background, Done done) override;
  bool compacting() const override { return done_ != nullptr; }
  void stop_compacting() override;

 private:
  void add(JournalRecord record);
  void begin_changes(std::shared_ptr<os::File> file, std::uint64_t generation);
  Result<> new_snapshot(std::uint64_t generation, const std::function<void(const Emit&)>& each);
  Result<> check_running() const;
  void prepare();
  void switch_over();
  void merge();
  void merged(Result<bool> ended);
  void compacted(const Result<>& result);

  JournalFiles files_;
  JournalState state_;  // as written
  std::string pending_;
  std::uint64_t sequence_ = 0;  // of the last record in the change log or in pending_
  std::uint64_t synced_bytes_ = journal_header_bytes;
  bool torn_ = false;  // a failed write may have left bytes behind the position
  bool stopped_ = false;
  std::shared_ptr<os::File> before_;  // a change log that a later one follows, until it is synced
  // While it is compacted:
  Background background_;
  Done done_;
  std::shared_ptr<os::File> next_;  // a change log that waits to be taken
  std::shared_ptr<JournalMerge> merge_;
  std::unique_ptr<JobSlot> job_ = std::make_unique<JobSlot>();  // last: it ends before the rest
};

void FileJournal::add(JournalRecord record) {
  record.sequence = ++sequence_;
  record.synced_bytes = synced_bytes_;
  append_journal_record(pending_, state_.generation, record);
}

Result<> FileJournal::check_running() const {
  if (!stopped_) return {};
  return fail(Errc::storage_stopped, files_.directory() + ": an earlier write or sync failed");
}

// A failed write may be tried again, with the same changes or others: it goes to the same place.
// What the failed one left there is cut, at once or at the latest then: its whole records would be
// read by a start though they were refused, or as more behind shorter ones.
Result<> FileJournal::write() {
  BOLIDE_CHECK(check_running());
  if (pending_.empty()) return {};
  if (torn_) BOLIDE_CHECK(state_.file->truncate(state_.position));
  torn_ = false;
  if (auto written = state_.file->write(state_.position, pending_); !written) {
    torn_ = !state_.file->truncate(state_.position);
    return written;
  }
  state_.position += pending_.size();
  state_.sequence = sequence_;
  pending_.clear();
  if (next_) switch_over();
  return {};
}

void FileJournal::discard() {
  pending_.clear();
  sequence_ = state_.sequence;
  // The log of the next generation begins by saying what it follows.
  if (state_.generation != state_.snapshot && sequence_ == 0)
    add({.kind = JournalKind::follows, .value = follows_value(state_.sealed_bytes)});
}

Result<> FileJournal::sync() {
  BOLIDE_CHECK(check_running());
  const Unsynced what = unsynced();
  Result<> result = what.sync();
  if (what.file) synced(what, result);
  return result;
}

Journal::Unsynced FileJournal::unsynced() const {
  if (stopped_ || (synced_bytes_ == state_.position && !before_)) return {};
  return {state_.file, state_.position, before_};
}

void FileJournal::synced(const Unsynced& what, const Result<>& result) {
  const bool sealed = what.file == before_ && what.bytes == state_.sealed_bytes;
  if (what.file != state_.file && what.file != before_) return;  // a snapshot has what it held
  if (!result) stopped_ = true;
  if (!result) return;
  if (what.file == state_.file) synced_bytes_ = std::max(synced_bytes_, what.bytes);
  if (sealed || what.before == before_) before_.reset();
}

std::uint64_t FileJournal::change_bytes() const {
  const std::uint64_t sealed =
      state_.sealed_bytes == 0 ? 0 : state_.sealed_bytes - journal_header_bytes;
  return sealed + state_.position - journal_header_bytes;
}

void FileJournal::begin_changes(std::shared_ptr<os::File> file, std::uint64_t generation) {
  state_.file = std::move(file);
  state_.generation = generation;
  state_.position = synced_bytes_ = journal_header_bytes;
  state_.sequence = 0;
  torn_ = false;
  discard();
}

Result<> FileJournal::new_snapshot(std::uint64_t generation,
                                   const std::function<void(const Emit&)>& each) {
  {
    BOLIDE_TRY(auto file, files_.fs().open(files_.unfinished(generation), os::OpenMode::create));
    BOLIDE_CHECK(file->truncate(0));
    SnapshotWriter out(*file, generation);
    each([&](std::string_view key, std::string_view value) { out.put(key, value); });
    BOLIDE_CHECK(out.finish());
  }
  // From the rename on the next open takes the new files, so there is no going back to the old
  // ones.
  auto named = files_.finish(generation);
  if (!named) stopped_ = true;
  return named;
}

Result<> FileJournal::snapshot(const std::function<void(const Emit&)>& each) {
  BOLIDE_ASSERT(!compacting());
  BOLIDE_CHECK(check_running());
  const JournalState old = state_;
  const std::uint64_t generation = state_.generation + 1;
  BOLIDE_TRY(auto file, files_.new_changes(generation));
  if (auto made = new_snapshot(generation, each); !made) {
    files_.remove(files_.unfinished(generation));
    return made;
  }
  state_.snapshot = generation;
  state_.sealed_bytes = 0;
  before_.reset();
  begin_changes(std::move(file), generation);  // the snapshot has the pending changes
  if (old.snapshot > 0) files_.remove(files_.snapshot(old.snapshot));
  for (std::uint64_t g = old.snapshot; g <= old.generation && g > 0; ++g)
    files_.remove(files_.changes(g));
  return {};
}

void FileJournal::compact(const Background& background, Done done) {
  BOLIDE_ASSERT(!compacting());
  if (stopped_ || !job_) return;
  background_ = background;
  done_ = std::move(done);
  if (state_.generation == state_.snapshot)
    prepare();
  else
    merge();  // one that was begun and not ended
}

// The log for the changes to come is made elsewhere, for its name must be durable before it is
// used.
void FileJournal::prepare() {
  job_->start(background_, [this, files = files_, generation = state_.generation + 1] {
    auto made = files.new_changes(generation);
    if (made)
      if (auto named = files.sync_names(); !named) made = Failure(std::move(named).error());
    return [this, made = std::move(made)]() mutable {
      if (!made) return compacted(Failure(std::move(made).error()));
      if (stopped_) return compacted(check_running());
      next_ = std::move(*made);
      switch_over();
    };
  });
}

// Between two writes: what waits to be written carries the mark of the old log.
void FileJournal::switch_over() {
  if (!pending_.empty()) return;
  if (torn_ && !state_.file->truncate(state_.position)) return;
  if (synced_bytes_ < state_.position) before_ = state_.file;
  state_.sealed_bytes = state_.position;
  begin_changes(std::move(next_), state_.generation + 1);
  next_.reset();
  merge();
}

void FileJournal::merge() {
  if (!merge_)
    merge_ = std::make_shared<JournalMerge>(files_, state_.snapshot, state_.sealed_bytes);
  job_->start(background_, [this, merge = merge_] {
    return [this, ended = merge->step()]() mutable { merged(std::move(ended)); };
  });
}

void FileJournal::merged(Result<bool> ended) {
  if (ended && !*ended) return merge();
  std::shared_ptr<os::File> sealed;
  Result<> result;
  if (ended) {
    state_.snapshot = state_.generation;
    state_.sealed_bytes = 0;
    sealed = std::exchange(before_, nullptr);
  } else {
    result = Failure(std::move(ended).error());
  }
  // Who lets go of them last frees as much as was merged, and a file that is removed already.
  job_->start(background_, [this, merge = std::exchange(merge_, nullptr),
                            sealed = std::move(sealed), result = std::move(result)]() mutable {
    merge.reset();
    sealed.reset();
    return [this, result = std::move(result)] { compacted(result); };
  });
}

void FileJournal::compacted(const Result<>& result) {
  const Done done = std::exchange(done_, nullptr);
  done(result);
}

void FileJournal::stop_compacting() {
  job_.reset();
  if (merge_) merge_->remove_unfinished();
  merge_.reset();
  next_.reset();
  done_ = nullptr;
}

Result<bool> FileJournal::open(const JournalApply& apply) {
  BOLIDE_CHECK(files_.fs().make_directories(files_.directory()));
  BOLIDE_TRY(state_, recover_journal(files_, apply));
  sequence_ = state_.sequence;
  synced_bytes_ = state_.position;
  if (state_.snapshot == 0) BOLIDE_CHECK(snapshot([](const Emit&) {}));
  return state_.generation == 1 && sequence_ == 0;  // the empty snapshot, made by the first open
}

}  // namespace

Result<> Journal::Unsynced::sync() const {
  if (before) BOLIDE_CHECK(before->sync());
  return file ? file->sync() : Result<>{};
}

Result<JournalOpened> open_journal(
    os::FileSystem& fs, const std::string& directory,
    const std::function<void(std::string_view key, std::string_view value, bool erased)>& apply) {
  auto journal = std::make_unique<FileJournal>(fs, directory);
  auto fresh = journal->open(apply);
  if (!fresh) return Failure(std::move(fresh.error()).in("journal"));
  return JournalOpened{.journal = std::move(journal), .fresh = *fresh};
}

}  // namespace bolide::store
