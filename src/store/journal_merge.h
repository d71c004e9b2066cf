// SPDX-License-Identifier: Apache-2.0
//
// Makes the next snapshot of a journal out of its files alone: the last one and the change log
// behind it, folded together, while later changes go to the next change log.
// Runs on: background agent, one step at a time.  Owns: the unfinished snapshot.  Invariant: until
// the new snapshot is durable under its name, the old files stay; a step that fails removes what is
// unfinished.
#pragma once

#include "base/result.h"
#include "store/journal_files.h"
#include "store/journal_reader.h"
#include "store/last_changes.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace bolide::store {

class JournalMerge {
 public:
  // Of `generation`, whose change log ends at `change_bytes`, into the next one.
  JournalMerge(JournalFiles files, std::uint64_t generation, std::uint64_t change_bytes)
      : files_(std::move(files)), generation_(generation), change_bytes_(change_bytes) {}

  // Does a part: reads not much more than a mebibyte, or makes one call that waits for the disk.
  // True: it was the last. Errors: as of the file system; storage_corrupt.
  Result<bool> step();
  // For one that will not be ended.
  void remove_unfinished() const { files_.remove(files_.unfinished(generation_ + 1)); }

 private:
  // In their order; each but the three that read is one step.
  enum class Phase : std::uint8_t { begin, index, snapshot, changes, sync, name, clean_up, done };

  Result<> proceed();
  Result<> begin();
  Result<JournalReader> open_changes() const;
  Result<bool> index_some();
  Result<bool> copy_snapshot();
  Result<bool> copy_changes();
  void clean_up() const;

  JournalFiles files_;
  std::uint64_t generation_;
  std::uint64_t change_bytes_;
  Phase phase_ = Phase::begin;
  std::optional<JournalReader> in_;
  LastChanges last_;
  std::unique_ptr<os::File> file_;
  std::optional<SnapshotWriter> out_;
};

}  // namespace bolide::store
