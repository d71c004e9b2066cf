// SPDX-License-Identifier: Apache-2.0
//
// The name server role: registry, front end, listener.
// Runs on: serve agent.  Owns: them.  Invariant: made on the main thread before the agents run.
#pragma once

#include "net/transport.h"
#include "os/file_system.h"
#include "protocols/remoting/front.h"
#include "protocols/remoting/naming_service.h"
#include "table/options.h"

#include <memory>

namespace bolide::app {

class NamingRole {
 public:
  // Loads the KV configuration and listens. Errors: in_use, config, io, malformed.
  static Result<std::unique_ptr<NamingRole>> start(const table::Options& options,
                                                   os::FileSystem& fs, net::Agent& serve,
                                                   net::Transport& transport,
                                                   std::shared_ptr<net::TlsContext> tls);
  std::uint16_t port() const { return listener_->port(); }
  void stop_listening() { listener_.reset(); }
  remoting::Front& front() { return *front_; }
  void write_metrics(table::MetricsText& out) const {
    out.put(table::Metric::naming_brokers, service_.registry.broker_count());
    out.put(table::Metric::naming_topics, service_.registry.topic_count());
    front_->write_metrics("naming", out);
  }

 private:
  NamingRole(const table::Options& options, os::FileSystem& fs);

  remoting::NamingService service_;
  std::unique_ptr<remoting::Front> front_;
  std::unique_ptr<net::Listener> listener_;
  std::unique_ptr<net::Agent::Timer> scan_;
};

}  // namespace bolide::app
