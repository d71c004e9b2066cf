// SPDX-License-Identifier: Apache-2.0
//
// Sizes of a run file's parts: header | entries | keys | directory (docs/disk/index.md).
// Runs on: any agent.  Owns: nothing.  Invariant: part of the disk format.
#pragma once

#include "store/memtable.h"
#include "store/queue_index.h"

#include <cstddef>

namespace bolide::store {

inline constexpr std::size_t run_header_bytes = 96;
inline constexpr std::size_t run_entry_bytes = 24;
inline constexpr std::size_t run_key_bytes = 16;
static_assert(sizeof(IndexEntry) == run_entry_bytes && sizeof(KeyEntry) == run_key_bytes);

}  // namespace bolide::store
