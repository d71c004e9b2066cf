// SPDX-License-Identifier: Apache-2.0
//
// The life of a TCP connection: beginning, deadlines, end.
// Runs on: the agent of its transport.  Owns: see tcp_connection_impl.h.
// Invariant: see tcp_connection_impl.h.
#include "net/tcp_connection_impl.h"

#include "base/log.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace bolide::net {
namespace {

constexpr std::int64_t linger_ms = 2'000;

}  // namespace

TcpConnection::TcpConnection(TcpHub& hub, SettingsPtr settings, TcpSocket socket,
                             const Tcp::endpoint& peer)
    : hub_(hub),
      settings_(std::move(settings)),
      socket_(std::move(socket)),
      active_ns_(now_ns()),
      peer_(peer_address(peer)) {
  boost::system::error_code ignored;
  local_ = peer_address(socket_.local_endpoint(ignored));
  const int on = 1;
  ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  proxy_done_ = !settings_->options.proxy_protocol;
}

void TcpConnection::start_accepted() {
  hub_.add(this);
  hub_.touch(*this);
  hub_.deadline_at(deadline_ns());
}

void TcpConnection::start_connected(const std::string& host, Done done) {
  hub_.add(this);
  hub_.touch(*this);
  opening_ = std::make_unique<Opening>(std::move(done), Error{Errc::connection_closed, {}});
  if (settings_->options.tls)
    start_tls(host);
  else
    open();
  hub_.deadline_at(deadline_ns());
}

void TcpConnection::open() {
  stage_ = Stage::open;
  deadline_ns_ = never_ns;
  session_ = settings_->make(*this);
  const auto opening = std::exchange(opening_, nullptr);
  if (!session_) close("no session was made");
  if (opening) opening->done(Result<>());
}

void TcpConnection::set_deadline(std::int64_t delay_ms) {
  deadline_ns_ = now_ns() + delay_ms * 1'000'000;
  hub_.deadline_at(deadline_ns_);
}

SteadyNs TcpConnection::deadline_ns() const {
  if (stage_ == Stage::dead) return never_ns;
  if (stage_ == Stage::closing || limits().idle_timeout_ms == 0) return deadline_ns_;
  return std::min(deadline_ns_, active_ns_ + limits().idle_timeout_ms * 1'000'000);
}

void TcpConnection::expire() {
  switch (stage_) {
    case Stage::handshake:
      return tls_failed({Errc::timeout, "the TLS handshake with " + peer_.text()});
    case Stage::closing: return kill(close_reason_);
    default: return kill(CloseReason::idle);
  }
}

void TcpConnection::close(std::string_view reason) {
  if (!writable()) return;
  BOLIDE_LOG(debug, "connection closed peer={} reason={}", peer_.text(), reason);
  begin_close(CloseReason::local);
}

void TcpConnection::begin_close(CloseReason reason) {
  if (!writable()) return;
  if (stage_ != Stage::open) return kill(reason);
  stage_ = Stage::closing;
  close_reason_ = reason;
  input_.release();
  paused_ = false;  // what comes now is thrown away: it must not hold up the close
  set_deadline(linger_ms);
  hub_.touch(*this);
}

void TcpConnection::socket_failed(int error) {
  const bool by_peer = error == ECONNRESET || error == EPIPE || error == ETIMEDOUT;
  kill(stage_ == Stage::closing ? close_reason_
       : by_peer                ? CloseReason::peer
                                : CloseReason::io_error);
}

void TcpConnection::kill(CloseReason reason) {
  if (stage_ == Stage::dead) return;
  stage_ = Stage::dead;
  ++hub_.stats().closed[static_cast<std::size_t>(reason)];
  boost::system::error_code ignored;
  socket_.close(ignored);
  // The memory is not needed any more, but a caller may hold what reserve() gave or a view of the
  // input: it goes with farewell().
  hub_.bury(*this);
}

void TcpConnection::farewell() {
  if (session_) session_->on_closed();
  session_.reset();
  if (const auto opening = std::exchange(opening_, nullptr))
    opening->done(Failure(std::move(opening->error).in("connect " + peer_.text())));
  input_.release();
  if (output_) hub_.give_queue(std::move(output_));
  if (tls_) hub_.give_queue(std::move(tls_->cipher));
  tls_.reset();
}

struct TcpConnection::ReadWait {
  using allocator_type = SlotAllocator<void>;

  ConnectionPtr self;

  allocator_type get_allocator() const noexcept { return allocator_type(self->read_slot_); }
  void operator()(const boost::system::error_code&) const {
    self->read_armed_ = false;
    self->read_ready();
  }
};

void TcpConnection::arm_read() {
  read_armed_ = true;
  socket_.async_wait(TcpSocket::wait_read, ReadWait{ConnectionPtr(this)});
}

void TcpConnection::arm_write() {
  write_armed_ = true;
  socket_.async_wait(TcpSocket::wait_write,
                     [self = ConnectionPtr(this)](const boost::system::error_code&) {
                       self->write_armed_ = false;
                       if (self->stage_ != Stage::dead) self->hub_.touch(*self);
                     });
}

void TcpConnection::end_of_turn() {
  if (stage_ == Stage::dead) return;
  flush();
  if (stage_ == Stage::dead) return;
  if (pending_bytes() > limits().output_bytes_max) return kill(CloseReason::slow_consumer);
  if (paused_ && pending_bytes() <= limits().output_pause_bytes / 2) {
    paused_ = false;
    resuming_ = true;
    hub_.resume_later(*this);
  }
  const bool wants_input = !eof_ && !resuming_ && (!paused_ || stage_ == Stage::closing);
  if (wants_input && !read_armed_) arm_read();
}

void TcpConnection::resume() {
  resuming_ = false;
  if (stage_ == Stage::open && input_.size() > 0) {
    const std::size_t consumed = offer(input_.view());
    if (writable()) input_.consume(consumed);
    if (stage_ == Stage::open && congested()) paused_ = true;
  }
  read_ready();
}

}  // namespace bolide::net
