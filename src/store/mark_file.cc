// SPDX-License-Identifier: Apache-2.0
//
// The marks beside the log.
// Runs on: see mark_file.h.  Owns: the file.  Invariant: see mark_file.h.
#include "store/mark_file.h"

#include "base/crc.h"
#include "base/cursor.h"

#include <string_view>
#include <utility>

namespace bolide::store {
namespace {

// One copy: value, turn, CRC of both. Copies lie in sectors of their own.
constexpr std::size_t copy_bytes = 20;
constexpr std::size_t sector_bytes = 512;
constexpr std::size_t marks = 3;
constexpr std::size_t file_bytes = 2 * marks * sector_bytes;

std::size_t copy_offset(std::size_t mark, std::uint64_t turn) {
  return (2 * mark + (turn & 1U)) * sector_bytes;
}

}  // namespace

Result<std::shared_ptr<MarkFile>> MarkFile::open(os::FileSystem& fs, const std::string& path) {
  BOLIDE_TRY(auto file, fs.open(path, os::OpenMode::create));
  std::shared_ptr<MarkFile> opened(new MarkFile(std::move(file)));
  BOLIDE_CHECK(opened->load());
  return opened;
}

Result<> MarkFile::load() {
  std::string bytes(file_bytes, '\0');
  BOLIDE_TRY(const std::size_t size, file_->read(0, bytes.data(), bytes.size()));
  // Written whole once, so that later writes need no space.
  if (size < file_bytes) BOLIDE_CHECK(file_->write(0, bytes));
  for (std::size_t mark = 0; mark < marks; ++mark) {
    for (std::uint64_t half = 0; half < 2; ++half) {
      ByteReader from(std::string_view(bytes).substr(copy_offset(mark, half), copy_bytes));
      const std::int64_t value = from.i64();
      const std::uint64_t turn = from.u64();
      const bool valid = from.u32() == crc32(std::string_view(from.position() - copy_bytes, 16));
      if (!valid || turn <= states_[mark].turn) continue;
      states_[mark] = {value, turn};
    }
  }
  return {};
}

std::optional<std::int64_t> MarkFile::read(Mark mark) const {
  return states_[static_cast<std::size_t>(mark)].value;
}

Result<> MarkFile::set(Mark mark, std::int64_t value) {
  const auto index = static_cast<std::size_t>(mark);
  State& state = states_[index];
  const std::uint64_t turn = state.turn + 1;
  char copy[copy_bytes];
  Writer to(copy, sizeof copy);
  to.i64(value);
  to.u64(turn);
  to.u32(crc32({copy, 16}));
  BOLIDE_CHECK(file_->write(copy_offset(index, turn), {copy, sizeof copy}));
  state = {value, turn};
  return {};
}

Result<> MarkFile::sync() {
  return file_->sync();
}

}  // namespace bolide::store
