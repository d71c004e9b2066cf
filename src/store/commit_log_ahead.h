// SPDX-License-Identifier: Apache-2.0
//
// What the commit log asks for ahead of its appends, and gets.
// Runs on: made on the log agent, carried out on the background agent.  Owns: shares of the files.
// Invariant: the reserved mark is durable before the space is used.
#pragma once

#include "store/commit_log.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bolide::store {

struct CommitLog::Ahead {
  os::FileSystem* fs = nullptr;
  std::shared_ptr<MarkFile> marks;
  std::int64_t mark_min = 0;  // the reserved mark never goes back
  std::string directory;
  std::int64_t start = 0;  // of the segment
  std::uint64_t segment_bytes = 0;
  std::shared_ptr<os::File> file;  // null: make the segment first
  Reserve reserve;
};

struct CommitLog::AheadDone {
  std::optional<Segment> made;
  std::int64_t start = 0;
  std::uint64_t ready = 0;
  std::int64_t mark = 0;
};

}  // namespace bolide::store
