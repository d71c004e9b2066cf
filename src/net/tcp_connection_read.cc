// SPDX-License-Identifier: Apache-2.0
//
// The read side of a TCP connection. Bytes are received into the transport's scratch memory and
// shown to the session there; only an unconsumed tail is kept. A tail beyond a few KiB is a large
// frame in the making: then bytes are received behind it, into the connection's own buffer.
// Runs on: the agent of its transport.  Owns: see tcp_connection_impl.h.
// Invariant: what a turn reads is bounded; what a frame costs is linear in its length.
#include "net/proxy_protocol.h"
#include "net/tcp_connection_impl.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace bolide::net {
namespace {

constexpr int rounds_per_turn_max = 4;
// A longer tail stays in the connection's own buffer instead of moving to and fro.
constexpr std::size_t small_tail_bytes_max = std::size_t{4} << 10U;
constexpr std::size_t own_room_bytes_min = std::size_t{64} << 10U;
// So many records without a byte of plain text; then the others have their turn.
constexpr int tls_receives_max = 16;
constexpr char tls_handshake_byte = 0x16;  // rocketmq wire 1.5

}  // namespace

void TcpConnection::read_ready() {
  if (stage_ == Stage::dead) return;
  hub_.touch(*this);  // arms the next wait
  Received last;
  for (int round = 0; round < rounds_per_turn_max && !paused_; ++round) {
    last = stage_ == Stage::closing ? drain() : read_round();
    if (stage_ == Stage::dead || last.got != Got::bytes) break;
    if (input_.size() > limits().input_bytes_max) return kill(CloseReason::input_too_long);
    if (stage_ == Stage::open && congested()) paused_ = true;
    if (!last.more) return;
  }
  if (stage_ == Stage::dead) return;
  if (last.got == Got::eof) {
    eof_ = true;
    if (stage_ == Stage::closing) return;  // end_of_turn() finishes
    begin_close(CloseReason::peer);
  } else if (last.got == Got::bytes && tls_ && !paused_) {
    // What the filter still holds raises no event of the socket.
    resuming_ = true;
    hub_.resume_later(*this);
  }
}

TcpConnection::Received TcpConnection::read_round() {
  if (input_.size() > small_tail_bytes_max) {
    const Received received = receive(input_.room(std::max(own_room_bytes_min, input_.size())));
    if (received.got != Got::bytes) return received;
    input_.filled(received.size);
    const std::size_t consumed = offer(input_.view());
    if (writable()) input_.consume(consumed);
    return received;
  }
  const std::span<char> memory = hub_.scratch();
  const std::size_t tail = input_.size();
  input_.view().copy(memory.data(), tail);
  Received received = receive(memory.subspan(tail));
  if (received.got != Got::bytes) return received;
  input_.release();
  const std::string_view bytes(memory.data(), tail + received.size);
  const bool was_plain = tls_ == nullptr;
  const std::size_t consumed = offer(bytes);
  if (writable()) input_.append(bytes.substr(consumed));
  if (was_plain && tls_) received.more = true;
  return received;
}

TcpConnection::Received TcpConnection::receive(std::span<char> to) {
  return tls_ ? receive_tls(to) : receive_plain(to);
}

TcpConnection::Received TcpConnection::receive_plain(std::span<char> to) {
  const ssize_t got = ::recv(socket_.native_handle(), to.data(), to.size(), MSG_DONTWAIT);
  if (got > 0) {
    const auto size = static_cast<std::size_t>(got);
    hub_.stats().bytes_in += size;
    active_ns_ = now_ns();
    // A short read took all there was; arming the next wait looks again.
    return {.got = Got::bytes, .size = size, .more = size == to.size()};
  }
  if (got == 0) return {.got = Got::eof};
  if (errno == EAGAIN || errno == EINTR) return {.got = Got::dry};
  socket_failed(errno);
  return {.got = Got::dead};
}

TcpConnection::Received TcpConnection::receive_tls(std::span<char> to) {
  for (int i = 0; i < tls_receives_max; ++i) {
    if (tls_->filter.established()) {
      const auto got = tls_->filter.read(to);
      if (!got) {
        tls_failed(got.error());
        return {.got = Got::dead};
      }
      if (*got > 0) return {.got = Got::bytes, .size = *got, .more = true};
      if (tls_->filter.peer_closed()) return {.got = Got::eof};
    }
    const std::span<char> memory = hub_.cipher_scratch();
    const Received received = receive_plain(memory);
    if (received.got != Got::bytes) return received;
    feed_tls({memory.data(), received.size});
    if (!writable()) return {.got = stage_ == Stage::dead ? Got::dead : Got::dry};
  }
  return {.got = Got::bytes, .size = 0, .more = true};
}

TcpConnection::Received TcpConnection::drain() {
  return receive_plain(hub_.scratch());
}

std::size_t TcpConnection::offer(std::string_view bytes) {
  std::size_t consumed = 0;
  if (stage_ == Stage::preface) consumed = offer_preface(bytes);
  if (stage_ == Stage::open && consumed < bytes.size())
    consumed += session_->on_bytes(bytes.substr(consumed), hub_.agent().now());
  return consumed;
}

std::size_t TcpConnection::offer_preface(std::string_view bytes) {
  std::size_t consumed = 0;
  if (!proxy_done_) {
    const ProxyHeader header = parse_proxy_header(bytes);
    if (header.state == ProxyHeader::State::incomplete) return 0;
    if (header.state == ProxyHeader::State::broken) {
      kill(CloseReason::rejected);
      return 0;
    }
    proxy_done_ = true;
    consumed = header.size;
    if (header.has_source) peer_ = header.source;
    if (consumed == bytes.size()) return consumed;
  }
  const TlsMode mode = settings_->options.tls_mode;
  const bool tls = bytes[consumed] == tls_handshake_byte;
  if (mode == (tls ? TlsMode::disabled : TlsMode::enforcing)) {
    kill(CloseReason::rejected);
    return 0;
  }
  if (!tls) {
    open();
    return consumed;
  }
  start_tls({});
  feed_tls(bytes.substr(consumed));
  return bytes.size();
}

}  // namespace bolide::net
