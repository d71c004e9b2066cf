// SPDX-License-Identifier: Apache-2.0
//
// The seam to the disk: files and directories. PosixFileSystem is the machine's; SimFileSystem
// (sim_file_system.h) lives in memory, drops what was not synced and fails the Nth call on demand.
// Runs on: any agent. A File has one owner, who alone calls truncate, reserve, lock and the
// destructor; write, read and sync may run at the same time on different threads. A sync covers the
// writes that returned before it was called.
// Owns: descriptors.  Invariant: no call hides an error, none throws; EINTR and short writes are
// handled inside, a short read is the end of the file.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::os {

enum class OpenMode : std::uint8_t {
  read,        // must exist
  read_write,  // must exist
  create,      // read and write, made if absent
  create_new,  // read and write, must not exist
};

class File {
 public:
  virtual ~File() = default;

  // Writes all of `bytes` at `offset`. Errors: disk_full (ENOSPC, EDQUOT, EFBIG), io; then a part
  // of the range may have been written.
  virtual Result<> write(std::uint64_t offset, std::string_view bytes) = 0;
  // Reads up to `size` bytes at `offset`; fewer only at the end of the file. May block on the disk.
  virtual Result<std::size_t> read(std::uint64_t offset, char* into, std::size_t size) const = 0;
  // The same, but never waits for the disk: nothing if not all of it is in memory.
  virtual Result<std::optional<std::size_t>> read_cached(std::uint64_t offset, char* into,
                                                         std::size_t size) const = 0;
  // Makes what was written durable (fdatasync). After an error the file must not be used again.
  virtual Result<> sync() = 0;
  // Starts writing dirty pages of the range to the disk, without waiting. Advice only.
  virtual void start_writeback(std::uint64_t offset, std::uint64_t size) = 0;
  virtual Result<> truncate(std::uint64_t size) = 0;
  // Reserves blocks for the range; the file's size does not change. Errors: disk_full, io. Where
  // the file system cannot, zeros go into the holes: the range must then be within the file.
  virtual Result<> reserve(std::uint64_t offset, std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // The first place at or after `offset` that may hold anything but zeros; the file's size or more
  // if there is none. It may be too early (here: always), never too late.
  virtual std::uint64_t next_data(std::uint64_t offset) const { return offset; }
  // Takes the exclusive lock of the whole file, for the life of this File: other processes (Apache
  // RocketMQ's broker too) and other Files of this one are refused. Never waits. Requires a file
  // open for writing. Errors: in_use, io.
  virtual Result<> lock() = 0;
};

struct SpaceInfo {
  std::uint64_t total_bytes = 0;  // used, or free for this user
  std::uint64_t free_bytes = 0;   // for this user
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Files are made with mode 0600, directories 0700. Errors carry the path and the system's text:
  // not_found, no_permission, disk_full, io. A new name is durable after sync_directory.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Makes the directory and its parents, durably.
  virtual Result<> make_directories(const std::string& path) = 0;
  // Names (not paths) in a directory, sorted; without . and ..
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  // Removes a file or an empty directory.
  virtual Result<> remove(const std::string& path) = 0;
  // Removes a file, or a directory with all below it; success if there is nothing.
  virtual Result<> remove_all(const std::string& path) = 0;
  // Replaces what `to` names, in one step.
  virtual Result<> rename(const std::string& from, const std::string& to) = 0;
  // Makes names in the directory durable (fsync of the directory).
  virtual Result<> sync_directory(const std::string& path) = 0;
  virtual Result<SpaceInfo> space(const std::string& path) = 0;
};

// The machine's file system. Lives for ever.
FileSystem& posix_file_system();

// The whole file as a string. Errors: as open; malformed if larger than `size_max`.
Result<std::string> read_file(FileSystem& fs, const std::string& path,
                              std::uint64_t size_max = 256U << 20U);
// Replaces the file so that a crash leaves the old or the new one: writes PATH.tmp, syncs, renames,
// syncs the directory. One caller per path at a time. An error leaves the old content, but for an
// error of the last step, after which it may be either.
Result<> replace_file(FileSystem& fs, const std::string& path, std::string_view content);

}  // namespace bolide::os
