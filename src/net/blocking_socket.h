// SPDX-License-Identifier: Apache-2.0
//
// A TCP connection for a program that may wait: the command line's. Servers use transport.h.
// Runs on: one thread.  Owns: the socket.
// Invariant: no call waits longer than its timeout, but for the resolution of a name by the system.
#pragma once

#include "base/result.h"
#include "net/transport.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::net {

class BlockingSocket {
 public:
  // Errors: connection_failed ("connect 127.0.0.1:9876: Connection refused"), after every address
  // of the name was tried; timeouts count as such.
  static Result<BlockingSocket> connect(const Address& address, int timeout_ms);

  ~BlockingSocket();
  BlockingSocket(BlockingSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), peer_(std::move(other.peer_)) {}
  BlockingSocket(const BlockingSocket&) = delete;
  BlockingSocket& operator=(const BlockingSocket&) = delete;

  // Sends all of `bytes`. Errors: timeout, connection_closed; then a part may have been sent.
  Result<> write_all(std::string_view bytes, int timeout_ms);
  // Waits for bytes and reads what is there, at least one byte and at most `size`.
  // Errors: timeout, connection_closed.
  Result<std::size_t> read_some(char* into, std::size_t size, int timeout_ms);

  // Waits until some of `sockets` have bytes to read or are closed; returns their places in the
  // list, or none when the time is over. Errors: io.
  static Result<std::vector<std::size_t>> wait_readable(
      std::span<const BlockingSocket* const> sockets, int timeout_ms);

 private:
  BlockingSocket(int fd, std::string peer) : fd_(fd), peer_(std::move(peer)) {}
  Result<> wait_for(short events, int timeout_ms) const;

  int fd_;
  std::string peer_;  // for errors
};

}  // namespace bolide::net
