// SPDX-License-Identifier: Apache-2.0
//
// The bytes that wait to leave on one connection: copied ones in pooled blocks, shared ones as
// slices, in order; taken out as vectors for one system call.
// Runs on: the agent of its transport.  Owns: its blocks; a reference to each slice.
// Invariant: pending() is the sum of the segments; every block but the last has a segment.
#pragma once

#include "base/buffer.h"
#include "net/block_pool.h"

#include <sys/uio.h>

#include <deque>
#include <span>
#include <string_view>
#include <vector>

namespace bolide::net {

class OutputQueue {
 public:
  explicit OutputQueue(BlockPool& pool) : pool_(pool) {}
  ~OutputQueue() { clear(); }
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;

  // See Connection.
  char* reserve(std::size_t size);
  void commit(std::size_t used);
  void write(Slice slice);

  std::size_t pending() const { return pending_; }

  // Fills `out` with the first segments; returns how many. They live until the next call.
  std::size_t gather(std::span<iovec> out) const;
  // The first piece, or nothing.
  std::string_view front() const;
  // Drops the first `size` bytes: they have left.
  void consume(std::size_t size);
  void clear();

 private:
  struct Segment {
    const char* data = nullptr;
    std::size_t size = 0;
    std::shared_ptr<const Chunk> chunk;  // of a slice; else it lies in a block
  };

  void pop_segment();

  BlockPool& pool_;
  std::vector<Segment> segments_;
  std::size_t first_ = 0;                      // segments before it have left
  std::deque<std::unique_ptr<Block>> blocks_;  // in order of use
  std::size_t pending_ = 0;
  std::size_t reserved_ = 0;  // size of the last reserve(), 0 after anything else
};

}  // namespace bolide::net
