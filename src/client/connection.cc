// SPDX-License-Identifier: Apache-2.0
//
// Requests and answers of the remoting protocol for a caller that waits.
// Runs on: one thread.  Owns: the socket and what was received.  Invariant: see connection.h.
#include "client/connection.h"

#include "base/strings.h"
#include "os/clock.h"
#include "protocols/remoting/wire/frame.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>

namespace bolide::client {
namespace {

// Lists of very many topics come in one frame; the servers' own limit is lower.
constexpr std::uint32_t frame_bytes_max = 256U << 20U;
constexpr std::size_t read_bytes = 64U << 10U;
constexpr int refuse_timeout_ms = 1000;
constexpr std::size_t early_max = 1024;

std::int64_t steady_ms() {
  return os::system_clock().now().steady_ms();
}

std::string encode(const remoting::HeaderOut& header, std::string_view body) {
  std::string frame(remoting::header_bytes_max(header), '\0');
  frame.resize(
      remoting::encode_header(header, remoting::Serialization::json, body.size(), frame.data()));
  frame += body;
  return frame;
}

Response make_response(const remoting::Header& header, std::string_view body) {
  Response response{.opaque = header.opaque,
                    .code = header.code,
                    .remark = std::string(header.remark),
                    .fields = {},
                    .body = std::string(body)};
  for (const auto& [name, value] : header.fields) response.fields.emplace_back(name, value);
  return response;
}

Errc errc_of(std::int32_t code) {
  const auto rows = error_rows();
  const auto row = std::ranges::find(rows, code, &ErrorRow::rocketmq);
  return row == rows.end() ? Errc::internal : row->code;
}

}  // namespace

std::string_view Response::field(std::string_view name) const {
  for (auto at = fields.rbegin(); at != fields.rend(); ++at) {
    if (at->first == name) return at->second;
  }
  return {};
}

Result<std::int64_t> Response::number(std::string_view name) const {
  const auto value = parse_integer<std::int64_t>(field(name));
  if (!value)
    return fail(Errc::malformed, "the answer's field " + std::string(name) + " is no number");
  return *value;
}

Result<std::unique_ptr<Connection>> Connection::open(const net::Address& address, int timeout_ms) {
  BOLIDE_TRY(auto socket, net::BlockingSocket::connect(address, timeout_ms));
  return std::unique_ptr<Connection>(new Connection(std::move(socket), address.text()));
}

Result<std::int32_t> Connection::send(const Request& request, int timeout_ms) {
  const std::vector<remoting::ExtField> fields(request.fields.begin(), request.fields.end());
  const std::int32_t opaque = next_opaque_++;
  const remoting::HeaderOut header{
      .code = request.code, .opaque = opaque, .flag = 0, .remark = {}, .fields = fields};
  BOLIDE_CHECK(socket_.write_all(encode(header, request.body), timeout_ms));
  return opaque;
}

Result<Response> Connection::receive(int timeout_ms) {
  const std::int64_t deadline_ms = steady_ms() + timeout_ms;
  while (true) {
    BOLIDE_TRY(auto response, next_buffered());
    if (response) return std::move(*response);
    const std::int64_t left_ms = std::max<std::int64_t>(0, deadline_ms - steady_ms());
    BOLIDE_CHECK(read_more(static_cast<int>(left_ms)));
  }
}

Result<std::optional<Response>> Connection::receive_ready() {
  BOLIDE_TRY(auto response, next_buffered());
  if (response) return response;
  if (auto read = read_more(0); !read) {
    if (read.error().code == Errc::timeout) return std::optional<Response>();
    return Failure(std::move(read).error());
  }
  return next_buffered();
}

Result<Response> Connection::receive_for(std::int32_t opaque, int timeout_ms) {
  if (const auto kept = early_.find(opaque); kept != early_.end()) {
    Response response = std::move(kept->second);
    early_.erase(kept);
    return response;
  }
  const std::int64_t deadline_ms = steady_ms() + timeout_ms;
  while (true) {
    const std::int64_t left_ms = std::max<std::int64_t>(0, deadline_ms - steady_ms());
    auto response = receive(static_cast<int>(left_ms));
    if (!response && response.error().code == Errc::timeout)
      return fail(Errc::timeout, peer_ + " within " + std::to_string(timeout_ms) + " ms");
    if (!response || response->opaque == opaque) return response;
    if (early_.size() < early_max) early_.emplace(response->opaque, std::move(*response));
  }
}

Result<Response> Connection::call(const Request& request, int timeout_ms) {
  BOLIDE_TRY(const std::int32_t opaque, send(request, timeout_ms));
  return receive_for(opaque, timeout_ms);
}

Result<> Connection::read_more(int timeout_ms) {
  received_.erase(0, consumed_);
  consumed_ = 0;
  const std::size_t size = received_.size();
  received_.resize(size + read_bytes);
  auto got = socket_.read_some(received_.data() + size, read_bytes, timeout_ms);
  received_.resize(size + (got ? *got : 0));
  if (!got) return Failure(std::move(got).error());
  return {};
}

Result<std::optional<Response>> Connection::next_buffered() {
  while (true) {
    remoting::Frame frame;
    const std::string_view bytes = std::string_view(received_).substr(consumed_);
    const auto status = remoting::read_frame(bytes, frame_bytes_max, &frame);
    if (status == remoting::FrameStatus::incomplete) return std::optional<Response>();
    if (status != remoting::FrameStatus::complete)
      return fail(Errc::malformed, peer_ + " does not speak RocketMQ's remoting protocol");
    std::string scratch;
    remoting::Header header;
    BOLIDE_CHECK(remoting::decode_header(frame, &scratch, &header));
    consumed_ += frame.size;
    if (header.is_response()) return make_response(header, frame.body);
    if (!header.is_one_way()) BOLIDE_CHECK(refuse(header));
  }
}

Result<> Connection::refuse(const remoting::Header& request) {
  const remoting::HeaderOut header{.code = remoting::response_code::not_supported,
                                   .opaque = request.opaque,
                                   .flag = remoting::header_flag::response,
                                   .remark = "not supported by this client",
                                   .fields = {}};
  return socket_.write_all(encode(header, {}), refuse_timeout_ms);
}

Failure server_failure(std::string_view what, std::string_view peer, const Response& response) {
  std::string context(what);
  context.append(": ").append(peer).append(" answered ").append(std::to_string(response.code));
  const std::string_view remark = response.remark;
  if (!remark.empty()) context.append(": ").append(remark.substr(0, remark.find('\n')));
  return fail(errc_of(response.code), std::move(context));
}

}  // namespace bolide::client
