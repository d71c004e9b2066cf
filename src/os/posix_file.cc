// SPDX-License-Identifier: Apache-2.0
//
// A file of the machine.
// Runs on: any agent.  Owns: the descriptor.  Invariant: EINTR and short transfers end here.
#include "os/posix_file.h"

#include "os/system_error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

namespace bolide::os {
namespace {

constexpr std::uint64_t reserve_step_bytes = 4096;

// Repeats `call` while a signal interrupts it.
template <class Call>
auto uninterrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

off_t position(std::uint64_t offset) {
  return static_cast<off_t>(offset);
}

}  // namespace

PosixFile::~PosixFile() {
  ::close(fd_);
}

Result<> PosixFile::write(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n =
        uninterrupted([&] { return ::pwrite(fd_, bytes.data(), bytes.size(), position(offset)); });
    if (n < 0) return system_failure("write", path_, errno);
    // A regular file that takes nothing has no room; without this the loop would never end.
    if (n == 0) return system_failure("write", path_, ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<std::size_t> PosixFile::read(std::uint64_t offset, char* into, std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = uninterrupted(
        [&] { return ::pread(fd_, into + done, size - done, position(offset + done)); });
    if (n < 0) return system_failure("read", path_, errno);
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return done;
}

Result<std::optional<std::size_t>> PosixFile::read_cached(std::uint64_t offset, char* into,
                                                          std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    iovec rest{into + done, size - done};
    const ssize_t n = uninterrupted(
        [&] { return ::preadv2(fd_, &rest, 1, position(offset + done), RWF_NOWAIT); });
    if (n > 0) {
      done += static_cast<std::size_t>(n);
      continue;
    }
    if (n == 0) {
      // The end of the file, or a kernel (5.9, 5.10) that says 0 where it means EAGAIN.
      BOLIDE_TRY(const std::uint64_t file_size, this->size());
      if (offset + done < file_size) return std::optional<std::size_t>();
      break;
    }
    if (errno == EAGAIN) return std::optional<std::size_t>();
    if (errno != EOPNOTSUPP && errno != ENOSYS) return system_failure("read", path_, errno);
    // A file system that cannot promise not to wait: reading is all that is left.
    BOLIDE_TRY(const std::size_t all, read(offset, into, size));
    return std::optional(all);
  }
  return std::optional(done);
}

Result<> PosixFile::sync() {
  if (uninterrupted([&] { return ::fdatasync(fd_); }) < 0)
    return system_failure("sync", path_, errno);
  return {};
}

void PosixFile::start_writeback(std::uint64_t offset, std::uint64_t size) {
  ::sync_file_range(fd_, position(offset), position(size), SYNC_FILE_RANGE_WRITE);
}

Result<> PosixFile::truncate(std::uint64_t size) {
  if (uninterrupted([&] { return ::ftruncate(fd_, position(size)); }) < 0)
    return system_failure("truncate", path_, errno);
  return {};
}

Result<> PosixFile::reserve(std::uint64_t offset, std::uint64_t size) {
  if (size == 0) return {};
  const int status = uninterrupted(
      [&] { return ::fallocate(fd_, FALLOC_FL_KEEP_SIZE, position(offset), position(size)); });
  if (status == 0) return {};
  if (errno == EOPNOTSUPP || errno == ENOSYS) return reserve_by_writing(*this, offset, size);
  return system_failure("reserve", path_, errno);
}

Result<std::uint64_t> PosixFile::size() const {
  struct stat info{};
  if (::fstat(fd_, &info) < 0) return system_failure("stat", path_, errno);
  return static_cast<std::uint64_t>(info.st_size);
}

std::uint64_t PosixFile::next_data(std::uint64_t offset) const {
  const off_t found = ::lseek(fd_, position(offset), SEEK_DATA);
  if (found >= 0) return static_cast<std::uint64_t>(found);
  // ENXIO: nothing but a hole up to the end. Else the file system does not know.
  return errno == ENXIO ? std::numeric_limits<std::uint64_t>::max() : offset;
}

// A lock of the open file description: it conflicts with the record lock that Apache RocketMQ's
// broker takes on the file (java.nio FileChannel.tryLock), and with other opens in this process.
Result<> PosixFile::lock() {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (uninterrupted([&] { return ::fcntl(fd_, F_OFD_SETLK, &whole); }) == 0) return {};
  if (errno == EAGAIN || errno == EACCES)
    return fail(Errc::in_use, "lock " + path_ + ": another process holds it");
  return system_failure("lock", path_, errno);
}

Result<> reserve_by_writing(File& file, std::uint64_t offset, std::uint64_t size) {
  BOLIDE_TRY(const std::uint64_t file_size, file.size());
  if (offset > file_size || size > file_size - offset)
    return fail(Errc::io, "reserve: this file system cannot reserve beyond the end of a file");
  std::string bytes(reserve_step_bytes, '\0');
  const std::string zeros(reserve_step_bytes, '\0');
  while (size > 0) {
    // Never across a block: one that holds anything has its place already.
    const std::uint64_t piece = std::min(size, reserve_step_bytes - offset % reserve_step_bytes);
    BOLIDE_TRY(const std::size_t n, file.read(offset, bytes.data(), piece));
    const std::string_view there(bytes.data(), n);
    if (there.find_first_not_of('\0') == there.npos)
      BOLIDE_CHECK(file.write(offset, std::string_view(zeros).substr(0, piece)));
    offset += piece;
    size -= piece;
  }
  return {};
}

}  // namespace bolide::os
