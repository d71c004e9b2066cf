// SPDX-License-Identifier: Apache-2.0
//
// One attempt to connect: resolve, try each endpoint, give up after 3 s.
// Runs on: the agent of its transport.  Owns: itself, by the handlers that wait.
// Invariant: `done` is called once, unless the transport goes first.
#pragma once

#include "net/tcp_connection_impl.h"

#include <vector>

namespace bolide::net {

class TcpConnector : public RefCounted<TcpConnector> {
 public:
  TcpConnector(std::shared_ptr<TcpHub> hub, SettingsPtr settings, TcpConnection::Done done);

  void start();

 private:
  using Resolver = boost::asio::ip::basic_resolver<Tcp, Executor>;

  void try_next();
  void connected();
  void finish(Result<> result);
  std::string what() const { return "connect " + settings_->options.address.text(); }

  std::shared_ptr<TcpHub> hub_;
  SettingsPtr settings_;
  TcpConnection::Done done_;
  std::unique_ptr<Resolver> resolver_;
  TcpSocket socket_;
  SteadyTimer timer_;
  std::vector<Tcp::endpoint> endpoints_;
  std::size_t next_ = 0;
  std::string last_error_;
  bool finished_ = false;
};

}  // namespace bolide::net
