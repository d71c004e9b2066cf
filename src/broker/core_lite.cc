// SPDX-License-Identifier: Apache-2.0
//
// The core's calls about lite topics.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"

namespace bolide::broker {

void Core::open_lite() {
  lite_ = std::make_unique<LiteTopics>(
      settings_.lite,
      LiteTopics::Parts{
          .topics = topics_,
          .groups = groups_,
          .places = {.offsets = offsets_, .leases = *leases_, .visible = visible_, .store = store_},
          .popper = *popper_});
}

void Core::ack_lite(const Identity&, const LiteLease& lease, Reply<Settled> reply) {
  reply(lite_->ack(lease, now()));
}

void Core::change_lite(const Identity&, const LiteLease& lease, const LiteChange& change,
                       Reply<LeaseChange> reply) {
  reply(lite_->change(lease, change, now()));
}

void Core::subscribe_lite(const Identity&, const ClientPlace& place,
                          const LiteSubscription& subscription, Reply<void> reply) {
  reply(lite_->subscribe(place, subscription, now()));
}

void Core::lite_broker(const Identity&, Reply<LiteBrokerFacts> reply) {
  reply(lite_->broker_facts());
}

void Core::lite_parent(const Identity&, std::string_view parent, Reply<LiteParentFacts> reply) {
  reply(lite_->parent_facts(parent));
}

void Core::lite_topic(const Identity&, std::string_view parent, std::string_view lite_topic,
                      Reply<LiteTopicFacts> reply) {
  reply(lite_->topic_facts(parent, lite_topic));
}

void Core::lite_client(const Identity&, const LiteClientQuestion& question,
                       Reply<LiteClientFacts> reply) {
  reply(lite_->client_facts(question, now()));
}

void Core::lite_group(const Identity&, const LiteGroupQuestion& question,
                      Reply<LiteGroupFacts> reply) {
  reply(lite_->group_facts(question, now()));
}

void Core::trigger_lite(const Identity&, std::string_view group, std::string_view client,
                        Reply<void> reply) {
  reply(lite_->trigger(group, client, now()));
}

}  // namespace bolide::broker
