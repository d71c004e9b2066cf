// SPDX-License-Identifier: Apache-2.0
//
// For fuzzers of what is kept in journals: any keys and values, written as a journal.
// Runs on: the fuzzer's thread.  Owns: nothing.
// Invariant: the journal itself is sound; only what it holds is arbitrary.
#pragma once

#include "base/assert.h"
#include "base/cursor.h"
#include "os/sim_file_system.h"
#include "store/journal.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::store::testing {

// A key of up to fifteen arbitrary bytes.
inline std::string_view any_key(std::uint8_t head, ByteReader& in) {
  return in.bytes(std::min<std::size_t>(in.remaining(), head % 16U));
}

// Writes what `input` says: puts, and some erasures. `key_of(head, in)` gives the next key, and
// may take bytes from `in`.
template <class KeyOf>
void fill_journal(os::SimFileSystem& fs, const std::string& directory, std::string_view input,
                  KeyOf key_of) {
  auto opened = open_journal(fs, directory, [](auto, auto, bool) {});
  BOLIDE_ASSERT(opened.has_value());
  ByteReader in(input);
  while (in.remaining() > 0) {
    const std::uint8_t head = in.u8();
    const std::string_view key = key_of(head, in);
    const std::string_view value = in.bytes(std::min<std::size_t>(in.remaining(), in.u8()));
    if (head >= 240)
      opened->journal->erase(key);
    else
      opened->journal->put(key, value);
  }
  BOLIDE_ASSERT(opened->journal->write().has_value());
}

}  // namespace bolide::store::testing
