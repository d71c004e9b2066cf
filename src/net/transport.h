// SPDX-License-Identifier: Apache-2.0
//
// The seam to the network: listeners and connections that carry bytes to and from sans-I/O
// sessions. make_tcp_transport() is the machine's (Asio, TLS by OpenSSL); SimNetwork
// (sim_transport.h) lives in memory.
// Runs on: the agent it was made for.  Owns: sockets and their buffers.
// Invariant: a Session is called only on its agent's thread, never after on_closed; output of one
// turn leaves in one vectored write at the end of the turn. A transport is destroyed on its agent's
// thread or while the agent does not run, and before the agent; never from a session's callback.
#pragma once

#include "base/buffer.h"
#include "base/result.h"
#include "net/agent.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bolide::net {

struct Address {
  std::string host;  // a numeric address or a name
  std::uint16_t port = 0;

  std::string text() const;  // host:port, [v6]:port
  static Result<Address> parse(std::string_view text);
};

// The bytes of an IP address as RocketMQ stores hosts: 4 or 16, network order.
struct PeerAddress {
  unsigned char bytes[16] = {};
  std::uint8_t size = 4;  // 4 or 16
  std::uint16_t port = 0;

  std::string text() const;
};

// What a session may do with its connection. Lives until on_closed has returned.
class Connection {
 public:
  virtual ~Connection() = default;

  // Appends to the output; it leaves at the end of the turn. Nothing is sent after close().
  // Returns memory of `size` bytes to be filled before the next call of any kind.
  virtual char* reserve(std::size_t size) = 0;
  // Gives back what was reserved but not used: the last reserve() keeps only `used` bytes.
  virtual void commit(std::size_t used) = 0;
  void write(std::string_view bytes);
  // Appends shared bytes without copying them.
  virtual void write(Slice slice) = 0;

  // Bytes waiting to leave. Above `output_pause_bytes` the connection stops reading (back-pressure)
  // until the peer has taken half; above `output_bytes_max` it is closed as a slow consumer.
  virtual std::size_t pending_bytes() const = 0;
  // Whether pending_bytes() is above `output_pause_bytes`. A session looks at it between two
  // requests and stops consuming where it holds; it sees the rest when the peer has taken half.
  virtual bool congested() const { return false; }
  // Sends what is pending, then closes (at the latest after 2 s). on_closed follows in a later
  // turn; on_bytes is not called again.
  virtual void close(std::string_view reason) = 0;

  virtual const PeerAddress& peer() const = 0;
  virtual const PeerAddress& local() const = 0;
  virtual bool encrypted() const = 0;
};

// A protocol's state machine for one connection, without I/O.
class Session {
 public:
  virtual ~Session() = default;
  // All bytes received and not yet consumed. Returns how many were consumed; the rest is shown
  // again with what follows. The view lives during the call only.
  virtual std::size_t on_bytes(std::string_view bytes, const Now& now) = 0;
  // The connection is gone; nothing may be called on it any more.
  virtual void on_closed() = 0;
};

struct ConnectionLimits {
  std::size_t input_bytes_max = 17U << 20U;  // longest unconsumed input: more closes the connection
  std::size_t output_pause_bytes = 8U << 20U;
  std::size_t output_bytes_max = 64U << 20U;
  std::int64_t idle_timeout_ms = 120'000;  // no byte in or out for so long closes (0: never)
};

class TlsContext;  // tls.h

enum class TlsMode : std::uint8_t { disabled, permissive, enforcing };  // rocketmq wire 1.5

struct ListenOptions {
  Address address;
  ConnectionLimits limits;
  TlsMode tls_mode = TlsMode::disabled;
  std::shared_ptr<TlsContext> tls;  // required unless disabled
  // Accept a PROXY protocol header (v1 or v2) in front; its source becomes the peer. Off: such a
  // header reaches the session as bytes. Switch on only behind a proxy: it may claim any source.
  bool proxy_protocol = false;
};

// Why connections ended.
enum class CloseReason : std::uint8_t {
  local,           // close() or close_all()
  peer,            // the peer closed or reset
  idle,            // idle_timeout_ms
  slow_consumer,   // output_bytes_max
  input_too_long,  // input_bytes_max
  rejected,        // TLS where it is disabled, plain where it is enforced, a broken PROXY header
  tls,             // a failed or late handshake, a broken record
  io_error,
  shutdown,  // the transport went
  count,
};

// What happened on a transport since it was made. Read on its agent.
struct TransportStats {
  std::uint64_t accepted = 0;
  std::uint64_t connected = 0;
  std::uint64_t accept_errors = 0;
  std::uint64_t bytes_in = 0;   // of the wire: TLS records, not what is in them
  std::uint64_t bytes_out = 0;  // likewise
  std::array<std::uint64_t, static_cast<std::size_t>(CloseReason::count)> closed = {};

  std::uint64_t closed_by(CloseReason reason) const {
    return closed[static_cast<std::size_t>(reason)];
  }
};

// Makes the session of a connection: of an accepted one when its first byte has come (then peer()
// and encrypted() are known), of a connected one when the connection (with TLS: the handshake) is
// complete. Null closes the connection.
using SessionFactory = std::function<std::unique_ptr<Session>(Connection&)>;

class Listener {
 public:
  virtual ~Listener() = default;  // stops accepting; open connections stay
  virtual std::uint16_t port() const = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;  // closes all connections at once (on_closed is called)

  // Binds and accepts from the next turn on. Port 0 picks a free one. Errors: in_use,
  // no_permission, invalid_argument, each naming the address.
  virtual Result<std::unique_ptr<Listener>> listen(ListenOptions options, SessionFactory make) = 0;

  // Connects in the background, within 3 s: `done` gets an error (connection_failed, timeout,
  // invalid_argument), or success after the session was made. `tls` null means plain. Never calls
  // `done` from within connect().
  virtual void connect(const Address& address, const ConnectionLimits& limits,
                       std::shared_ptr<TlsContext> tls, SessionFactory make,
                       std::move_only_function<void(Result<>)> done) = 0;

  virtual std::size_t connections() const = 0;
  virtual TransportStats stats() const { return {}; }
  // Closes every connection after its pending output has left.
  virtual void close_all(std::string_view reason) = 0;
};

// The machine's network on `agent`.
std::unique_ptr<Transport> make_tcp_transport(Agent& agent);

}  // namespace bolide::net
