// SPDX-License-Identifier: Apache-2.0
//
// Connecting.
// Runs on: the agent of its transport.  Owns: see tcp_connector_impl.h.
// Invariant: see tcp_connector_impl.h.
#include "net/tcp_connector_impl.h"

#include "net/resolve_impl.h"

#include <boost/asio/post.hpp>

namespace bolide::net {
namespace {

constexpr auto connect_timeout = std::chrono::milliseconds(3'000);  // as RocketMQ's clients

using ConnectorPtr = boost::intrusive_ptr<TcpConnector>;

}  // namespace

std::optional<Tcp::endpoint> numeric_endpoint(const Address& address) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address.host, error);
  if (error) return std::nullopt;
  return Tcp::endpoint(ip, address.port);
}

Result<Tcp::endpoint> resolve_to_listen(boost::asio::io_context& context, const Address& address) {
  if (address.host.empty() || address.host == "*") return Tcp::endpoint(Tcp::v4(), address.port);
  if (const auto endpoint = numeric_endpoint(address)) return *endpoint;
  boost::asio::ip::basic_resolver<Tcp, Executor> resolver(context.get_executor());
  boost::system::error_code error;
  const auto found = resolver.resolve(address.host, std::to_string(address.port),
                                      boost::asio::ip::resolver_base::passive, error);
  if (error || found.empty())
    return fail(Errc::invalid_argument, "listen " + address.text() + ": " + error.message());
  for (const auto& entry : found)
    if (entry.endpoint().address().is_v4()) return entry.endpoint();
  return found.begin()->endpoint();
}

TcpConnector::TcpConnector(std::shared_ptr<TcpHub> hub, SettingsPtr settings,
                           TcpConnection::Done done)
    : hub_(std::move(hub)),
      settings_(std::move(settings)),
      done_(std::move(done)),
      socket_(hub_->context().get_executor()),
      timer_(hub_->context().get_executor()) {}

void TcpConnector::start() {
  timer_.expires_after(connect_timeout);
  timer_.async_wait([self = ConnectorPtr(this)](const boost::system::error_code& error) {
    if (error) return;
    self->finish(fail(Errc::timeout, self->what() + ": no answer within 3 s"));
  });
  const Address& address = settings_->options.address;
  if (const auto endpoint = numeric_endpoint(address)) {
    endpoints_.push_back(*endpoint);
    boost::asio::post(hub_->context(), [self = ConnectorPtr(this)] { self->try_next(); });
    return;
  }
  resolver_ = std::make_unique<Resolver>(hub_->context().get_executor());
  resolver_->async_resolve(address.host, std::to_string(address.port),
                           [self = ConnectorPtr(this)](const boost::system::error_code& error,
                                                       const Resolver::results_type& found) {
                             if (error) self->last_error_ = error.message();
                             for (const auto& entry : found)
                               self->endpoints_.push_back(entry.endpoint());
                             self->try_next();
                           });
}

void TcpConnector::try_next() {
  if (finished_) return;
  if (hub_->stopped()) return finish(fail(Errc::shutting_down, what()));
  if (next_ == endpoints_.size())
    return finish(fail(Errc::connection_failed, what() + ": " + last_error_));
  const Tcp::endpoint& endpoint = endpoints_[next_++];
  boost::system::error_code ignored;
  socket_.close(ignored);
  socket_.async_connect(endpoint,
                        [self = ConnectorPtr(this)](const boost::system::error_code& error) {
                          if (self->finished_) return;
                          if (!error) return self->connected();
                          self->last_error_ = error.message();
                          self->try_next();
                        });
}

void TcpConnector::connected() {
  if (hub_->stopped()) return finish(fail(Errc::shutting_down, what()));
  finished_ = true;
  timer_.cancel();
  ++hub_->stats().connected;
  const ConnectionPtr connection(
      new TcpConnection(*hub_, settings_, std::move(socket_), endpoints_[next_ - 1]));
  connection->start_connected(settings_->options.address.host, std::move(done_));
}

void TcpConnector::finish(Result<> result) {
  if (std::exchange(finished_, true)) return;
  timer_.cancel();
  if (resolver_) resolver_->cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  if (!hub_->stopped()) done_(std::move(result));
}

}  // namespace bolide::net
