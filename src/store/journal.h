// SPDX-License-Identifier: Apache-2.0
//
// The metadata journal: a small durable map from key to value (topics, groups, offsets, ...), kept
// as a snapshot and a log of changes beside the commit log. Format: docs/disk/journal.md.
// Runs on: log agent; syncs anywhere; merges on the background agent.  Owns: its files.  Invariant:
// replay gives the map as of the last write(); a torn tail loses only what was not yet
// acknowledged.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/queue_index.h"

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
  // there are none, how many bytes of it, and the one that must be synced before it, if any. A
  // sync() begun after this call covers them.
  struct Unsynced {
    std::shared_ptr<os::File> file;
    std::uint64_t bytes = 0;
    std::shared_ptr<os::File> before = nullptr;

    Result<> sync() const;
  };
  virtual Unsynced unsynced() const = 0;
  // Back on this agent: how the sync of `what` went. An error stops the journal for good.
  virtual void synced(const Unsynced& what, const Result<>& result) = 0;
  // Bytes of changes since the snapshot; large values ask for snapshot() or compact().
  virtual std::uint64_t change_bytes() const = 0;
  // Writes a new snapshot of the whole map and starts a new change log. `each` calls its argument
  // for every key and value that is to be kept. Requires: !compacting().
  using Emit = std::function<void(std::string_view key, std::string_view value)>;
  virtual Result<> snapshot(const std::function<void(const Emit&)>& each) = 0;

  // Makes a new snapshot out of the last one and the changes since then, without the caller's help
  // and without holding it up: the background agent merges the files in small steps, later changes
  // go to a new log. Only for a map whose keys stand for themselves: the last record of a key is
  // all that counts about it. Calls `done` when it has ended; after an error all is as good as
  // before, and may be tried again. Requires: !compacting().
  using Done = std::function<void(const Result<>&)>;
  virtual void compact(const Background& background, Done done) = 0;
  virtual bool compacting() const = 0;
  // For good. Waits for the step that runs, if one does; nothing touches the files from elsewhere
  // afterwards, and `done` is not called.
  virtual void stop_compacting() = 0;
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
