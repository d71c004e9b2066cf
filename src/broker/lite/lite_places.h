// SPDX-License-Identifier: Apache-2.0
//
// Where groups are in lite topics. A place is the group's committed offset in the light queue, and
// its leases there.
// Runs on: core agent.  Owns: nothing.  Invariant: asking makes nothing, neither a queue nor a
// place.
#pragma once

#include "broker/api.h"
#include "broker/delivery/visible.h"
#include "broker/leases/lease_table.h"
#include "broker/offsets.h"
#include "store/message_store.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace bolide::broker {

// A light queue for a group.
struct LitePlace {
  std::string_view group;
  std::string_view light_queue;
  store::QueueNo queue = 0;
};

class LitePlaces {
 public:
  struct Parts {
    Offsets& offsets;
    LeaseTable& leases;
    Visible& visible;
    store::MessageStore& store;
  };
  explicit LitePlaces(Parts parts) : parts_(parts) {}

  std::int64_t end(store::QueueNo queue) { return parts_.visible.end(queue); }
  // When the message was stored; `otherwise`: it is not there.
  std::int64_t stored_ms(store::QueueNo queue, std::int64_t offset, std::int64_t otherwise);
  // Everything below is done; nothing: the group has no place.
  std::optional<std::int64_t> committed(std::string_view group, std::string_view light_queue);
  // Whether there is something that nobody has, so that the group can be given it now.
  bool can_give(const LitePlace& place, std::int64_t wall_ms);
  void start(const LitePlace& place, const LiteStart& start);
  // All that was given with the message is given until then, and was not tried. False: it was not
  // given then.
  bool suspend(const LeaseRef& lease, std::int64_t until_ms);

 private:
  void hold_in_order(LeasePlace& place);

  Parts parts_;
};

}  // namespace bolide::broker
