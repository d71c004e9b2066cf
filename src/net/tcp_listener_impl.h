// SPDX-License-Identifier: Apache-2.0
//
// A listening socket.
// Runs on: the agent of its transport.  Owns: the socket.
// Invariant: after close() no connection is made any more; waits that were pending end silently.
#pragma once

#include "net/tcp_hub_impl.h"

#include <boost/asio/basic_socket_acceptor.hpp>

namespace bolide::net {

using AcceptorPtr = boost::intrusive_ptr<TcpAcceptor>;

class TcpAcceptor : public RefCounted<TcpAcceptor> {
 public:
  TcpAcceptor(std::shared_ptr<TcpHub> hub, SettingsPtr settings);

  // Binds and begins to accept.
  Result<> open();
  std::uint16_t port() const { return port_; }
  void close();

 private:
  void arm();
  void accept_ready();
  // Accepts one; false: no more now.
  bool accept_one();
  void accept_failed(int error);

  std::shared_ptr<TcpHub> hub_;
  SettingsPtr settings_;
  boost::asio::basic_socket_acceptor<Tcp, Executor> socket_;
  SteadyTimer pause_timer_;
  std::uint16_t port_ = 0;
  bool v6_ = false;
  bool failing_ = false;  // said so in the log already
  bool closed_ = false;
};

}  // namespace bolide::net
