// SPDX-License-Identifier: Apache-2.0
//
// Where pulls and pops wait: each request in a line of those that want the same, among those of its
// session, and at its time in a ring of slots. Taking one out costs the same however many wait, and
// a tick looks at those that are due, and at few others.
// Runs on: core agent.  Owns: the requests that wait.  Invariant: a request stands in its line, its
// session and its slot, or in none of them. Who answers a request that it found here must not be
// called back: what it holds of the room would be stale.
#pragma once

#include "broker/api.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bolide::broker {

// Neighbours in a chain, or its ends.
struct WaitingLinks {
  static constexpr std::uint32_t none = UINT32_MAX;

  std::uint32_t before = none;  // of a chain: the last
  std::uint32_t behind = none;  // of a chain: the first
};

// Requests that want the same, in the order in which they came. It belongs to who parks them, and
// stays where it is until tidy() has let it go.
class WaitingLine {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  template <class Request, class Line>
  friend class WaitingRoom;

  WaitingLinks ends_;
  std::size_t size_ = 0;
  bool left_ = false;  // known to tidy()
};

// `Line` is a WaitingLine, with what its owner wants to know of it.
template <class Request, class Line>
class WaitingRoom {
 public:
  using Id = std::uint32_t;
  static constexpr Id none = WaitingLinks::none;

  std::size_t size() const { return size_; }
  // How many requests the session waits for, here or aside.
  std::size_t count(SessionId session) const {
    const auto found = sessions_.find(session);
    return found == sessions_.end() ? 0 : found->second.parked + found->second.aside;
  }
  // Requests that take_due() has looked at.
  std::uint64_t looked_at() const { return looked_at_; }

  // Puts the request at the end of `line` until it is taken out, at until_ms at the latest.
  void park(Line& line, SessionId session, std::int64_t until_ms, Request request) {
    const Id id = free_entry();
    Entry& entry = entries_[id];
    entry.request = std::move(request);
    entry.line = &line;
    entry.session = &sessions_[session];
    entry.until_ms = until_ms;
    entry.slot = static_cast<std::uint32_t>(std::max(until_ms / slot_ms, swept_) % slot_count);
    link(line.ends_, id, in_line);
    link(entry.session->ends, id, in_session);
    link(slots_[entry.slot], id, in_slot);
    ++line.size_;
    ++entry.session->parked;
    ++size_;
  }

  // Those of a line, one after the other: valid until they are taken out.
  Id first(const Line& line) const { return line.ends_.behind; }
  Id next(Id id) const { return entries_[id].links[in_line].behind; }
  Request& at(Id id) { return entries_[id].request; }
  const Request& at(Id id) const { return entries_[id].request; }

  Request take(Id id) {
    Entry& entry = entries_[id];
    unlink(entry.line->ends_, id, in_line);
    unlink(entry.session->ends, id, in_session);
    unlink(slots_[entry.slot], id, in_slot);
    if (--entry.line->size_ == 0) note_left(*entry.line);
    --entry.session->parked;
    --size_;
    free_.push_back(id);
    return std::move(entry.request);
  }
  // All of a line, in order.
  void take_line(Line& line, std::vector<Request>* into) {
    while (!line.empty()) into->push_back(take(first(line)));
  }
  // All whose time is over.
  std::vector<Request> take_due(std::int64_t now_ms) {
    std::vector<Request> due;
    const std::int64_t last = now_ms / slot_ms;
    for (std::int64_t at = std::max(swept_, last - slot_count + 1); at <= last; ++at)
      take_due_in(slots_[static_cast<std::size_t>(at % slot_count)], now_ms, &due);
    swept_ = last;  // this slot may hold later ones
    return due;
  }
  std::vector<Request> take_all() {
    std::vector<Request> all;
    for (const WaitingLinks& slot : slots_) take_due_in(slot, INT64_MAX, &all);
    return all;
  }

  // A request of the session waits elsewhere, for the disk.
  void step_aside(SessionId session) { ++sessions_[session].aside; }
  // It does not any more. False: the session has closed meanwhile.
  bool come_back(SessionId session) {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return false;
    --found->second.aside;
    return true;
  }
  // Forgets all that the session waits for.
  void close(SessionId session) {
    const auto found = sessions_.find(session);
    if (found == sessions_.end()) return;
    while (found->second.ends.behind != none) (void)take(found->second.ends.behind);
    sessions_.erase(found);
  }

  // Calls gone(line) for each line that everybody has left since the last call; it returns false if
  // the line is to stay until the next call.
  template <class Gone>
  void tidy(Gone gone) {
    tidied_.swap(left_);
    for (Line* line : tidied_) {
      line->left_ = false;
      if (line->empty() && !gone(*line)) note_left(*line);
    }
    tidied_.clear();
    if (size_ > 0) return;
    entries_.clear();  // the memory of many that have waited; while somebody does it stays
    free_.clear();
  }

 private:
  // A ring of a little more than a minute: who waits longer is looked at once in a round.
  static constexpr std::int64_t slot_ms = 64;
  static constexpr std::int64_t slot_count = 1024;

  enum Chain : std::uint8_t { in_line, in_session, in_slot, chain_count };

  struct Session {
    WaitingLinks ends;
    std::size_t parked = 0;
    std::size_t aside = 0;
  };
  struct Entry {
    Request request;
    Line* line = nullptr;
    Session* session = nullptr;
    std::int64_t until_ms = 0;  // steady
    std::uint32_t slot = 0;
    std::array<WaitingLinks, chain_count> links;
  };

  Id free_entry() {
    if (free_.empty()) {
      entries_.emplace_back();
      return static_cast<Id>(entries_.size() - 1);
    }
    const Id id = free_.back();
    free_.pop_back();
    return id;
  }
  void link(WaitingLinks& ends, Id id, Chain chain) {
    entries_[id].links[chain] = {.before = ends.before, .behind = none};
    (ends.before == none ? ends : entries_[ends.before].links[chain]).behind = id;
    ends.before = id;
  }
  void unlink(WaitingLinks& ends, Id id, Chain chain) {
    const WaitingLinks links = entries_[id].links[chain];
    (links.before == none ? ends : entries_[links.before].links[chain]).behind = links.behind;
    (links.behind == none ? ends : entries_[links.behind].links[chain]).before = links.before;
  }
  void take_due_in(const WaitingLinks& slot, std::int64_t now_ms, std::vector<Request>* into) {
    for (Id id = slot.behind; id != none;) {
      const Id behind = entries_[id].links[in_slot].behind;
      ++looked_at_;
      if (entries_[id].until_ms <= now_ms) into->push_back(take(id));
      id = behind;
    }
  }
  void note_left(Line& line) {
    if (!std::exchange(line.left_, true)) left_.push_back(&line);
  }

  std::deque<Entry> entries_;  // where free_ does not say otherwise, they wait
  std::vector<Id> free_;
  std::array<WaitingLinks, slot_count> slots_;
  std::int64_t swept_ = 0;  // all before this slot, counted from time 0, was due
  std::unordered_map<SessionId, Session> sessions_;  // those that have waited; until they close
  std::vector<Line*> left_;
  std::vector<Line*> tidied_;  // scratch
  std::size_t size_ = 0;
  std::uint64_t looked_at_ = 0;
};

}  // namespace bolide::broker
