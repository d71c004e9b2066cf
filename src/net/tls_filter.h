// SPDX-License-Identifier: Apache-2.0
//
// TLS without I/O: ciphertext in, plain text out, and back.
// Runs on: the agent of its connection.  Owns: the state of one TLS connection.
// Invariant: after an error nothing but take() (the alert) makes sense.
#pragma once

#include "base/result.h"
#include "net/output_queue.h"
#include "net/tls.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;
struct bio_st;

namespace bolide::net {

class TlsFilter {
 public:
  // `host`: the name or address that a client asks for and verifies; unused by servers.
  TlsFilter(const TlsContext& context, const std::string& host);

  // Takes all bytes that came from the peer.
  void feed(std::string_view ciphertext);
  // Goes as far as what came allows. Error: connection_failed, with the library's reason.
  Result<> handshake();
  bool established() const;

  // Decrypts into `to`; 0: no whole record is there. Error: connection_closed (a broken record).
  Result<std::size_t> read(std::span<char> to);
  // Whether the peer said that it sends no more.
  bool peer_closed() const;

  // Encrypts; not empty; established() only.
  void write(std::string_view plain);
  // Says that no more will be sent.
  void shut_down();
  // Moves what is to be sent to the end of `out`.
  void take(OutputQueue& out);

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };

  std::unique_ptr<ssl_st, Free> ssl_;
  bio_st* in_ = nullptr;   // owned by ssl_
  bio_st* out_ = nullptr;  // owned by ssl_
};

}  // namespace bolide::net
