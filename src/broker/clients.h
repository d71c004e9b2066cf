// SPDX-License-Identifier: Apache-2.0
//
// Who is connected: producers and consumers by group, kept alive by heartbeats (rocketmq
// semantics 3.3). Runs on: core agent.  Owns: the registry.  Invariant: every member belongs to a
// live session or is expired by expire(); who leaves a group is told to all that stay.
#pragma once

#include "base/strings.h"
#include "broker/api.h"
#include "broker/subscription.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bolide::broker {

class Clients {
 public:
  // What a group subscribes to in one topic, compiled; or why it could not be.
  struct Filter {
    Subscription subscription;
    Result<Matcher> matcher;
  };
  struct ConsumerGroup {
    ConsumeType type = ConsumeType::passively;
    MessageModel model = MessageModel::clustering;
    ConsumeFrom from = ConsumeFrom::last_offset;
    bool notify = true;
    std::map<SessionId, Member> members;
    std::map<SessionId, ReplySink*> sinks;
    StringMap<Filter> filters;  // by topic
  };

  // Returns whether members or subscriptions changed: the caller then tells the members, once it
  // has answered the one who spoke.
  bool consumer_seen(const ClientPlace& place, const Heartbeat& heartbeat, const ConsumerData& data,
                     bool notify, const Now& now);
  void producer_seen(const ClientPlace& place, const Heartbeat& heartbeat, std::string_view group,
                     const Now& now);
  void leave(SessionId session, std::string_view producer_group, std::string_view consumer_group);
  void session_closed(SessionId session);
  // Drops members not heard of for `timeout_ms`, by the steady clock: a step of the other one is no
  // silence.
  void expire(const Now& now, std::int64_t timeout_ms);

  void tell_members(std::string_view group) const;

  const ConsumerGroup* find(std::string_view group) const;
  std::vector<Member> producers(std::string_view group) const;
  // By its newest connection: an older one may be dead and not yet known to be. Null if there is
  // none. Lives until the registry changes.
  const Member* find_producer(std::string_view client_id) const;
  // One producer of the group, another for each `turn`; nothing if none is connected.
  struct Producer {
    SessionId session = 0;
    ReplySink* sink = nullptr;
  };
  std::optional<Producer> pick_producer(std::string_view group, std::uint64_t turn) const;
  const StringMap<std::map<SessionId, Member>>& all_producers() const { return producers_; }
  std::vector<std::string> groups_of_topic(std::string_view topic) const;
  std::size_t member_count() const;

 private:
  bool update_filters(ConsumerGroup& group, const ConsumerData& data);
  void remove_consumer(std::string_view group, SessionId session);
  void remove_producer(std::string_view group, SessionId session);
  void name_producer(SessionId session, std::string_view client_id);

  struct Memberships {
    ReplySink* sink = nullptr;
    std::string producer_id;                  // its client id as a producer; empty: it is none
    StringMap<std::int64_t> producer_groups;  // when it was heard of as their member, steady
    StringMap<std::int64_t> consumer_groups;
  };

  StringMap<ConsumerGroup> consumers_;
  StringMap<std::map<SessionId, Member>> producers_;
  std::unordered_map<SessionId, Memberships> sessions_;
  StringMap<std::set<SessionId>> producer_sessions_;  // by client id
};

}  // namespace bolide::broker
