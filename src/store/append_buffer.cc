// SPDX-License-Identifier: Apache-2.0
//
// The end of the log in memory.
// Runs on: log agent.  Owns: the chunks.  Invariant: see append_buffer.h.
#include "store/append_buffer.h"

#include "base/assert.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <utility>

namespace bolide::store {
namespace {

constexpr std::size_t spare_max = 2;

}  // namespace

AppendBuffer::AppendBuffer(std::int64_t position, std::size_t chunk_bytes,
                           std::uint64_t cache_bytes)
    : chunk_bytes_(chunk_bytes), cache_bytes_(cache_bytes), end_(position) {}

char* AppendBuffer::place(std::int64_t position, std::size_t size) {
  if (!pieces_.empty()) {
    Piece& last = pieces_.back();
    if (!piece_ended_ && last.end() == position && last.chunk->capacity() - last.size >= size)
      return last.chunk->data() + last.size;
    if (last.size == 0) {
      held_bytes_ -= last.chunk->capacity();
      pieces_.pop_back();
    }
  }
  piece_ended_ = false;
  Piece piece;
  piece.position = position;
  piece.chunk = chunk_for(size);
  held_bytes_ += piece.chunk->capacity();
  pieces_.push_back(std::move(piece));
  return pieces_.back().chunk->data();
}

void AppendBuffer::take(std::size_t size) {
  Piece& last = pieces_.back();
  BOLIDE_ASSERT(last.chunk->capacity() - last.size >= size);
  last.size += size;
  end_ = last.end();
}

AppendBuffer::Unwritten AppendBuffer::unwritten() const {
  for (std::size_t i = first_unwritten_; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    if (piece.written == piece.size) continue;
    return {piece.position + static_cast<std::int64_t>(piece.written),
            {piece.chunk->data() + piece.written, piece.size - piece.written}};
  }
  return {};
}

void AppendBuffer::written(std::size_t size) {
  while (pieces_[first_unwritten_].written == pieces_[first_unwritten_].size) ++first_unwritten_;
  Piece& piece = pieces_[first_unwritten_];
  BOLIDE_ASSERT(piece.size - piece.written >= size);
  piece.written += size;
  evict();
}

std::deque<AppendBuffer::Piece>::const_iterator AppendBuffer::find(std::int64_t position) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), position,
                       [](std::int64_t at, const Piece& piece) { return at < piece.position; });
  BOLIDE_ASSERT(after != pieces_.begin());
  return std::prev(after);
}

std::size_t AppendBuffer::contiguous(std::int64_t position) const {
  if (pieces_.empty()) return 0;
  return static_cast<std::size_t>(std::max(find(position)->end() - position, std::int64_t{0}));
}

const char* AppendBuffer::find_bytes(std::int64_t position, std::size_t size) const {
  if (contiguous(position) < size) return nullptr;
  const auto piece = find(position);
  return piece->chunk->data() + (position - piece->position);
}

void AppendBuffer::read(std::int64_t position, std::size_t size, Slices* into) const {
  auto piece = find(position);
  while (size > 0) {
    BOLIDE_ASSERT(piece != pieces_.end() && position >= piece->position && position < piece->end());
    const auto begin = static_cast<std::size_t>(position - piece->position);
    const std::size_t part = std::min(size, piece->size - begin);
    into->push_back({piece->chunk, begin, part});
    position += static_cast<std::int64_t>(part);
    size -= part;
    ++piece;
  }
}

ChunkPtr AppendBuffer::chunk_for(std::size_t size) {
  if (size > chunk_bytes_) return std::make_shared<Chunk>(size);
  if (spare_.empty()) return std::make_shared<Chunk>(chunk_bytes_);
  ChunkPtr chunk = std::move(spare_.back());
  spare_.pop_back();
  return chunk;
}

void AppendBuffer::evict() {
  while (held_bytes_ > cache_bytes_ && pieces_.size() > 1 &&
         pieces_.front().written == pieces_.front().size) {
    ChunkPtr chunk = std::move(pieces_.front().chunk);
    pieces_.pop_front();
    if (first_unwritten_ > 0) --first_unwritten_;
    held_bytes_ -= chunk->capacity();
    // Nobody else holds it and nobody can get it any more: it may be filled anew.
    if (chunk.use_count() != 1 || chunk->capacity() != chunk_bytes_ || spare_.size() >= spare_max)
      continue;
    std::atomic_thread_fence(std::memory_order_acquire);
    spare_.push_back(std::move(chunk));
  }
}

}  // namespace bolide::store
