// SPDX-License-Identifier: Apache-2.0
//
// How the clients of a group are to get the messages of a topic, as an administrator said: by
// pulling or by popping (rocketmq wire 2.2, semantics 3.3).
// Runs on: core agent.  Owns: the table.  Invariant: a change is written to the journal and then
// made, by the same call; what cannot be written is not made.
#pragma once

#include "base/result.h"
#include "base/strings.h"
#include "broker/config.h"
#include "broker/metadata.h"

#include <string_view>
#include <vector>

namespace bolide::broker {

class RequestModes {
 public:
  explicit RequestModes(Metadata& metadata) : metadata_(metadata) {}

  void load(const std::vector<RequestMode>& stored);
  // Pulling, if nobody said anything else; retry topics are always pulled.
  RequestMode find(std::string_view group, std::string_view topic) const;
  // Errors: no_permission for a retry topic, invalid_argument; as Metadata::flush.
  Result<> put(RequestMode mode);
  // In the order of topics and groups.
  std::vector<RequestMode> all() const;

 private:
  Metadata& metadata_;
  StringMap<RequestMode> modes_;  // by topic@group
};

}  // namespace bolide::broker
