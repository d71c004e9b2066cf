// SPDX-License-Identifier: Apache-2.0
//
// Bodies about lite topics.
// Runs on: any agent.  Owns: nothing.  Invariant: see lite_bodies.h.
#include "protocols/remoting/lite_bodies.h"

#include "base/json_reader.h"

#include <algorithm>

namespace bolide::remoting {
namespace {

std::optional<broker::LiteAction> action_of(std::string_view text) {
  if (text == "PARTIAL_ADD") return broker::LiteAction::add;
  if (text == "PARTIAL_REMOVE") return broker::LiteAction::remove;
  if (text == "COMPLETE_ADD") return broker::LiteAction::replace;
  if (text == "COMPLETE_REMOVE") return broker::LiteAction::remove_all;
  return std::nullopt;
}

// Nothing: the group stays where it is. So it does for a time, as with Apache's broker.
std::optional<broker::LiteStart> start_of(std::string_view type, std::int64_t value) {
  using Kind = broker::LiteStart::Kind;
  if (type == "OFFSET") return broker::LiteStart{.kind = Kind::offset, .value = value};
  if (type == "TAIL_N") return broker::LiteStart{.kind = Kind::tail, .value = value};
  if (type != "POLICY") return std::nullopt;
  if (value == 1) return broker::LiteStart{.kind = Kind::first};
  if (value == 2) return broker::LiteStart{.kind = Kind::end};
  return std::nullopt;
}

// False: its action is none.
bool read_subscription(JsonReader& in, broker::LiteSubscription* subscription) {
  std::optional<broker::LiteAction> action;
  std::string start_type;
  std::int64_t start_value = 0;
  in.object([&](JsonKey key) {
    if (key == "action")
      action = action_of(in.text());
    else if (key == "clientId")
      subscription->client_id = in.text();
    else if (key == "group")
      subscription->group = in.text();
    else if (key == "topic")
      subscription->topic = in.text();
    else if (key == "version")
      subscription->version = in.integer<std::int64_t>();
    else if (key == "liteTopicSet")
      in.array([&] { subscription->lite_topics.emplace_back(in.text()); });
    else if (key == "offsetOption") {
      in.object([&](JsonKey member) {
        if (member == "type")
          start_type = in.text();
        else if (member == "value")
          start_value = in.integer<std::int64_t>();
      });
    }
  });
  subscription->start = start_of(start_type, start_value);
  if (action) subscription->action = *action;
  return action.has_value();
}

}  // namespace

Result<std::vector<broker::LiteSubscription>> parse_lite_subscriptions(std::string_view body) {
  std::vector<broker::LiteSubscription> list;
  bool known = true;
  JsonReader in(body);
  if (in.peek() != JsonKind::object) return fail(Errc::malformed, "the body is not JSON");
  in.object([&](JsonKey key) {
    if (key != "subscriptionSet") return;
    in.array([&] { known = read_subscription(in, &list.emplace_back()) && known; });
  });
  BOLIDE_CHECK(in.finish());
  if (!known) return fail(Errc::malformed, "a subscription has no action that there is");
  return list;
}

std::string lite_count_info(const std::vector<broker::PopQueue>& queues) {
  std::string text;
  for (const broker::PopQueue& queue : queues) {
    const bool again =
        std::ranges::any_of(queue.times, [](std::int32_t times) { return times > 0; });
    for (std::size_t i = 0; i < queue.offsets.size(); ++i) {
      if (!text.empty()) text += ';';
      if (again) text += "0 qo0%" + std::to_string(queue.offsets[i]) + ' ';
      text += std::to_string(queue.times[i]);
    }
  }
  return text;
}

}  // namespace bolide::remoting
