// SPDX-License-Identifier: Apache-2.0
//
// The pages for operators and their tools: /metrics and /health over HTTP.
// Runs on: serve agent.  Owns: its listeners.  Invariant: it reads the other roles, which outlive
// it, and changes nothing.
#pragma once

#include "admin/pages.h"
#include "app/broker_role.h"
#include "app/naming_role.h"
#include "net/transport.h"
#include "table/options.h"

#include <memory>
#include <vector>

namespace bolide::app {

class AdminRole {
 public:
  struct Parts {
    const table::Options& options;
    net::Transport& transport;
    NamingRole* naming = nullptr;  // null: not in this process
    BrokerRole* broker = nullptr;
  };

  // Listens where the options say, perhaps nowhere. Errors: in_use, no_permission,
  // invalid_argument.
  static Result<std::unique_ptr<AdminRole>> start(Parts parts);
  // Where it listens.
  std::vector<std::string> addresses() const;
  // The server stops: no new connections; those that are open are told on /health.
  void drain() {
    draining_ = true;
    listeners_.clear();
  }

 private:
  explicit AdminRole(Parts parts);

  admin::Page metrics() const;
  admin::Page health() const;

  Parts parts_;
  std::int64_t started_ms_;
  admin::Pages pages_;
  std::vector<std::unique_ptr<net::Listener>> listeners_;
  bool draining_ = false;
};

}  // namespace bolide::app
