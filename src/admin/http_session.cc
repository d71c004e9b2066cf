// SPDX-License-Identifier: Apache-2.0
//
// Requests in, pages out.
// Runs on: the agent of its transport.  Owns: see http_session.h.  Invariant: see http_session.h.
#include "admin/http_session.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/status.hpp>

#include <optional>
#include <string>

namespace bolide::admin {
namespace {

namespace http = boost::beast::http;

constexpr std::uint32_t header_bytes_max = 8192;
constexpr std::int64_t idle_timeout_ms = 60'000;
// With more unsent answers the next request waits.
constexpr std::size_t output_pause_bytes = std::size_t{256} << 10U;
// Requests that wait: more than the transport reads at once.
constexpr std::size_t input_bytes_max = std::size_t{1} << 20U;

struct Answer {
  Page page;
  bool head = false;  // without the body
  bool keep_alive = false;
};

std::string header_text(const Answer& answer) {
  const auto reason = http::obsolete_reason(static_cast<http::status>(answer.page.status));
  std::string text = "HTTP/1.1 " + std::to_string(answer.page.status) + " ";
  text.append(reason.data(), reason.size());
  text += "\r\nContent-Type: " + answer.page.content_type;
  text += "\r\nContent-Length: " + std::to_string(answer.page.body.size());
  text += "\r\nCache-Control: no-store";
  if (answer.page.status == 405) text += "\r\nAllow: GET, HEAD";
  text += answer.keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  return text + "\r\n\r\n";
}

class HttpSession final : public net::Session {
 public:
  HttpSession(const Pages& pages, net::Connection& connection)
      : pages_(pages), connection_(connection) {
    begin();
  }

  std::size_t on_bytes(std::string_view bytes, const Now& /*now*/) override {
    std::size_t consumed = 0;
    while (!closed_ && consumed < bytes.size() && !connection_.congested()) {
      boost::beast::error_code error;
      const std::size_t used = parser_->put(
          boost::asio::buffer(bytes.data() + consumed, bytes.size() - consumed), error);
      consumed += used;
      if (error == http::error::need_more) break;
      if (error) {
        refuse(error == http::error::header_limit ? 431 : 400, error.message());
        break;
      }
      if (parser_->is_done()) {
        answer();
      } else if (used == 0) {
        break;
      }
    }
    return closed_ ? bytes.size() : consumed;
  }
  void on_closed() override {}

 private:
  void begin() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(0);
    parser_->eager(true);
  }

  void answer() {
    const auto& request = parser_->get();
    const bool head = request.method() == http::verb::head;
    if (!head && request.method() != http::verb::get)
      return refuse(405, "only GET and HEAD are answered");
    const auto target = request.target();
    write({.page = pages_.page({target.data(), target.size()}),
           .head = head,
           .keep_alive = request.keep_alive()});
    if (!closed_) begin();
  }

  void refuse(unsigned status, const std::string& why) {
    write({.page = {.status = status, .body = why + "\n"}});
  }

  void write(const Answer& answer) {
    connection_.write(std::string_view(header_text(answer)));
    if (!answer.head) connection_.write(std::string_view(answer.page.body));
    if (answer.keep_alive) return;
    closed_ = true;
    connection_.close("answered");
  }

  const Pages& pages_;
  net::Connection& connection_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<net::Session> make_http_session(const Pages& pages, net::Connection& connection) {
  return std::make_unique<HttpSession>(pages, connection);
}

net::ConnectionLimits http_limits() {
  return {.input_bytes_max = input_bytes_max,
          .output_pause_bytes = output_pause_bytes,
          .idle_timeout_ms = idle_timeout_ms};
}

}  // namespace bolide::admin
