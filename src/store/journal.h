// SPDX-License-Identifier: Apache-2.0
//
// The metadata journal: a small durable map from key to value (topics, groups, offsets, ...), kept
// as a snapshot and a log of changes beside the commit log. Format: docs/disk/journal.md.
// Runs on: log agent; syncs anywhere.  Owns: its two files.  Invariant: replay gives the map as of
// the last write(); a torn tail loses only what was not yet acknowledged.
#pragma once

#include "base/result.h"
#include "os/file_system.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bolide::store {

class Journal {
 public:
  virtual ~Journal() = default;

  // Buffers a change; durable against a kill after write(), against power loss after sync().
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
  virtual bool dirty() const = 0;
  // After an error the changes are still buffered: write again, or discard.
  virtual Result<> write() = 0;
  // Forgets what was buffered since the last write() that went well.
  virtual void discard() = 0;
  virtual Result<> sync() = 0;
  // For a sync on another agent: the file with changes that are written and not synced, null if
  // there are none, and how many bytes of it. Its sync() begun after this call covers them.
  struct Unsynced {
    std::shared_ptr<os::File> file;
    std::uint64_t bytes = 0;
  };
  virtual Unsynced unsynced() const = 0;
  // Back on this agent: how the sync of `what` went. An error stops the journal for good.
  virtual void synced(const Unsynced& what, const Result<>& result) = 0;
  // Bytes in the change log since the snapshot; large values ask for snapshot().
  virtual std::uint64_t change_bytes() const = 0;
  // Writes a new snapshot of the whole map and starts a new change log. `each` calls its argument
  // for every key and value that is to be kept.
  using Emit = std::function<void(std::string_view key, std::string_view value)>;
  virtual Result<> snapshot(const std::function<void(const Emit&)>& each) = 0;
};

// Opens or makes the journal in `directory` and replays it into `apply` (value empty and erased
// true for an erase). `fresh` tells whether nothing was ever written, so that what is imported at
// the first open is imported again if a crash came before its snapshot(). Errors: storage_corrupt,
// io.
struct JournalOpened {
  std::unique_ptr<Journal> journal;
  bool fresh = false;
};
Result<JournalOpened> open_journal(
    os::FileSystem& fs, const std::string& directory,
    const std::function<void(std::string_view key, std::string_view value, bool erased)>& apply);

}  // namespace bolide::store
