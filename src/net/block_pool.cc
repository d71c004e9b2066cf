// SPDX-License-Identifier: Apache-2.0
//
// The free lists of output blocks.
// Runs on: the agent of its transport.  Owns: see block_pool.h.  Invariant: see block_pool.h.
#include "net/block_pool.h"

#include <utility>

namespace bolide::net {

std::unique_ptr<Block> BlockPool::get(std::size_t size) {
  if (size > large_bytes) return std::make_unique<Block>(size);
  const bool small = size <= small_bytes;
  auto& kept = small ? small_ : large_;
  if (kept.empty()) return std::make_unique<Block>(small ? small_bytes : large_bytes);
  std::unique_ptr<Block> block = std::move(kept.back());
  kept.pop_back();
  return block;
}

void BlockPool::put(std::unique_ptr<Block> block) {
  block->used = 0;
  block->segments = 0;
  if (block->capacity == small_bytes && small_.size() < small_kept_max)
    small_.push_back(std::move(block));
  else if (block->capacity == large_bytes && large_.size() < large_kept_max)
    large_.push_back(std::move(block));
}

}  // namespace bolide::net
