// SPDX-License-Identifier: Apache-2.0
//
// The files of a journal by their names, and how they are made, named for good, and removed.
// Runs on: log agent, background agent; each has its own.  Owns: nothing.
// Invariant: a snapshot file that has its final name is complete and durable, and so is the header
// of the change log of its generation.
#pragma once

#include "base/result.h"
#include "os/file_system.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::store {

class JournalFiles {
 public:
  JournalFiles(os::FileSystem& fs, std::string directory)
      : fs_(&fs), directory_(std::move(directory)) {}

  os::FileSystem& fs() const { return *fs_; }
  const std::string& directory() const { return directory_; }
  std::string snapshot(std::uint64_t generation) const;
  // Until it is complete.
  std::string unfinished(std::uint64_t generation) const;
  std::string changes(std::uint64_t generation) const;

  struct Generations {
    std::vector<std::uint64_t> snapshots;
    std::vector<std::uint64_t> unfinished;
    std::vector<std::uint64_t> changes;
  };
  Result<Generations> list() const;

  // An empty change log, durable but for its name.
  Result<std::unique_ptr<os::File>> new_changes(std::uint64_t generation) const;
  // Gives the unfinished snapshot its name, durably. After an error it may have it or not.
  Result<> finish(std::uint64_t generation) const;
  Result<> sync_names() const { return fs_->sync_directory(directory_); }
  // Best effort: what stays is removed after the next snapshot or open, and is never read.
  void remove(const std::string& path) const;

 private:
  os::FileSystem* fs_;
  std::string directory_;
};

// Writes the records of a snapshot to a file, in large pieces.
class SnapshotWriter {
 public:
  SnapshotWriter(os::File& file, std::uint64_t generation);

  void put(std::string_view key, std::string_view value);
  // How the writes went so far.
  const Result<>& result() const { return result_; }
  // Ends the snapshot and makes it durable.
  Result<> finish();

 private:
  void flush();

  os::File& file_;
  std::uint64_t generation_;
  std::string buffer_;
  std::uint64_t sequence_ = 0;
  std::uint64_t position_ = 0;
  Result<> result_;
};

}  // namespace bolide::store
