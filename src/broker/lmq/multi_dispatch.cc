// SPDX-License-Identifier: Apache-2.0
//
// Sending to light queues.
// Runs on: core agent.  Owns: nothing.  Invariant: see multi_dispatch.h.
#include "broker/lmq/multi_dispatch.h"

#include "broker/property_list.h"
#include "store/multi_dispatch.h"

#include <algorithm>

namespace bolide::broker {
namespace {

Result<> check_name(std::string_view name) {
  if (store::is_light_queue(name)) return {};
  return fail(Errc::message_invalid,
              std::string(store::dispatch_property) + " names \"" +
                  std::string(name.substr(0, 200)) +
                  "\", which is no light queue: " + std::string(store::light_prefix) + "name");
}

std::string names_of(const DispatchWish& wish) {
  return wish.known.lite_topic.empty() ? std::string(wish.known.dispatch)
                                       : lite_queue(wish.topic, wish.known.lite_topic);
}

Result<std::vector<store::QueueNo>> queues_of(Topics& topics, std::string_view names,
                                              bool bounded) {
  std::vector<std::string_view> wanted;
  for (std::string_view rest = names; !rest.empty();) {
    wanted.push_back(store::DispatchProperties::cut(rest));
    BOLIDE_CHECK(check_name(wanted.back()));
    if (wanted.size() > light_queues_max) {
      return fail(Errc::message_invalid, std::string(store::dispatch_property) +
                                             " names more than " +
                                             std::to_string(light_queues_max) + " queues");
    }
  }
  return topics.make_lights(wanted, bounded);
}

}  // namespace

std::vector<LightPlace> Dispatch::places(const store::MessageStore& store) const {
  std::vector<LightPlace> places;
  places.reserve(queues.size());
  for (const store::QueueNo queue : queues)
    places.push_back({.queue = queue, .end = store.next_offset(queue)});
  return places;
}

std::string lite_queue(std::string_view parent, std::string_view lite_topic) {
  std::string name(store::light_prefix);
  name += '$';
  name.append(parent).push_back('$');
  return name.append(lite_topic);
}

Result<Dispatch> plan_dispatch(Topics& topics, const store::MessageStore& store,
                               const DispatchWish& wish, std::string_view properties) {
  Dispatch plan;
  PropertyList list(properties);
  const std::string names = names_of(wish);
  if (!wish.known.lite_topic.empty()) list.set(store::dispatch_property, names);
  BOLIDE_TRY(plan.queues, queues_of(topics, names, wish.bounded));
  std::string offsets;
  for (const store::QueueNo queue : plan.queues) {
    if (!offsets.empty()) offsets += store::dispatch_separator;
    offsets += std::to_string(store.next_offset(queue));
  }
  std::ranges::sort(plan.queues);
  const auto repeated = std::ranges::unique(plan.queues);
  plan.queues.erase(repeated.begin(), repeated.end());
  list.erase("WAIT");  // as Apache's broker stores such a message
  list.set(store::dispatch_offsets_property, offsets);
  plan.properties = list.text();
  return plan;
}

Result<> reserve_dispatch(Topics& topics, const DispatchWish& wish) {
  BOLIDE_CHECK(queues_of(topics, names_of(wish), wish.bounded));
  return {};
}

}  // namespace bolide::broker
