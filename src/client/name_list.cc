// SPDX-License-Identifier: Apache-2.0
//
// Asking an HTTP server for a list of name servers.
// Runs on: the client's agent.  Owns: see name_list.h.  Invariant: see name_list.h.
#include "client/name_list.h"

#include "base/strings.h"

#include <utility>

namespace bolide::client {
namespace {

constexpr std::string_view scheme = "http://";
constexpr std::int64_t idle_timeout_ms = 5000;
constexpr std::size_t answer_bytes_max = std::size_t{1} << 20U;

// One request, on a connection of its own.
class Get final : public net::Session {
 public:
  using Done = std::move_only_function<void(Result<std::string>)>;

  Get(net::Connection& connection, const HttpAddress& address, std::shared_ptr<Done> done)
      : connection_(connection), done_(std::move(done)) {
    connection.write("GET " + address.path + " HTTP/1.0\r\nHost: " + address.server.text() +
                     "\r\nConnection: close\r\n\r\n");
  }
  std::size_t on_bytes(std::string_view bytes, const Now&) override {
    if (!too_long_) answer_.append(bytes);
    if (!too_long_ && answer_.size() > answer_bytes_max) {
      too_long_ = true;
      connection_.close("the list is too long");
    }
    return bytes.size();
  }
  void on_closed() override {
    if (too_long_) return (*done_)(fail(Errc::malformed, "a list of more than a mebibyte"));
    (*done_)(http_body(answer_));
  }

 private:
  net::Connection& connection_;
  std::shared_ptr<Done> done_;
  std::string answer_;
  bool too_long_ = false;
};

}  // namespace

bool is_http_address(std::string_view text) {
  return text.starts_with(scheme);
}

Result<HttpAddress> HttpAddress::parse(std::string_view text) {
  const std::string whole(text);
  if (!is_http_address(text)) return fail(Errc::invalid_argument, whole + ": not http://");
  text.remove_prefix(scheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::string host(text.substr(0, slash));
  const bool bare = host.find(':') == std::string::npos || host.back() == ']';
  auto server = net::Address::parse(bare ? host + ":80" : host);
  if (!server || server->host.empty() || server->port == 0)
    return fail(Errc::invalid_argument, whole + ": not http://HOST[:PORT][/PATH]");
  const std::string_view path = text.substr(slash);
  return HttpAddress{std::move(*server), path.empty() ? "/" : std::string(path)};
}

Result<std::string> http_body(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.") || end == std::string_view::npos || end < 12)
    return fail(Errc::malformed, "not an answer of HTTP");
  if (bytes.substr(9, 3) != "200")
    return fail(Errc::not_found, "HTTP status " + std::string(bytes.substr(9, 3)));
  return std::string(trim(bytes.substr(end + 4)));
}

void http_get(net::Transport& transport, const HttpAddress& address,
              std::move_only_function<void(Result<std::string>)> done) {
  const net::ConnectionLimits limits{.input_bytes_max = answer_bytes_max,
                                     .idle_timeout_ms = idle_timeout_ms};
  const auto shared = std::make_shared<Get::Done>(std::move(done));
  transport.connect(
      address.server, limits, nullptr,
      [address, shared](net::Connection& connection) {
        return std::make_unique<Get>(connection, address, shared);
      },
      [shared](Result<> connected) {
        if (!connected) (*shared)(Failure(std::move(connected).error()));
      });
}

}  // namespace bolide::client
