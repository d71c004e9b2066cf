// SPDX-License-Identifier: Apache-2.0
//
// The bookkeeping of one queue.
// Runs on: the client's agent.  Owns: see process_queue.h.  Invariant: see process_queue.h.
#include "client/process_queue.h"

#include <algorithm>
#include <iterator>

namespace bolide::client {

void ProcessQueue::put(std::vector<ReceivedMessage> messages, std::int64_t next_offset) {
  for (ReceivedMessage& message : messages) {
    bytes_ += message.body.size();
    unconsumed_.emplace(message.offset, message.body.size());
    waiting_.push_back(std::move(message));
  }
  next_ = next_offset;
}

std::vector<ReceivedMessage> ProcessQueue::take(std::size_t count) {
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(count, waiting_.size()));
  std::vector<ReceivedMessage> taken(std::make_move_iterator(waiting_.begin()),
                                     std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

void ProcessQueue::done(const std::vector<ReceivedMessage>& messages) {
  for (const ReceivedMessage& message : messages) {
    const auto found = unconsumed_.find(message.offset);
    if (found == unconsumed_.end()) continue;
    bytes_ -= found->second;
    unconsumed_.erase(found);
  }
}

void ProcessQueue::put_back(std::vector<ReceivedMessage> messages) {
  waiting_.insert(waiting_.begin(), std::make_move_iterator(messages.begin()),
                  std::make_move_iterator(messages.end()));
}

std::int64_t ProcessQueue::span() const {
  return unconsumed_.empty() ? 0 : unconsumed_.rbegin()->first - unconsumed_.begin()->first;
}

std::int64_t ProcessQueue::committable() const {
  return unconsumed_.empty() ? next_ : unconsumed_.begin()->first;
}

}  // namespace bolide::client
