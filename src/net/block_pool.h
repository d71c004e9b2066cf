// SPDX-License-Identifier: Apache-2.0
//
// Blocks of bytes for output, kept for reuse: a steady flow of replies allocates nothing.
// Runs on: the agent of its transport.  Owns: the free blocks.
// Invariant: a block in the pool has no bytes and no users.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace bolide::net {

struct Block {
  explicit Block(std::size_t size)
      : data(std::make_unique_for_overwrite<char[]>(size)), capacity(size) {}

  std::unique_ptr<char[]> data;
  const std::size_t capacity;
  std::size_t used = 0;
  std::size_t segments = 0;  // how many segments of a queue point into it
};

class BlockPool {
 public:
  // The first block of a queue is small, so that many connections with a little output each need
  // little memory; the following ones are large.
  static constexpr std::size_t small_bytes = std::size_t{2} << 10U;
  static constexpr std::size_t large_bytes = std::size_t{32} << 10U;

  // A block with room for at least `size` bytes. Larger ones than large_bytes are not kept later.
  std::unique_ptr<Block> get(std::size_t size);
  void put(std::unique_ptr<Block> block);

  std::size_t kept_bytes() const {
    return small_.size() * small_bytes + large_.size() * large_bytes;
  }

 private:
  static constexpr std::size_t small_kept_max = 512;
  static constexpr std::size_t large_kept_max = 128;

  std::vector<std::unique_ptr<Block>> small_;
  std::vector<std::unique_ptr<Block>> large_;
};

}  // namespace bolide::net
