// SPDX-License-Identifier: Apache-2.0
//
// Attributes that say something of lite topics.
// Runs on: any agent.  Owns: nothing.  Invariant: see lite_rules.h.
#include "broker/lite/lite_rules.h"

#include "base/strings.h"
#include "broker/lmq/multi_dispatch.h"
#include "store/multi_dispatch.h"

#include <limits>

namespace bolide::broker {
namespace {

constexpr std::size_t client_bytes_max = 1'024;
constexpr char name_separator = '$';

std::string_view value_of(const std::map<std::string, std::string>& attributes, const char* name) {
  const auto found = attributes.find(name);
  return found == attributes.end() ? std::string_view{} : std::string_view(found->second);
}

}  // namespace

LiteRules lite_rules(const GroupConfig& group) {
  const auto value = [&](const char* name) { return value_of(group.attributes, name); };
  LiteRules rules{.parent = value("lite.bind.topic"),
                  .exclusive = value("lite.sub.model") == "Exclusive",
                  .wildcard = group.attributes.contains("lite.sub.wildcard"),
                  .first_after_eviction = is_true(value("lite.sub.reset.offset.exclusive")),
                  .first_after_removal = is_true(value("lite.sub.reset.offset.unsubscribe"))};
  if (const auto quota = parse_integer<std::int64_t>(value("lite.sub.client.quota"))) {
    rules.client_max =
        *quota < 0 ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(*quota);
  }
  return rules;
}

bool is_lite_parent(const TopicConfig& topic) {
  return value_of(topic.attributes, "message.type") == "LITE";
}

Result<> check_lite_parent(const TopicConfig& topic) {
  if (is_lite_parent(topic)) return {};
  return fail(Errc::invalid_argument, "the topic [" + topic.name + "] message type not match");
}

Result<> check_lite_client(std::string_view client) {
  if (client.size() <= client_bytes_max) return {};
  return fail(Errc::invalid_argument,
              "clientId is longer than " + std::to_string(client_bytes_max) + " bytes");
}

Result<> check_lite_group(const GroupConfig& group, std::string_view parent) {
  if (lite_rules(group).parent == parent) return {};
  return fail(Errc::invalid_argument, "subscription bind topic not match, " + group.name);
}

std::int32_t lite_expiration(const TopicConfig& topic) {
  return parse_integer<std::int32_t>(value_of(topic.attributes, "lite.topic.expiration"))
      .value_or(lite_expiration_never);
}

Result<std::string> lite_queue_of(std::string_view parent, std::string_view lite_topic) {
  std::string name = lite_queue(parent, lite_topic);
  if (!lite_topic.empty() && store::is_light_queue(name) &&
      lite_topic.find(store::dispatch_separator) == lite_topic.npos)
    return name;
  return fail(Errc::invalid_argument,
              "\"" + std::string(lite_topic.substr(0, 200)) + "\" is no name of a lite topic");
}

std::optional<LiteName> lite_name(std::string_view light_queue) {
  if (!light_queue.starts_with(store::light_prefix)) return std::nullopt;
  light_queue.remove_prefix(store::light_prefix.size());
  if (light_queue.empty() || light_queue.front() != name_separator) return std::nullopt;
  light_queue.remove_prefix(1);
  const std::size_t end = light_queue.find(name_separator);
  if (end == light_queue.npos || end == 0 || end + 1 == light_queue.size()) return std::nullopt;
  return LiteName{.parent = light_queue.substr(0, end), .lite_topic = light_queue.substr(end + 1)};
}

}  // namespace bolide::broker
