// SPDX-License-Identifier: Apache-2.0
//
// Shared byte buffers: Chunk is a reference-counted block, Slice a part of one. Message bytes
// travel from the store to the sockets as Slices, never copied. Runs on: any agent (the count is
// atomic).  Owns: the block, until the last reference goes. Invariant: bytes below a Slice's end
// never change while the Slice lives.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace bolide {

class Chunk {
 public:
  explicit Chunk(std::size_t capacity)
      : data_(std::make_unique_for_overwrite<char[]>(capacity)), capacity_(capacity) {}
  char* data() { return data_.get(); }
  const char* data() const { return data_.get(); }
  std::size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<char[]> data_;
  std::size_t capacity_;
};

using ChunkPtr = std::shared_ptr<Chunk>;

struct Slice {
  std::shared_ptr<const Chunk> chunk;
  std::size_t begin = 0;
  std::size_t size = 0;

  std::string_view view() const { return {chunk->data() + begin, size}; }
};

// Bytes in pieces, in order.
using Slices = std::vector<Slice>;

}  // namespace bolide
