// SPDX-License-Identifier: Apache-2.0
//
// What a connection has received and its session has not consumed yet. Memory exists only while
// there is such a tail, and grows with the bytes that came, never with a length that was announced.
// Runs on: the agent of its transport.  Owns: the memory.
// Invariant: begin_ <= end_ <= capacity_; no memory while empty, after release_if_empty().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace bolide::net {

class InputBuffer {
 public:
  std::string_view view() const { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t capacity() const { return capacity_; }

  void append(std::string_view bytes) {
    if (bytes.empty()) return;
    make_room(bytes.size());
    std::memcpy(data_.get() + end_, bytes.data(), bytes.size());
    end_ += bytes.size();
  }

  // Free memory behind the tail, at least `size` bytes. Moves at most as much as came since the
  // last move, so that a large frame costs linear time.
  std::span<char> room(std::size_t size) {
    make_room(size);
    return {data_.get() + end_, capacity_ - end_};
  }
  // The first `size` bytes of the room were filled.
  void filled(std::size_t size) { end_ += size; }

  void consume(std::size_t size) { begin_ += size; }
  void release_if_empty() {
    if (begin_ == end_) release();
  }
  void release() {
    data_.reset();
    begin_ = end_ = capacity_ = 0;
  }

 private:
  void make_room(std::size_t size) {
    if (capacity_ - end_ >= size) return;
    const std::size_t used = end_ - begin_;
    if (begin_ >= used && capacity_ - used >= size) {
      std::memcpy(data_.get(), data_.get() + begin_, used);  // apart: begin_ >= used
    } else {
      const std::size_t capacity = std::max(used + size, used * 2);
      auto grown = std::make_unique_for_overwrite<char[]>(capacity);
      if (used > 0) std::memcpy(grown.get(), data_.get() + begin_, used);
      data_ = std::move(grown);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<char[]> data_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace bolide::net
