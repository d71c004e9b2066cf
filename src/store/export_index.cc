// SPDX-License-Identifier: Apache-2.0
//
// Apache RocketMQ's key index, written.
// Runs on: the command line; the main thread at a clean stop.  Owns: the slots of one file.
// Invariant: see export_index.h.
#include "store/export_index.h"

#include "base/crc.h"
#include "base/cursor.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <limits>

namespace bolide::store {
namespace {

constexpr std::size_t header_bytes = 40;
constexpr std::size_t entry_bytes = 20;
constexpr std::size_t pending_bytes_max = 1U << 20U;
constexpr std::size_t slots_at_once = 16U << 10U;

// Java's Math.abs(hashCode()), where the least integer counts as 0.
std::int32_t positive_hash(std::string_view key) {
  const std::int32_t hash = java_hash(key);
  if (hash == std::numeric_limits<std::int32_t>::min()) return 0;
  return hash < 0 ? -hash : hash;
}

// yyyyMMddHHmmssSSS as a number, in the machine's own time zone as the broker names its files.
std::int64_t name_of_time(std::int64_t wall_ms) {
  const std::time_t seconds = wall_ms / 1000;
  std::tm local{};
  localtime_r(&seconds, &local);
  std::int64_t name = local.tm_year + 1900;
  for (const int part :
       {local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec})
    name = name * 100 + part;
  return name * 1000 + wall_ms % 1000;
}

}  // namespace

Result<> IndexFilesExport::add(std::string_view key, std::int64_t position, std::int64_t store_ms) {
  if (file_ && count_ >= shape_.entries) BOLIDE_CHECK(end());
  if (!file_) BOLIDE_CHECK(begin(store_ms));
  if (count_ == 1) begin_position_ = position;
  const std::int32_t hash = positive_hash(key);
  std::int32_t& slot = slots_[static_cast<std::size_t>(hash % shape_.slots)];
  char bytes[entry_bytes];
  Writer to(bytes, sizeof bytes);
  to.i32(hash);
  to.i64(position);
  to.i32(static_cast<std::int32_t>(std::clamp<std::int64_t>(
      (store_ms - begin_ms_) / 1000, 0, std::numeric_limits<std::int32_t>::max())));
  to.i32(slot);
  if (slot == 0) ++slots_used_;
  slot = count_++;
  ++keys_;
  end_position_ = position;
  end_ms_ = store_ms;
  pending_.append(bytes, sizeof bytes);
  return pending_.size() < pending_bytes_max ? Result<>() : write_pending();
}

Result<> IndexFilesExport::begin(std::int64_t store_ms) {
  if (files_ == 0) BOLIDE_CHECK(fs_.make_directories(directory_));
  name_ = std::max(name_ + 1, name_of_time(store_ms));
  BOLIDE_TRY(file_, fs_.open(directory_ + "/" + std::to_string(name_), os::OpenMode::create_new));
  BOLIDE_CHECK(file_->truncate(shape_.file_bytes()));
  slots_.assign(static_cast<std::size_t>(shape_.slots), 0);
  slots_used_ = 0;
  count_ = 1;
  begin_ms_ = store_ms;
  // The entry of number 0 is never used: 0 in a slot means none.
  pending_at_ = header_bytes + 4 * slots_.size() + entry_bytes;
  return {};
}

Result<> IndexFilesExport::write_pending() {
  BOLIDE_CHECK(file_->write(pending_at_, pending_));
  pending_at_ += pending_.size();
  pending_.clear();
  return {};
}

// Only the pieces in which there is something: the others stay holes.
Result<> IndexFilesExport::write_slots() {
  std::string bytes;
  for (std::size_t at = 0; at < slots_.size(); at += slots_at_once) {
    const auto begin = slots_.begin() + static_cast<std::ptrdiff_t>(at);
    const auto count = std::min(slots_at_once, slots_.size() - at);
    const auto end = begin + static_cast<std::ptrdiff_t>(count);
    if (std::all_of(begin, end, [](std::int32_t slot) { return slot == 0; })) continue;
    bytes.resize(4 * count);
    Writer to(bytes.data(), bytes.size());
    std::for_each(begin, end, [&](std::int32_t slot) { to.i32(slot); });
    BOLIDE_CHECK(file_->write(header_bytes + 4 * at, bytes));
  }
  return {};
}

Result<> IndexFilesExport::end() {
  BOLIDE_CHECK(write_pending());
  BOLIDE_CHECK(write_slots());
  std::array<char, header_bytes> header{};
  Writer to(header.data(), header.size());
  to.i64(begin_ms_);
  to.i64(end_ms_);
  to.i64(begin_position_);
  to.i64(end_position_);
  to.i32(slots_used_);
  to.i32(count_);
  BOLIDE_CHECK(file_->write(0, {header.data(), header.size()}));
  BOLIDE_CHECK(file_->sync());
  file_.reset();
  ++files_;
  return {};
}

Result<> IndexFilesExport::finish() {
  if (file_) BOLIDE_CHECK(end());
  return files_ == 0 ? fs_.make_directories(directory_) : fs_.sync_directory(directory_);
}

}  // namespace bolide::store
