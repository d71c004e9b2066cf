// SPDX-License-Identifier: Apache-2.0
//
// One TCP connection, plain or TLS.
// Runs on: the agent of its transport.  Owns: the socket, the session, what waits in and out.
// Invariant: an idle connection holds no buffers; after kill() only farewell() happens to it.
#pragma once

#include "net/handler_slot_impl.h"
#include "net/input_buffer.h"
#include "net/tcp_hub_impl.h"
#include "net/tls_filter.h"

namespace bolide::net {

class TcpConnection final : public Connection, public RefCounted<TcpConnection> {
 public:
  using Done = std::move_only_function<void(Result<>)>;

  TcpConnection(TcpHub& hub, SettingsPtr settings, TcpSocket socket, const Tcp::endpoint& peer);

  // Begins as an accepted connection: the first bytes decide what it is.
  void start_accepted();
  // Begins as a connected one; `done` as for Transport::connect. `host` is the name to verify.
  void start_connected(const std::string& host, Done done);

  char* reserve(std::size_t size) override;
  void commit(std::size_t used) override;
  void write(Slice slice) override;
  std::size_t pending_bytes() const override;
  bool congested() const override { return pending_bytes() > limits().output_pause_bytes; }
  void close(std::string_view reason) override;
  const PeerAddress& peer() const override { return peer_; }
  const PeerAddress& local() const override { return local_; }
  bool encrypted() const override { return tls_ != nullptr; }

  // Called by the hub.
  void end_of_turn();
  void resume();
  SteadyNs deadline_ns() const;
  void expire();
  // Ends the connection at once; the session hears of it in the next turn.
  void kill(CloseReason reason);
  void farewell();

  std::size_t index_in_hub = 0;
  bool touched_in_hub = false;

 private:
  enum class Stage : std::uint8_t { preface, handshake, open, closing, dead };
  enum class Got : std::uint8_t { bytes, dry, eof, dead };
  struct Received {
    Got got = Got::dry;
    std::size_t size = 0;
    bool more = false;  // bytes only: there may be more without waiting
  };
  // What a TLS connection has besides: the filter and what it wants to send.
  struct Tls {
    Tls(const TlsContext& context, const std::string& host, std::unique_ptr<OutputQueue> queue)
        : filter(context, host), cipher(std::move(queue)) {}
    TlsFilter filter;
    std::unique_ptr<OutputQueue> cipher;
    bool notified = false;  // close_notify was written
  };
  // Whom to tell when the connection is complete, and why it was not.
  struct Opening {
    Done done;
    Error error;
  };
  struct ReadWait;

  const ConnectionLimits& limits() const { return settings_->options.limits; }
  SteadyNs now_ns() const { return hub_.agent().now().steady_ns; }
  bool writable() const { return stage_ != Stage::closing && stage_ != Stage::dead; }

  // tcp_connection.cc
  void set_deadline(std::int64_t delay_ms);
  void open();
  void begin_close(CloseReason reason);
  void socket_failed(int error);
  OutputQueue& output();
  void arm_read();
  void arm_write();

  // tcp_connection_read.cc
  void read_ready();
  Received read_round();
  Received receive(std::span<char> to);
  Received receive_plain(std::span<char> to);
  Received receive_tls(std::span<char> to);
  Received drain();
  std::size_t offer(std::string_view bytes);
  std::size_t offer_preface(std::string_view bytes);

  // tcp_connection_tls.cc
  void start_tls(const std::string& host);
  void feed_tls(std::string_view ciphertext);
  void tls_failed(const Error& error);
  void encrypt();

  // tcp_connection_write.cc
  void flush();
  bool send_some(OutputQueue& queue);
  void finish_close();

  TcpHub& hub_;
  SettingsPtr settings_;
  TcpSocket socket_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<OutputQueue> output_;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<Opening> opening_;
  InputBuffer input_;
  SteadyNs active_ns_ = 0;           // the last byte in or out
  SteadyNs deadline_ns_ = never_ns;  // of the handshake or of closing
  PeerAddress peer_;
  PeerAddress local_;
  HandlerSlot read_slot_;
  Stage stage_ = Stage::preface;
  CloseReason close_reason_ = CloseReason::local;
  bool read_armed_ = false;
  bool write_armed_ = false;
  bool paused_ = false;    // by back-pressure
  bool resuming_ = false;  // resume() is on its way
  bool eof_ = false;       // the peer has said all
  bool fin_sent_ = false;
  bool proxy_done_ = false;  // the PROXY header was read, or there is none
};

}  // namespace bolide::net
