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

Result<Dispatch> plan_dispatch(store::MessageStore& store, std::string_view topic,
                               const SendProperties& known, std::string_view properties) {
  Dispatch plan;
  PropertyList list(properties);
  std::string names(known.dispatch);
  if (!known.lite_topic.empty()) {
    names = lite_queue(topic, known.lite_topic);
    list.set(store::dispatch_property, names);
  }
  std::string offsets;
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
  for (const std::string_view name : wanted) {
    const store::QueueNo queue = store.queue(name, 0);
    if (!offsets.empty()) offsets += store::dispatch_separator;
    offsets += std::to_string(store.next_offset(queue));
    plan.queues.push_back(queue);
  }
  std::ranges::sort(plan.queues);
  const auto repeated = std::ranges::unique(plan.queues);
  plan.queues.erase(repeated.begin(), repeated.end());
  list.erase("WAIT");  // as Apache's broker stores such a message
  list.set(store::dispatch_offsets_property, offsets);
  plan.properties = list.text();
  return plan;
}

}  // namespace bolide::broker
