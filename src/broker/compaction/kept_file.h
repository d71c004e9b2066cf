// SPDX-License-Identifier: Apache-2.0
//
// A file of kept records (docs/disk/kept.md), written and read from its beginning to its end.
// Runs on: background agent, and whoever starts the server.  Owns: bytes that were read or wait to
// be written.  Invariant: only records whose checksums match are given, in order of offset.
#pragma once

#include "base/result.h"
#include "os/file_system.h"
#include "store/record.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bolide::broker {

class KeptFileReader {
 public:
  struct Found {
    store::Record record;
    std::string_view bytes;
    std::uint64_t at = 0;
  };

  // `file` must outlive this; the log names it by `path`.
  KeptFileReader(const os::File& file, std::string path) : file_(file), path_(std::move(path)) {}

  // The next record, whose views live until the next call; nothing: the end. What is damaged is
  // logged and passed over. Errors: io.
  Result<std::optional<Found>> next();

 private:
  std::string_view rest() const { return std::string_view(buffer_).substr(used_); }
  Result<bool> read_more();
  void report_damage();

  const os::File& file_;
  std::string path_;
  std::string buffer_;
  std::size_t used_ = 0;  // of the buffer
  std::uint64_t at_ = 0;  // of the file: where rest() begins
  std::int64_t last_offset_ = -1;
  std::optional<std::uint64_t> damaged_from_;
};

class KeptFileWriter {
 public:
  explicit KeptFileWriter(os::File& file) : file_(file) {}
  Result<> add(std::string_view bytes);
  Result<> flush();

 private:
  os::File& file_;
  std::string pending_;
  std::uint64_t written_ = 0;
};

}  // namespace bolide::broker
