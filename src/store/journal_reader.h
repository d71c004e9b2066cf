// SPDX-License-Identifier: Apache-2.0
//
// Reads a journal file of which all records are known to be whole, one after the other, with a
// window of it in memory. What a crash may have cut short is read by scan_journal instead.
// Runs on: background agent.  Owns: the file, the window.  Invariant: a record is given only if its
// checksum and its sequence are right.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/journal_format.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bolide::store {

class JournalReader {
 public:
  // What is read: the first `bytes` of a file.
  struct Source {
    JournalFile kind = JournalFile::snapshot;
    std::uint64_t generation = 0;
    std::uint64_t bytes = 0;
  };
  JournalReader(std::unique_ptr<os::File> file, const Source& source)
      : file_(std::move(file)), source_(source) {}

  // The next record, without a snapshot's end; nothing at the end. Its views live until the next
  // call. Errors: storage_corrupt, io.
  Result<std::optional<JournalRecord>> next();
  // How far it has come.
  std::uint64_t position() const { return window_from_ + at_; }

 private:
  Result<bool> hold(std::size_t size);
  Failure corrupt() const;

  std::unique_ptr<os::File> file_;
  Source source_;
  std::string window_;
  std::uint64_t window_from_ = 0;  // of the window, in the file
  std::size_t at_ = 0;             // of the next record, in the window
  std::uint64_t sequence_ = 0;
};

}  // namespace bolide::store
