// SPDX-License-Identifier: Apache-2.0
//
// FixedQueues: the strategy of allocate::fixed(), which a consumer knows among others: it names
// queues as the user does, and none of the retry topic.
// Runs on: any thread.  Owns: the names.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include <string>
#include <vector>

namespace bolide::client {

struct FixedQueues {
  std::vector<QueueId> own;

  std::vector<QueueId> operator()(const std::vector<QueueId>& queues,
                                  const std::vector<std::string>& members,
                                  const std::string& self) const;
};

}  // namespace bolide::client
