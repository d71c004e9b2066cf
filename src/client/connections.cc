// SPDX-License-Identifier: Apache-2.0
//
// The name servers and brokers that one client talks to.
// Runs on: one thread.  Owns: the connections.  Invariant: see connections.h.
#include "client/connections.h"

#include "base/fields_json.h"
#include "base/strings.h"
#include "protocols/remoting/wire/request_codes.h"

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;
namespace response_code = remoting::response_code;

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

Result<Connection*> Connections::to(const std::string& address) {
  if (const auto known = connections_.find(address); known != connections_.end())
    return known->second.get();
  BOLIDE_TRY(const net::Address parsed, net::Address::parse(address));
  BOLIDE_TRY(auto connection, Connection::open(parsed, settings_.connect_timeout_ms));
  return connections_.emplace(address, std::move(connection)).first->second.get();
}

Result<Response> Connections::call(const std::string& address, const Request& request) {
  BOLIDE_TRY(Connection* const connection, to(address));
  auto response = connection->call(request, settings_.call_timeout_ms);
  if (!response) drop(address);
  return response;
}

Result<Response> Connections::ask(const std::string& address, std::string_view what,
                                  const Request& request) {
  BOLIDE_TRY(auto response, call(address, request));
  if (response.code != response_code::success) return server_failure(what, address, response);
  return response;
}

Result<Response> Connections::ask_name_server(std::string_view what, const Request& request) {
  Error last{Errc::connection_failed, "no name server is given"};
  for (const net::Address& server : settings_.name_servers) {
    auto response = call(server.text(), request);
    if (!response) {
      last = std::move(response).error();
      continue;
    }
    if (response->code != response_code::success)
      return server_failure(what, server.text(), *response);
    return response;
  }
  return Failure(std::move(last));
}

Result<TopicRoute> Connections::route(const std::string& topic) {
  auto response = ask_name_server(
      "route of topic " + topic,
      {.code = request_code::get_route_info_by_topic, .fields = {{"topic", topic}}, .body = {}});
  if (!response) {
    if (response.error().code == Errc::topic_not_found)
      return fail(Errc::topic_not_found, "topic " + topic);
    return Failure(std::move(response).error());
  }
  return from_json<TopicRoute>(response->body);
}

}  // namespace bolide::client
