// SPDX-License-Identifier: Apache-2.0
//
// Core: what a Client stands for: connections, routes, heartbeats (rocketmq 3.2, 3.3), and what
// servers ask of its consumers.
// Runs on: the client's agent, but for open() and the constant settings.
// Owns: channels and routes.  Invariant: consumers and producers that are registered outlive their
// registration; after close() nothing is sent and nothing calls back.
#pragma once

#include <bolide/client.h>
#include <bolide/message.h>

#include "base/json_writer.h"
#include "base/strings.h"
#include "client/bodies.h"
#include "client/channel.h"
#include "client/farewell.h"
#include "client/name_list.h"
#include "client/runtime.h"
#include "client/signature.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace bolide::client {

using RoutePtr = std::shared_ptr<const TopicRoute>;

// A name and value of a request's header; the value may be made for it.
struct Arg {
  std::string_view name;
  std::string value;
};

// What the core knows of a producer or a consumer of a group.
class Member {
 public:
  virtual ~Member() = default;
  virtual const std::string& group() const = 0;
  virtual bool consumes() const = 0;
  // The topics whose brokers get heartbeats and whose routes are kept fresh.
  virtual std::vector<std::string> topics() const = 0;
  // Of a consumer: its entry of the heartbeat (wire 2.8).
  virtual void write_heartbeat(JsonWriter& /*out*/) const {}
  // The route of a topic has changed.
  virtual void on_route(const std::string& /*topic*/, const RoutePtr& /*route*/) {}
  // The members of the group have changed.
  virtual void on_members_changed() {}
  // A server sets the offsets of queues (code 220).
  virtual void on_reset_offsets(const std::string& /*topic*/,
                                const std::map<QueueKey, std::int64_t>& /*offsets*/) {}
  // Of a consumer: an operator looks at it (code 307), at its offsets of a topic (221), or lets it
  // consume one message, a record (309). The bodies that answer (wire 2.7).
  virtual std::string running_info() { return {}; }
  virtual std::string offsets_info(const std::string& /*topic*/) { return {}; }
  virtual void consume_directly(std::string_view /*record*/, Respond respond) {
    respond(not_supported());
  }
  // The broker at `address` asks what became of a transaction (code 39), or brings the answer to a
  // request (code 326). Returns whether it was ours.
  virtual bool on_check_transaction(const std::string& /*address*/,
                                    const remoting::Header& /*header*/, std::string_view /*body*/) {
    return false;
  }
  virtual bool on_answer(const remoting::Header& /*header*/, std::string_view /*body*/) {
    return false;
  }
};

struct CoreSettings {
  std::vector<net::Address> name_servers;  // or, where there are none,
  std::optional<HttpAddress> name_list;    // who lists them
  Credentials credentials;
  std::string name_space;
  std::string id;  // address@instance
  std::int64_t request_timeout_ms = 3000;
  std::shared_ptr<net::TlsContext> tls;
};

class Core : public std::enable_shared_from_this<Core> {
 public:
  // From any thread. Errors: invalid_argument, config.
  static Result<std::shared_ptr<Core>> open(const ClientOptions& options,
                                            Runtime& runtime = Runtime::get());
  // On any thread.
  ~Core();

  const CoreSettings& settings() const { return settings_; }
  Runtime& runtime() const { return runtime_; }
  std::int64_t now_ms() const { return runtime_.agent().now().steady_ms(); }

  // --- on the agent ---
  // Errors: in_use (a consumer of the group is there already).
  Result<> add(Member* member);
  void remove(Member* member);

  // Sends a request to host:port and calls `done` with its answer, whatever its code, later. A
  // timeout of 0 is the request_timeout. An empty address is that of a broker that is not known:
  // connection_failed.
  void call(const std::string& address, const Call& call, OnReply done,
            std::int64_t timeout_ms = 0);
  void call(const std::string& address, std::int32_t code, const std::vector<Arg>& args,
            OnReply done, std::int64_t timeout_ms = 0);
  // Calls `done` when a connection has taken it, perhaps from within this call.
  void call_one_way(const std::string& address, const Call& call, OnSent done);
  // What was to be sent to host:port and is still here.
  std::size_t pending_bytes(const std::string& address) const;

  // Calls `task` after about so long, unless the core has ended before, or forget() is told what
  // this returns: when it is due, and its number. Tasks are called in the order of their times.
  using LaterId = std::pair<std::int64_t, std::uint64_t>;
  LaterId after(std::int64_t delay_ms, std::move_only_function<void()> task);
  void forget(const LaterId& id);
  // That wait for their time.
  std::size_t tasks() const { return later_.size(); }

  // The route of a topic: the one that is known, else the name server's.
  // Errors: topic_not_found, connection_failed, timeout, what a name server answers.
  using OnRoute = std::move_only_function<void(Result<RoutePtr>)>;
  void route(const std::string& topic, OnRoute done);
  RoutePtr known_route(const std::string& topic) const;
  // Asks the name server again, unless it was asked a moment ago.
  void refresh_route(const std::string& topic);
  // Likewise, after a broker said that there is no such topic: if the name servers say so too, it
  // is forgotten.
  void doubt_route(const std::string& topic);
  // The address of a broker by its name; `any`: a replica where there is no master. Else empty.
  std::string broker_address(const std::string& broker, bool any) const;
  // Of the one that has the queue, by the route of its topic if that is static.
  std::string broker_address(const QueueId& queue, bool any) const;

  // The name servers, once they are known. Errors: those of fetching their list.
  using OnNames = std::move_only_function<void(const Result<std::vector<net::Address>>&)>;
  void name_servers(OnNames done);

  // Tells all brokers of the members' topics who is there; soon, once for many calls, or at once.
  void heartbeat_soon();
  void heartbeat();
  // Tells them that the last member of a group of ours ends.
  void unregister(const Member& member, const FarewellPtr& farewell);

 private:
  struct TopicEntry {
    RoutePtr route;
    std::map<QueueId, std::string> logical;  // its logical queues, each with the broker that has it
    std::string text;                        // as the name server sent it
    std::vector<OnRoute> waiting;
    bool asking = false;
    std::int64_t asked_ms = 0;
    bool doubted = false;                          // by a broker
    std::optional<std::int64_t> missing_since_ms;  // and by the name servers, since then
  };

  // A question for a route, which goes from one name server to the next.
  struct Lookup {
    std::string topic;
    std::size_t at = 0;    // whose turn it is
    std::size_t left = 0;  // so many may yet be asked, that one among them
    bool missing = false;  // one of them does not know the topic
  };

  Core(CoreSettings settings, Runtime& runtime);
  void start();
  void close();
  void tick();
  void run_later(std::int64_t now);
  void drop_idle_channels(std::int64_t now);
  void ask_name_server(Lookup lookup);
  bool find_next_server(Lookup* lookup) const;
  void take_route(Lookup lookup, Result<Reply> reply);
  void end_missing(const std::string& topic);
  void end_route(const std::string& topic, const Result<RoutePtr>& result);
  std::set<std::string> heartbeat_targets() const;
  std::string heartbeat_body() const;
  void on_server_request(const std::string& address, const remoting::Header& header,
                         std::string_view body, Respond respond);
  void on_consumer_request(const remoting::Header& header, std::string_view body, Respond respond);
  Result<Channel*> channel_to(const std::string& address);
  void fetch_names();
  void take_names(Result<std::string> list);
  void reset_offsets(const remoting::Header& header, std::string_view body);

  Runtime& runtime_;
  const CoreSettings settings_;
  bool closed_ = false;
  std::vector<net::Address> name_servers_;
  std::size_t next_name_server_ = 0;
  StringMap<std::int64_t> names_away_ms_;  // when a name server was found away last
  bool fetching_names_ = false;
  std::int64_t names_at_ms_ = 0;
  std::vector<OnNames> waiting_for_names_;
  StringMap<std::shared_ptr<Channel>> channels_;
  StringMap<TopicEntry> topics_;
  std::vector<Member*> members_;
  std::map<LaterId, std::move_only_function<void()>> later_;
  std::uint64_t tasks_ = 0;  // that were given to after() so far
  bool heartbeat_due_ = false;
  std::int64_t heartbeat_at_ms_ = 0;
  std::int64_t refresh_at_ms_ = 0;
  std::unique_ptr<net::Agent::Timer> timer_;
};

}  // namespace bolide::client
