// SPDX-License-Identifier: Apache-2.0
//
// Reading a journal file through a window.
// Runs on: background agent.  Owns: see journal_reader.h.  Invariant: see journal_reader.h.
#include "store/journal_reader.h"

#include "base/cursor.h"

#include <algorithm>

namespace bolide::store {
namespace {

constexpr std::size_t window_bytes = 1U << 20U;

}  // namespace

Failure JournalReader::corrupt() const {
  return fail(Errc::storage_corrupt,
              "position " + std::to_string(position()) + ": not the record that was written there");
}

// Brings `size` bytes from the next record on into the window. False: there are not so many.
Result<bool> JournalReader::hold(std::size_t size) {
  if (window_.size() - at_ >= size) return true;
  if (source_.bytes - position() < size) return false;
  window_.erase(0, at_);
  window_from_ += at_;
  at_ = 0;
  const std::size_t held = window_.size();
  const std::uint64_t left = source_.bytes - window_from_ - held;
  window_.resize(held + static_cast<std::size_t>(
                            std::min<std::uint64_t>(std::max(size - held, window_bytes), left)));
  BOLIDE_TRY(const std::size_t read,
             file_->read(window_from_ + held, window_.data() + held, window_.size() - held));
  window_.resize(held + read);
  return window_.size() >= size;
}

Result<std::optional<JournalRecord>> JournalReader::next() {
  const bool first = position() == 0;
  if (first) {
    BOLIDE_TRY(const bool held, hold(journal_header_bytes));
    if (!held || !window_.starts_with(journal_header(source_.kind, source_.generation)))
      return corrupt();
    at_ = journal_header_bytes;
  }
  if (position() == source_.bytes && source_.kind == JournalFile::changes) return std::nullopt;
  BOLIDE_TRY(bool held, hold(journal_record_bytes_min));
  if (!held) return corrupt();
  BOLIDE_TRY(held, hold(load_big<std::uint32_t>(window_.data() + at_)));
  const std::string_view bytes = std::string_view(window_).substr(at_);
  const auto found =
      held ? decode_journal_record(bytes, source_.generation) : std::optional<JournalFound>();
  if (!found || found->record.sequence != sequence_ + 1) return corrupt();
  const bool follows = found->record.kind == JournalKind::follows;
  if (follows && (sequence_ > 0 || source_.kind == JournalFile::snapshot)) return corrupt();
  ++sequence_;
  at_ += found->size;
  if (found->record.kind != JournalKind::end) return found->record;
  if (source_.kind == JournalFile::changes || position() != source_.bytes) return corrupt();
  return std::nullopt;
}

}  // namespace bolide::store
