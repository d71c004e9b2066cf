// SPDX-License-Identifier: Apache-2.0
//
// The pops that wait, in a line for each group and topic.
// Runs on: core agent.  Owns: the lines.  Invariant: see popper.h.
#include "broker/delivery/popper.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {

Popper::Line* Popper::find_line(std::string_view group, std::string_view topic) {
  key_.assign(topic);
  key_ += '@';
  key_ += group;
  const auto found = lines_.find(key_);
  return found == lines_.end() ? nullptr : found->second.get();
}

std::size_t Popper::waiting(std::string_view group, std::string_view topic,
                            std::int32_t queue_id) const {
  const auto found = lines_.find(std::string(topic) + "@" + std::string(group));
  if (found == lines_.end()) return 0;
  return static_cast<std::size_t>(
      std::ranges::count(found->second->waiting, queue_id, &Pending::queue_id));
}

void Popper::park(Pending pending) {
  Line* line = find_line(pending.wish.group, pending.topic);
  if (parked_ >= settings_.waiting_max ||
      (line != nullptr && line->waiting.size() >= settings_.line_waiting_max)) {
    return answer(pending, PopStatus::full);
  }
  if (line == nullptr) {
    auto made = std::make_unique<Line>(
        Line{.group = pending.wish.group, .topic = pending.topic, .waiting = {}});
    line = lines_.emplace(key_, std::move(made)).first->second.get();
    by_topic_[line->topic].push_back(line);
  }
  ++parked_;
  ++sessions_[pending.ticket.session].lines[line];
  line->waiting.push_back(std::move(pending));
}

// Takes the pops that `predicate` says out of the line.
template <class Predicate>
std::vector<Popper::Pending> Popper::take_if(Line& line, Predicate predicate) {
  std::vector<Pending> taken;
  std::erase_if(line.waiting, [&](Pending& pending) {
    if (!predicate(pending)) return false;
    const auto session = sessions_.find(pending.ticket.session);
    Waits& waits = session->second;
    const auto count = waits.lines.find(&line);
    if (--count->second == 0) waits.lines.erase(count);
    if (waits.lines.empty() && waits.cold == 0) sessions_.erase(session);
    --parked_;
    taken.push_back(std::move(pending));
    return true;
  });
  return taken;
}

void Popper::mark(Line& line) {
  if (std::exchange(line.marked, true)) return;
  marked_.push_back(&line);
}

void Popper::wake(std::string_view group, std::string_view topic) {
  if (Line* line = find_line(group, topic)) mark(*line);
}

void Popper::published(store::QueueNo queue) {
  if (by_topic_.empty()) return;
  const auto found = by_topic_.find(parts_.store.queue_name(queue).topic);
  if (found == by_topic_.end()) return;
  for (Line* line : found->second) mark(*line);
}

// Serves the line from its front for as long as there is something.
void Popper::serve_line(Line& line, const Now& now) {
  bool more = true;
  take_if(line, [&](Pending& pending) {
    if (!more) return false;
    Pending asking = pending;
    if (serve(asking, now)) return true;
    // Nothing in any queue: nothing for those behind either.
    if (pending.queue_id < 0 && pending.wish.kind == PopKind::take && !pending.wish.ordered)
      more = false;
    return false;
  });
}

bool Popper::end_cold_wait(SessionId session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return false;
  Waits& waits = found->second;
  if (--waits.cold == 0 && waits.lines.empty()) sessions_.erase(found);
  return true;
}

bool Popper::run(const Now& now) {
  const std::uint64_t dead_letters = stats().dead_letters;
  for (Pending& pending : std::exchange(cold_, {})) {
    if (!end_cold_wait(pending.ticket.session)) continue;  // nobody would have what is leased
    if (serve(pending, now)) continue;
    if (pending.deadline_ms == 0)
      answer(pending, PopStatus::nothing);
    else
      park(std::move(pending));
  }
  for (Line* line : std::exchange(marked_, {})) {
    line->marked = false;
    serve_line(*line, now);
  }
  return stats().dead_letters != dead_letters;
}

void Popper::tick(const Now& now) {
  parts_.leases.take_ended(now.wall_ms,
                           [this](LeasePlace& place) { wake(place.name.group, place.name.topic); });
  for (auto at = lines_.begin(); at != lines_.end();) {
    Line& line = *at->second;
    const auto late = take_if(
        line, [&](const Pending& pending) { return pending.deadline_ms <= now.steady_ms(); });
    for (const Pending& pending : late) answer(pending, PopStatus::nothing);
    if (!line.waiting.empty() || line.marked) {
      ++at;
      continue;
    }
    const auto topic = by_topic_.find(line.topic);
    std::erase(topic->second, &line);
    if (topic->second.empty()) by_topic_.erase(topic);
    at = lines_.erase(at);
  }
}

void Popper::session_closed(SessionId session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  for (const auto& [line, count] : found->second.lines) {
    std::erase_if(line->waiting, [&](const Pending& p) { return p.ticket.session == session; });
    parked_ -= count;
  }
  sessions_.erase(found);
}

void Popper::drain(const Now& now) {
  (void)run(now);
  for (const auto& [key, line] : lines_) {
    const auto all = take_if(*line, [](const Pending&) { return true; });
    for (const Pending& pending : all) answer(pending, PopStatus::nothing);
  }
}

}  // namespace bolide::broker
