// SPDX-License-Identifier: Apache-2.0
//
// What only the machine's file system can show: other processes, limits, the page cache, modes.
// Runs on: the test's thread and forked children.  Owns: nothing.  Invariant: none.
#include "os/signals.h"
#include "os/test_dir.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace bolide::os {
namespace {

// Runs `body` in a child process; returns its exit status, -1 if a signal ended it.
template <class Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(PosixFileSystem, a_lock_excludes_another_process) {
  const TemporaryDirectory directory;
  const auto file = posix_file_system().open(directory / "lock", OpenMode::create).value();
  ASSERT_TRUE(file->lock());
  EXPECT_EQ(in_child([&] {
              const auto other = posix_file_system().open(directory / "lock", OpenMode::create);
              const auto locked = (*other)->lock();
              return !locked && locked.error().code == Errc::in_use ? 7 : 1;
            }),
            7);
}

// The lock of java.nio FileChannel.tryLock(0, 1, false), as Apache RocketMQ's broker takes it.
bool take_record_lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct flock record{};
  record.l_type = F_WRLCK;
  record.l_whence = SEEK_SET;
  record.l_len = 1;
  return ::fcntl(fd, F_SETLK, &record) == 0;
}

TEST(PosixFileSystem, a_lock_and_the_record_lock_of_apache_rocketmq_exclude_each_other) {
  const TemporaryDirectory directory;
  auto file = posix_file_system().open(directory / "lock", OpenMode::create).value();
  ASSERT_TRUE(file->lock());
  EXPECT_EQ(in_child([&] { return take_record_lock(directory / "lock") ? 1 : 7; }), 7);
  file.reset();
  EXPECT_EQ(in_child([&] {
              if (!take_record_lock(directory / "lock")) return 1;
              return in_child([&] {
                const auto other = posix_file_system().open(directory / "lock", OpenMode::create);
                return (*other)->lock().error().code == Errc::in_use ? 7 : 2;
              });
            }),
            7);
}

TEST(PosixFileSystem, a_lock_dies_with_its_process) {
  const TemporaryDirectory directory;
  const auto lock = [&] {
    auto file = posix_file_system().open(directory / "lock", OpenMode::create).value();
    const bool taken = file->lock().has_value();
    [[maybe_unused]] File* never_closed = file.release();  // the process ends with it
    return taken ? 7 : 1;
  };
  EXPECT_EQ(in_child(lock), 7);
  EXPECT_EQ(in_child(lock), 7);
}

TEST(PosixFileSystem, holes_are_passed_over_and_data_never_is) {
  const TemporaryDirectory dir;
  auto file = *posix_file_system().open(dir / "sparse", OpenMode::create);
  ASSERT_TRUE(file->truncate(64U << 20U));
  ASSERT_TRUE(file->write(33U << 20U, "here"));
  EXPECT_LE(file->next_data(0), 33U << 20U);
  EXPECT_EQ(file->next_data(33U << 20U), 33U << 20U);
  EXPECT_LE(file->next_data(32U << 20U), 33U << 20U);
}

TEST(PosixFileSystem, a_write_past_the_file_size_limit_is_a_full_disk) {
  const TemporaryDirectory directory;
  EXPECT_EQ(in_child([&] {
              ignore_write_signals();
              const rlimit limit{.rlim_cur = 10'000, .rlim_max = 10'000};
              ::setrlimit(RLIMIT_FSIZE, &limit);
              auto file = posix_file_system().open(directory / "f", OpenMode::create).value();
              if (!file->write(0, std::string(9'000, 'x'))) return 1;
              const auto over = file->write(9'000, std::string(9'000, 'x'));
              if (over || over.error().code != Errc::disk_full) return 2;
              if (file->size().value() != 10'000) return 3;  // the first part was written
              return over.error().context == "write " + directory / "f" + ": File too large" ? 7
                                                                                             : 4;
            }),
            7);
}

TEST(PosixFileSystem, a_read_that_must_not_wait_gives_all_or_nothing_of_a_cold_file) {
  const TemporaryDirectory directory;
  const std::string path = directory / "f";
  const auto file = posix_file_system().open(path, OpenMode::create).value();
  const std::string bytes(4U << 20U, 'd');
  ASSERT_TRUE(file->write(0, bytes));
  ASSERT_TRUE(file->sync());
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
  // Warms the first pages, so that a read of all would be short.
  char some[100];
  ASSERT_EQ(::pread(fd, some, sizeof some, 0), 100);
  ::close(fd);
  std::string into(bytes.size(), '?');
  const auto n = file->read_cached(0, into.data(), into.size());
  ASSERT_TRUE(n) << n.error().message();
  if (n->has_value()) {  // kernels and file systems may keep pages
    EXPECT_EQ(**n, bytes.size());
    EXPECT_EQ(into, bytes);
  }
  EXPECT_EQ(file->read(0, into.data(), into.size()).value(), bytes.size());
  EXPECT_EQ(into, bytes);
}

TEST(PosixFileSystem, files_and_directories_are_private_and_closed_on_exec) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(posix_file_system().make_directories(directory / "d"));
  const auto file = posix_file_system().open(directory / "d/f", OpenMode::create).value();
  struct stat info{};
  ASSERT_EQ(::stat((directory / "d").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
  ASSERT_EQ(::stat((directory / "d/f").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  bool seen = false;
  for (int fd = 3; fd < 1024; ++fd) {
    struct stat open{};
    if (::fstat(fd, &open) != 0 || open.st_ino != info.st_ino || open.st_dev != info.st_dev)
      continue;
    seen = true;
    EXPECT_TRUE((::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
  }
  EXPECT_TRUE(seen);
}

TEST(PosixFileSystem, what_the_user_may_not_open_says_so) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(replace_file(posix_file_system(), directory / "f", "secret"));
  ASSERT_EQ(::chmod(directory.path().c_str(), 0711), 0);
  ASSERT_EQ(::chmod((directory / "f").c_str(), 0), 0);
  EXPECT_EQ(in_child([&] {
              // The superuser may open everything; so ask as somebody else.
              if (::geteuid() == 0 && ::setuid(65'534) != 0) return 1;
              const auto file = posix_file_system().open(directory / "f", OpenMode::read);
              if (file || file.error().code != Errc::no_permission) return 2;
              return file.error().context == "open " + directory / "f" + ": Permission denied" ? 7
                                                                                               : 3;
            }),
            7);
}

}  // namespace
}  // namespace bolide::os
