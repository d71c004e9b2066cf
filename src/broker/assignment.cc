// SPDX-License-Identifier: Apache-2.0
//
// Sharing queues among clients.
// Runs on: any agent.  Owns: nothing.  Invariant: see assignment.h.
#include "broker/assignment.h"

#include <algorithm>
#include <cstddef>

namespace bolide::broker {
namespace {

constexpr std::string_view average = "AVG";
constexpr std::string_view by_circle = "AVG_BY_CIRCLE";

bool contains(const std::vector<QueueRef>& queues, const QueueRef& queue) {
  return std::ranges::any_of(queues, [&](const QueueRef& other) {
    return other.queue_id == queue.queue_id && other.broker == queue.broker &&
           other.topic == queue.topic;
  });
}

void add_new(std::vector<QueueRef>* into, std::vector<QueueRef> queues) {
  for (QueueRef& queue : queues) {
    if (!contains(*into, queue)) into->push_back(std::move(queue));
  }
}

}  // namespace

bool known_strategy(std::string_view strategy) {
  return strategy == average || strategy == by_circle;
}

std::vector<QueueRef> allocate(std::string_view strategy, std::string_view client_id,
                               const std::vector<QueueRef>& queues,
                               const std::vector<std::string>& clients) {
  const auto found = std::ranges::find(clients, client_id);
  if (found == clients.end()) return {};
  const auto index = static_cast<std::size_t>(found - clients.begin());
  std::vector<QueueRef> mine;
  if (strategy == by_circle) {
    for (std::size_t i = index; i < queues.size(); i += clients.size()) mine.push_back(queues[i]);
    return mine;
  }
  // Neighbours; the first clients take what does not divide evenly, one more each.
  const std::size_t rest = queues.size() % clients.size();
  const std::size_t each = queues.size() / clients.size();
  const std::size_t begin = index * each + std::min(index, rest);
  const std::size_t end = begin + each + (index < rest ? 1 : 0);
  for (std::size_t i = begin; i < end; ++i) mine.push_back(queues[i]);
  return mine;
}

std::vector<QueueRef> allocate_popping(std::string_view strategy, std::string_view client_id,
                                       const std::vector<QueueRef>& queues,
                                       const std::vector<std::string>& clients,
                                       std::int32_t share) {
  std::vector<QueueRef> mine;
  if (share <= 0 || static_cast<std::size_t>(share) + 1 >= clients.size()) {
    for (QueueRef queue : queues) {
      queue.queue_id = -1;
      if (!contains(mine, queue)) mine.push_back(std::move(queue));
    }
    return mine;
  }
  const auto found = std::ranges::find(clients, client_id);
  if (found == clients.end() || queues.empty()) return {};
  const auto index = static_cast<std::size_t>(found - clients.begin());
  // More clients than queues: none may be without one.
  if (clients.size() > queues.size()) return {queues[index % queues.size()]};
  for (std::size_t i = 0; i <= static_cast<std::size_t>(share); ++i)
    add_new(&mine, allocate(strategy, clients[(index + i) % clients.size()], queues, clients));
  return mine;
}

}  // namespace bolide::broker
