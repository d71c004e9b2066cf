// SPDX-License-Identifier: Apache-2.0
//
// The write side of a TCP connection: output collects during a turn and leaves at its end.
// Runs on: the agent of its transport.  Owns: see tcp_connection_impl.h.
// Invariant: one vectored write per connection and turn, unless there is more than it can carry.
#include "net/tcp_connection_impl.h"

#include <sys/socket.h>

#include <cerrno>

namespace bolide::net {
namespace {

// So many system calls for one connection; then the others have their turn.
constexpr int writes_per_turn_max = 8;

}  // namespace

OutputQueue& TcpConnection::output() {
  const bool begins = !output_;
  if (begins) output_ = hub_.take_queue();
  // While the socket is full the end of the turn has nothing to write, but to judge the length.
  if (begins || output_->pending() > limits().output_bytes_max) hub_.touch(*this);
  return *output_;
}

char* TcpConnection::reserve(std::size_t size) {
  if (writable()) return output().reserve(size);
  hub_.waste().clear();
  return hub_.waste().reserve(size);
}

void TcpConnection::commit(std::size_t used) {
  if (writable()) output().commit(used);
}

void TcpConnection::write(Slice slice) {
  if (writable()) output().write(std::move(slice));
}

std::size_t TcpConnection::pending_bytes() const {
  return (output_ ? output_->pending() : 0) + (tls_ ? tls_->cipher->pending() : 0);
}

bool TcpConnection::send_some(OutputQueue& queue) {
  const std::span<iovec> vectors = hub_.vectors();
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = queue.gather(vectors);
  std::size_t size = 0;
  for (const iovec& vector : vectors.first(message.msg_iovlen)) size += vector.iov_len;
  const ssize_t sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    if (errno == EAGAIN || errno == EINTR)
      arm_write();
    else
      socket_failed(errno);
    return false;
  }
  const auto done = static_cast<std::size_t>(sent);
  queue.consume(done);
  hub_.stats().bytes_out += done;
  active_ns_ = now_ns();
  if (done == size) return true;
  arm_write();
  return false;
}

void TcpConnection::flush() {
  if (write_armed_) return;
  for (int i = 0; i < writes_per_turn_max; ++i) {
    if (tls_) encrypt();
    OutputQueue* const queue = tls_ ? tls_->cipher.get() : output_.get();
    if (stage_ == Stage::dead) return;
    if (!queue || queue->pending() == 0) {
      if (output_ && output_->pending() == 0) hub_.give_queue(std::move(output_));
      if (stage_ == Stage::closing) finish_close();
      return;
    }
    if (!send_some(*queue)) return;
  }
  arm_write();
}

void TcpConnection::finish_close() {
  if (eof_) return kill(close_reason_);
  if (fin_sent_) return;
  // Not close(): with unread input that would reset the connection and the peer might lose what it
  // has not read yet. The peer's end of stream, or the deadline, ends it.
  fin_sent_ = true;
  ::shutdown(socket_.native_handle(), SHUT_WR);
}

}  // namespace bolide::net
