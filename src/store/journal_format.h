// SPDX-License-Identifier: Apache-2.0
//
// The bytes of the metadata journal: file headers and records (docs/disk/journal.md).
// Runs on: log agent.  Owns: nothing; views live as long as the bytes they were decoded from.
// Invariant: no length in a file is trusted before it is checked against the bytes there are.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bolide::store {

enum class JournalFile : std::uint8_t { snapshot, changes };
enum class JournalKind : std::uint8_t { put = 1, erase = 2, end = 3, follows = 4 };

inline constexpr std::size_t journal_header_bytes = 24;
// A record without key and value.
inline constexpr std::size_t journal_record_bytes_min = 29;

// The first bytes of a file of this kind and generation.
std::string journal_header(JournalFile file, std::uint64_t generation);

// One record. `synced_bytes`: how much of its file was known to be durable when it was written.
struct JournalRecord {
  JournalKind kind = JournalKind::put;
  std::uint64_t sequence = 0;
  std::uint64_t synced_bytes = 0;
  std::string_view key = {};
  std::string_view value = {};
};

// Appends the record to `out`. Requires key and value below 1 GiB together. Checksums are made with
// the generation, so that bytes of another file are never taken for records.
void append_journal_record(std::string& out, std::uint64_t generation, const JournalRecord& record);

// The good record at the start of `bytes`, if there is one, and its length.
struct JournalFound {
  JournalRecord record;
  std::size_t size = 0;
};
std::optional<JournalFound> decode_journal_record(std::string_view bytes, std::uint64_t generation);

// The first record of a change log that goes on where the one before it ends: how many bytes that
// one has. Nothing: these bytes are no such log.
std::optional<std::uint64_t> followed_bytes(std::string_view bytes, std::uint64_t generation);
// What such a record says.
std::string follows_value(std::uint64_t bytes);

struct JournalScan {
  std::uint64_t good_bytes = 0;     // where the next record belongs
  std::uint64_t last_sequence = 0;  // 0 without records
  std::uint64_t synced_bytes = 0;   // as the last record says
  bool ended = false;               // the last record is JournalKind::end
};

// Reads a whole file and calls `each` for every change up to the end or the first that is not good.
// What stands behind a bad record decides: nothing that was acknowledged as durable means a torn
// tail (left out of good_bytes), else Errc::storage_corrupt with the position. Errors:
// storage_corrupt.
Result<JournalScan> scan_journal(std::string_view bytes, JournalFile file, std::uint64_t generation,
                                 const std::function<void(const JournalRecord&)>& each);

}  // namespace bolide::store
