// SPDX-License-Identifier: Apache-2.0
//
// Consumer group settings.
// Runs on: core agent.  Owns: the group table.  Invariant: see groups.h.
#include "broker/groups.h"

#include "store/multi_dispatch.h"

#include <utility>

namespace bolide::broker {

void Groups::load(const std::vector<GroupConfig>& stored, const DataVersion& version) {
  for (const GroupConfig& config : stored) groups_[config.name] = config;
  version_ = version;
}

const GroupConfig* Groups::find(std::string_view name) const {
  const auto found = groups_.find(name);
  if (found != groups_.end()) return &found->second;
  if (!store::is_light_queue(name)) return nullptr;
  light_.name = name;
  return &light_;
}

Result<const GroupConfig*> Groups::find_or_create(std::string_view name, WallMs now_ms) {
  if (const GroupConfig* found = find(name); found != nullptr) return found;
  BOLIDE_CHECK(validate_group_name(name));
  if (!auto_create_ && !is_system_group(name)) {
    return fail(Errc::group_not_found,
                "subscription group [" + std::string(name) + "] does not exist");
  }
  return save({.name = std::string(name)}, now_ms);
}

Result<const GroupConfig*> Groups::save(GroupConfig config, WallMs now_ms) {
  DataVersion version = version_;
  version.next(now_ms);
  metadata_.save_group(config, version);
  BOLIDE_CHECK(metadata_.flush());
  version_ = version;
  GroupConfig& stored = groups_[config.name];
  stored = std::move(config);
  return &stored;
}

Result<> Groups::put(GroupConfig config, WallMs now_ms) {
  if (store::is_light_queue(config.name)) return {};
  BOLIDE_CHECK(validate_group_name(config.name));
  if (config.retry_queues < 0 || config.retry_queues > queues_max) {
    return fail(Errc::invalid_argument,
                "retryQueueNums of " + config.name + " must be 0 to " + std::to_string(queues_max));
  }
  const GroupConfig* known = find(config.name);
  const auto changes = std::exchange(
      config.attributes, known == nullptr ? decltype(config.attributes){} : known->attributes);
  BOLIDE_CHECK(apply_group_attributes(changes, known == nullptr, &config.attributes));
  if (known != nullptr && *known == config) return {};
  BOLIDE_CHECK(save(std::move(config), now_ms));
  return {};
}

Result<> Groups::erase(std::string_view name, WallMs now_ms) {
  const auto found = groups_.find(name);
  if (found == groups_.end()) {
    return fail(Errc::group_not_found,
                "subscription group [" + std::string(name) + "] does not exist");
  }
  DataVersion version = version_;
  version.next(now_ms);
  metadata_.erase_group(name, version);
  BOLIDE_CHECK(metadata_.flush());
  version_ = version;
  groups_.erase(found);
  return {};
}

}  // namespace bolide::broker
