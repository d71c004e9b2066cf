// SPDX-License-Identifier: Apache-2.0
//
// Facts about this process and its machine.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#include "os/process.h"

#include "base/strings.h"
#include "os/file_system.h"
#include "os/system_error.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <random>
#include <thread>

namespace bolide::os {
namespace {

std::int64_t to_us(const timeval& time) {
  return std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec;
}

// The second number of /proc/self/statm, in pages.
std::uint64_t resident_pages() {
  const auto text = read_file(posix_file_system(), "/proc/self/statm");
  if (!text) return 0;
  const auto fields = split(*text, ' ');
  return fields.size() < 2 ? 0 : parse_integer<std::uint64_t>(fields[1]).value_or(0);
}

// But the one that reads the folder.
std::uint64_t open_files() {
  const auto names = posix_file_system().list("/proc/self/fd");
  return names && !names->empty() ? names->size() - 1 : 0;
}

}  // namespace

ProcessUsage process_usage() {
  ProcessUsage usage;
  usage.resident_bytes = resident_pages() * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  rusage times{};
  if (::getrusage(RUSAGE_SELF, &times) == 0) {
    usage.user_cpu_us = to_us(times.ru_utime);
    usage.system_cpu_us = to_us(times.ru_stime);
  }
  usage.open_files = open_files();
  return usage;
}

std::int64_t process_id() {
  return ::getpid();
}

std::int64_t process_that_has(const std::string& path) {
  struct stat wanted{};
  if (::stat(path.c_str(), &wanted) != 0) return 0;
  FileSystem& fs = posix_file_system();
  const auto processes = fs.list("/proc");
  if (!processes) return 0;
  for (const std::string& process : *processes) {
    const auto id = parse_integer<std::int64_t>(process);
    if (!id) continue;
    const std::string folder = "/proc/" + process + "/fd";
    const auto files = fs.list(folder);
    if (!files) continue;  // another user's
    for (const std::string& file : *files) {
      struct stat open{};
      if (::stat((folder + "/" + file).c_str(), &open) == 0 && open.st_dev == wanted.st_dev &&
          open.st_ino == wanted.st_ino)
        return *id;
    }
  }
  return 0;
}

std::uint64_t random_number() {
  std::uint64_t number = 0;
  // So few bytes come whole. Only a kernel before 3.17 fails here.
  if (::getrandom(&number, sizeof number, 0) == sizeof number) return number;
  return std::uint64_t{std::random_device{}()} << 32U | std::random_device{}();
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

unsigned cpu_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  // Fails on machines of more processors than the set holds.
  if (::sched_getaffinity(0, sizeof set, &set) == 0) {
    if (const int count = CPU_COUNT(&set); count > 0) return static_cast<unsigned>(count);
  }
  const unsigned all = std::thread::hardware_concurrency();
  return all > 0 ? all : 1;
}

std::string local_ipv4() {
  constexpr const char* fallback = "127.0.0.1";
  ifaddrs* first = nullptr;
  if (::getifaddrs(&first) != 0) return fallback;
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(first, &::freeifaddrs);
  for (const ifaddrs* at = first; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr || at->ifa_addr->sa_family != AF_INET) continue;
    if ((at->ifa_flags & IFF_UP) == 0 || (at->ifa_flags & IFF_LOOPBACK) != 0) continue;
    sockaddr_in address{};
    std::memcpy(&address, at->ifa_addr, sizeof address);
    char text[INET_ADDRSTRLEN] = {};
    if (::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text) != nullptr) return text;
  }
  return fallback;
}

Result<std::uint64_t> raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return system_failure("getrlimit RLIMIT_NOFILE", "", errno);
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return system_failure("setrlimit RLIMIT_NOFILE", "", errno);
  return static_cast<std::uint64_t>(limit.rlim_cur);
}

}  // namespace bolide::os
