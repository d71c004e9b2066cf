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

}  // namespace bolide::broker
