// SPDX-License-Identifier: Apache-2.0
//
// A network in memory: transports, listeners and connections; bytes move when the test says so.
// Deterministic: the same calls give the same order of events.
// Runs on: the test's thread.  Owns: all connections of all its transports.
// Invariant: sessions are called from step() only; the network outlives its transports.
#pragma once

#include "base/time.h"
#include "net/transport.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bolide::net {

class SimConnection;
class SimTransport;

class SimNetwork {
 public:
  explicit SimNetwork(const Clock& clock) : clock_(clock) {}
  ~SimNetwork();
  SimNetwork(const SimNetwork&) = delete;
  SimNetwork& operator=(const SimNetwork&) = delete;

  // The network as one host sees it. Listeners of all transports share one space of addresses.
  std::unique_ptr<Transport> make_transport();

  // Moves what waited when it was called one hop on: connects, bytes, closings. Returns whether
  // anything happened.
  bool step();
  // Steps until nothing happens any more, at most `steps_max` times; says whether it came to rest.
  bool run(int steps_max = 1'000'000);

  // Bytes arrive one at a time, so that a session sees every prefix.
  void set_byte_at_a_time(bool on) { byte_at_a_time_ = on; }

  // Connections that were made, in order: a pair (connecting side, accepting side) each.
  std::size_t pairs() const { return pairs_.size(); }
  bool is_open(std::size_t pair) const;
  // Ends a pair: both sides learn of it in the next step; bytes on their way are lost.
  void cut(std::size_t pair);
  // From now on nothing moves on this pair, and neither side learns of it (a dead cable), until
  // restored or cut.
  void freeze(std::size_t pair, bool frozen = true);
  // Cuts every pair and forgets the listeners of `transport`, as if its host lost power.
  void cut_all(const Transport& transport);

 private:
  friend class SimConnection;
  friend class SimTransport;
  friend class SimListener;

  struct Pair {
    std::shared_ptr<SimConnection> ends[2];
    bool frozen = false;
    bool cut = false;
  };
  struct ListenerEntry {
    SimTransport* owner = nullptr;
    ListenOptions options;
    SessionFactory make;
  };
  struct PendingConnect {
    SimTransport* owner = nullptr;
    Address address;
    ConnectionLimits limits;
    bool tls = false;
    SessionFactory make;
    std::move_only_function<void(Result<>)> done;
  };

  void establish(PendingConnect pending);
  bool move_bytes(Pair& pair, int from);
  bool settle(Pair& pair);

  const Clock& clock_;
  bool byte_at_a_time_ = false;
  std::uint16_t next_port_ = 40'000;
  std::map<std::uint16_t, std::shared_ptr<ListenerEntry>> listeners_;  // by port: one host space
  std::deque<PendingConnect> connects_;
  std::vector<std::unique_ptr<Pair>> pairs_;
};

}  // namespace bolide::net
