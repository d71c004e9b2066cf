// SPDX-License-Identifier: Apache-2.0
//
// Channel: requests and answers of the remoting protocol (rocketmq wire 1.1-1.4) to one address.
// Connects when there is something to send, and again after a loss.
// Runs on: the client's agent.  Owns: what waits for an answer.
// Invariant: every request that wants an answer gets exactly one, or an error; of any other it is
// said once whether a connection took it.
#pragma once

#include "base/result.h"
#include "net/transport.h"
#include "protocols/remoting/wire/header.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bolide::client {

// What is asked. The views live until send() returns.
struct Call {
  std::int32_t code = 0;
  std::span<const remoting::ExtField> fields;
  std::string_view body;
};

// An answer. Everything lives during the call that hands it over.
struct Reply {
  const remoting::Header* header = nullptr;
  std::string_view body;

  std::int32_t code() const { return header->code; }
  std::string_view field(std::string_view name) const { return header->field(name); }
  // The whole number in a field. Errors: malformed, naming the field.
  Result<std::int64_t> number(std::string_view name) const;
};
using OnReply = std::move_only_function<void(Result<Reply>)>;
using OnSent = std::move_only_function<void(Result<>)>;

// What a server asks of us is answered once, now or later, by calling `respond`; dropping it
// answers nothing. The views live during the call.
struct ServerAnswer {
  std::int32_t code = 0;
  std::string remark;
  std::string body;
};
using Respond = std::move_only_function<void(const ServerAnswer&)>;
using OnServerRequest =
    std::function<void(const remoting::Header& header, std::string_view body, Respond respond)>;

ServerAnswer not_supported();

// The failure that an answer other than success stands for: the row of the error table with this
// code, and "<what>: <peer> answered <code>: <remark>".
Failure server_failure(std::string_view what, std::string_view peer, const Reply& reply);

struct ChannelSettings {
  net::Address address;
  std::shared_ptr<net::TlsContext> tls;  // null: plain
  OnServerRequest on_request;
};

class Channel : public std::enable_shared_from_this<Channel> {
 public:
  Channel(net::Transport& transport, ChannelSettings settings);

  // When a request is sent, and when its time is over, by a steady clock.
  struct Times {
    std::int64_t now_ms = 0;
    std::int64_t deadline_ms = 0;
  };
  // Calls `done` with the answer, whatever its code, or with timeout, connection_failed,
  // connection_closed; requests that fail together fail in the order of sending. Never from within
  // send().
  void send(const Call& call, Times times, OnReply done);
  // Calls `done` when the request was given to a connection, perhaps from within this call, or with
  // connection_failed or shutting_down.
  void send_one_way(const Call& call, std::int64_t now_ms, OnSent done);
  // Ends requests whose time is over, and a connection that is dead by their silence: else it would
  // be used until the kernel gives it up. Call it several times a second.
  void expire(std::int64_t now_ms);
  // Ends everything with `shutting_down`.
  void close();

  const std::string& peer() const { return peer_; }
  std::size_t waiting() const { return waiting_.size(); }
  // What was sent and has not left yet.
  std::size_t pending_bytes() const {
    return early_.size() + (connection_ == nullptr ? 0 : connection_->pending_bytes());
  }
  // Steady time of the last request.
  std::int64_t used_ms() const { return used_ms_; }

 private:
  static constexpr std::int64_t never_ms = std::numeric_limits<std::int64_t>::max();
  class Link;
  struct Waiting {
    OnReply done;
    Times times;
    std::uint64_t number = 0;    // in the order of sending
    std::uint64_t arrivals = 0;  // so far
  };

  void connect();
  void write(const Call& call, std::int32_t opaque, std::int32_t flag);
  std::unique_ptr<net::Session> open(net::Connection& connection);
  std::size_t take(std::string_view bytes);
  void note_arrival();
  bool take_frame(const remoting::Frame& frame);
  void take_request(std::string_view body);
  void answer(std::int32_t opaque, const ServerAnswer& answer);
  void lost(const Error& error);
  bool is_dead(std::span<const Waiting> late, std::int64_t now_ms);
  std::vector<Waiting> take_waiting();
  static void end(std::vector<Waiting> requests, const Error& error);

  net::Transport& transport_;
  ChannelSettings settings_;
  const std::string peer_;
  net::Connection* connection_ = nullptr;  // while it is open
  std::uint64_t connections_ = 0;          // opened so far
  bool connecting_ = false;
  bool closed_ = false;
  std::string early_;               // what waits for the connection
  std::vector<OnSent> early_sent_;  // the one-way requests in it
  std::uint64_t sent_ = 0;
  std::int64_t used_ms_ = 0;
  std::uint64_t arrivals_ = 0;  // of bytes, and of connections
  // The first request whose time was over while nothing arrived was sent then.
  std::optional<std::int64_t> silent_since_ms_;
  std::unordered_map<std::int32_t, Waiting> waiting_;
  std::int64_t look_at_ms_ = never_ms;  // the time of none of them is over before
  remoting::Header header_;
  std::string scratch_;
};

}  // namespace bolide::client
