// SPDX-License-Identifier: Apache-2.0
//
// Connections: the name servers and brokers that one client talks to, connected when first asked
// for. Runs on: one thread.  Owns: the connections.  Invariant: one connection per address.
#pragma once

#include "base/result.h"
#include "client/bodies.h"
#include "client/connection.h"
#include "net/transport.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

struct ClientSettings {
  std::vector<net::Address> name_servers;
  int connect_timeout_ms = 3000;
  int call_timeout_ms = 10'000;
};

// "host:port;host:port", also separated by commas; a port that is missing is 9876.
// Errors: invalid_argument.
Result<std::vector<net::Address>> parse_name_servers(std::string_view text);

class Connections {
 public:
  explicit Connections(ClientSettings settings) : settings_(std::move(settings)) {}

  const ClientSettings& settings() const { return settings_; }

  // The connection to host:port, which lives as long as this object or until drop().
  // Errors: connection_failed, invalid_argument (a broker that registered no good address).
  Result<Connection*> to(const std::string& address);
  void drop(const std::string& address) { connections_.erase(address); }

  // Asks `address` and returns its answer if it says success. Errors: as to() and Connection::call;
  // server_failure(what).
  Result<Response> ask(const std::string& address, std::string_view what, const Request& request);
  // Asks the name servers in turn until one answers.
  Result<Response> ask_name_server(std::string_view what, const Request& request);

  // Errors: topic_not_found; as ask_name_server.
  Result<TopicRoute> route(const std::string& topic);

 private:
  Result<Response> call(const std::string& address, const Request& request);

  ClientSettings settings_;
  std::map<std::string, std::unique_ptr<Connection>> connections_;
};

}  // namespace bolide::client
