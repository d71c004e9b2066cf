// SPDX-License-Identifier: Apache-2.0
//
// The shared part of a TCP transport: lists of a turn, pools, the sweep.
// Runs on: the agent of its transport.  Owns: see tcp_hub_impl.h.  Invariant: see tcp_hub_impl.h.
#include "net/tcp_connection_impl.h"
#include "net/tcp_hub_impl.h"
#include "net/tcp_listener_impl.h"

#include <climits>
#include <cstring>
#include <utility>

namespace bolide::net {
namespace {

constexpr std::size_t scratch_bytes = std::size_t{256} << 10U;
constexpr std::size_t cipher_scratch_bytes = std::size_t{64} << 10U;
constexpr std::size_t queues_kept_max = 1024;
// Deadlines are met with this coarseness, and the sweep wakes the agent no more often.
constexpr SteadyNs sweep_interval_ns = 500'000'000;

std::span<char> lazily(std::unique_ptr<char[]>& memory, std::size_t size) {
  if (!memory) memory = std::make_unique_for_overwrite<char[]>(size);
  return {memory.get(), size};
}

}  // namespace

TcpHub::TcpHub(Agent& agent) : agent_(agent), sweep_timer_(agent.impl().context().get_executor()) {}

std::span<char> TcpHub::scratch() {
  return lazily(scratch_, scratch_bytes);
}
std::span<char> TcpHub::cipher_scratch() {
  return lazily(cipher_scratch_, cipher_scratch_bytes);
}

std::span<iovec> TcpHub::vectors() {
  if (!vectors_) vectors_ = std::make_unique_for_overwrite<iovec[]>(IOV_MAX);
  return {vectors_.get(), IOV_MAX};
}

std::unique_ptr<OutputQueue> TcpHub::take_queue() {
  if (queues_.empty()) return std::make_unique<OutputQueue>(blocks_);
  std::unique_ptr<OutputQueue> queue = std::move(queues_.back());
  queues_.pop_back();
  return queue;
}

void TcpHub::give_queue(std::unique_ptr<OutputQueue> queue) {
  queue->clear();
  if (queues_.size() < queues_kept_max) queues_.push_back(std::move(queue));
}

void TcpHub::add(const ConnectionPtr& connection) {
  connection->index_in_hub = connections_.size();
  connections_.push_back(connection);
}

void TcpHub::touch(TcpConnection& connection) {
  if (!std::exchange(connection.touched_in_hub, true)) touched_.emplace_back(&connection);
}

void TcpHub::resume_later(TcpConnection& connection) {
  resumed_.emplace_back(&connection);
  ask_next_turn();
}

void TcpHub::bury(TcpConnection& connection) {
  dead_.emplace_back(&connection);
  ask_next_turn();
}

void TcpHub::ask_next_turn() {
  if (std::exchange(next_turn_asked_, true)) return;
  agent_.post([hub = shared_from_this()] { hub->next_turn(); });
}

void TcpHub::next_turn() {
  next_turn_asked_ = false;
  reap();
  for (const ConnectionPtr& connection : std::exchange(resumed_, {})) connection->resume();
}

void TcpHub::reap() {
  for (const ConnectionPtr& connection : std::exchange(dead_, {})) {
    connection->farewell();
    const std::size_t index = connection->index_in_hub;
    connections_.back()->index_in_hub = index;
    std::swap(connections_[index], connections_.back());
    connections_.pop_back();
  }
}

bool TcpHub::end_of_turn() {
  flushing_.swap(touched_);
  for (const ConnectionPtr& connection : flushing_) {
    connection->touched_in_hub = false;
    connection->end_of_turn();
  }
  flushing_.clear();
  return false;
}

void TcpHub::deadline_at(SteadyNs due_ns) {
  if (due_ns < sweep_due_ns_ && !stopped_) arm_sweep(due_ns);
}

void TcpHub::arm_sweep(SteadyNs due_ns) {
  sweep_due_ns_ = std::max(due_ns, swept_ns_ + sweep_interval_ns);
  const SteadyNs delay = std::max<SteadyNs>(sweep_due_ns_ - agent_.now().steady_ns, 0);
  sweep_timer_.expires_after(std::chrono::nanoseconds(delay));
  sweep_timer_.async_wait([hub = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !hub->stopped_) hub->sweep();
  });
}

void TcpHub::sweep() {
  const SteadyNs now_ns = agent_.now().steady_ns;
  swept_ns_ = now_ns;
  sweep_due_ns_ = never_ns;
  SteadyNs next = never_ns;
  for (const ConnectionPtr& connection : connections_) {
    SteadyNs due = connection->deadline_ns();
    if (due <= now_ns) {
      connection->expire();
      due = connection->deadline_ns();
    }
    next = std::min(next, due);
  }
  if (next != never_ns) arm_sweep(next);
}

void TcpHub::add_acceptor(TcpAcceptor& acceptor) {
  acceptors_.push_back(&acceptor);
}
void TcpHub::remove_acceptor(TcpAcceptor& acceptor) {
  std::erase(acceptors_, &acceptor);
}

void TcpHub::close_all(std::string_view reason) {
  for (const ConnectionPtr& connection : connections_) connection->close(reason);
}

void TcpHub::shut_down() {
  stopped_ = true;
  for (TcpAcceptor* acceptor : std::exchange(acceptors_, {})) acceptor->close();
  sweep_timer_.cancel();
  for (const ConnectionPtr& connection : connections_) connection->kill(CloseReason::shutdown);
  reap();
  resumed_.clear();
  touched_.clear();
  queues_.clear();
}

PeerAddress peer_address(const Tcp::endpoint& endpoint) {
  namespace ip = boost::asio::ip;
  PeerAddress out;
  out.port = endpoint.port();
  ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
  if (address.is_v4()) {
    const auto bytes = address.to_v4().to_bytes();
    std::memcpy(out.bytes, bytes.data(), bytes.size());
  } else {
    const auto bytes = address.to_v6().to_bytes();
    std::memcpy(out.bytes, bytes.data(), bytes.size());
    out.size = 16;
  }
  return out;
}

}  // namespace bolide::net
