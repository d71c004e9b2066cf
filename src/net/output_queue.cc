// SPDX-License-Identifier: Apache-2.0
//
// The segments of a connection's output.
// Runs on: the agent of its transport.  Owns: see output_queue.h.  Invariant: see output_queue.h.
#include "net/output_queue.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace bolide::net {
namespace {

// Copying so few bytes costs less than one more vector for the kernel and a reference count.
constexpr std::size_t copied_slice_bytes_max = 512;
// A queue that once held more segments gives their memory back.
constexpr std::size_t segments_kept_max = 4096;

}  // namespace

char* OutputQueue::reserve(std::size_t size) {
  if (blocks_.empty()) {
    blocks_.push_back(pool_.get(size));
  } else if (blocks_.back()->capacity - blocks_.back()->used < size) {
    blocks_.push_back(pool_.get(std::max(size, BlockPool::large_bytes)));
    // An unused last block (all was given back by commit) has no segment to free it later.
    std::unique_ptr<Block>& before = blocks_[blocks_.size() - 2];
    if (before->segments == 0) {
      pool_.put(std::move(before));
      blocks_.erase(blocks_.end() - 2);
    }
  }
  Block& block = *blocks_.back();
  char* const begin = block.data.get() + block.used;
  const bool extends = segments_.size() > first_ && !segments_.back().chunk &&
                       segments_.back().data + segments_.back().size == begin && block.segments > 0;
  if (extends) {
    segments_.back().size += size;
  } else {
    segments_.push_back({.data = begin, .size = size, .chunk = nullptr});
    ++block.segments;
  }
  block.used += size;
  pending_ += size;
  reserved_ = size;
  return begin;
}

void OutputQueue::commit(std::size_t used) {
  BOLIDE_ASSERT(used <= reserved_);
  const std::size_t back = reserved_ - used;
  reserved_ = 0;
  if (back == 0) return;
  Block& block = *blocks_.back();
  block.used -= back;
  pending_ -= back;
  segments_.back().size -= back;
  if (segments_.back().size > 0) return;
  segments_.pop_back();
  --block.segments;
}

void OutputQueue::write(Slice slice) {
  if (slice.size == 0) return;
  if (slice.size <= copied_slice_bytes_max) {
    slice.view().copy(reserve(slice.size), slice.size);
    return;
  }
  reserved_ = 0;
  pending_ += slice.size;
  const char* const data = slice.chunk->data() + slice.begin;
  segments_.push_back({.data = data, .size = slice.size, .chunk = std::move(slice.chunk)});
}

std::size_t OutputQueue::gather(std::span<iovec> out) const {
  const std::size_t count = std::min(out.size(), segments_.size() - first_);
  for (std::size_t i = 0; i < count; ++i) {
    const Segment& segment = segments_[first_ + i];
    out[i] = {.iov_base = const_cast<char*>(segment.data), .iov_len = segment.size};
  }
  return count;
}

std::string_view OutputQueue::front() const {
  if (pending_ == 0) return {};
  return {segments_[first_].data, segments_[first_].size};
}

void OutputQueue::pop_segment() {
  Segment& segment = segments_[first_++];
  if (segment.chunk) {
    segment.chunk.reset();
    return;
  }
  Block& block = *blocks_.front();
  if (--block.segments > 0 || blocks_.size() == 1) return;
  pool_.put(std::move(blocks_.front()));
  blocks_.pop_front();
}

void OutputQueue::consume(std::size_t size) {
  BOLIDE_ASSERT(size <= pending_);
  reserved_ = 0;
  if (size == pending_) return clear();
  pending_ -= size;
  while (size > 0) {
    Segment& segment = segments_[first_];
    if (size < segment.size) {
      segment.data += size;
      segment.size -= size;
      return;
    }
    size -= segment.size;
    pop_segment();
  }
  // Amortised: the segments that left are moved out when they are the larger half.
  if (first_ > 64 && first_ * 2 > segments_.size()) {
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void OutputQueue::clear() {
  for (auto& block : blocks_) pool_.put(std::move(block));
  blocks_.clear();
  segments_.clear();
  if (segments_.capacity() > segments_kept_max) std::vector<Segment>().swap(segments_);
  first_ = 0;
  pending_ = 0;
  reserved_ = 0;
}

}  // namespace bolide::net
