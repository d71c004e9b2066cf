// SPDX-License-Identifier: Apache-2.0
//
// HttpSession: answers GET and HEAD requests of HTTP/1.0 and 1.1 (RFC 9112) with pages; one
// connection, requests one after the other. The parser is Boost.Beast's.
// Runs on: the agent of its transport.  Owns: the request that is being read.
// Invariant: what does not follow the protocol, or is too long, ends its own connection only, after
// an answer that says why; no page is made while the peer does not take the pages before it.
#pragma once

#include "admin/pages.h"
#include "net/transport.h"

#include <memory>

namespace bolide::admin {

// `pages` and `connection` must outlive the session.
std::unique_ptr<net::Session> make_http_session(const Pages& pages, net::Connection& connection);

// For net::ListenOptions: requests are short, but many may come at once.
net::ConnectionLimits http_limits();

}  // namespace bolide::admin
