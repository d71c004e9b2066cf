// SPDX-License-Identifier: Apache-2.0
//
// The pops that wait, in a line for each group and topic.
// Runs on: core agent.  Owns: the lines.  Invariant: see popper.h.
#include "broker/delivery/popper.h"

#include "broker/lite/lite_rules.h"
#include "broker/queue_key.h"

#include <utility>

namespace bolide::broker {

Popper::Line* Popper::find_line(std::string_view group, std::string_view topic) {
  set_group_key(topic, group, &key_);
  const auto found = lines_.find(key_);
  return found == lines_.end() ? nullptr : found->second.get();
}

std::size_t Popper::waiting(std::string_view group, std::string_view topic,
                            std::int32_t queue_id) const {
  std::string key;
  set_group_key(topic, group, &key);
  const auto found = lines_.find(key);
  if (found == lines_.end()) return 0;
  std::size_t count = 0;
  for (Room::Id id = room_.first(*found->second); id != Room::none; id = room_.next(id))
    if (room_.at(id).queue_id == queue_id) ++count;
  return count;
}

void Popper::park(Pending pending) {
  const std::string& name = pending.lite_line.empty() ? pending.topic : pending.lite_line;
  Line* line = find_line(pending.wish.group, name);
  if (room_.size() >= settings_.waiting_max ||
      (line != nullptr && line->size() >= settings_.line_waiting_max)) {
    return answer(pending, PopStatus::full);
  }
  if (line == nullptr) {
    auto made = std::make_unique<Line>();
    made->group = pending.wish.group;
    made->topic = name;
    line = lines_.emplace(key_, std::move(made)).first->second.get();
    by_topic_[line->topic].push_back(line);
  }
  const auto [session, until_ms] = std::pair(pending.ticket.session, pending.deadline_ms);
  room_.park(*line, session, until_ms, std::move(pending));
}

void Popper::mark(Line& line) {
  if (std::exchange(line.marked, true)) return;
  marked_.push_back(&line);
}

void Popper::wake(std::string_view group, std::string_view topic) {
  if (Line* line = find_line(group, topic)) mark(*line);
  if (lite_ != nullptr && lite_name(topic)) lite_->freed(group, topic);
}

void Popper::wake_lite(std::string_view group, std::string_view client) {
  if (Line* line = find_line(group, lite_line(client))) mark(*line);
}

bool Popper::waits_lite(std::string_view group, std::string_view client) {
  if (room_.size() == 0) return false;
  const Line* line = find_line(group, lite_line(client));
  return line != nullptr && !line->empty();
}

void Popper::published(store::QueueNo queue) {
  if (by_topic_.empty()) return;
  const auto found = by_topic_.find(parts_.store.queue_name(queue).topic);
  if (found == by_topic_.end()) return;
  for (Line* line : found->second) mark(*line);
}

// Serves the line from its front for as long as there is something.
void Popper::serve_line(Line& line, const Now& now) {
  for (Room::Id id = room_.first(line); id != Room::none;) {
    const Room::Id behind = room_.next(id);
    Pending asking = std::move(room_.at(id));
    if (serve(asking, now)) {
      (void)room_.take(id);
    } else {
      const PopWish& wish = asking.wish;
      const bool any_queue = asking.queue_id < 0 && wish.kind == PopKind::take &&
                             (!wish.ordered || !asking.lite_line.empty());
      room_.at(id) = std::move(asking);
      if (any_queue) return;  // nothing in any queue: nothing for those behind either
    }
    id = behind;
  }
}

bool Popper::run(const Now& now) {
  const std::uint64_t dead_letters = stats().dead_letters;
  for (Pending& pending : std::exchange(cold_, {})) {
    if (!room_.come_back(pending.ticket.session)) continue;  // nobody would have what is leased
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
  for (const Pending& pending : room_.take_due(now.steady_ms()))
    answer(pending, PopStatus::nothing);
  room_.tidy([this](Line& line) { return leave(line); });
}

bool Popper::leave(Line& line) {
  if (line.marked) return false;
  const auto topic = by_topic_.find(line.topic);
  std::erase(topic->second, &line);
  if (topic->second.empty()) by_topic_.erase(topic);
  (void)find_line(line.group, line.topic);
  lines_.erase(lines_.find(key_));
  return true;
}

void Popper::session_closed(SessionId session) {
  room_.close(session);
}

void Popper::drain(const Now& now) {
  (void)run(now);
  for (const Pending& pending : room_.take_all()) answer(pending, PopStatus::nothing);
}

}  // namespace bolide::broker
