// SPDX-License-Identifier: Apache-2.0
//
// Bringing cold data into the page cache.
// Runs on: background agent.  Owns: nothing.  Invariant: see queue_index.h.
#include "store/queue_index.h"

#include <algorithm>
#include <memory>

namespace bolide::store {

void warm_up(const ColdRange& range) {
  constexpr std::uint64_t piece_bytes = 256U << 10U;
  const auto scratch = std::make_unique_for_overwrite<char[]>(piece_bytes);
  for (std::uint64_t done = 0; done < range.size; done += piece_bytes) {
    const std::uint64_t size = std::min(piece_bytes, range.size - done);
    // An error shows itself to the reader that comes back.
    if (!range.file->read(range.offset + done, scratch.get(), size)) return;
  }
}

}  // namespace bolide::store
