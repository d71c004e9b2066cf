// SPDX-License-Identifier: Apache-2.0
//
// The TLS side of a TCP connection: moves bytes between the socket and the filter.
// Runs on: the agent of its transport.  Owns: see tcp_connection_impl.h.
// Invariant: what the filter wants to send is in the cipher queue when a call returns.
#include "net/tcp_connection_impl.h"

#include "base/log.h"

#include <algorithm>

namespace bolide::net {
namespace {

constexpr std::int64_t handshake_timeout_ms = 5'000;
constexpr std::size_t record_bytes_max = std::size_t{16} << 10U;
// Not more is encrypted ahead of the socket.
constexpr std::size_t cipher_bytes_max = std::size_t{256} << 10U;

}  // namespace

void TcpConnection::start_tls(const std::string& host) {
  stage_ = Stage::handshake;
  set_deadline(handshake_timeout_ms);
  tls_ = std::make_unique<Tls>(*settings_->options.tls, host, hub_.take_queue());
  feed_tls({});
}

void TcpConnection::feed_tls(std::string_view ciphertext) {
  TlsFilter& filter = tls_->filter;
  filter.feed(ciphertext);
  if (filter.established()) return;
  const Result<> progress = filter.handshake();
  filter.take(*tls_->cipher);
  hub_.touch(*this);
  if (!progress)
    tls_failed(progress.error());
  else if (filter.established())
    open();
}

void TcpConnection::tls_failed(const Error& error) {
  flush();  // the alert that tells the peer why
  // Who connects is told; who is connected to has nobody else to tell.
  if (opening_)
    opening_->error = error;
  else
    BOLIDE_LOG(info, "TLS failed peer={} error={}", peer_.text(), error.message());
  kill(CloseReason::tls);
}

void TcpConnection::encrypt() {
  TlsFilter& filter = tls_->filter;
  OutputQueue& cipher = *tls_->cipher;
  while (output_ && output_->pending() > 0 && cipher.pending() < cipher_bytes_max) {
    // Small pieces share a record.
    std::string_view piece = output_->front();
    if (piece.size() < record_bytes_max && piece.size() < output_->pending()) {
      const std::span<char> memory = hub_.cipher_scratch();
      std::size_t size = 0;
      while (size < record_bytes_max && output_->pending() > 0) {
        piece = output_->front().substr(0, record_bytes_max - size);
        piece.copy(memory.data() + size, piece.size());
        size += piece.size();
        output_->consume(piece.size());
      }
      filter.write({memory.data(), size});
    } else {
      piece = piece.substr(0, record_bytes_max);
      filter.write(piece);
      output_->consume(piece.size());
    }
    filter.take(cipher);
  }
  const bool all_encrypted = !output_ || output_->pending() == 0;
  if (stage_ == Stage::closing && all_encrypted && !std::exchange(tls_->notified, true)) {
    filter.shut_down();
    filter.take(cipher);
  }
}

}  // namespace bolide::net
