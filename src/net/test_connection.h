// SPDX-License-Identifier: Apache-2.0
//
// For tests of sessions: a connection that keeps what is written, and a driver that shows a session
// bytes as a transport would, whole or one at a time.
// Runs on: the test's thread.  Owns: the output; SessionDriver: the session.
// Invariant: as of transport.h: nothing is kept after close(), on_closed comes last and once.
#pragma once

#include "net/transport.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace bolide::net::test {

class FakeConnection final : public Connection {
 public:
  using Connection::write;

  char* reserve(std::size_t size) override {
    std::string& to = is_closed ? waste_ : output;
    to.resize(to.size() + size);
    reserved_ = size;
    return to.data() + to.size() - size;
  }
  void commit(std::size_t used) override {
    std::string& to = is_closed ? waste_ : output;
    to.resize(to.size() - (reserved_ - used));
    reserved_ = 0;
  }
  void write(Slice slice) override {
    if (!is_closed) output.append(slice.view());
  }
  std::size_t pending_bytes() const override { return is_congested ? output.size() : 0; }
  bool congested() const override { return is_congested; }
  void close(std::string_view reason) override {
    if (!std::exchange(is_closed, true)) close_reason = reason;
  }
  const PeerAddress& peer() const override { return peer_address; }
  const PeerAddress& local() const override { return local_address; }
  bool encrypted() const override { return is_encrypted; }

  // What was written since the last call.
  std::string take() { return std::exchange(output, {}); }

  std::string output;
  std::string close_reason;
  bool is_closed = false;
  bool is_congested = false;
  bool is_encrypted = false;
  PeerAddress peer_address{.bytes = {127, 0, 0, 1}, .size = 4, .port = 50'000};
  PeerAddress local_address{.bytes = {127, 0, 0, 1}, .size = 4, .port = 10'911};

 private:
  std::string waste_;
  std::size_t reserved_ = 0;
};

class SessionDriver {
 public:
  explicit SessionDriver(std::unique_ptr<Session> session) : session_(std::move(session)) {}
  SessionDriver(FakeConnection& connection, const SessionFactory& make)
      : connection_(&connection), session_(make(connection)) {}
  ~SessionDriver() { close(); }
  SessionDriver(const SessionDriver&) = delete;
  SessionDriver& operator=(const SessionDriver&) = delete;

  // Shows the session `bytes` behind what it has not consumed yet.
  void feed(std::string_view bytes, const Now& now = {}) {
    if (!session_ || (connection_ && connection_->is_closed)) return;
    tail_.append(bytes);
    tail_.erase(0, session_->on_bytes(tail_, now));
  }
  void feed_byte_by_byte(std::string_view bytes, const Now& now = {}) {
    for (const char byte : bytes) feed({&byte, 1}, now);
  }
  void close() {
    if (!session_) return;
    session_->on_closed();
    session_.reset();
  }

  Session& session() { return *session_; }
  const std::string& unconsumed() const { return tail_; }

 private:
  FakeConnection* connection_ = nullptr;
  std::unique_ptr<Session> session_;
  std::string tail_;
};

}  // namespace bolide::net::test
