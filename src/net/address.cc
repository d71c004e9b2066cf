// SPDX-License-Identifier: Apache-2.0
//
// Addresses as text: host:port and [v6]:port.
// Runs on: any agent.  Owns: nothing.
// Invariant: Address::parse(a.text()) gives back every address with a host.
#include "net/transport.h"

#include <arpa/inet.h>

#include <charconv>

namespace bolide::net {
namespace {

Failure bad_address(std::string_view text, std::string_view cause) {
  std::string context = "address \"";
  context.append(text).append("\": ").append(cause);
  context.append(" (write host:port, for example 127.0.0.1:9876 or [::1]:9876)");
  return fail(Errc::invalid_argument, std::move(context));
}

}  // namespace

std::string Address::text() const {
  std::string out;
  const bool v6 = host.find(':') != std::string::npos;
  if (v6) out += '[';
  out += host;
  if (v6) out += ']';
  out += ':';
  out += std::to_string(port);
  return out;
}

Result<Address> Address::parse(std::string_view text) {
  Address address;
  std::size_t colon = 0;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad_address(text, "the bracket is not closed");
    address.host = text.substr(1, end - 1);
    colon = end + 1;
    if (colon == text.size() || text[colon] != ':') return bad_address(text, "the port is missing");
  } else {
    colon = text.find(':');
    if (colon == std::string_view::npos) return bad_address(text, "the port is missing");
    if (text.find(':', colon + 1) != std::string_view::npos)
      return bad_address(text, "an IPv6 address must stand in brackets");
    address.host = text.substr(0, colon);
  }
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || error != std::errc{} || end != port.data() + port.size())
    return bad_address(text, "the port must be a number from 0 to 65535");
  return address;
}

std::string PeerAddress::text() const {
  char host[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, host, sizeof host);
  return Address{.host = host, .port = port}.text();
}

void Connection::write(std::string_view bytes) {
  if (bytes.empty()) return;
  bytes.copy(reserve(bytes.size()), bytes.size());
}

}  // namespace bolide::net
