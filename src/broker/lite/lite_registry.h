// SPDX-License-Identifier: Apache-2.0
//
// Who subscribes to which lite topics, and who is to be given what: a lite topic in which there may
// be something for a group waits in the list of one of the group's clients, and in no second one.
// All of it is memory of clients that are there; the places of groups are committed offsets.
// Runs on: core agent.  Owns: members, groups, shares.  Invariant: a share without members belongs
// to a wildcard group and stands in a list, or is in hand between take_ready() and settle().
#pragma once

#include "base/strings.h"
#include "broker/api.h"
#include "store/message_store.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace bolide::broker {

struct LiteShare;
struct LiteNode;
struct LiteGroup;

// A client of a group.
struct LiteMember {
  std::uint64_t number = 0;  // in the order in which they came
  std::string client;
  LiteGroup* group = nullptr;
  ReplySink* sink = nullptr;
  SessionId session = 0;
  std::int64_t heard_ms = 0;                      // steady: it subscribed or popped
  std::int64_t popped_ms = 0;                     // likewise; 0: never
  std::int64_t accessed_ms = -1;                  // the same as wall time; -1: never
  std::int64_t version = 0;                       // of its last whole list
  std::map<std::string_view, LiteShare*> shares;  // by light queue; what it subscribes to
  std::list<LiteShare*> ready;                    // where there may be something for it
};

using LiteMembers = std::map<std::uint64_t, LiteMember*>;  // by number

struct LiteGroup {
  std::string name;
  std::string parent;
  bool wildcard = false;
  LiteMembers members;
};

// A lite topic for one group.
struct LiteShare {
  LiteNode* node = nullptr;
  LiteGroup* group = nullptr;
  LiteMembers members;
  std::uint64_t turn = 0;                   // the member that it was last for
  LiteMember* holder = nullptr;             // in whose list it is
  std::list<LiteShare*>::iterator at = {};  // there
};

// A lite topic, there or not, as long as a group has a share of it.
struct LiteNode {
  std::string name;  // of the light queue
  std::optional<store::QueueNo> queue;
  std::vector<std::unique_ptr<LiteShare>> shares;
};

class LiteRegistry {
 public:
  struct Talk {
    std::function<void(const LiteMember&)> wake;   // it may be given something
    std::function<bool(const LiteMember&)> waits;  // for that, now
  };
  explicit LiteRegistry(Talk talk) : talk_(std::move(talk)) {}

  LiteMember* find(std::string_view group, std::string_view client) const;
  const LiteGroup* find_group(std::string_view group) const;
  const LiteNode* find_node(std::string_view light_queue) const;
  struct Joining {
    std::string_view group;
    std::string_view parent;
    bool wildcard = false;
    std::string_view client;
    const ClientPlace& place;
  };
  // Makes the member, or renews it: it lives on the session from which it last spoke.
  LiteMember& join(const Joining& who, std::int64_t steady_ms);
  void remove(LiteMember& member);
  void erase_group(std::string_view group);
  void erase_parent(std::string_view parent);
  void session_closed(SessionId session);
  // Those not heard of for so long go. What waits for clients that do not come is given to others.
  void expire(std::int64_t steady_ms, std::int64_t timeout_ms);

  // False: it subscribes to it already, or not.
  bool subscribe(LiteMember& member, std::string_view light_queue,
                 std::optional<store::QueueNo> queue);
  bool unsubscribe(LiteMember& member, std::string_view light_queue);
  // Other clients of its group that subscribe to it.
  std::vector<LiteMember*> others(const LiteMember& member, std::string_view light_queue) const;

  void light_made(std::string_view light_queue, store::QueueNo queue);
  // There may be something in the queue of a lite topic, for all groups or for one.
  void ready(store::QueueNo queue, std::string_view light_queue, std::string_view parent);
  void ready_for(std::string_view group, std::string_view light_queue,
                 std::optional<store::QueueNo> queue);
  // In all that the client subscribes to.
  void ready_all(LiteMember& member);

  // The first of its list, which goes out of it; null: it is empty. Ends with one of the others.
  LiteShare* take_ready(LiteMember& member);
  void put_back(LiteShare& share, LiteMember& member, bool first);
  void settle(LiteShare& share) { forget_if_idle(share); }

  std::size_t subscriptions() const { return subscriptions_; }
  std::size_t members() const { return members_.size(); }
  const StringMap<std::unique_ptr<LiteGroup>>& groups() const { return groups_; }

 private:
  LiteShare& share_of(std::string_view light_queue, std::optional<store::QueueNo> queue,
                      LiteGroup& group);
  LiteMember* choose(LiteShare& share, const LiteMember* but);
  void dispatch(LiteShare& share, const LiteMember* but = nullptr);
  void hold(LiteShare& share, LiteMember& member, bool first);
  void take_out(LiteShare& share);
  void forget_if_idle(LiteShare& share);
  void leave_session(LiteMember& member);
  void give_to_others(LiteMember& member, bool leaves);
  template <class Predicate>
  void remove_if(Predicate predicate);

  Talk talk_;
  std::uint64_t last_number_ = 0;
  StringMap<std::unique_ptr<LiteMember>> members_;  // by key
  StringMap<std::unique_ptr<LiteGroup>> groups_;    // those with members
  StringMap<std::vector<LiteGroup*>> wildcards_;    // by parent
  StringMap<std::unique_ptr<LiteNode>> nodes_;      // by light queue
  std::unordered_map<store::QueueNo, LiteNode*> by_queue_;
  std::unordered_map<SessionId, std::set<LiteMember*>> by_session_;
  std::size_t subscriptions_ = 0;
};

}  // namespace bolide::broker
