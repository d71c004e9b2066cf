// SPDX-License-Identifier: Apache-2.0
//
// The broker's registration with its name servers: at start, in intervals, after each change of a
// topic (rocketmq wire 2.7, 103 and 104; semantics 3.25). One connection per name server, made
// again when lost. Runs on: io agent.  Owns: one link per name server. Invariant: a change of
// topics reaches every reachable name server in the turn after it.
#pragma once

#include "broker/api.h"
#include "net/transport.h"
#include "protocols/remoting/last_queues.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::remoting {

struct RegistrarSettings {
  std::string cluster;
  std::string broker_name;
  std::int64_t broker_id = 0;
  std::string address;     // host:port that clients are told
  std::string ha_address;  // likewise for replicas
  std::int64_t heartbeat_timeout_ms = 120'000;
  std::int64_t answer_timeout_ms = 24'000;  // without an answer for so long: another connection
  std::vector<net::Address> name_servers;
  std::shared_ptr<net::TlsContext> tls = {};  // null: plain
};

class Registrar {
 public:
  // The references must outlive the registrar.
  Registrar(RegistrarSettings settings, net::Agent& agent, net::Transport& transport,
            broker::Api& api);
  ~Registrar();

  // Registers with all; to be called in intervals. Connects where there is no connection.
  void register_now();
  // To be called each second or so: registers where the last registration was not taken, and gives
  // up a connection on which no answer has come in time.
  void tick();
  // Registers once for all changes of this turn.
  void topics_changed();
  // Tells all name servers that this broker goes.
  void unregister();
  // Asks a name server that has taken our registration for the queues of a topic, in all brokers;
  // none if it has no route. Without an answer those that it gave last. Errors: as of route_of, but
  // for topic_not_found.
  using OnQueues = std::move_only_function<void(Result<std::vector<broker::QueueRef>>)>;
  void queues_of(const std::string& topic, OnQueues done);
  // Likewise for its route, as JSON; the view lives during the call. Errors: topic_not_found: there
  // is none; any other: not known, as no such server is there, or it did not answer in time.
  using OnRoute = std::move_only_function<void(Result<std::string_view> route)>;
  void route_of(const std::string& topic, OnRoute done);
  // How many name servers have taken the last registration that they answered.
  std::size_t registered() const;

 private:
  struct Link;
  class LinkSession;

  void send(Link& link);
  void reach(const std::shared_ptr<Link>& link);
  std::string body() const;
  Result<std::vector<broker::QueueRef>> queues_in(const Result<std::string_view>& route,
                                                  const std::string& topic);

  RegistrarSettings settings_;
  net::Agent& agent_;
  net::Transport& transport_;
  broker::Api& api_;
  std::vector<std::shared_ptr<Link>> links_;
  LastQueues last_queues_;
  bool change_announced_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bolide::remoting
