// SPDX-License-Identifier: Apache-2.0
//
// The end of the log after an unclean stop: whether it may be cut, and cutting it so that nothing
// comes back. Runs on: the thread that opens the store.  Owns: nothing.  Invariant: see recovery.h.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/segment.h"
#include "store/store_layout.h"

#include <cstdint>
#include <deque>

namespace bolide::store {

struct LogTail {
  std::int64_t end = 0;       // where the last good record ends
  std::int64_t safe_end = 0;  // below this nothing may be cut
  std::int64_t data_end = 0;  // nothing was ever written at or beyond this
  bool whole = false;         // nothing may be cut at all
};

// Cuts the log at tail.end: saves what stands behind if records can be read there, writes zeros
// over it, removes later segments. Errors: storage_corrupt when it may not be cut, disk_full, io.
Result<> cut_tail(os::FileSystem& fs, const StoreLayout& layout, std::deque<Segment>& segments,
                  const LogTail& tail);

}  // namespace bolide::store
