// SPDX-License-Identifier: Apache-2.0
//
// The broker role: store, core, front end, listeners, registration.
// Runs on: serve agent.  Owns: them, in the order in which they depend on each other.
// Invariant: made on the main thread before the agents run; stop() is the only clean end.
#pragma once

#include "app/agents.h"
#include "app/server_settings.h"
#include "broker/core.h"
#include "net/transport.h"
#include "os/file_system.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/peer_brokers.h"
#include "protocols/remoting/registrar.h"
#include "store/message_store.h"
#include "table/options.h"

#include <memory>
#include <vector>

namespace bolide::app {

class BrokerRole {
 public:
  struct Parts {
    const table::Options& options;
    os::FileSystem& fs;
    Agents& agents;
    net::Transport& transport;
    std::shared_ptr<net::TlsContext> tls;
    std::uint16_t naming_port = 0;  // of this process's own name server, or 0
  };

  // Binds its ports (records carry the one that was really bound), opens the store (lock first) and
  // recovers. Whoever connects meanwhile waits: nothing is accepted before the agents run. Errors:
  // of open_store and Transport::listen.
  static Result<std::unique_ptr<BrokerRole>> start(Parts parts);

  // On the serve agent: no new connections, requests are sent away, what waits is answered.
  void drain();
  // Whether all sends are answered: at level sync the last ones wait for the disk.
  bool answered() const { return core_->answered(); }
  // Saves topics, groups and offsets; on the serve agent, after drain().
  void save() { saved_ = core_->shut_down(); }
  // After the connections have gone, with the workers still running: closes the store. Blocks.
  Result<> close();

  const Advertised& address() const { return address_; }
  std::uint16_t port() const { return listeners_.front()->port(); }
  store::StoreStats store_stats() const { return store_->stats(); }
  // How long opening the store took, recovery and all.
  std::int64_t opened_in_ms() const { return opened_in_ms_; }
  remoting::Front& front() { return *front_; }
  void write_metrics(table::MetricsText& out) const {
    core_->write_metrics(out);
    front_->write_metrics("broker", out);
  }
  // Why nothing can be stored now; empty: it can.
  std::string trouble() const { return core_->trouble(); }

 private:
  explicit BrokerRole(Parts parts) : parts_(std::move(parts)), clock_(parts_.agents.serve) {}

  Result<> listen();
  Result<> open();
  Result<> open_metadata(broker::Metadata::Opened* opened);
  Result<> start_serving();
  void wait_for_due();

  Parts parts_;
  TurnClock clock_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  Advertised address_;
  std::int64_t opened_in_ms_ = 0;
  std::unique_ptr<store::MessageStore> store_;
  std::unique_ptr<broker::Core> core_;
  std::unique_ptr<remoting::BrokerService> service_;
  std::unique_ptr<remoting::Front> front_;
  std::unique_ptr<remoting::Registrar> registrar_;
  std::unique_ptr<remoting::PeerBrokers> peers_;
  std::vector<std::unique_ptr<net::Agent::Timer>> timers_;
  std::unique_ptr<net::Agent::Timer> due_;  // for the time due_armed_ms_
  std::int64_t due_armed_ms_ = 0;
  bool foreign_ = false;  // another broker has run on the directory
  Result<broker::StoredMetadata> saved_;
};

}  // namespace bolide::app
