// SPDX-License-Identifier: Apache-2.0
//
// Consumer group settings: made on first use or by an administrator.
// Runs on: core agent.  Owns: the group table.  Invariant: a change is written to the journal and
// then made, by the same call; what cannot be written is not made.
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

  // A group named like a light queue, by any characters that such a queue may have, has the
  // defaults and is not kept: what is told of it lives until the next call that asks for one.
  const GroupConfig* find(std::string_view name) const;
  // The group's settings, made with defaults if allowed (always for the system's groups). Errors:
  // group_not_found, invalid_argument for a bad name; as Metadata::flush.
  Result<const GroupConfig*> find_or_create(std::string_view name, WallMs now_ms);
  // Creates or changes. Errors: invalid_argument for a bad name or number of retry queues; as
  // Metadata::flush.
  Result<> put(GroupConfig config, WallMs now_ms);
  // Errors: group_not_found; as Metadata::flush.
  Result<> erase(std::string_view name, WallMs now_ms);

  const StringMap<GroupConfig>& all() const { return groups_; }
  const DataVersion& version() const { return version_; }

 private:
  Result<const GroupConfig*> save(GroupConfig config, WallMs now_ms);

  bool auto_create_;
  Metadata& metadata_;
  StringMap<GroupConfig> groups_;
  DataVersion version_;
  mutable GroupConfig light_;  // scratch of find()
};

}  // namespace bolide::broker
