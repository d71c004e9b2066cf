// SPDX-License-Identifier: Apache-2.0
//
// Reading a journal when it is opened: which files count, what they hold, what a crash has left.
// Runs on: log agent.  Owns: nothing.  Invariant: what was replayed is on the disk; where the files
// contradict each other nothing is changed.
#pragma once

#include "base/result.h"
#include "store/journal_files.h"
#include "store/journal_format.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace bolide::store {

// Where a journal stands.
struct JournalState {
  std::uint64_t snapshot = 0;    // the generation of the snapshot that counts; 0: there is none
  std::uint64_t generation = 0;  // of the change log: the same, or the next while they are merged
  std::shared_ptr<os::File> file = nullptr;  // the change log
  std::uint64_t position = journal_header_bytes;
  std::uint64_t sequence = 0;      // of the last record before it
  std::uint64_t sealed_bytes = 0;  // of the snapshot's own change log, if another follows it
};

using JournalApply = std::function<void(std::string_view key, std::string_view value, bool erased)>;

// Errors: storage_corrupt, as of the file system.
Result<JournalState> recover_journal(const JournalFiles& files, const JournalApply& apply);

}  // namespace bolide::store
