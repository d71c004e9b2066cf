// SPDX-License-Identifier: Apache-2.0
//
// The bytes of the metadata journal: file headers and records (docs/disk/journal.md).
// Runs on: log agent.  Owns: nothing; views live as long as the bytes they were decoded from.
// Invariant: no length in a file is trusted before it is checked against the bytes there are.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bolide::store {

enum class JournalFile : std::uint8_t { snapshot, changes };
enum class JournalKind : std::uint8_t { put = 1, erase = 2, end = 3 };

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

struct JournalScan {
  std::uint64_t good_bytes = 0;     // where the next record belongs
  std::uint64_t last_sequence = 0;  // 0 without records
  bool ended = false;               // the last record is JournalKind::end
};

// Reads a whole file and calls `each` for every record up to the end or the first that is not good.
// What stands behind a bad record decides: nothing that was acknowledged as durable means a torn
// tail (left out of good_bytes), else Errc::storage_corrupt with the position. Errors:
// storage_corrupt.
Result<JournalScan> scan_journal(std::string_view bytes, JournalFile file, std::uint64_t generation,
                                 const std::function<void(const JournalRecord&)>& each);

}  // namespace bolide::store
