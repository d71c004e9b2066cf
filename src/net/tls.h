// SPDX-License-Identifier: Apache-2.0
//
// What TLS needs to know: certificates, keys, whom to trust (rocketmq wire 1.5). TLS 1.2 and 1.3.
// Runs on: any agent; a context is immutable and shared.  Owns: an OpenSSL context.
// Invariant: a server's context has a certificate and its key.
#pragma once

#include "base/result.h"

#include <memory>
#include <string>

struct ssl_ctx_st;

namespace bolide::net {

enum class TlsClientAuth : std::uint8_t { none, optional, required };

struct TlsServerOptions {
  // PEM files. Both empty: a self-signed certificate is made, which only clients that verify
  // nothing accept (RocketMQ's test mode).
  std::string certificate_file;
  std::string key_file;
  std::string key_password;
  // Whether clients must show a certificate, and who signed it (PEM; empty: anyone).
  TlsClientAuth client_auth = TlsClientAuth::none;
  std::string trusted_file;
};

struct TlsClientOptions {
  bool verify = true;            // the server's chain and its name
  std::string trusted_file;      // PEM; empty: the system's
  std::string certificate_file;  // to show to the server; empty: none
  std::string key_file;
  std::string key_password;
};

class TlsContext {
 public:
  // Reads the files now. Errors: config, naming the file and what is wrong with it.
  static Result<std::shared_ptr<TlsContext>> server(const TlsServerOptions& options);
  static Result<std::shared_ptr<TlsContext>> client(const TlsClientOptions& options);

  ssl_ctx_st* native() const { return context_.get(); }
  bool is_server() const { return is_server_; }
  bool verifies_name() const { return verifies_name_; }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };

  explicit TlsContext(bool is_server);
  Result<> use_identity(const std::string& certificate_file, const std::string& key_file,
                        const std::string& key_password);
  Result<> trust(const std::string& file);

  std::unique_ptr<ssl_ctx_st, Free> context_;
  bool is_server_ = false;
  bool verifies_name_ = false;
};

}  // namespace bolide::net
