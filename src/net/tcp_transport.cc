// SPDX-License-Identifier: Apache-2.0
//
// The machine's network behind the transport seam.
// Runs on: its agent.  Owns: the hub's contents; the hub itself stays with the agent.
// Invariant: after the destructor no session, factory or `done` is called.
#include "base/assert.h"
#include "net/tcp_connector_impl.h"
#include "net/tcp_listener_impl.h"

namespace bolide::net {
namespace {

SettingsPtr make_settings(ListenOptions options, SessionFactory make) {
  boost::intrusive_ptr<ConnectionSettings> settings(new ConnectionSettings);
  settings->options = std::move(options);
  settings->make = std::move(make);
  return settings;
}

class TcpListener final : public Listener {
 public:
  explicit TcpListener(AcceptorPtr acceptor) : acceptor_(std::move(acceptor)) {}
  ~TcpListener() override { acceptor_->close(); }
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  std::uint16_t port() const override { return acceptor_->port(); }

 private:
  AcceptorPtr acceptor_;
};

class TcpTransport final : public Transport {
 public:
  explicit TcpTransport(Agent& agent) : hub_(std::make_shared<TcpHub>(agent)) {
    agent.at_end_of_turn([hub = hub_] { return hub->end_of_turn(); }, TurnPhase::output);
  }
  ~TcpTransport() override { hub_->shut_down(); }
  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;

  Result<std::unique_ptr<Listener>> listen(ListenOptions options, SessionFactory make) override {
    BOLIDE_ASSERT(options.tls_mode == TlsMode::disabled || options.tls);
    const AcceptorPtr acceptor(
        new TcpAcceptor(hub_, make_settings(std::move(options), std::move(make))));
    BOLIDE_CHECK(acceptor->open());
    return std::make_unique<TcpListener>(acceptor);
  }

  void connect(const Address& address, const ConnectionLimits& limits,
               std::shared_ptr<TlsContext> tls, SessionFactory make,
               std::move_only_function<void(Result<>)> done) override {
    ListenOptions options{.address = address,
                          .limits = limits,
                          .tls_mode = tls ? TlsMode::enforcing : TlsMode::disabled,
                          .tls = std::move(tls)};
    const boost::intrusive_ptr<TcpConnector> connector(new TcpConnector(
        hub_, make_settings(std::move(options), std::move(make)), std::move(done)));
    connector->start();
  }

  std::size_t connections() const override { return hub_->connections(); }
  TransportStats stats() const override { return hub_->stats(); }
  void close_all(std::string_view reason) override { hub_->close_all(reason); }

 private:
  std::shared_ptr<TcpHub> hub_;
};

}  // namespace

std::unique_ptr<Transport> make_tcp_transport(Agent& agent) {
  return std::make_unique<TcpTransport>(agent);
}

}  // namespace bolide::net
