// SPDX-License-Identifier: Apache-2.0
//
// Listening and accepting.
// Runs on: the agent of its transport.  Owns: see tcp_listener_impl.h.
// Invariant: a failing accept never spins: it pauses.
#include "net/tcp_listener_impl.h"

#include "base/log.h"
#include "net/resolve_impl.h"
#include "net/tcp_connection_impl.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bolide::net {
namespace {

constexpr int backlog = 1024;  // as RocketMQ (rocketmq wire 1.4)
constexpr int accepts_per_turn_max = 64;
constexpr auto failure_pause = std::chrono::milliseconds(100);

Errc code_of(const boost::system::error_code& error) {
  if (error == boost::system::errc::address_in_use) return Errc::in_use;
  if (error == boost::system::errc::permission_denied) return Errc::no_permission;
  if (error == boost::system::errc::address_not_available) return Errc::invalid_argument;
  return Errc::io;
}

}  // namespace

TcpAcceptor::TcpAcceptor(std::shared_ptr<TcpHub> hub, SettingsPtr settings)
    : hub_(std::move(hub)),
      settings_(std::move(settings)),
      socket_(hub_->context().get_executor()),
      pause_timer_(hub_->context().get_executor()) {}

Result<> TcpAcceptor::open() {
  const Address& address = settings_->options.address;
  BOLIDE_TRY(const Tcp::endpoint endpoint, resolve_to_listen(hub_->context(), address));
  v6_ = endpoint.address().is_v6();
  boost::system::error_code error;
  const auto failed = [&] {
    return fail(code_of(error), "listen " + address.text() + ": " + error.message());
  };
  socket_.open(endpoint.protocol(), error);
  if (error) return failed();
  socket_.set_option(boost::asio::socket_base::reuse_address(true), error);
  if (error) return failed();
  socket_.bind(endpoint, error);
  if (error) return failed();
  socket_.listen(backlog, error);
  if (error) return failed();
  socket_.non_blocking(true, error);
  if (error) return failed();
  port_ = socket_.local_endpoint(error).port();
  if (error) return failed();
  hub_->add_acceptor(*this);
  arm();
  return {};
}

void TcpAcceptor::close() {
  if (closed_) return;
  closed_ = true;
  hub_->remove_acceptor(*this);
  boost::system::error_code ignored;
  socket_.close(ignored);
  pause_timer_.cancel();
}

void TcpAcceptor::arm() {
  socket_.async_wait(decltype(socket_)::wait_read,
                     [self = AcceptorPtr(this)](const boost::system::error_code& error) {
                       if (!error && !self->closed_) self->accept_ready();
                     });
}

void TcpAcceptor::accept_ready() {
  for (int i = 0; i < accepts_per_turn_max; ++i)
    if (!accept_one()) return;
  arm();
}

bool TcpAcceptor::accept_one() {
  sockaddr_storage name{};
  socklen_t name_size = sizeof name;
  const int fd = ::accept4(socket_.native_handle(), reinterpret_cast<sockaddr*>(&name), &name_size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    accept_failed(errno);
    return false;
  }
  failing_ = false;
  Tcp::endpoint peer;
  std::memcpy(peer.data(), &name, std::min<std::size_t>(name_size, peer.capacity()));
  TcpSocket socket(hub_->context().get_executor());
  boost::system::error_code error;
  socket.assign(v6_ ? Tcp::v6() : Tcp::v4(), fd, error);
  if (error) {
    ::close(fd);
    accept_failed(error.value());
    return false;
  }
  ++hub_->stats().accepted;
  const ConnectionPtr connection(new TcpConnection(*hub_, settings_, std::move(socket), peer));
  connection->start_accepted();
  return true;
}

void TcpAcceptor::accept_failed(int error) {
  const bool only_this_one = error == ECONNABORTED || error == EINTR || error == EPROTO ||
                             error == ENETDOWN || error == EHOSTUNREACH || error == ENETUNREACH;
  if (error == EAGAIN || only_this_one) return arm();
  ++hub_->stats().accept_errors;
  if (!std::exchange(failing_, true))
    BOLIDE_LOG(error, "accept failed port={} error={}: no connections until this passes", port_,
               boost::system::error_code(error, boost::system::system_category()).message());
  pause_timer_.expires_after(failure_pause);
  pause_timer_.async_wait([self = AcceptorPtr(this)](const boost::system::error_code& cancelled) {
    if (!cancelled && !self->closed_) self->accept_ready();
  });
}

}  // namespace bolide::net
