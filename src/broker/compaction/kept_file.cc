// SPDX-License-Identifier: Apache-2.0
//
// Files of kept records, from end to end.
// Runs on: see kept_file.h.  Owns: see kept_file.h.  Invariant: see kept_file.h.
#include "broker/compaction/kept_file.h"

#include "base/log.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::size_t read_step = 1U << 20U;
constexpr std::size_t write_step = 1U << 20U;
constexpr std::size_t head_bytes = 8;  // size and magic
constexpr std::size_t magic_at = 4;

// What every record's magic begins with; its last byte is the version's.
constexpr std::string_view magic_prefix = "\xDA\xA3\x20";

bool may_begin_record(std::string_view bytes) {
  return bytes.size() >= head_bytes && bytes.substr(magic_at).starts_with(magic_prefix);
}

// How far behind the damaged bytes at the front of `rest` a record may begin. A record may lie in
// the body of another, so the damaged one's own length is tried first. `size`: that length.
std::size_t pass_damage(std::string_view rest, std::size_t size) {
  if (may_begin_record(rest) && size >= head_bytes && size <= rest.size()) {
    const std::string_view behind = rest.substr(size);
    if (behind.empty() || may_begin_record(behind)) return size;
  }
  const std::size_t magic = rest.find(magic_prefix, magic_at + 1);
  if (magic != std::string_view::npos) return magic - magic_at;
  return rest.size() < head_bytes ? 1 : rest.size() - head_bytes + 1;
}

}  // namespace

// False: the file has no more.
Result<bool> KeptFileReader::read_more() {
  buffer_.erase(0, std::exchange(used_, 0));
  const std::size_t had = buffer_.size();
  buffer_.resize(had + read_step);
  auto got = file_.read(at_ + had, buffer_.data() + had, read_step);
  buffer_.resize(had + got.value_or(0));
  if (!got) return Failure(std::move(got).error().in(path_));
  return *got > 0;
}

void KeptFileReader::report_damage() {
  if (!damaged_from_) return;
  BOLIDE_LOG(error, "{}: bytes {} to {} are damaged and passed over", path_, *damaged_from_, at_);
  damaged_from_.reset();
}

Result<std::optional<KeptFileReader::Found>> KeptFileReader::next() {
  for (;;) {
    store::Record record;
    const auto status = store::decode_record(rest(), store::Verify::checksums, &record);
    if (status == store::DecodeStatus::record && record.queue_offset > last_offset_) {
      report_damage();
      const std::size_t size = record.total_size;
      const Found found{.record = record, .bytes = rest().substr(0, size), .at = at_};
      last_offset_ = record.queue_offset;
      used_ += size;
      at_ += size;
      return found;
    }
    if (status == store::DecodeStatus::truncated) {
      BOLIDE_TRY(const bool more, read_more());
      if (more) continue;
      if (rest().empty()) break;
    }
    if (!damaged_from_) damaged_from_ = at_;
    const std::size_t passed = pass_damage(rest(), record.total_size);
    used_ += passed;
    at_ += passed;
  }
  report_damage();
  return std::nullopt;
}

Result<> KeptFileWriter::add(std::string_view bytes) {
  pending_ += bytes;
  return pending_.size() < write_step ? Result<>() : flush();
}

Result<> KeptFileWriter::flush() {
  BOLIDE_CHECK(file_.write(written_, pending_));
  written_ += pending_.size();
  pending_.clear();
  return {};
}

}  // namespace bolide::broker
