// SPDX-License-Identifier: Apache-2.0
//
// Checksums and hashes over bytes.
// Runs on: any agent.  Owns: nothing.  Invariant: values are part of disk formats and never change.
#pragma once

#include <cstdint>
#include <string_view>

namespace bolide {

// CRC-32 (IEEE), the polynomial of RocketMQ's body checksum. `seed` continues an earlier value.
std::uint32_t crc32(std::string_view bytes, std::uint32_t seed = 0);

// XXH3, 64 bits: our own hash on disk (key index) and for tables.
std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0);

// Java's String.hashCode of a UTF-8 string: over UTF-16 code units, wrapping at 32 bits. Bytes that
// are not UTF-8 count as U+FFFD, as Java decodes them.
std::int32_t java_hash(std::string_view utf8);

}  // namespace bolide
