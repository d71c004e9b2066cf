// SPDX-License-Identifier: Apache-2.0
//
// A TCP connection for a program that may wait.
// Runs on: one thread.  Owns: the socket.  Invariant: the socket itself never blocks; poll waits.
#include "net/blocking_socket.h"

#include "os/clock.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace bolide::net {
namespace {

std::int64_t steady_ms() {
  return os::system_clock().now().steady_ms();
}

// poll() until an event, the deadline or an error; interruptions by signals do not count.
int poll_until(std::span<pollfd> fds, std::int64_t deadline_ms) {
  while (true) {
    const std::int64_t left = std::max<std::int64_t>(0, deadline_ms - steady_ms());
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ready >= 0 || errno != EINTR) return ready;
  }
}

// Returns 0 or the error number.
int finish_connect(int fd, std::int64_t deadline_ms) {
  pollfd wait{fd, POLLOUT, 0};
  const int ready = poll_until({&wait, 1}, deadline_ms);
  if (ready < 0) return errno;
  if (ready == 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
  return error;
}

// A connected socket, or -1 with the error number.
int connect_one(const addrinfo& target, std::int64_t deadline_ms, int* error) {
  const int fd = ::socket(target.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return *error = errno, -1;
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  *error = ::connect(fd, target.ai_addr, target.ai_addrlen) == 0 ? 0 : errno;
  if (*error == EINPROGRESS || *error == EINTR) *error = finish_connect(fd, deadline_ms);
  if (*error == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

Result<BlockingSocket> BlockingSocket::connect(const Address& address, int timeout_ms) {
  const std::string what = "connect " + address.text();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int status =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (status != 0) return fail(Errc::connection_failed, what + ": " + ::gai_strerror(status));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> targets(found, &::freeaddrinfo);
  const std::int64_t deadline_ms = steady_ms() + timeout_ms;
  int error = EADDRNOTAVAIL;
  for (const addrinfo* target = found; target != nullptr; target = target->ai_next) {
    const int fd = connect_one(*target, deadline_ms, &error);
    if (fd >= 0) return BlockingSocket(fd, address.text());
  }
  return fail(Errc::connection_failed, what + ": " + std::strerror(error));
}

BlockingSocket::~BlockingSocket() {
  if (fd_ >= 0) ::close(fd_);
}

Result<> BlockingSocket::wait_for(short events, int timeout_ms) const {
  pollfd wait{fd_, events, 0};
  const int ready = poll_until({&wait, 1}, steady_ms() + timeout_ms);
  if (ready < 0) return fail(Errc::io, peer_ + ": poll: " + std::strerror(errno));
  if (ready == 0)
    return fail(Errc::timeout, peer_ + " within " + std::to_string(timeout_ms) + " ms");
  return {};
}

Result<> BlockingSocket::write_all(std::string_view bytes, int timeout_ms) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      BOLIDE_CHECK(wait_for(POLLOUT, timeout_ms));
    } else if (errno != EINTR) {
      return fail(Errc::connection_closed, peer_ + ": " + std::strerror(errno));
    }
  }
  return {};
}

Result<std::size_t> BlockingSocket::read_some(char* into, std::size_t size, int timeout_ms) {
  while (true) {
    const ssize_t got = ::recv(fd_, into, size, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return fail(Errc::connection_closed, peer_);
    if (errno == EAGAIN) {
      BOLIDE_CHECK(wait_for(POLLIN, timeout_ms));
    } else if (errno != EINTR) {
      return fail(Errc::connection_closed, peer_ + ": " + std::strerror(errno));
    }
  }
}

Result<std::vector<std::size_t>> BlockingSocket::wait_readable(
    std::span<const BlockingSocket* const> sockets, int timeout_ms) {
  std::vector<pollfd> fds;
  for (const BlockingSocket* socket : sockets) fds.push_back({socket->fd_, POLLIN, 0});
  if (poll_until(fds, steady_ms() + timeout_ms) < 0)
    return fail(Errc::io, std::string("poll: ") + std::strerror(errno));
  std::vector<std::size_t> readable;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    if (fds[i].revents != 0) readable.push_back(i);
  }
  return readable;
}

}  // namespace bolide::net
