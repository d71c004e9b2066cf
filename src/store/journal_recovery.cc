// SPDX-License-Identifier: Apache-2.0
//
// The newest snapshot, its change log, and the one behind that, if they were being merged.
// Runs on: log agent.  Owns: nothing.  Invariant: see journal_recovery.h.
#include "store/journal_recovery.h"

#include "base/log.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::uint64_t file_bytes_max = 16ULL << 30U;

// A change log newer than the snapshot's own that has changes.
struct Follower {
  std::uint64_t followed_bytes = 0;  // of the log before it
  bool synced = false;               // its changes, or some; then the log before it was before them
};

Result<JournalScan> scan_file(const std::string& name, std::string_view bytes, JournalFile kind,
                              std::uint64_t generation, const JournalApply& apply) {
  auto scan = scan_journal(bytes, kind, generation, [&](const JournalRecord& record) {
    apply(record.key, record.value, record.kind == JournalKind::erase);
  });
  if (!scan) return Failure(std::move(scan.error()).in(name));
  return scan;
}

// Without changes it is what a crash leaves that met the making of a snapshot or of a merge. With
// changes it must say what it follows: else its snapshot was lost.
Result<std::optional<Follower>> read_follower(const JournalFiles& files, std::uint64_t generation,
                                              bool may_follow) {
  const std::string name = files.changes(generation);
  BOLIDE_TRY(const auto bytes, os::read_file(files.fs(), name, file_bytes_max));
  if (bytes.size() <= journal_header_bytes) return std::nullopt;
  BOLIDE_TRY(const auto scan, scan_file(name, bytes, JournalFile::changes, generation,
                                        [](std::string_view, std::string_view, bool) {}));
  if (scan.last_sequence == 0) return std::nullopt;
  const auto followed = followed_bytes(bytes, generation);
  if (!followed || !may_follow)
    return fail(Errc::storage_corrupt, name + ": has changes, but its snapshot is missing");
  return Follower{.followed_bytes = *followed, .synced = scan.synced_bytes > journal_header_bytes};
}

// What follows the change log of the snapshot `newest`.
Result<std::optional<Follower>> find_follower(const JournalFiles& files,
                                              const std::vector<std::uint64_t>& changes,
                                              std::uint64_t newest) {
  std::optional<Follower> found;
  for (const std::uint64_t g : changes) {
    if (g <= newest) continue;
    BOLIDE_TRY(const auto follower, read_follower(files, g, newest > 0 && g == newest + 1));
    if (follower) found = follower;
  }
  return found;
}

Result<> load_snapshot(const JournalFiles& files, std::uint64_t generation,
                       const JournalApply& apply) {
  const std::string name = files.snapshot(generation);
  BOLIDE_TRY(const auto bytes, os::read_file(files.fs(), name, file_bytes_max));
  BOLIDE_TRY(const auto scan, scan_file(name, bytes, JournalFile::snapshot, generation, apply));
  if (!scan.ended) {
    return fail(Errc::storage_corrupt,
                name + ": position " + std::to_string(scan.good_bytes) + ": the end is missing");
  }
  return {};
}

// Loads a change log, as far as it goes by what follows it, and cuts what is not whole.
Result<> load_changes(const JournalFiles& files, const std::optional<Follower>& follower,
                      JournalState* state, const JournalApply& apply) {
  const std::string name = files.changes(state->generation);
  auto opened = files.fs().open(name, os::OpenMode::read_write);
  if (!opened && opened.error().code == Errc::not_found) {
    return fail(Errc::storage_corrupt, name + ": missing, though its snapshot is there");
  }
  BOLIDE_TRY(state->file, std::move(opened));
  BOLIDE_TRY(const auto whole, os::read_file(files.fs(), name, file_bytes_max));
  const std::string_view bytes =
      std::string_view(whole).substr(0, follower ? follower->followed_bytes : whole.size());
  BOLIDE_TRY(const auto scan,
             scan_file(name, bytes, JournalFile::changes, state->generation, apply));
  if (follower && follower->synced && scan.good_bytes < follower->followed_bytes)
    return fail(Errc::storage_corrupt,
                name + ": position " + std::to_string(scan.good_bytes) +
                    ": the end is missing, though what was written after it is there");
  if (scan.good_bytes < whole.size()) {
    BOLIDE_LOG(warning, "journal: {}: cutting an unfinished write of {} bytes at position {}", name,
               whole.size() - scan.good_bytes, scan.good_bytes);
    BOLIDE_CHECK(state->file->truncate(scan.good_bytes));
  }
  // What was replayed is about to be answered with, so it must not go away again.
  BOLIDE_CHECK(state->file->sync());
  state->sequence = scan.last_sequence;
  state->position = scan.good_bytes;
  return {};
}

// A loss of power took the end of the log before: what follows would be out of order. It must be
// gone before the log before grows again, for then it would seem to follow.
Result<> drop_follower(const JournalFiles& files, std::uint64_t generation) {
  const std::string name = files.changes(generation);
  BOLIDE_LOG(warning, "journal: {}: removed, for the end of what it follows is lost", name);
  BOLIDE_CHECK(files.fs().remove(name));
  return files.sync_names();
}

void remove_others(const JournalFiles& files, const JournalFiles::Generations& generations,
                   const JournalState& state) {
  for (const std::uint64_t g : generations.snapshots)
    if (g != state.snapshot) files.remove(files.snapshot(g));
  for (const std::uint64_t g : generations.unfinished) files.remove(files.unfinished(g));
  for (const std::uint64_t g : generations.changes)
    if (g < state.snapshot || g > state.generation) files.remove(files.changes(g));
}

}  // namespace

Result<JournalState> recover_journal(const JournalFiles& files, const JournalApply& apply) {
  BOLIDE_TRY(const auto generations, files.list());
  const auto& snapshots = generations.snapshots;
  JournalState state;
  if (!snapshots.empty()) state.snapshot = *std::max_element(snapshots.begin(), snapshots.end());
  state.generation = state.snapshot;
  BOLIDE_TRY(const auto follower, find_follower(files, generations.changes, state.snapshot));
  if (state.snapshot > 0) {
    BOLIDE_CHECK(load_snapshot(files, state.snapshot, apply));
    BOLIDE_CHECK(load_changes(files, follower, &state, apply));
    if (follower && state.position == follower->followed_bytes) {
      state.sealed_bytes = state.position;
      ++state.generation;
      BOLIDE_CHECK(load_changes(files, std::nullopt, &state, apply));
    } else if (follower) {
      BOLIDE_CHECK(drop_follower(files, state.snapshot + 1));
    }
  }
  remove_others(files, generations, state);
  return state;
}

}  // namespace bolide::store
