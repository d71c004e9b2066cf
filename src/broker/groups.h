// SPDX-License-Identifier: Apache-2.0
//
// Consumer group settings: made on first use or by an administrator.
// Runs on: core agent.  Owns: the group table.  Invariant: every change is saved by the call that
// makes it.
#pragma once

#include "base/result.h"
#include "base/strings.h"
#include "base/time.h"
#include "broker/config.h"
#include "broker/metadata.h"

#include <string>
#include <string_view>
#include <vector>

namespace bolide::broker {

class Groups {
 public:
  Groups(bool auto_create, Metadata& metadata) : auto_create_(auto_create), metadata_(metadata) {}

  void load(const std::vector<GroupConfig>& stored, const DataVersion& version);

  const GroupConfig* find(std::string_view name) const;
  // The group's settings, made with defaults if allowed (always for the system's groups). Errors:
  // group_not_found, invalid_argument for a bad name.
  Result<const GroupConfig*> find_or_create(std::string_view name, WallMs now_ms);
  // Creates or changes. Errors: invalid_argument for a bad name or number of retry queues.
  Result<> put(GroupConfig config, WallMs now_ms);
  Result<> erase(std::string_view name, WallMs now_ms);

  const StringMap<GroupConfig>& all() const { return groups_; }
  const DataVersion& version() const { return version_; }

 private:
  const GroupConfig& save(GroupConfig config, WallMs now_ms);

  bool auto_create_;
  Metadata& metadata_;
  StringMap<GroupConfig> groups_;
  DataVersion version_;
};

}  // namespace bolide::broker
