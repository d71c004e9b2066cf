// SPDX-License-Identifier: Apache-2.0
//
// Pulling or popping, by group and topic.
// Runs on: core agent.  Owns: the table.  Invariant: see request_modes.h.
#include "broker/request_modes.h"

#include <algorithm>
#include <string>
#include <tuple>

namespace bolide::broker {
namespace {

std::string key_of(std::string_view group, std::string_view topic) {
  std::string key(topic);
  key += '@';
  key += group;
  return key;
}

}  // namespace

void RequestModes::load(const std::vector<RequestMode>& stored) {
  for (const RequestMode& mode : stored) modes_[key_of(mode.group, mode.topic)] = mode;
}

RequestMode RequestModes::find(std::string_view group, std::string_view topic) const {
  const auto found = modes_.find(key_of(group, topic));
  if (found != modes_.end()) return found->second;
  return {.topic = std::string(topic), .group = std::string(group)};
}

Result<> RequestModes::put(RequestMode mode) {
  if (mode.topic.starts_with(retry_prefix))
    return fail(Errc::no_permission, "retry topic is not allowed to set mode");
  BOLIDE_CHECK(validate_topic_name(mode.topic));
  BOLIDE_CHECK(validate_group_name(mode.group));
  metadata_.save_mode(mode);
  BOLIDE_CHECK(metadata_.flush());
  modes_[key_of(mode.group, mode.topic)] = std::move(mode);
  return {};
}

std::vector<RequestMode> RequestModes::all() const {
  std::vector<RequestMode> list;
  for (const auto& [key, mode] : modes_) list.push_back(mode);
  std::ranges::sort(list, {}, [](const RequestMode& m) { return std::tie(m.topic, m.group); });
  return list;
}

}  // namespace bolide::broker
