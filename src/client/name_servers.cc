// SPDX-License-Identifier: Apache-2.0
//
// Lists of name servers.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#include "client/name_servers.h"

#include "base/strings.h"

#include <string>
#include <utility>

namespace bolide::client {
namespace {

constexpr std::string_view name_server_port = ":9876";

}  // namespace

Result<std::vector<net::Address>> parse_name_servers(std::string_view text) {
  std::vector<net::Address> addresses;
  while (!text.empty()) {
    const std::size_t end = text.find_first_of(";,");
    const std::string_view part = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (part.empty()) continue;
    const bool bare = part.find(':') == std::string_view::npos || part.back() == ']';
    auto address =
        net::Address::parse(bare ? std::string(part).append(name_server_port) : std::string(part));
    if (!address || address->host.empty() || address->port == 0)
      return fail(Errc::invalid_argument, "name server '" + std::string(part) + "': not HOST:PORT");
    addresses.push_back(std::move(*address));
  }
  if (addresses.empty()) return fail(Errc::invalid_argument, "no name server is given");
  return addresses;
}

}  // namespace bolide::client
