// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a message that a group could not consume (rocketmq semantics 3.7): it comes again
// later through the group's retry topic, and after the last attempt it is a dead letter.
// Runs on: core agent.  Owns: nothing.  Invariant: the message is stored before the consumer is
// answered, or the consumer is told that it is not.
#pragma once

#include "base/random.h"
#include "broker/api.h"
#include "broker/groups.h"
#include "broker/own_sends.h"
#include "broker/queue_locks.h"
#include "broker/topics.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace bolide::broker {

class SendBack {
 public:
  struct Parts {
    Topics& topics;
    Groups& groups;
    QueueLocks& locks;
    OwnSends& sends;
  };
  SendBack(Parts parts, std::uint64_t seed) : parts_(parts), random_(seed) {}

  // `original` is the message that the group gives back; of a batch that is one record each message
  // is stored by itself, so that whoever reads it needs to know nothing of such; if not all could
  // be, the next call stores the others. Errors: group_not_found, no_permission, those of a send.
  void give_back(const SendBackRequest& request, const store::Record& original, const Now& now,
                 Reply<void> reply);

  // A consumer may also send its copy to the retry topic by itself; `request` is then changed to go
  // to the dead letters if it was tried often enough. Nothing happens to other topics. Errors:
  // group_not_found.
  Result<> route_retry(SendRequest* request, const Now& now);

 private:
  // Where a message that is given back goes.
  struct Target {
    const Topic* topic = nullptr;  // until the next change of topics
    bool dead = false;
    std::int32_t delay_level = 0;
  };

  // A batch: the group that gives it back, and its place in the log.
  using BatchKey = std::pair<std::string, std::int64_t>;
  class AllStored;

  Result<const Topic*> dead_letters(std::string_view group, const Now& now);
  void store_again(const Target& target, const store::Record& original, const Now& now,
                   Reply<void> reply);

  Parts parts_;
  Random random_;
  // Of batches of which not all could be stored, which messages were. A restart forgets it.
  std::map<BatchKey, std::set<std::size_t>> halfway_;
  std::string properties_;  // of the last request that was routed; its views point here
};

}  // namespace bolide::broker
