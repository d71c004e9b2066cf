// SPDX-License-Identifier: Apache-2.0
//
// A file of the machine: one descriptor and the calls on it.
// Runs on: any agent.  Owns: the descriptor.  Invariant: it has no state but the descriptor, so its
// calls may run at the same time on different threads.
#pragma once

#include "os/file_system.h"

namespace bolide::os {

class PosixFile final : public File {
 public:
  // Takes over `descriptor`; `path` is for error texts.
  PosixFile(int descriptor, std::string path) : fd_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override;
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  Result<> write(std::uint64_t offset, std::string_view bytes) override;
  Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) const override;
  Result<std::optional<std::size_t>> read_cached(std::uint64_t offset, char* into,
                                                 std::size_t size) const override;
  Result<> sync() override;
  void start_writeback(std::uint64_t offset, std::uint64_t size) override;
  Result<> truncate(std::uint64_t size) override;
  Result<> reserve(std::uint64_t offset, std::uint64_t size) override;
  Result<std::uint64_t> size() const override;
  std::uint64_t next_data(std::uint64_t offset) const override;
  Result<> lock() override;

 private:
  int fd_;
  std::string path_;
};

// Reserves the range by writing zeros into its holes, for a file system that cannot reserve.
// Nothing else may write into the range meanwhile. Errors: disk_full; io, also for a range that
// ends behind the file: there is no reserving beyond its size.
Result<> reserve_by_writing(File& file, std::uint64_t offset, std::uint64_t size);

}  // namespace bolide::os
