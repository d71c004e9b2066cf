// SPDX-License-Identifier: Apache-2.0
//
// The bookkeeping of one queue.
// Runs on: the client's agent.  Owns: see process_queue.h.  Invariant: see process_queue.h.
#include "client/process_queue.h"

#include <algorithm>
#include <functional>
#include <iterator>

namespace bolide::client {

void ProcessQueue::put(std::vector<ReceivedMessage> messages, std::int64_t next_offset) {
  for (ReceivedMessage& message : messages) {
    hold(message);
    waiting_.push_back(std::move(message));
  }
  next_ = next_offset;
}

void ProcessQueue::hold(const ReceivedMessage& message) {
  // A broker that went back gives some a second time.
  auto at = held_.end();
  if (!held_.empty() && message.offset <= held_.back().offset)
    at = std::ranges::lower_bound(held_, message.offset, {}, &Held::offset);
  if (at != held_.end() && at->offset == message.offset && !at->consumed) return;
  ++unconsumed_;
  bytes_ += message.body.size();
  const Held held{.offset = message.offset, .bytes = message.body.size()};
  if (at != held_.end() && at->offset == message.offset) {
    *at = held;
  } else {
    held_.insert(at, held);
  }
}

std::vector<ReceivedMessage> ProcessQueue::take(std::size_t count) {
  auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(count, waiting_.size()));
  const auto damaged = std::find_if(waiting_.begin(), end, std::mem_fn(&ReceivedMessage::damaged));
  if (damaged != end) end = damaged == waiting_.begin() ? std::next(damaged) : damaged;
  std::vector<ReceivedMessage> taken(std::make_move_iterator(waiting_.begin()),
                                     std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

void ProcessQueue::done(std::span<const ReceivedMessage> messages) {
  for (const ReceivedMessage& message : messages) {
    const auto at = std::ranges::lower_bound(held_, message.offset, {}, &Held::offset);
    if (at == held_.end() || at->offset != message.offset || at->consumed) continue;
    at->consumed = true;
    bytes_ -= at->bytes;
    --unconsumed_;
  }
  while (!held_.empty() && held_.front().consumed) held_.pop_front();
  while (!held_.empty() && held_.back().consumed) held_.pop_back();
}

void ProcessQueue::put_back(std::vector<ReceivedMessage> messages) {
  waiting_.insert(waiting_.begin(), std::make_move_iterator(messages.begin()),
                  std::make_move_iterator(messages.end()));
}

}  // namespace bolide::client
