// SPDX-License-Identifier: Apache-2.0
//
// Popping from lite topics and acknowledging. Refusals are those seen on RocketMQ's broker.
// Runs on: core agent.  Owns: see lite_topics.h.  Invariant: see lite_topics.h.
#include "broker/lite/lite_topics.h"

#include "base/log.h"
#include "broker/lmq/multi_dispatch.h"

#include <optional>
#include <utility>
#include <vector>

namespace bolide::broker {
namespace {

// Light queues that one pop, or one turn for a wildcard group, looks at.
constexpr int pop_looks_max = 256;
constexpr std::size_t scan_looks_max = 1'000;
constexpr std::int64_t expire_every_ms = 10'000;

}  // namespace

struct LiteTopics::Found {
  std::string light_queue;
  std::int64_t end = 0;
  bool done = false;
};

LiteTopics::LiteTopics(LiteSettings settings, Parts parts)
    : settings_(settings),
      parts_(parts),
      places_(parts.places),
      index_(parts.places.store),
      registry_({.wake =
                     [this](const LiteMember& member) {
                       parts_.popper.wake_lite(member.group->name, member.client);
                     },
                 .waits =
                     [this](const LiteMember& member) {
                       return parts_.popper.waits_lite(member.group->name, member.client);
                     }}) {
  parts_.popper.take_lite_from(*this);
}

void LiteTopics::collect(const Pop& pop, PopTaker& taker, const Now& now, PopBatch* batch) {
  const GroupConfig* group = parts_.groups.find(pop.wish.group);
  if (group == nullptr) {
    batch->error =
        Error{Errc::group_not_found, "subscription group [" + pop.wish.group + "] does not exist"};
    return;
  }
  if (auto bound = check_lite_group(*group, pop.parent); !bound) {
    batch->error = std::move(bound).error();
    return;
  }
  LiteMember* member = registry_.find(pop.wish.group, pop.client);
  if (member == nullptr) return;
  member->heard_ms = member->popped_ms = now.steady_ms();
  member->accessed_ms = now.wall_ms;
  std::vector<LiteShare*> failed;
  look_through(pop, *member, taker, now, batch, &failed);
  // The next pop tries them again.
  for (LiteShare* share : failed) registry_.put_back(*share, *member, false);
}

// Of one that cannot be read the others are read all the same.
void LiteTopics::look_through(const Pop& pop, LiteMember& member, PopTaker& taker, const Now& now,
                              PopBatch* batch, std::vector<LiteShare*>* failed) {
  std::optional<Error> error;
  for (int looks = 0; batch->room(pop.wish) > 0; ++looks) {
    if (looks == pop_looks_max) {
      batch->unseen = true;  // others have had their turn
      break;
    }
    LiteShare* share = registry_.take_ready(member);
    if (share == nullptr) break;
    const LitePlace place{
        .group = pop.wish.group, .light_queue = share->node->name, .queue = *share->node->queue};
    if (places_.can_give(place, now.wall_ms)) {
      taker.take(pop.wish, {.queue = place.queue, .topic = place.light_queue, .queue_id = 0}, now,
                 batch);
    }
    if (batch->cold) {
      registry_.put_back(*share, member, true);
      break;
    }
    if (batch->error) {
      BOLIDE_LOG(error, "{}: {}", place.light_queue, batch->error->context);
      error = std::exchange(batch->error, std::nullopt);
      failed->push_back(share);
    } else if (places_.can_give(place, now.wall_ms)) {
      registry_.put_back(*share, member, false);
    } else {
      registry_.settle(*share);
    }
  }
  if (batch->messages == 0 && !batch->cold) batch->error = std::move(error);
}

void LiteTopics::freed(std::string_view group, std::string_view light_queue) {
  const auto queue = parts_.places.store.find_queue(light_queue, 0);
  if (queue) registry_.ready_for(group, light_queue, *queue);
}

void LiteTopics::ready(store::QueueNo queue, const LiteIndex::Parent& parent) {
  if (registry_.members() == 0) return;
  registry_.ready(queue, parts_.places.store.queue_name(queue).topic, parent.name);
}

void LiteTopics::light_made(std::string_view light_queue, store::QueueNo queue) {
  index_.made(light_queue, queue);
  registry_.light_made(light_queue, queue);
}

void LiteTopics::group_changed(std::string_view group) {
  const LiteGroup* known = registry_.find_group(group);
  if (known == nullptr) return;
  const GroupConfig* config = parts_.groups.find(group);
  if (config != nullptr) {
    const LiteRules rules = lite_rules(*config);
    if (rules.parent == known->parent && rules.wildcard == known->wildcard) return;
  }
  registry_.erase_group(std::string(group));
}

void LiteTopics::topic_changed(std::string_view topic) {
  if (registry_.members() == 0) return;
  const Topic* found = parts_.topics.find(topic);
  if (found == nullptr || !is_lite_parent(found->config)) registry_.erase_parent(topic);
}

void LiteTopics::scan(std::string_view group) {
  std::erase_if(scans_, [&](const Scan& scan) { return scan.group == group; });
  scans_.push_back({.group = std::string(group)});
}

bool LiteTopics::look(Scan& scan, const Now& now) {
  const LiteGroup* group = registry_.find_group(scan.group);
  if (group == nullptr || !group->wildcard) return false;
  const LiteIndex::Parent* parent = index_.find(group->parent);
  if (parent == nullptr) return false;
  for (std::size_t looks = 0; looks < scan_looks_max; ++looks, ++scan.next) {
    if (scan.next >= parent->queues.size()) return false;
    const store::QueueNo queue = parent->queues[scan.next];
    const std::string name(parts_.places.store.queue_name(queue).topic);
    if (places_.can_give({.group = scan.group, .light_queue = name, .queue = queue}, now.wall_ms))
      registry_.ready_for(scan.group, name, queue);
  }
  return true;
}

bool LiteTopics::run(const Now& now) {
  if (scans_.empty()) [[likely]]
    return false;
  std::erase_if(scans_, [&](Scan& scan) { return !look(scan, now); });
  return true;
}

void LiteTopics::tick(const Now& now) {
  if (now.steady_ms() - expired_ms_ < expire_every_ms) return;
  expired_ms_ = now.steady_ms();
  registry_.expire(now.steady_ms(), settings_.subscription_timeout_ms);
}

Result<LiteTopics::Found> LiteTopics::find(const LiteLease& lite) {
  const LeaseRef& lease = lite.lease;
  Found found;
  BOLIDE_TRY(found.light_queue, lite_queue_of(lease.topic, lite.lite_topic));
  if (const auto queue = parts_.places.store.find_queue(found.light_queue, 0))
    found.end = places_.end(*queue);
  if (lease.offset > found.end) return fail(Errc::not_found, "ack offset illegal.");
  const auto committed = places_.committed(lease.group, found.light_queue);
  found.done = committed && lease.offset < *committed;
  return found;
}

Result<Settled> LiteTopics::ack(const LiteLease& lite, const Now& now) {
  const GroupConfig* group = parts_.groups.find(lite.lease.group);
  if (group == nullptr || lite_rules(*group).parent != lite.lease.topic)
    return fail(Errc::invalid_argument, "group type or bind topic not match.");
  BOLIDE_TRY(const Found found, find(lite));
  if (lite.lease.queue_id != 0 || !lite.lease.ordered)
    return fail(Errc::invalid_argument, "ack queue illegal.");
  if (found.done) return Settled::earlier;
  LeaseRef lease = lite.lease;
  lease.topic = found.light_queue;
  return parts_.popper.ack(lease, now);
}

Result<LeaseChange> LiteTopics::change(const LiteLease& lite, const LiteChange& change,
                                       const Now& now) {
  BOLIDE_TRY(const Found found, find(lite));
  if (found.done) return LeaseChange{.settled = Settled::earlier};
  LeaseRef lease = lite.lease;
  lease.topic = found.light_queue;
  lease.queue_id = 0;
  lease.ordered = true;
  if (!change.suspend) return parts_.popper.change(lease, change.invisible_ms, now);
  if (change.invisible_ms < 0) return fail(Errc::invalid_argument, "invisibleTime is negative");
  const std::int64_t until_ms = now.wall_ms + Popper::invisible_at_most(change.invisible_ms);
  const bool done = places_.suspend(lease, until_ms);
  return LeaseChange{.settled = done ? Settled::done : Settled::stale,
                     .given_ms = lease.given_ms,
                     .invisible_ms = until_ms - lease.given_ms};
}

}  // namespace bolide::broker
