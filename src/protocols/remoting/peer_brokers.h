// SPDX-License-Identifier: Apache-2.0
//
// Questions to other brokers of the cluster, in the remoting protocol: about queues of theirs that
// hold earlier generations of a static topic's queues (rocketmq semantics 3.20; wire 2.7). One
// connection per broker, made when first needed and again when lost.
// Runs on: io agent.  Owns: one link per broker.  Invariant: every question is answered once, with
// an error at the latest after the time that it may take; those under way when this ends are not.
#pragma once

#include "broker/static_topics/peers.h"
#include "net/transport.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace bolide::remoting {

struct PeerSettings {
  std::int64_t answer_timeout_ms = 3'000;
  std::shared_ptr<net::TlsContext> tls = {};  // null: plain
};

class PeerBrokers final : public broker::Peers {
 public:
  // Gives the route of a topic, as JSON, which says where brokers are.
  using OnRoute = std::move_only_function<void(Result<std::string_view> route)>;
  using AskRoute = std::function<void(const std::string& topic, OnRoute done)>;

  // The references must outlive it.
  PeerBrokers(net::Agent& agent, net::Transport& transport, AskRoute ask_route,
              PeerSettings settings);
  ~PeerBrokers() override;

  void ask(const std::string& broker, const broker::QueueQuestion& question,
           broker::Reply<std::int64_t> reply) override;
  void pull(const std::string& broker, const broker::PullRequest& request,
            broker::Reply<broker::PullResult> reply) override;
  // Every second or so: gives up questions that were not answered in time.
  void tick();

 private:
  struct Answer;
  struct Link;
  class LinkSession;
  using Fields = std::span<const std::pair<std::string_view, std::string_view>>;
  using OnAnswer = std::move_only_function<void(Result<Answer>)>;

  void request(const std::string& broker, const std::string& topic, std::int32_t code,
               Fields fields, OnAnswer done);
  void find_address(const std::shared_ptr<Link>& link, const std::string& topic);
  void connect(const std::shared_ptr<Link>& link);

  net::Agent& agent_;
  net::Transport& transport_;
  AskRoute ask_route_;
  PeerSettings settings_;
  std::map<std::string, std::shared_ptr<Link>> links_;  // by broker name
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace bolide::remoting
