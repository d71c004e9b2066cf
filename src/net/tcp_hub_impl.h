// SPDX-License-Identifier: Apache-2.0
//
// What all connections and listeners of one TCP transport share: the scratch buffer of the read
// side, the block pool of the write side, the lists of a turn, the sweep of deadlines.
// Runs on: the agent of its transport.  Owns: the connections, until they are reaped.
// Invariant: a connection is in connections_ from add() to reap(); dead ones are in dead_ too. The
// hub lives as long as the agent (its hook holds it), so connections hold a plain reference.
#pragma once

#include "net/agent_impl.h"
#include "net/output_queue.h"
#include "net/transport.h"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <chrono>
#include <limits>
#include <span>

namespace bolide::net {

class TcpConnection;
class TcpAcceptor;

using Tcp = boost::asio::ip::tcp;
using TcpSocket = boost::asio::basic_stream_socket<Tcp, Executor>;
using SteadyTraits = boost::asio::wait_traits<std::chrono::steady_clock>;
using SteadyTimer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock, SteadyTraits, Executor>;
using ConnectionPtr = boost::intrusive_ptr<TcpConnection>;
template <class T>
using RefCounted = boost::intrusive_ref_counter<T, boost::thread_unsafe_counter>;

// What the connections of one listener, or one made by connect(), have in common.
struct ConnectionSettings : RefCounted<ConnectionSettings> {
  ListenOptions options;
  SessionFactory make;
};
using SettingsPtr = boost::intrusive_ptr<const ConnectionSettings>;

constexpr SteadyNs never_ns = std::numeric_limits<SteadyNs>::max();

class TcpHub : public std::enable_shared_from_this<TcpHub> {
 public:
  explicit TcpHub(Agent& agent);

  Agent& agent() { return agent_; }
  boost::asio::io_context& context() { return agent_.impl().context(); }
  TransportStats& stats() { return stats_; }
  std::size_t connections() const { return connections_.size(); }
  bool stopped() const { return stopped_; }

  // Memory that any connection may use during one call.
  std::span<char> scratch();
  std::span<char> cipher_scratch();
  std::span<iovec> vectors();

  // Where output of a closed connection goes.
  OutputQueue& waste() { return waste_; }
  std::unique_ptr<OutputQueue> take_queue();
  void give_queue(std::unique_ptr<OutputQueue> queue);

  void add(const ConnectionPtr& connection);
  // Its end_of_turn() is called at the end of this turn.
  void touch(TcpConnection& connection);
  // Its resume() is called in the next turn.
  void resume_later(TcpConnection& connection);
  // Its session is told in the next turn; then it goes.
  void bury(TcpConnection& connection);
  // Something of some connection is due then.
  void deadline_at(SteadyNs due_ns);

  void add_acceptor(TcpAcceptor& acceptor);
  void remove_acceptor(TcpAcceptor& acceptor);

  void close_all(std::string_view reason);
  // Ends everything at once; the hub stays as an empty shell.
  void shut_down();

  // The hook of the agent.
  bool end_of_turn();

 private:
  void next_turn();
  void ask_next_turn();
  void reap();
  void sweep();
  void arm_sweep(SteadyNs due_ns);

  Agent& agent_;
  std::unique_ptr<char[]> scratch_;
  std::unique_ptr<char[]> cipher_scratch_;
  std::unique_ptr<iovec[]> vectors_;
  BlockPool blocks_;
  OutputQueue waste_{blocks_};
  std::vector<std::unique_ptr<OutputQueue>> queues_;

  std::vector<ConnectionPtr> connections_;
  std::vector<ConnectionPtr> touched_;
  std::vector<ConnectionPtr> flushing_;  // touched_ of the turn that ends; keeps its capacity
  std::vector<ConnectionPtr> resumed_;
  std::vector<ConnectionPtr> dead_;
  std::vector<TcpAcceptor*> acceptors_;
  bool next_turn_asked_ = false;
  bool stopped_ = false;

  SteadyTimer sweep_timer_;
  SteadyNs sweep_due_ns_ = never_ns;
  SteadyNs swept_ns_ = 0;
  TransportStats stats_;
};

// The address of an endpoint as sessions see it: IPv4 in IPv6 becomes IPv4.
PeerAddress peer_address(const Tcp::endpoint& endpoint);

}  // namespace bolide::net
