// SPDX-License-Identifier: Apache-2.0
//
// Lite topics for requests (rocketmq semantics 3.24): clients subscribe to them, pop from all of
// them at once, each in its order, and acknowledge.
// Runs on: core agent.  Owns: the registry of subscriptions, the index of lite topics.  Invariant:
// there are never more subscriptions than the setting says.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "broker/api.h"
#include "broker/delivery/lite_source.h"
#include "broker/delivery/popper.h"
#include "broker/groups.h"
#include "broker/lite/lite_facts.h"
#include "broker/lite/lite_index.h"
#include "broker/lite/lite_places.h"
#include "broker/lite/lite_registry.h"
#include "broker/lite/lite_rules.h"
#include "broker/topics.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

struct LiteSettings {
  std::size_t subscriptions_max = 100'000;
  std::int64_t subscription_timeout_ms = 180'000;
};

class LiteTopics final : public LiteSource {
 public:
  struct Parts {
    Topics& topics;
    Groups& groups;
    LitePlaces::Parts places;
    Popper& popper;
  };
  LiteTopics(LiteSettings settings, Parts parts);

  // Errors: see Api::subscribe_lite.
  Result<> subscribe(const ClientPlace& place, const LiteSubscription& request, const Now& now);
  Result<Settled> ack(const LiteLease& lease, const Now& now);
  Result<LeaseChange> change(const LiteLease& lease, const LiteChange& change, const Now& now);

  void light_made(std::string_view light_queue, store::QueueNo queue);
  // A message can be seen in `queue`.
  void published(store::QueueNo queue) {
    if (const LiteIndex::Parent* parent = index_.parent_of(queue)) [[unlikely]]
      ready(queue, *parent);
  }
  // Who subscribes by what is no longer so does not any more.
  void group_changed(std::string_view group);
  void topic_changed(std::string_view topic);
  void session_closed(SessionId session) { registry_.session_closed(session); }
  // Looks for what was there before a wildcard group. Returns whether there is more to look at.
  bool run(const Now& now);
  void tick(const Now& now);
  const LiteRegistry& registry() const { return registry_; }

  // lite_admin.cc. Errors: see Api.
  LiteBrokerFacts broker_facts() const;
  Result<LiteParentFacts> parent_facts(std::string_view parent) const;
  Result<LiteTopicFacts> topic_facts(std::string_view parent, std::string_view lite_topic);
  Result<LiteClientFacts> client_facts(const LiteClientQuestion& question, const Now& now) const;
  Result<LiteGroupFacts> group_facts(const LiteGroupQuestion& question, const Now& now);
  Result<> trigger(std::string_view group, std::string_view client, const Now& now);

  void collect(const Pop& pop, PopTaker& taker, const Now& now, PopBatch* batch) override;
  void freed(std::string_view group, std::string_view light_queue) override;

 private:
  void look_through(const Pop& pop, LiteMember& member, PopTaker& taker, const Now& now,
                    PopBatch* batch, std::vector<LiteShare*>* failed);
  struct Wish;  // a subscription that was checked
  // A wildcard group that has not been told of all lite topics yet.
  struct Scan {
    std::string group;
    std::size_t next = 0;
  };

  void ready(store::QueueNo queue, const LiteIndex::Parent& parent);
  Result<> check_room(const Wish& wish, const LiteMember* member) const;
  Result<> add(const Wish& wish, const Now& now);
  Result<> replace(const Wish& wish, const Now& now);
  void remove(const LiteSubscription& request);
  LiteMember& join(const Wish& wish, const Now& now);
  void evict(LiteMember& other, const std::string& light_queue, bool to_first);
  void tell(const LiteMember& member, std::string_view light_queue) const;
  void start(std::string_view group, std::string_view light_queue, const LiteStart& start);
  void scan(std::string_view group);
  bool look(Scan& scan, const Now& now);
  Result<const Topic*> parent_of(std::string_view name) const;
  Result<const GroupConfig*> group_of(std::string_view name, const Now& now) const;
  Result<const GroupConfig*> bound_group(std::string_view name, const Now& now) const;
  std::map<std::string, std::set<std::string>> bound_groups() const;
  void add_lags(std::string_view group, std::size_t count, LiteGroupFacts* facts);
  struct Found;  // the lease of a lite topic's message that a request names
  Result<Found> find(const LiteLease& lease);

  LiteSettings settings_;
  Parts parts_;
  LitePlaces places_;
  LiteIndex index_;
  LiteRegistry registry_;
  std::vector<Scan> scans_;
  std::int64_t expired_ms_ = 0;
};

}  // namespace bolide::broker
