// SPDX-License-Identifier: Apache-2.0
//
// Transactions.
// Runs on: core agent.  Owns: the open transactions.  Invariant: see transactions.h.
#include "broker/transactions/transactions.h"

#include "base/log.h"
#include "base/message_id.h"
#include "base/strings.h"
#include "broker/transactions/earlier_commits.h"

#include <algorithm>
#include <utility>

namespace bolide::broker {
namespace {

constexpr std::int32_t records_per_turn = 1024;
constexpr std::int32_t questions_per_tick = 256;
constexpr std::int64_t question_bytes_per_tick = 4LL << 20U;
constexpr std::int32_t looks_per_tick = 16'384;
constexpr std::size_t outcome_bytes_max = 4096;  // as RocketMQ's

QueueTail tail_of(std::string_view name, const Topics& topics, const Offsets& offsets,
                  const QueueTail::Parts& reading) {
  const Topic& topic = *topics.find(name);
  const store::QueueNo queue = topic.queues.front();
  // A loss of power may take more of the log than of the journal.
  const std::int64_t at =
      std::min(offsets.find(transaction_group, name, 0).value_or(0), reading.visible.end(queue));
  return {reading, queue, at};
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
      earlier_outcomes_(outcomes_),
      committed_before_(earlier_commits(parts_.reading.store, halves_.queue(),
                                        halves_.next_offset(), outcomes_.queue())) {
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
  if (!arrived_ && !committed_before_.empty()) committed_before_ = {};
}

// What lies on a cold disk comes with a later turn.
bool Transactions::more_to_take_in() {
  if (!arrived_) return false;
  if (!halves_.at_end()) return halves_.again_in_ms() == 0;
  return earlier_outcomes_ && earlier_outcomes_->again_in_ms() == 0;
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

bool Transactions::run(const Now& now) {
  take_in();
  if (settle_soon_) settle_some();
  if (!outcomes_of_turn_.empty()) store_outcomes(now);
  return settle_soon_ || more_to_take_in();
}

void Transactions::store_outcomes(const Now& now) {
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
  const bool ending = ending_early_.erase(half.queue_offset) > 0;
  const bool committed = std::ranges::binary_search(committed_before_, half.position);
  if (committed && !ending) add_outcome(&outcomes_of_turn_, half.queue_offset);
  open_.emplace(
      half.queue_offset,
      Open{.position = half.position,
           .store_ms = half.store_ms,
           .check_after_ms = half.store_ms + immunity_ms(half).value_or(settings_.timeout_ms),
           .outcomes_from = outcomes_.next_offset(),
           .checks = noted ? noted.mapped() : checks_elsewhere(half),
           .ending = ending || committed,
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
  // Bytes within another message's body may look like a held message.
  if (found->second.position != half.position)
    return wrong("The transaction state table offset wrong");
  found->second.ending = true;
  const std::int64_t offset = half.queue_offset;
  if (request.outcome == Outcome::rollback) {
    ++stats_.rolled_back;
    note_outcome(offset, now);
    return reply({});
  }
  // The outcome stands behind the message in the same write; of a crash between the two the next
  // start knows by the message.
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
  if (outcomes_of_turn_.size() >= outcome_bytes_max) store_outcomes(now);
}

void Transactions::tick(const Now& now) {
  if (!knows_all()) return;
  if (give_up_below_ > 0) give_up_some(now);
  if (!ask_from_ && now.steady_ms() - checked_ms_ >= settings_.check_interval_ms) {
    checked_ms_ = now.steady_ms();
    ask_from_ = 0;
  }
  if (ask_from_) ask_some(now);
}

// However many are open, the turn stays short.
void Transactions::ask_some(const Now& now) {
  Asking asking{.questions = questions_per_tick, .bytes = question_bytes_per_tick};
  std::int32_t looks = looks_per_tick;
  auto next = open_.lower_bound(*ask_from_);
  for (; next != open_.end() && looks > 0; ++next, --looks) {
    if (asking.questions <= 0 || asking.bytes <= 0) break;
    auto& [offset, open] = *next;
    if (open.ending || open.check_after_ms > now.wall_ms) continue;
    if (!check(offset, open, now, &asking)) break;
  }
  ask_from_ = next == open_.end() ? std::nullopt : std::optional(next->first);
  (void)parts_.metadata.flush();  // where it fails, a restart counts from an earlier number
}

void Transactions::give_up_some(const Now& now) {
  const std::int64_t life_ms =
      settings_.timeout_ms + settings_.check_interval_ms * settings_.checks_max;
  std::int32_t left = questions_per_tick;
  for (auto& [offset, open] : open_) {
    if (open.position >= give_up_below_ || left-- == 0) break;
    if (open.ending || now.wall_ms - open.store_ms < life_ms) continue;
    store::ReadResult bytes;
    store::Record half;
    if (read(offset, open, now, &bytes, &half)) give_up(offset, open, half, now);
  }
  give_up_below_ = 0;  // retention asks again
}

bool Transactions::read(std::int64_t half_offset, Open& open, const Now& now,
                        store::ReadResult* bytes, store::Record* half) {
  if (halves_.read_again(half_offset, bytes, half)) return true;
  if (halves_.again_in_ms() > 0) return false;
  ++stats_.given_up;
  open.ending = true;
  note_outcome(half_offset, now);
  return false;
}

// False: it must wait for the disk.
bool Transactions::check(std::int64_t half_offset, Open& open, const Now& now, Asking* asking) {
  const bool last = open.checks >= settings_.checks_max;
  const auto producer =
      last ? std::nullopt : parts_.clients.pick_producer(open.group, turn_of_producers_++);
  // The others must not wait for one that takes nothing: it is asked in the next round.
  if (producer && producer->session == asking->refused) return true;
  store::ReadResult bytes;
  store::Record half;
  if (!read(half_offset, open, now, &bytes, &half)) return open.ending;
  --asking->questions;
  asking->bytes -= static_cast<std::int64_t>(half.total_size);
  if (last) {
    give_up(half_offset, open, half, now);
    return true;
  }
  if (producer && !ask(*producer, half_offset, open, half, asking)) return true;
  ++open.checks;
  parts_.metadata.save_checks({.half_offset = half_offset, .checks = open.checks});
  return true;
}

// False: its connection takes no question, and none was counted.
bool Transactions::ask(const Clients::Producer& producer, std::int64_t half_offset,
                       const Open& open, const store::Record& half, Asking* asking) {
  const auto record = question_record(half, open.checks + 1);
  if (!record) return true;
  const std::string_view key = store::find_property(half.properties, "UNIQ_KEY");
  const MessageId id(half.store_host, half.position);
  const TransactionQuestion question{.half_offset = half_offset,
                                     .position = open.position,
                                     .unique_key = key,
                                     .message_id = id.view(),
                                     .record = *record};
  if (!producer.sink->on_check_transaction(producer.session, question)) {
    asking->refused = producer.session;
    return false;
  }
  ++stats_.checks;
  return true;
}

void Transactions::give_up(std::int64_t half_offset, Open& open, const store::Record& half,
                           const Now& now) {
  const Topic& topic = *parts_.topics.find(given_up_topic);
  SendRequest request = request_of(half);
  request.topic = topic.config.name;
  request.queue_id = 0;
  PropertyList list(half.properties);
  std::string properties = list.text();
  list.set(check_times_property, std::int64_t{open.checks});  // for whoever looks at them
  if (std::string counted = list.text(); store::properties_fit(counted))
    properties = std::move(counted);
  request.properties = properties;
  // It keeps where it was to go, and when, for whoever resumes it.
  request.origin = Origin::waited;
  open.ending = true;
  parts_.sends.store(request, now, [this, half_offset](Result<Stored> stored) {
    if (stored) return;
    if (hopeless(stored.error())) {
      BOLIDE_LOG(error, "a transaction that is given up cannot be put aside and is lost: {}",
                 stored.error().message());
      return;
    }
    if (const auto found = open_.find(half_offset); found != open_.end())
      found->second.ending = false;
  });
  if (!open.ending) return;
  BOLIDE_LOG(warning, "a transaction of group {} is given up: no outcome after {} ms, {} questions",
             open.group, now.wall_ms - half.store_ms, open.checks);
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
  request.origin = Origin::waited;
  parts_.sends.store(request, now, [reply = std::move(reply)](Result<Stored> stored) mutable {
    if (!stored) return reply(Failure(std::move(stored).error()));
    reply({});
  });
}

bool Transactions::settle(const store::Record& outcome) {
  if (outcome.position >= synced_position_) return false;
  for_each_outcome(outcome.body, [this](std::int64_t offset) {
    const auto ended = open_.extract(offset);
    if (ended && ended.mapped().checks > 0) parts_.metadata.erase_checks(offset);
    if (!ended && offset >= halves_.next_offset()) ended_early_.insert(offset);
  });
  return true;
}

void Transactions::settle_some() {
  settle_soon_ = outcomes_.read(records_per_turn, [this](const store::Record& outcome) {
    return settle(outcome);
  }) == records_per_turn;
}

void Transactions::save(std::int64_t synced_position) {
  synced_position_ = synced_position;
  settle_some();
  if (!knows_all()) return;
  const bool none = open_.empty();
  const std::int64_t halves = none ? halves_.next_offset() : open_.begin()->first;
  const std::int64_t outcomes =
      none ? outcomes_.next_offset() : open_.begin()->second.outcomes_from;
  if (halves > 0) parts_.offsets.commit(transaction_group, half_topic, 0, halves);
  if (outcomes > 0) parts_.offsets.commit(transaction_group, outcome_topic, 0, outcomes);
}

bool Transactions::done_below(std::int64_t position) {
  if (!knows_all()) return false;
  if (open_.empty() || open_.begin()->second.position >= position) return true;
  give_up_below_ = position;
  return false;
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
