// SPDX-License-Identifier: Apache-2.0
//
// KvConfig: the name server's small settings by namespace and key (rocketmq wire 2.3), such as the
// order of queues of topics. Kept in kvConfig.json by whoever is given the content to save.
// Runs on: core agent.  Owns: the table.  Invariant: every change was offered to be saved.
#pragma once

#include "base/result.h"
#include "naming/model.h"

#include <functional>
#include <string>
#include <string_view>

namespace bolide::naming {

inline constexpr std::string_view order_topic_namespace = "ORDER_TOPIC_CONFIG";

class KvConfig {
 public:
  // Given the whole content of kvConfig.json after a change.
  using Save = std::function<Result<>(std::string_view json)>;
  explicit KvConfig(Save save) : save_(std::move(save)) {}

  // Replaces the table by the content of a kvConfig.json; empty content is an empty table.
  // Errors: malformed, and then the table is as before.
  Result<> load(std::string_view json);
  std::string json() const;

  // Errors: those of Save; the change is undone then.
  Result<> put(std::string_view space, std::string_view key, std::string_view value);
  // Success also if there was nothing.
  Result<> erase(std::string_view space, std::string_view key);

  // Null: not there. Lives until the next change.
  const std::string* find(std::string_view space, std::string_view key) const;
  const KvTable* find(std::string_view space) const;

 private:
  Result<> save_or_restore(KvNamespaces before);

  Save save_;
  KvNamespaces table_;
};

}  // namespace bolide::naming
