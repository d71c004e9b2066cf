// SPDX-License-Identifier: Apache-2.0
//
// Connection: requests and answers of the remoting protocol (rocketmq wire 1.1-1.4) for a caller
// that waits. Several requests may be on their way. Runs on: one thread.  Owns: the socket and what
// was received. Invariant: what the server asks of us is answered or passed over, never taken for
// an answer.
#pragma once

#include "base/result.h"
#include "net/blocking_socket.h"
#include "protocols/remoting/wire/header.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bolide::client {

// Names, values and body are copied before send() returns.
struct Request {
  std::int32_t code = 0;
  std::vector<std::pair<std::string_view, std::string>> fields;
  std::string_view body;
};

struct Response {
  std::int32_t opaque = 0;
  std::int32_t code = 0;
  std::string remark;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;

  // The value of a field, or an empty view that lives as long as the response.
  std::string_view field(std::string_view name) const;
  // The whole number in a field. Errors: malformed, naming the field.
  Result<std::int64_t> number(std::string_view name) const;
};

class Connection {
 public:
  // Errors: connection_failed.
  static Result<std::unique_ptr<Connection>> open(const net::Address& address, int timeout_ms);

  // Sends a request and returns the number that its answer will carry. Errors: timeout,
  // connection_closed.
  Result<std::int32_t> send(const Request& request, int timeout_ms);
  // The answer with this number; others that come before it are kept for their own receive_for().
  // Errors: timeout, connection_closed, malformed (the peer speaks something else).
  Result<Response> receive_for(std::int32_t opaque, int timeout_ms);
  // An answer that has been received already, if there is one; reads the socket once if it is not
  // empty. Errors: as receive_for.
  Result<std::optional<Response>> receive_ready();
  // send() and receive_for().
  Result<Response> call(const Request& request, int timeout_ms);

  const net::BlockingSocket& socket() const { return socket_; }
  const std::string& peer() const { return peer_; }

 private:
  Connection(net::BlockingSocket socket, std::string peer)
      : socket_(std::move(socket)), peer_(std::move(peer)) {}
  Result<Response> receive(int timeout_ms);
  Result<> read_more(int timeout_ms);
  Result<std::optional<Response>> next_buffered();
  Result<> refuse(const remoting::Header& request);

  net::BlockingSocket socket_;
  std::string peer_;
  std::string received_;
  std::size_t consumed_ = 0;
  std::int32_t next_opaque_ = 1;
  std::map<std::int32_t, Response> early_;  // bounded
};

// The failure that an answer of another code than success stands for: the row of the error table
// with this code, and "<what>: <peer> answered <code>: <remark>".
Failure server_failure(std::string_view what, std::string_view peer, const Response& response);

}  // namespace bolide::client
