// SPDX-License-Identifier: Apache-2.0
//
// Taking back a message that waits for its time (rocketmq wire 1.13, 2.7).
// Runs on: any thread; answers come on the client's agent.  Owns: nothing.  Invariant: none.
#pragma once

#include "client/core.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace bolide::client {

// What a recall handle names.
struct RecallPlace {
  std::string topic;   // as on the wire
  std::string broker;  // who keeps the message
  std::int64_t due_ms = 0;
  std::string id;  // that its producer gave it

  // Errors: invalid_argument.
  static Result<RecallPlace> parse(std::string_view handle);
};

struct Recall {
  std::string group;  // of the producer, as on the wire
  std::string topic;  // likewise
  std::string handle;
};
// Calls `done` with the id that the broker answers. Errors: invalid_argument (the handle),
// topic_not_found, those of the network, what the broker answers.
void recall_message(const std::shared_ptr<Core>& core, Recall recall,
                    std::move_only_function<void(Result<std::string>)> done);

}  // namespace bolide::client
