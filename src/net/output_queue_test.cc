// SPDX-License-Identifier: Apache-2.0
//
// Tests of the output queue.
// Runs on: the test's thread.  Owns: nothing.  Invariant: -
#include "net/output_queue.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace bolide::net {
namespace {

Slice slice_of(std::string_view text) {
  auto chunk = std::make_shared<Chunk>(text.size() + 3);
  text.copy(chunk->data() + 3, text.size());
  return {.chunk = chunk, .begin = 3, .size = text.size()};
}

void put(OutputQueue& queue, std::string_view text) {
  std::memcpy(queue.reserve(text.size()), text.data(), text.size());
}

std::string take(OutputQueue& queue, std::size_t size) {
  std::string out;
  iovec vectors[8];
  while (out.size() < size && queue.pending() > 0) {
    const std::size_t count = queue.gather(vectors);
    std::size_t taken = 0;
    for (std::size_t i = 0; i < count && out.size() < size; ++i) {
      const std::size_t part = std::min(vectors[i].iov_len, size - out.size());
      out.append(static_cast<const char*>(vectors[i].iov_base), part);
      taken += part;
    }
    queue.consume(taken);
  }
  return out;
}

TEST(OutputQueue, joins_consecutive_writes_into_one_vector) {
  BlockPool pool;
  OutputQueue queue(pool);
  put(queue, "ab");
  put(queue, "cd");
  char* memory = queue.reserve(100);
  std::memcpy(memory, "ef", 2);
  queue.commit(2);
  EXPECT_EQ(queue.pending(), 6U);
  iovec vectors[4];
  EXPECT_EQ(queue.gather(vectors), 1U);
  EXPECT_EQ(queue.front(), "abcdef");
}

TEST(OutputQueue, keeps_the_order_of_copied_and_shared_bytes) {
  BlockPool pool;
  OutputQueue queue(pool);
  const std::string large(4'000, 'L');
  put(queue, "head");
  queue.write(slice_of(large));
  put(queue, "middle");
  queue.write(slice_of("small"));
  queue.reserve(10);
  queue.commit(0);
  put(queue, "tail");
  EXPECT_EQ(take(queue, 1 << 20), "head" + large + "middlesmalltail");
  EXPECT_EQ(queue.pending(), 0U);
}

TEST(OutputQueue, gives_its_blocks_back_when_all_has_left) {
  BlockPool pool;
  {
    OutputQueue queue(pool);
    for (int i = 0; i < 100; ++i) put(queue, std::string(1'000, 'x'));
    EXPECT_EQ(pool.kept_bytes(), 0U);
    queue.consume(queue.pending());
    const std::size_t kept = pool.kept_bytes();
    EXPECT_GE(kept, 100'000U);
    for (int i = 0; i < 100; ++i) put(queue, std::string(1'000, 'x'));
    EXPECT_LT(pool.kept_bytes(), kept - 90'000);
  }
  EXPECT_GE(pool.kept_bytes(), 100'000U);
}

TEST(OutputQueue, lets_go_of_a_shared_chunk_as_soon_as_its_bytes_left) {
  BlockPool pool;
  OutputQueue queue(pool);
  Slice slice = slice_of(std::string(1'000, 's'));
  const std::weak_ptr<const Chunk> watch = slice.chunk;
  queue.write(std::move(slice));
  put(queue, "after");
  queue.consume(999);
  EXPECT_FALSE(watch.expired());
  queue.consume(1);
  EXPECT_TRUE(watch.expired());
  EXPECT_EQ(queue.front(), "after");
}

TEST(OutputQueue, yields_the_bytes_written_whatever_the_pieces) {
  std::mt19937 random(7);
  BlockPool pool;
  OutputQueue queue(pool);
  std::string expected;
  std::string got;
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t size = random() % (i % 50 == 0 ? 90'000 : 900) + 1;
    const std::string text(size, static_cast<char>('a' + i % 26));
    switch (random() % 4) {
      case 0: queue.write(slice_of(text)); break;
      case 1: put(queue, text); break;
      default: {
        const std::size_t extra = random() % 3'000;
        std::memcpy(queue.reserve(size + extra), text.data(), size);
        queue.commit(size);
      }
    }
    expected += text;
    if (random() % 3 == 0) got += take(queue, random() % 5'000);
    EXPECT_EQ(queue.pending(), expected.size() - got.size());
    if (expected.size() > 8'000'000) break;
  }
  got += take(queue, expected.size());
  EXPECT_TRUE(got == expected);
}

}  // namespace
}  // namespace bolide::net
