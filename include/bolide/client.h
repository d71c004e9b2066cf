// SPDX-License-Identifier: Apache-2.0
//
// Client: the connections to one RocketMQ cluster (Bolide or Apache), shared by the producers and
// consumers that are made from it. All clients of a process share a few threads.
// Any thread.  Owns: connections and routes; kept by its producers and consumers as well.
// Invariant: copies are one client. Destroying it, from any thread at any time, is safe.
#pragma once

#include <bolide/export.h>
#include <bolide/status.h>

#include <chrono>
#include <memory>
#include <string>

namespace bolide {

namespace client {
class Core;
}

// Whether and how connections are encrypted.
struct TlsOptions {
  bool enabled = false;
  bool verify = true;                 // the server's certificate and name
  std::string trusted_file = {};      // PEM; empty: the system's
  std::string certificate_file = {};  // to show to the server
  std::string key_file = {};
  std::string key_password = {};
};

// Who we are, where servers ask for it. Empty: nobody in particular.
struct AccessKey {
  std::string name = {};
  std::string secret = {};
  std::string security_token = {};  // of a temporary key
};

// How to reach the servers, and who we are.
struct ClientOptions {
  // "host:port;host:port", or an address that lists them so, which is asked every two minutes:
  // "http://host[:port]/path". Empty: the environment's BOLIDE_NAMESRV, then NAMESRV_ADDR, then
  // 127.0.0.1:9876.
  std::string name_servers = {};
  // Tells clients of one machine apart; broadcasting consumers find their offsets by it.
  // Empty: unique.
  std::string instance = {};
  std::chrono::milliseconds request_timeout{3000};
  TlsOptions tls = {};
  AccessKey access_key = {};  // signs every request
  // Put before the names of topics and groups on the wire ("space%name"), and taken off again, so
  // that tenants who use the same names do not meet.
  std::string name_space = {};
};

// The connections to one cluster; copies are one client.
class BOLIDE_API Client {
 public:
  // Reads the options; servers are reached when they are first needed.
  // Errors: invalid_argument, config (TLS files).
  static StatusOr<Client> open(ClientOptions options = {});

  // "address@instance", as servers list it.
  const std::string& id() const;

  // For the library.
  explicit Client(std::shared_ptr<client::Core> core) : core_(std::move(core)) {}
  const std::shared_ptr<client::Core>& core() const { return core_; }

 private:
  std::shared_ptr<client::Core> core_;
};

}  // namespace bolide
