// SPDX-License-Identifier: Apache-2.0
//
// RocketMQ's ways of sharing queues among the members of a group (rocketmq 3.3): each gives, for
// the same queues and members, what the stock clients compute.
// Runs on: any thread.  Owns: nothing.  Invariant: a queue goes to exactly one member.
#include <bolide/push_consumer.h>

#include "client/fixed_queues.h"
#include "client/md5_ring.h"

#include <algorithm>

namespace bolide::allocate {
namespace {

using Queues = std::vector<QueueId>;
using Members = std::vector<std::string>;

// The place of `self`, or the number of members if it is not there: then it takes nothing.
std::size_t place_of(const Members& members, const std::string& self) {
  return static_cast<std::size_t>(std::ranges::find(members, self) - members.begin());
}

Queues blocks(const Queues& queues, const Members& members, const std::string& self) {
  const std::size_t place = place_of(members, self);
  if (place == members.size()) return {};
  const std::size_t share = queues.size() / members.size();
  const std::size_t rest = queues.size() % members.size();  // so many get one more
  const std::size_t begin = place * share + std::min(place, rest);
  const std::size_t end = begin + share + (place < rest ? 1 : 0);
  return {queues.begin() + static_cast<std::ptrdiff_t>(begin),
          queues.begin() + static_cast<std::ptrdiff_t>(end)};
}

Queues circle(const Queues& queues, const Members& members, const std::string& self) {
  const std::size_t place = place_of(members, self);
  if (place == members.size()) return {};
  Queues own;
  for (std::size_t i = place; i < queues.size(); i += members.size()) own.push_back(queues[i]);
  return own;
}

}  // namespace

AllocateStrategy averagely() {
  return blocks;
}

AllocateStrategy averagely_by_circle() {
  return circle;
}

AllocateStrategy consistent_hash(int virtual_nodes) {
  return [virtual_nodes](const Queues& queues, const Members& members, const std::string& self) {
    const client::Md5Ring ring(members, virtual_nodes);
    Queues own;
    for (const QueueId& queue : queues) {
      // As Java prints a message queue.
      const std::string text = "MessageQueue [topic=" + queue.topic +
                               ", brokerName=" + queue.broker +
                               ", queueId=" + std::to_string(queue.queue) + "]";
      if (ring.owner(text) == self) own.push_back(queue);
    }
    return own;
  };
}

AllocateStrategy fixed(std::vector<QueueId> own) {
  return client::FixedQueues{std::move(own)};
}

}  // namespace bolide::allocate

namespace bolide::client {

std::vector<QueueId> FixedQueues::operator()(const std::vector<QueueId>& queues,
                                             const std::vector<std::string>& /*members*/,
                                             const std::string& /*self*/) const {
  std::vector<QueueId> present;
  for (const QueueId& queue : own) {
    if (std::ranges::find(queues, queue) != queues.end()) present.push_back(queue);
  }
  return present;
}

}  // namespace bolide::client
