// SPDX-License-Identifier: Apache-2.0
//
// The end of the log in memory: records are encoded straight into chunks, written from there, and
// stay for a while as the cache that readers of the tail are served from without copying.
// Runs on: log agent.  Owns: the chunks, with the slices handed out.
// Invariant: pieces are in order of position and a record lies in one piece; bytes below a piece's
// size never change; an unwritten piece is never evicted.
#pragma once

#include "base/buffer.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace bolide::store {

class AppendBuffer {
 public:
  // `position` is where the first record will stand.
  AppendBuffer(std::int64_t position, std::size_t chunk_bytes, std::uint64_t cache_bytes);

  // Memory for `size` bytes that will stand at `position`; kept by take(). A position that does not
  // follow the last piece starts a new one.
  char* place(std::int64_t position, std::size_t size);
  void take(std::size_t size);
  // What is placed next starts a new piece: it goes to another file, even if positions follow.
  void end_piece() { piece_ended_ = true; }

  struct Unwritten {
    std::int64_t position = 0;
    std::string_view bytes;
  };
  // The next stretch that is to be written, empty when all is; written() moves on and evicts.
  Unwritten unwritten() const;
  void written(std::size_t size);

  // Below this position nothing is in memory. The end of the last piece when there is none.
  std::int64_t begin() const { return pieces_.empty() ? end_ : pieces_.front().position; }
  // Appends slices for [position, position + size). Requires position >= begin(), all of it
  // appended.
  void read(std::int64_t position, std::size_t size, Slices* into) const;
  // Bytes from `position` to the end of its piece, 0 between pieces. Requires position >= begin().
  std::size_t contiguous(std::int64_t position) const;
  // The bytes themselves, or null if one piece does not hold them all. Requires position >=
  // begin().
  const char* find_bytes(std::int64_t position, std::size_t size) const;

 private:
  struct Piece {
    std::int64_t position = 0;
    ChunkPtr chunk;
    std::size_t size = 0;
    std::size_t written = 0;

    std::int64_t end() const { return position + static_cast<std::int64_t>(size); }
  };

  std::deque<Piece>::const_iterator find(std::int64_t position) const;
  ChunkPtr chunk_for(std::size_t size);
  void evict();

  std::size_t chunk_bytes_;
  std::uint64_t cache_bytes_;
  std::uint64_t held_bytes_ = 0;  // capacity of all pieces' chunks
  std::int64_t end_ = 0;
  std::deque<Piece> pieces_;
  bool piece_ended_ = false;
  std::size_t first_unwritten_ = 0;  // index into pieces_
  std::vector<ChunkPtr> spare_;
};

}  // namespace bolide::store
