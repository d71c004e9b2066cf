// SPDX-License-Identifier: Apache-2.0
//
// NameList: the name servers of a client: as they were given, or as an HTTP address lists them
// (rocketmq 3.25).
// Runs on: the client's agent.  Owns: the list.
// Invariant: while the address answers nothing usable, what is known is used on.
#pragma once

#include "base/result.h"
#include "net/transport.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::client {

// http://host[:port][/path]. Errors: invalid_argument.
struct HttpAddress {
  net::Address server;
  std::string path;

  static Result<HttpAddress> parse(std::string_view text);
};
bool is_http_address(std::string_view text);

// The body of an HTTP/1 answer of status 200 that is complete in `bytes` (the connection has
// closed). Errors: malformed, not_found (another status).
Result<std::string> http_body(std::string_view bytes);

// Gets a page and calls `done` with its body once, later. Errors: connection_failed, timeout,
// malformed, not_found.
void http_get(net::Transport& transport, const HttpAddress& address,
              std::move_only_function<void(Result<std::string>)> done);

}  // namespace bolide::client
