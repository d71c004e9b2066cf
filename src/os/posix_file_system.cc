// SPDX-License-Identifier: Apache-2.0
//
// The machine's file system.
// Runs on: any agent.  Owns: nothing.  Invariant: no descriptor passes to a child process.
#include "os/path.h"
#include "os/posix_file.h"
#include "os/system_error.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace bolide::os {
namespace {

int flags_of(OpenMode mode) {
  switch (mode) {
    case OpenMode::read: return O_RDONLY;
    case OpenMode::read_write: return O_RDWR;
    case OpenMode::create: return O_RDWR | O_CREAT;
    case OpenMode::create_new: return O_RDWR | O_CREAT | O_EXCL;
  }
  return O_RDONLY;
}

bool is_directory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int fd = -1;
    do {
      fd = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return system_failure("open", path, errno);
    return std::make_unique<PosixFile>(fd, path);
  }

  Result<> make_directories(const std::string& path) override {
    for (std::size_t end = 0; end != std::string::npos;) {
      end = path.find('/', end + 1);
      const std::string part = path.substr(0, end);
      if (part.empty() || part.back() == '/' || is_directory(part)) continue;
      if (::mkdir(part.c_str(), 0700) < 0) {
        const int error = errno;
        // Another process may have made it just now.
        if (error == EEXIST && is_directory(part)) continue;
        return system_failure("make directory", part, error);
      }
      BOLIDE_CHECK(sync_directory(parent_directory(part)));
    }
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) return system_failure("list", path, errno);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(directory);
    if (error != 0) return system_failure("list", path, error);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::string& path) override {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0;
  }

  Result<> remove(const std::string& path) override {
    if (std::remove(path.c_str()) < 0) return system_failure("remove", path, errno);
    return {};
  }

  Result<> remove_all(const std::string& path) override {
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return system_failure("remove", path, error.value());
    return {};
  }

  Result<> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) < 0)
      return system_failure("rename " + from + " to", to, errno);
    return {};
  }

  Result<> sync_directory(const std::string& path) override {
    int fd = -1;
    do {
      fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return system_failure("open directory", path, errno);
    int status = -1;
    do {
      status = ::fsync(fd);
    } while (status < 0 && errno == EINTR);
    const int error = errno;
    ::close(fd);
    // EINVAL: a file system whose directories need no sync.
    if (status < 0 && error != EINVAL) return system_failure("sync directory", path, error);
    return {};
  }

  Result<SpaceInfo> space(const std::string& path) override {
    struct statvfs info{};
    if (::statvfs(path.c_str(), &info) < 0) return system_failure("statvfs", path, errno);
    // What is neither used nor for us (root's reserve, another's quota) does not count, as with df.
    const std::uint64_t used = std::uint64_t{info.f_blocks} - info.f_bfree;
    return SpaceInfo{.total_bytes = (used + info.f_bavail) * info.f_frsize,
                     .free_bytes = std::uint64_t{info.f_bavail} * info.f_frsize};
  }
};

}  // namespace

FileSystem& posix_file_system() {
  static PosixFileSystem file_system;
  return file_system;
}

}  // namespace bolide::os
