// SPDX-License-Identifier: Apache-2.0
//
// Transactions.
// Runs on: core agent.  Owns: the open transactions.  Invariant: see transactions.h.
#include "broker/transactions/transactions.h"

#include "base/log.h"
#include "base/message_id.h"
#include "base/strings.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::int32_t records_per_turn = 1024;
constexpr std::size_t outcome_bytes_max = 4096;  // as RocketMQ's

QueueTail tail_of(std::string_view name, const Topics& topics, const Offsets& offsets,
                  const QueueTail::Parts& reading) {
  const Topic& topic = *topics.find(name);
  const std::int64_t at = offsets.find(transaction_group, topic.config.name, 0).value_or(0);
  return {reading, topic.queues.front(), at};
}

// Apache's broker counts in the message, which it stores anew with each question.
std::int32_t checks_elsewhere(const store::Record& half) {
  const auto text = store::find_property(half.properties, check_times_property);
  return std::max(parse_integer<std::int32_t>(text).value_or(0), 0);
}

}  // namespace

Transactions::Transactions(TransactionSettings settings, Parts parts,
                           const std::vector<CheckEntry>& checks)
    : settings_(settings),
      parts_(std::move(parts)),
      halves_(tail_of(half_topic, parts_.topics, parts_.offsets, parts_.reading)),
      outcomes_(tail_of(outcome_topic, parts_.topics, parts_.offsets, parts_.reading)),
      earlier_outcomes_(outcomes_) {
  for (const CheckEntry& entry : checks) {
    if (entry.half_offset >= halves_.next_offset()) {
      earlier_checks_[entry.half_offset] = entry.checks;
    } else {
      parts_.metadata.erase_checks(entry.half_offset);  // it has ended; this could not be noted
    }
  }
}

Detour Transactions::hold(const SendRequest& request, std::int32_t queue_id,
                          PropertyList properties) {
  return {.topic = parts_.topics.find(half_topic),
          .queue_id = 0,
          .properties = held_properties(std::move(properties), request.topic, queue_id)};
}

void Transactions::take_in() {
  if (!arrived_) return;
  halves_.read(records_per_turn, [this](const store::Record& half) { return arrive(half); });
  if (earlier_outcomes_) take_in_earlier_outcomes();
  arrived_ = !knows_all();
}

// Before anybody is asked or heard: who ended shortly before a kill would otherwise end twice.
void Transactions::take_in_earlier_outcomes() {
  earlier_outcomes_->read(records_per_turn, [this](const store::Record& outcome) {
    for_each_outcome(outcome.body, [this](std::int64_t offset) {
      if (const auto open = open_.find(offset); open != open_.end())
        open->second.ending = true;
      else if (offset >= halves_.next_offset())
        ending_early_.insert(offset);
    });
    return true;
  });
  if (earlier_outcomes_->at_end()) earlier_outcomes_.reset();
}

void Transactions::run(const Now& now) {
  take_in();
  if (outcomes_of_turn_.empty()) return;
  SendRequest request;
  request.topic = outcome_topic;
  request.queue_id = 0;
  request.born_host = parts_.store_host;
  static const std::string tag = [] {
    PropertyList properties("");
    properties.set("TAGS", "d");
    return properties.text();
  }();
  request.properties = tag;
  const std::string body = std::exchange(outcomes_of_turn_, {});
  request.body = body;
  parts_.sends.store(request, now, [this, body](Result<Stored> stored) {
    if (!stored) outcomes_of_turn_ += body;  // once more, with the next turn
  });
}

bool Transactions::arrive(const store::Record& half) {
  const auto noted = earlier_checks_.extract(half.queue_offset);
  if (ended_early_.erase(half.queue_offset) > 0) {
    ending_early_.erase(half.queue_offset);
    if (noted) parts_.metadata.erase_checks(half.queue_offset);
    return true;
  }
  open_.emplace(
      half.queue_offset,
      Open{.position = half.position,
           .check_after_ms = half.store_ms + immunity_ms(half).value_or(settings_.timeout_ms),
           .outcomes_from = outcomes_.next_offset(),
           .checks = noted ? noted.mapped() : checks_elsewhere(half),
           .ending = ending_early_.erase(half.queue_offset) > 0,
           .group = std::string(store::find_property(half.properties, "PGROUP"))});
  return true;
}

void Transactions::end(const EndTransaction& request, const store::Record& half, const Now& now,
                       Reply<void> reply) {
  const auto wrong = [&](const char* text) { reply(fail(Errc::invalid_argument, text)); };
  if (half.topic != half_topic) return wrong("Find prepared transaction message failed");
  if (store::find_property(half.properties, "PGROUP") != request.group)
    return wrong("The producer group wrong");
  if (half.queue_offset != request.half_offset)
    return wrong("The transaction state table offset wrong");
  const auto immunity = immunity_ms(half);
  if (!request.from_check && immunity && now.wall_ms - half.store_ms > *immunity) {
    return reply(fail(Errc::no_permission,
                      "the time of the transaction has passed: its producer is asked about it"));
  }
  take_in();
  if (half.queue_offset >= halves_.next_offset() || earlier_outcomes_)
    return reply(fail(Errc::busy, "after its start the broker still reads what is open"));
  const auto found = open_.find(half.queue_offset);
  if (found == open_.end() || found->second.ending) return reply({});  // it has its outcome
  found->second.ending = true;
  const std::int64_t offset = half.queue_offset;
  if (request.outcome == Outcome::rollback) {
    ++stats_.rolled_back;
    note_outcome(offset, now);
    return reply({});
  }
  // The outcome stands behind the message in the same write: a crash between the two repeats it.
  commit(half, now, [this, offset, reply = std::move(reply)](Result<Stored> stored) mutable {
    if (stored) return reply({});
    if (const auto open = open_.find(offset); open != open_.end()) open->second.ending = false;
    reply(Failure(std::move(stored).error()));
  });
  if (found->second.ending) {
    ++stats_.committed;
    note_outcome(offset, now);
  }
}

void Transactions::commit(const store::Record& half, const Now& now, OwnSends::Done done) {
  const auto target = committed(half);
  if (!target) return done(Failure(target.error()));
  const Topic* topic = parts_.topics.find(target->topic);
  if (topic == nullptr || topic->queue_count() == 0)
    return done(fail(Errc::topic_not_found, "topic " + target->topic + " is gone"));
  SendRequest request = request_of(half);
  request.topic = target->topic;
  request.queue_id = target->queue_id % topic->queue_count();
  request.properties = target->properties;
  request.sys_flag = half.sys_flag | store::sys_flag::commit;
  request.prepared_position = half.position;
  parts_.sends.store(request, now, std::move(done));
}

void Transactions::note_outcome(std::int64_t half_offset, const Now& now) {
  add_outcome(&outcomes_of_turn_, half_offset);
  if (outcomes_of_turn_.size() >= outcome_bytes_max) run(now);
}

void Transactions::tick(const Now& now) {
  if (now.steady_ms() - checked_ms_ < settings_.check_interval_ms || !knows_all()) return;
  checked_ms_ = now.steady_ms();
  for (auto& [offset, open] : open_) {
    if (!open.ending && open.check_after_ms <= now.wall_ms) check(offset, open, now);
  }
  (void)parts_.metadata.flush();  // where it fails, a restart counts from an earlier number
}

void Transactions::check(std::int64_t half_offset, Open& open, const Now& now) {
  const auto read = parts_.reading.store.read_position(open.position);
  store::Record half;
  if (read.records.empty() ||
      store::decode_record(read.records.front().view(), store::Verify::header, &half) !=
          store::DecodeStatus::record) {
    BOLIDE_LOG(error, "the held message at position {} cannot be read any more", open.position);
    ++stats_.given_up;
    open.ending = true;
    return note_outcome(half_offset, now);
  }
  if (open.checks >= settings_.checks_max) return give_up(half_offset, open, half, now);
  const auto producer = parts_.clients.pick_producer(open.group, turn_of_producers_++);
  ++open.checks;
  parts_.metadata.save_checks({.half_offset = half_offset, .checks = open.checks});
  if (!producer) return;
  auto record = question_record(half, open.checks);
  if (!record) return;
  const std::string_view key = store::find_property(half.properties, "UNIQ_KEY");
  const MessageId id(half.store_host, half.position);
  ++stats_.checks;
  producer->sink->on_check_transaction(producer->session, {.half_offset = half_offset,
                                                           .position = open.position,
                                                           .unique_key = key,
                                                           .message_id = id.view(),
                                                           .record = *record});
}

void Transactions::give_up(std::int64_t half_offset, Open& open, const store::Record& half,
                           const Now& now) {
  const Topic& topic = *parts_.topics.find(given_up_topic);
  SendRequest request = request_of(half);
  request.topic = topic.config.name;
  request.queue_id = 0;
  const std::string properties = PropertyList(half.properties).text();
  request.properties = properties;
  open.ending = true;
  parts_.sends.store(request, now, [this, half_offset](Result<Stored> stored) {
    if (stored) return;
    if (const auto found = open_.find(half_offset); found != open_.end())
      found->second.ending = false;
  });
  if (!open.ending) return;
  BOLIDE_LOG(warning, "a transaction of group {} has no outcome after {} questions", open.group,
             open.checks);
  ++stats_.given_up;
  note_outcome(half_offset, now);
}

void Transactions::resume(const store::Record& given_up, const Now& now, Reply<void> reply) {
  if (given_up.topic != given_up_topic)
    return reply(fail(Errc::invalid_argument, "the message is not of a transaction given up"));
  SendRequest request = request_of(given_up);
  request.topic = half_topic;
  request.queue_id = 0;
  PropertyList list(given_up.properties);
  list.erase(check_times_property);
  const std::string properties = list.text();
  request.properties = properties;
  parts_.sends.store(request, now, [reply = std::move(reply)](Result<Stored> stored) mutable {
    if (!stored) return reply(Failure(std::move(stored).error()));
    reply({});
  });
}

bool Transactions::settle(const store::Record& outcome, std::int64_t synced_position) {
  if (outcome.position >= synced_position) return false;
  for_each_outcome(outcome.body, [this](std::int64_t offset) {
    const auto ended = open_.extract(offset);
    if (ended && ended.mapped().checks > 0) parts_.metadata.erase_checks(offset);
    if (!ended && offset >= halves_.next_offset()) ended_early_.insert(offset);
  });
  return true;
}

void Transactions::save(std::int64_t synced_position) {
  outcomes_.read(records_per_turn,
                 [&](const store::Record& outcome) { return settle(outcome, synced_position); });
  if (!knows_all()) return;
  const bool none = open_.empty();
  const std::int64_t halves = none ? halves_.next_offset() : open_.begin()->first;
  const std::int64_t outcomes =
      none ? outcomes_.next_offset() : open_.begin()->second.outcomes_from;
  if (halves > 0) parts_.offsets.commit(transaction_group, half_topic, 0, halves);
  if (outcomes > 0) parts_.offsets.commit(transaction_group, outcome_topic, 0, outcomes);
}

bool Transactions::done_below(std::int64_t position) {
  return knows_all() && (open_.empty() || open_.begin()->second.position >= position);
}

TransactionStats Transactions::stats() const {
  TransactionStats stats = stats_;
  stats.open = open_.size();
  return stats;
}

std::vector<CheckEntry> Transactions::checks() const {
  std::vector<CheckEntry> list;
  for (const auto& [offset, checks] : earlier_checks_)
    list.push_back({.half_offset = offset, .checks = checks});
  for (const auto& [offset, open] : open_) {
    if (open.checks > 0) list.push_back({.half_offset = offset, .checks = open.checks});
  }
  return list;
}

}  // namespace bolide::broker
