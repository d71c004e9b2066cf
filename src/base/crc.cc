// SPDX-License-Identifier: Apache-2.0
//
// Checksums and hashes, from libdeflate and xxHash; Java's string hash is ours.
// Runs on: any agent.  Owns: nothing.  Invariant: values are part of disk formats and never change.
#include "base/crc.h"

#include <libdeflate.h>
#include <xxhash.h>

namespace bolide {
namespace {

struct Decoded {
  std::uint32_t code_point;
  std::size_t size;
};

// One code point at the front of `s`; U+FFFD of size 1 for anything malformed.
Decoded decode_utf8(std::string_view s) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return static_cast<unsigned char>(s[i]);
  };
  const auto tail = [&](std::size_t i) { return i < s.size() && (byte(i) & 0xC0U) == 0x80U; };
  const std::uint32_t lead = byte(0);
  constexpr Decoded bad{0xFFFD, 1};
  if (lead < 0x80) return {lead, 1};
  if (lead >= 0xC2 && lead < 0xE0) {
    if (!tail(1)) return bad;
    return {(lead & 0x1FU) << 6 | (byte(1) & 0x3FU), 2};
  }
  if (lead >= 0xE0 && lead < 0xF0) {
    if (!tail(1) || !tail(2)) return bad;
    const std::uint32_t cp = (lead & 0xFU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
    if (cp < 0x800 || (cp >= 0xD800 && cp < 0xE000)) return bad;
    return {cp, 3};
  }
  if (lead >= 0xF0 && lead < 0xF5) {
    if (!tail(1) || !tail(2) || !tail(3)) return bad;
    const std::uint32_t cp =
        (lead & 0x7U) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6 | (byte(3) & 0x3FU);
    if (cp < 0x10000 || cp > 0x10FFFF) return bad;
    return {cp, 4};
  }
  return bad;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t seed) {
  return libdeflate_crc32(seed, bytes.data(), bytes.size());
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::int32_t java_hash(std::string_view utf8) {
  std::uint32_t hash = 0;
  while (!utf8.empty()) {
    const Decoded d = decode_utf8(utf8);
    utf8.remove_prefix(d.size);
    if (d.code_point < 0x10000) {
      hash = hash * 31 + d.code_point;
    } else {
      const std::uint32_t rest = d.code_point - 0x10000;
      hash = hash * 31 + (0xD800 + (rest >> 10));
      hash = hash * 31 + (0xDC00 + (rest & 0x3FF));
    }
  }
  return static_cast<std::int32_t>(hash);
}

}  // namespace bolide
