// SPDX-License-Identifier: Apache-2.0
//
// Encoding and scanning of journal files.
// Runs on: log agent.  Owns: nothing.  Invariant: see journal_format.h.
#include "store/journal_format.h"

#include "base/assert.h"
#include "base/crc.h"
#include "base/cursor.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bolide::store {
namespace {

constexpr std::uint64_t snapshot_magic = 0x424F4C494A534E31;  // "BOLIJSN1"
constexpr std::uint64_t changes_magic = 0x424F4C494A434831;   // "BOLIJCH1"
constexpr std::size_t checksum_at = 4;
constexpr std::size_t checked_from = 8;  // length, checksum | all the rest
constexpr std::size_t sequence_at = 8;
constexpr std::size_t sector_bytes = 512;
constexpr std::uint32_t record_bytes_max = 1U << 30U;

std::uint32_t checksum(std::string_view record, std::uint64_t generation) {
  char seed[sizeof generation];
  store_big(seed, generation);
  const std::uint32_t sum = crc32(record.substr(0, checksum_at), crc32({seed, sizeof seed}));
  return crc32(record.substr(checked_from), sum);
}

// Whether [from, to) holds what a power loss leaves where a write did not reach the disk: a sector
// of zeros, or zeros from the place of the bad record to the end of its sector.
bool has_unwritten_part(std::string_view bytes, std::size_t from, std::size_t to) {
  for (std::size_t at = from; at < to;) {
    const std::size_t end = (at / sector_bytes + 1) * sector_bytes;
    if (end > to) return false;
    if (bytes.substr(at, end - at).find_first_not_of('\0') == std::string_view::npos) return true;
    at = end;
  }
  return false;
}

struct Tail {
  std::string_view bytes;
  std::size_t bad_at = 0;
  std::uint64_t sequence = 0;  // that the bad record should have
  std::uint64_t generation = 0;
};

// Whether the bytes from the bad record on are damage to what was written, rather than writes that
// a crash cut short: a good record stands behind it, and either that record knows the bad one to
// have been durable, or nothing looks unwritten.
bool is_damage(const Tail& tail) {
  const std::size_t size = tail.bytes.size();
  std::optional<std::size_t> first_good;
  for (std::size_t at = tail.bad_at + 1; at + journal_record_bytes_min <= size;) {
    const auto sequence = load_big<std::uint64_t>(tail.bytes.data() + at + sequence_at);
    const bool plausible = sequence > tail.sequence && sequence - tail.sequence < size;
    const auto found =
        plausible ? decode_journal_record(tail.bytes.substr(at), tail.generation) : std::nullopt;
    if (!found) {
      ++at;
      continue;
    }
    if (found->record.synced_bytes > tail.bad_at) return true;
    if (!first_good) first_good = at;
    at += found->size;
  }
  return first_good && !has_unwritten_part(tail.bytes, tail.bad_at, *first_good);
}

}  // namespace

std::string journal_header(JournalFile file, std::uint64_t generation) {
  std::string header(journal_header_bytes, '\0');
  Writer out(header.data(), header.size());
  out.u64(file == JournalFile::snapshot ? snapshot_magic : changes_magic);
  out.u64(generation);
  out.u32(0);
  out.u32(crc32(std::string_view(header).substr(0, 20)));
  return header;
}

void append_journal_record(std::string& out, std::uint64_t generation,
                           const JournalRecord& record) {
  const std::size_t size = journal_record_bytes_min + record.key.size() + record.value.size();
  BOLIDE_ASSERT(size <= record_bytes_max);
  const std::size_t begin = out.size();
  out.resize(begin + size);
  Writer at(out.data() + begin, size);
  at.u32(static_cast<std::uint32_t>(size));
  at.u32(0);
  at.u64(record.sequence);
  at.u64(record.synced_bytes);
  at.u8(static_cast<std::uint8_t>(record.kind));
  at.u32(static_cast<std::uint32_t>(record.key.size()));
  at.bytes(record.key);
  at.bytes(record.value);
  const std::string_view whole = std::string_view(out).substr(begin);
  store_big(out.data() + begin + checksum_at, checksum(whole, generation));
}

std::optional<JournalFound> decode_journal_record(std::string_view bytes,
                                                  std::uint64_t generation) {
  if (bytes.size() < journal_record_bytes_min) return std::nullopt;
  const auto size = load_big<std::uint32_t>(bytes.data());
  if (size < journal_record_bytes_min || size > bytes.size()) return std::nullopt;
  const std::string_view whole = bytes.substr(0, size);
  if (load_big<std::uint32_t>(whole.data() + checksum_at) != checksum(whole, generation)) {
    return std::nullopt;
  }
  ByteReader in(whole.substr(checked_from));
  JournalFound found{.record = {}, .size = size};
  found.record.sequence = in.u64();
  found.record.synced_bytes = in.u64();
  const std::uint8_t kind = in.u8();
  found.record.key = in.bytes(in.u32());
  if (in.failed() || kind < 1 || kind > static_cast<std::uint8_t>(JournalKind::follows)) {
    return std::nullopt;
  }
  found.record.kind = static_cast<JournalKind>(kind);
  found.record.value = in.bytes(in.remaining());
  return found;
}

std::string follows_value(std::uint64_t bytes) {
  std::string value(sizeof bytes, '\0');
  store_big(value.data(), bytes);
  return value;
}

std::optional<std::uint64_t> followed_bytes(std::string_view bytes, std::uint64_t generation) {
  const std::string header = journal_header(JournalFile::changes, generation);
  if (!bytes.starts_with(header)) return std::nullopt;
  const auto first = decode_journal_record(bytes.substr(header.size()), generation);
  if (!first || first->record.kind != JournalKind::follows) return std::nullopt;
  ByteReader in(first->record.value);
  const std::uint64_t followed = in.u64();
  if (in.failed() || first->record.sequence != 1) return std::nullopt;
  return followed;
}

Result<JournalScan> scan_journal(std::string_view bytes, JournalFile file, std::uint64_t generation,
                                 const std::function<void(const JournalRecord&)>& each) {
  if (!bytes.starts_with(journal_header(file, generation))) {
    return fail(Errc::storage_corrupt, "position 0: not the header of this file");
  }
  JournalScan scan{.good_bytes = journal_header_bytes};
  while (scan.good_bytes < bytes.size()) {
    const auto found = decode_journal_record(bytes.substr(scan.good_bytes), generation);
    if (!found || found->record.sequence != scan.last_sequence + 1 || scan.ended) break;
    const bool last = found->record.kind == JournalKind::end;
    const bool first = found->record.kind == JournalKind::follows;
    if (last && file == JournalFile::changes) break;
    if (first && (file == JournalFile::snapshot || found->record.sequence != 1)) break;
    scan.last_sequence = found->record.sequence;
    scan.synced_bytes = found->record.synced_bytes;
    scan.ended = last;
    scan.good_bytes += found->size;
    if (!last && !first) each(found->record);
  }
  if (scan.good_bytes < bytes.size() &&
      (scan.ended || is_damage({.bytes = bytes,
                                .bad_at = scan.good_bytes,
                                .sequence = scan.last_sequence + 1,
                                .generation = generation}))) {
    return fail(
        Errc::storage_corrupt,
        fmt::format("position {}: record {} fails its checksum, and what follows it does not",
                    scan.good_bytes, scan.last_sequence + 1));
  }
  return scan;
}

}  // namespace bolide::store
