// SPDX-License-Identifier: Apache-2.0
//
// The remoting front end of one role (broker or name server) on one io agent: its sessions, the way
// of answers back to them, its counters. Runs on: io agent.  Owns: the list of sessions (the
// transport owns the sessions themselves). Invariant: a session id is never used twice; an answer
// to a session that has gone is dropped.
#pragma once

#include "broker/api.h"
#include "net/transport.h"
#include "protocols/remoting/call.h"
#include "protocols/remoting/wire/header.h"
#include "table/metrics.h"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bolide::remoting {

class RemotingSession;

// What the handlers of the broker role need.
struct BrokerService {
  broker::Api& api;
  std::string broker_name;
  std::string cluster;
  std::string region = "DefaultRegion";
  std::string address;  // as clients are told
  bool trace_on = true;
  std::function<std::string()> config_text;  // answer to GET_BROKER_CONFIG: key=value lines
  // Asks a name server for the queues of a topic in all brokers; none if it has no route, an error
  // if it cannot be asked. Null: there is no other broker.
  using OnQueues = std::move_only_function<void(Result<std::vector<broker::QueueRef>>)>;
  std::function<void(const std::string& topic, OnQueues done)> queues_of = {};
};

enum class Malformed : std::uint8_t { length, serialization, header_length, header, count };

struct FrontStats {
  std::uint64_t requests = 0;
  std::uint64_t responses_in = 0;
  std::uint64_t unsupported = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Malformed::count)> malformed = {};
  std::map<std::int32_t, std::uint64_t> by_code;  // control requests, counted as they come
  std::map<std::int32_t, std::uint64_t> unsupported_codes;
};

class Front final : public broker::ReplySink {
 public:
  // One of the two services. They must outlive the front end.
  Front(BrokerService* broker, NamingService* naming, std::uint32_t frame_bytes_max);

  // For Transport::listen.
  std::unique_ptr<net::Session> make_session(net::Connection& connection);

  // The server stops: from now on requests are answered with GO_AWAY (wire 1.4); those of clients
  // too old for it are refused by a broker and served by a name server.
  void drain() { draining_ = true; }

  // False, and nothing was written, if the header is longer than a frame can carry. What is
  // written to a session that has gone is dropped.
  bool write(broker::SessionId session, const HeaderOut& out, Serialization serialization,
             std::string_view body);
  bool write(broker::SessionId session, const HeaderOut& out, Serialization serialization,
             const Slices& body);

  // Passes a request on to the client behind `session` and its answer back to the asker, or an
  // error after ten seconds, or with the next tick() where the client has gone.
  void ask(broker::SessionId session, const Call& call);
  // Likewise a question of our own; false if its header is too long. `done` gets the answer, or
  // null in place of the error; what it is given lives during the call.
  using OnAnswer = std::move_only_function<void(const Header* answer, std::string_view body)>;
  bool ask(broker::SessionId session, HeaderOut question, std::string_view body, const Now& now,
           OnAnswer done);
  // An answer came from `session`; it counts only from whom was asked.
  void answered(broker::SessionId session, const Header& header, std::string_view body);
  // Every second or so: gives up on clients that do not answer, and on those that have gone: not
  // when they go, as that is told in the midst of ending their connections.
  void tick(const Now& now);

  void on_send(const broker::Ticket& ticket, const broker::SendResult& result) override;
  void on_pull(const broker::Ticket& ticket, broker::PullResult&& result) override;
  void on_pop(const broker::Ticket& ticket, broker::PopResult&& result) override;
  bool on_check_transaction(broker::SessionId session,
                            const broker::TransactionQuestion& question) override;
  void on_group_changed(broker::SessionId session, std::string_view group) override;
  void on_lite_unsubscribed(broker::SessionId session, const broker::LiteNotice& notice) override;

  BrokerService* broker() { return broker_; }
  NamingService* naming() { return naming_; }
  bool draining() const { return draining_; }
  std::uint32_t frame_bytes_max() const { return frame_bytes_max_; }
  FrontStats& stats() { return stats_; }
  // `role` is the label of its rows.
  void write_metrics(std::string_view role, table::MetricsText& out) const;
  std::size_t sessions() const { return sessions_.size(); }
  void forget(broker::SessionId session);

 private:
  net::Connection* find(broker::SessionId session);
  // A request that the client does not answer.
  void notify(broker::SessionId session, std::int32_t code, std::span<const ExtField> fields);
  std::int32_t next_opaque() { return static_cast<std::int32_t>(next_opaque_++); }

  BrokerService* broker_;
  NamingService* naming_;
  std::uint32_t frame_bytes_max_;
  bool draining_ = false;
  std::unordered_map<broker::SessionId, net::Connection*> sessions_;
  broker::SessionId last_session_ = 0;  // the session found last: replies come in runs
  net::Connection* last_connection_ = nullptr;
  std::uint32_t next_opaque_ = 0;  // of requests to clients; begins again after 2^32
  struct Question {
    OnAnswer done;
    broker::SessionId asked;
    std::int64_t deadline_ms;  // steady
  };
  std::unordered_map<std::int32_t, Question> questions_;  // by opaque
  FrontStats stats_;
};

// What travels in Ticket::detail beside the opaque.
namespace ticket_detail {
inline constexpr std::uint32_t binary = 1;
inline constexpr std::uint32_t offset_not_zero = 2;
inline constexpr std::uint32_t pop_ordered = 4;
inline constexpr std::uint32_t pop_look = 8;
inline constexpr std::uint32_t pop_notice = 16;
inline constexpr std::uint32_t pop_lite = 32;
}  // namespace ticket_detail

inline Serialization serialization_of(const broker::Ticket& ticket) {
  return (ticket.detail & ticket_detail::binary) != 0 ? Serialization::binary : Serialization::json;
}

}  // namespace bolide::remoting
