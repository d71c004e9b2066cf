// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the queue index and their callers share: queue numbers, entries, data that is
// not in memory, and the way to the background agent. The index itself: message_index.h. Runs on:
// any agent.  Owns: nothing.  Invariant: an entry's bytes are those of a run file
// (docs/disk/index.md).
#pragma once

#include "base/result.h"
#include "base/strings.h"
#include "os/file_system.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::store {

using QueueNo = std::uint32_t;  // a queue's number in this process; not on disk

struct IndexEntry {
  std::int64_t position = 0;
  std::int64_t store_ms = 0;
  std::uint32_t size = 0;
  std::int32_t tag_hash = 0;  // Java hash of the TAGS property, 0 without
};

enum class ReadStatus : std::uint8_t {
  ok,
  cold,    // not in memory: warm_up() on the background agent, then ask again
  failed,  // the disk or what it holds is damaged; logged, and nothing wrong was given
};

// A piece of a file to be read into the page cache by the background agent.
struct ColdRange {
  std::shared_ptr<const os::File> file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

// Reads the range once, so that the next cached read finds it. Runs on the background agent.
void warm_up(const ColdRange& range);

// Runs a job on the background agent, then its result on this one. The job must not touch the
// store.
using Background =
    std::function<void(std::move_only_function<std::move_only_function<void()>()> job)>;

}  // namespace bolide::store
