// SPDX-License-Identifier: Apache-2.0
//
// The network in memory.
// Runs on: the test's thread.  Owns: see sim_transport.h.  Invariant: see sim_transport.h.
#include "net/sim_transport.h"

#include "base/assert.h"
#include "net/output_queue.h"

#include <algorithm>
#include <utility>

namespace bolide::net {

// One side of a pair.
class SimConnection final : public Connection {
 public:
  SimConnection(SimTransport* owner, const ConnectionLimits& limits, bool encrypted,
                std::uint16_t local_port, std::uint16_t peer_port)
      : owner_(owner), limits_(limits), encrypted_(encrypted) {
    for (PeerAddress* address : {&peer_, &local_}) address->bytes[0] = 127, address->bytes[3] = 1;
    local_.port = local_port;
    peer_.port = peer_port;
  }

  char* reserve(std::size_t size) override { return sink().reserve(size); }
  void commit(std::size_t used) override { sink().commit(used); }
  void write(Slice slice) override { sink().write(std::move(slice)); }
  std::size_t pending_bytes() const override { return output_.pending(); }
  bool congested() const override { return pending_bytes() > limits_.output_pause_bytes; }
  void close(std::string_view) override { closing_ = true; }
  const PeerAddress& peer() const override { return peer_; }
  const PeerAddress& local() const override { return local_; }
  bool encrypted() const override { return encrypted_; }

  void open(const SessionFactory& make) {
    session_ = make(*this);
    if (!session_) closing_ = true;
  }
  bool is_open() const { return !dead_; }
  bool has_said_all() const { return closing_ && output_.pending() == 0; }
  bool is_slow() const { return pending_bytes() > limits_.output_bytes_max; }
  bool is_full() const { return input_.size() > limits_.input_bytes_max; }
  bool takes_input() const { return !dead_ && !closing_ && !congested(); }
  SimTransport* owner() const { return owner_; }
  OutputQueue& output() { return output_; }

  void receive(std::string_view bytes, const Now& now) {
    input_.append(bytes);
    if (session_ && !closing_) input_.erase(0, session_->on_bytes(input_, now));
    stalled_ = congested() && !input_.empty();
  }
  // Shows a session that had stopped consuming the rest again, once its output has left.
  bool resume(const Now& now) {
    if (!stalled_ || dead_ || congested()) return false;
    receive({}, now);
    return true;
  }
  // Tells the session; nothing happens to it any more.
  void end() {
    if (std::exchange(dead_, true)) return;
    closing_ = true;
    output_.clear();
    if (session_) session_->on_closed();
    session_.reset();
  }

 private:
  OutputQueue& sink() {
    if (!closing_) return output_;
    waste_.clear();
    return waste_;
  }

  SimTransport* owner_;
  const ConnectionLimits limits_;
  const bool encrypted_;
  PeerAddress peer_;
  PeerAddress local_;
  BlockPool blocks_;
  OutputQueue output_{blocks_};
  OutputQueue waste_{blocks_};
  std::string input_;
  std::unique_ptr<Session> session_;
  bool closing_ = false;
  bool dead_ = false;
  bool stalled_ = false;
};

class SimListener final : public Listener {
 public:
  SimListener(SimNetwork& network, std::uint16_t port,
              const std::shared_ptr<SimNetwork::ListenerEntry>& entry)
      : network_(network), port_(port), entry_(entry) {}
  ~SimListener() override {
    const auto found = network_.listeners_.find(port_);
    if (found != network_.listeners_.end() && found->second == entry_.lock())
      network_.listeners_.erase(found);
  }
  SimListener(const SimListener&) = delete;
  SimListener& operator=(const SimListener&) = delete;
  std::uint16_t port() const override { return port_; }

 private:
  SimNetwork& network_;
  const std::uint16_t port_;
  const std::weak_ptr<SimNetwork::ListenerEntry> entry_;
};

class SimTransport final : public Transport {
 public:
  explicit SimTransport(SimNetwork& network) : network_(network) {}
  ~SimTransport() override {
    network_.cut_all(*this);
    for (auto& pair : network_.pairs_)
      for (auto& end : pair->ends)
        if (end->owner() == this) end->end();
    std::erase_if(network_.connects_, [this](const auto& one) { return one.owner == this; });
  }
  SimTransport(const SimTransport&) = delete;
  SimTransport& operator=(const SimTransport&) = delete;

  Result<std::unique_ptr<Listener>> listen(ListenOptions options, SessionFactory make) override {
    std::uint16_t port = options.address.port;
    if (port == 0) port = network_.next_port_++;
    if (network_.listeners_.contains(port))
      return fail(Errc::in_use, "listen " + options.address.text() + ": Address already in use");
    const auto entry = std::make_shared<SimNetwork::ListenerEntry>(
        SimNetwork::ListenerEntry{this, std::move(options), std::move(make)});
    network_.listeners_.emplace(port, entry);
    return std::make_unique<SimListener>(network_, port, entry);
  }

  void connect(const Address& address, const ConnectionLimits& limits,
               std::shared_ptr<TlsContext> tls, SessionFactory make,
               std::move_only_function<void(Result<>)> done) override {
    network_.connects_.push_back(
        {this, address, limits, tls != nullptr, std::move(make), std::move(done)});
  }

  std::size_t connections() const override {
    std::size_t count = 0;
    each([&](const SimConnection&) { ++count; });
    return count;
  }
  void close_all(std::string_view reason) override {
    each([&](SimConnection& connection) { connection.close(reason); });
  }

 private:
  template <class Function>
  void each(Function function) const {
    for (const auto& pair : network_.pairs_)
      for (const auto& end : pair->ends)
        if (end->owner() == this && end->is_open()) function(*end);
  }

  SimNetwork& network_;
};

SimNetwork::~SimNetwork() {
  for (const auto& pair : pairs_)
    for (const auto& end : pair->ends) end->end();
}

std::unique_ptr<Transport> SimNetwork::make_transport() {
  return std::make_unique<SimTransport>(*this);
}

void SimNetwork::establish(PendingConnect pending) {
  const auto found = listeners_.find(pending.address.port);
  const std::string what = "connect " + pending.address.text();
  if (found == listeners_.end())
    return pending.done(fail(Errc::connection_failed, what + ": Connection refused"));
  const std::shared_ptr<ListenerEntry> listener = found->second;
  const TlsMode mode = listener->options.tls_mode;
  if (mode == (pending.tls ? TlsMode::disabled : TlsMode::enforcing))
    return pending.done(fail(Errc::connection_closed, what));
  const std::uint16_t port = next_port_++;
  auto pair = std::make_unique<Pair>();
  pair->ends[0] = std::make_shared<SimConnection>(pending.owner, pending.limits, pending.tls, port,
                                                  pending.address.port);
  pair->ends[1] = std::make_shared<SimConnection>(listener->owner, listener->options.limits,
                                                  pending.tls, pending.address.port, port);
  Pair& made = *pair;
  pairs_.push_back(std::move(pair));
  made.ends[1]->open(listener->make);
  made.ends[0]->open(pending.make);
  pending.done(Result<>());
}

bool SimNetwork::move_bytes(Pair& pair, int from) {
  SimConnection& source = *pair.ends[from];
  SimConnection& target = *pair.ends[1 - from];
  std::string bytes;
  std::size_t left = byte_at_a_time_ ? std::min<std::size_t>(1, source.output().pending())
                                     : source.output().pending();
  if (left == 0 || (target.is_open() && !target.takes_input() && !target.has_said_all()))
    return false;
  while (left > 0) {
    const std::string_view piece = source.output().front().substr(0, left);
    const std::size_t size = piece.size();
    bytes.append(piece);
    source.output().consume(size);
    left -= size;
  }
  if (target.takes_input()) target.receive(bytes, clock_.now());
  return true;
}

bool SimNetwork::settle(Pair& pair) {
  SimConnection& a = *pair.ends[0];
  SimConnection& b = *pair.ends[1];
  bool over = pair.cut || a.has_said_all() || b.has_said_all();
  for (const SimConnection* end : {&a, &b}) over |= end->is_slow() || end->is_full();
  if (!over || (!a.is_open() && !b.is_open())) return false;
  a.end();
  b.end();
  return true;
}

bool SimNetwork::step() {
  bool any = false;
  for (std::size_t left = connects_.size(); left > 0 && !connects_.empty(); --left) {
    PendingConnect pending = std::move(connects_.front());
    connects_.pop_front();
    establish(std::move(pending));
    any = true;
  }
  const std::size_t count = pairs_.size();
  for (std::size_t i = 0; i < count; ++i) {
    Pair& pair = *pairs_[i];
    if (pair.frozen && !pair.cut) continue;
    if (!pair.cut) {
      any |= move_bytes(pair, 0);
      any |= move_bytes(pair, 1);
      for (const auto& end : pair.ends) any |= end->resume(clock_.now());
    }
    any |= settle(pair);
  }
  return any;
}

bool SimNetwork::run(int steps_max) {
  for (int i = 0; i < steps_max; ++i)
    if (!step()) return true;
  return false;
}

bool SimNetwork::is_open(std::size_t pair) const {
  BOLIDE_ASSERT(pair < pairs_.size());
  return pairs_[pair]->ends[0]->is_open() || pairs_[pair]->ends[1]->is_open();
}

void SimNetwork::cut(std::size_t pair) {
  BOLIDE_ASSERT(pair < pairs_.size());
  pairs_[pair]->cut = true;
}

void SimNetwork::freeze(std::size_t pair, bool frozen) {
  BOLIDE_ASSERT(pair < pairs_.size());
  pairs_[pair]->frozen = frozen;
}

void SimNetwork::cut_all(const Transport& transport) {
  std::erase_if(listeners_, [&](const auto& one) { return one.second->owner == &transport; });
  for (const auto& pair : pairs_)
    for (const auto& end : pair->ends)
      if (end->owner() == &transport) pair->cut = true;
}

}  // namespace bolide::net
