// SPDX-License-Identifier: Apache-2.0
//
// Bounds-checked big-endian cursors: ByteReader over received bytes, Writer over a caller's buffer.
// Runs on: any agent.  Owns: nothing; views live as long as the bytes they were read from.
// Invariant: a read past the end sets failed() and yields zeros or empty views, for ever after; a
// decoder reads all its fields and asks once.
#pragma once

#include "base/assert.h"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace bolide {

template <std::integral T>
T load_big(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  return value;
}

template <std::integral T>
void store_big(char* at, T value) {
  if constexpr (std::endian::native == std::endian::little) value = std::byteswap(value);
  std::memcpy(at, &value, sizeof value);
}

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(at_ + bytes.size()) {}

  template <std::integral T>
  T read() {
    if (remaining() < sizeof(T)) [[unlikely]]
      return fail(), T{};
    T value = load_big<T>(at_);
    at_ += sizeof(T);
    return value;
  }
  std::uint8_t u8() { return read<std::uint8_t>(); }
  std::uint16_t u16() { return read<std::uint16_t>(); }
  std::int16_t i16() { return read<std::int16_t>(); }
  std::uint32_t u32() { return read<std::uint32_t>(); }
  std::int32_t i32() { return read<std::int32_t>(); }
  std::int64_t i64() { return read<std::int64_t>(); }
  std::uint64_t u64() { return read<std::uint64_t>(); }

  // The next `size` bytes as a view. A size from the wire may be anything: it is checked here.
  std::string_view bytes(std::size_t size) {
    if (remaining() < size) [[unlikely]]
      return fail(), std::string_view{};
    std::string_view view(at_, size);
    at_ += size;
    return view;
  }
  void skip(std::size_t size) { bytes(size); }

  std::size_t remaining() const { return static_cast<std::size_t>(end_ - at_); }
  bool failed() const { return failed_; }
  const char* position() const { return at_; }

 private:
  void fail() {
    failed_ = true;
    at_ = end_;
  }

  const char* at_;
  const char* end_;
  bool failed_ = false;
};

// Writes into memory that the caller has sized; running over is a bug of ours, hence the assertion.
class Writer {
 public:
  Writer(char* at, std::size_t size) : begin_(at), at_(at), end_(at + size) {}

  template <std::integral T>
  void write(T value) {
    BOLIDE_ASSERT(static_cast<std::size_t>(end_ - at_) >= sizeof(T));
    store_big(at_, value);
    at_ += sizeof(T);
  }
  void u8(std::uint8_t v) { write(v); }
  void u16(std::uint16_t v) { write(v); }
  void i16(std::int16_t v) { write(v); }
  void u32(std::uint32_t v) { write(v); }
  void i32(std::int32_t v) { write(v); }
  void i64(std::int64_t v) { write(v); }
  void u64(std::uint64_t v) { write(v); }
  void bytes(std::string_view view) {
    BOLIDE_ASSERT(static_cast<std::size_t>(end_ - at_) >= view.size());
    if (!view.empty()) std::memcpy(at_, view.data(), view.size());
    at_ += view.size();
  }

  std::size_t size() const { return static_cast<std::size_t>(at_ - begin_); }
  char* position() const { return at_; }

 private:
  char* begin_;
  char* at_;
  char* end_;
};

}  // namespace bolide
