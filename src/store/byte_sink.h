// SPDX-License-Identifier: Apache-2.0
//
// Fixed-width little-endian fields at the end of a growing string, for our own files.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bolide::store {

// Index entries are copied between memory and disk as they are.
static_assert(std::endian::native == std::endian::little);

template <std::integral T>
void put_little(std::string& to, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  to.append(bytes, sizeof bytes);
}

template <std::integral T>
T load_little(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Reads such fields; after a read past the end failed() is true and all are zero.
class LittleReader {
 public:
  explicit LittleReader(std::string_view bytes) : rest_(bytes) {}

  template <std::integral T>
  T read() {
    const std::string_view field = bytes(sizeof(T));
    return field.empty() ? T{} : load_little<T>(field.data());
  }
  std::string_view bytes(std::size_t size) {
    if (rest_.size() < size) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view view = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return view;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace bolide::store
