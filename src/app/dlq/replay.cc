// SPDX-License-Identifier: Apache-2.0
//
// Sending dead letters back.
// Runs on: the main thread.  Owns: see replay.h.  Invariant: see replay.h.
#include "app/dlq/replay.h"

#include "app/cli_client.h"
#include "app/dlq/copy.h"
#include "base/crc.h"
#include "base/strings.h"
#include "os/clock.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace bolide::app {
namespace {

constexpr auto send_timeout = std::chrono::seconds(60);
// What was on its way when its sender was killed has come by then, or never will.
constexpr std::int64_t settled_ms = 30'000;
constexpr std::int64_t progress_every_ms = 1000;
constexpr int attempts_max = 20;
constexpr auto attempt_pause = std::chrono::milliseconds(500);
// The clocks of two brokers may differ by that.
constexpr std::int64_t clock_slack_ms = 600'000;
// Numbers of an entry's letters: the entry's offset, and the letter's place in it.
constexpr std::int64_t numbers_per_entry = 128;
static_assert(letters_per_entry <= numbers_per_entry);

std::string copy_name(const LedgerEntry& entry, std::int64_t letter) {
  return entry.broker + "/" + std::to_string(entry.offset) + "/" + std::to_string(letter);
}

QueueSelector only(const QueueId& queue) {
  return [queue](const std::vector<QueueId>& queues, const Message&) {
    return static_cast<std::size_t>(std::ranges::find(queues, queue) - queues.begin());
  };
}

// The same for all who replay letters of this queue: so the broker knows each other's repeats.
std::string producer_id_of(const LedgerEntry& entry) {
  std::string id = "bolide-dlq-0123456789ABCDEF";
  const std::string queue = entry.topic + "/" + std::to_string(entry.queue);
  put_hex(id.data() + id.size() - 16, hash64(queue, hash64(entry.broker)), 16);
  return id;
}

}  // namespace

Replay::Replay(Client client, ReplayWish wish, std::ostream& progress)
    : client_(std::move(client)),
      admin_(client_),
      wish_(std::move(wish)),
      progress_(progress),
      ledger_(client_, admin_),
      pacer_(wish_.rate) {}

Result<ReplayReport> Replay::run() {
  BOLIDE_CHECK(ask_brokers());
  BOLIDE_CHECK(ledger_.read());
  if (!wish_.dry_run) BOLIDE_CHECK(finish_earlier());
  const auto take_one = [this](ReceivedMessage&& letter) -> Result<bool> {
    BOLIDE_CHECK(take(std::move(letter)));
    return taken_ < wish_.count_max;
  };
  BOLIDE_CHECK(read_all(client_, {.topic = wish_.topic, .from = ReadFrom::first}, take_one));
  for (auto& [queue, part] : parts_)
    if (!part.empty()) BOLIDE_CHECK(send_part(queue, std::move(part)));
  return report_;
}

Result<> Replay::ask_brokers() {
  BOLIDE_TRY(const auto letters, checked(admin_.describe_topic(wish_.topic)));
  for (const TopicShare& share : letters.shares) {
    BOLIDE_TRY(const auto state, checked(admin_.broker_state(share.address)));
    const auto version = state.find("brokerVersionDesc");
    exact_ = exact_ && version != state.end() && version->second.starts_with("BOLIDE");
  }
  return {};
}

Result<> Replay::finish_earlier() {
  BOLIDE_TRY(const auto letters, checked(admin_.describe_topic(wish_.topic)));
  for (const QueueRange& range : letters.queues) {
    // A copy: the book changes with each that is finished.
    const auto unfinished = ledger_.book(range.queue).unfinished();
    for (const auto& [offset, replay] : unfinished) {
      const Result<> finished = finish(range.queue, replay);
      if (!finished) BOLIDE_CHECK(leave_stuck(replay, finished.error()));
    }
  }
  return {};
}

Result<> Replay::finish(const QueueId& queue, const LetterBook::Unfinished& replay) {
  BOLIDE_CHECK(check_brokers(replay.entry));
  const std::int64_t age_ms = os::system_clock().now().wall_ms - replay.entry.written_ms;
  std::set<std::string> there;
  if (!exact_ || age_ms > settled_ms) {
    BOLIDE_TRY(there, copies_there(replay.entry));
  }
  std::map<std::int64_t, ReceivedMessage> found;
  for (const std::int64_t letter : replay.letters.all()) {
    if (there.contains(copy_name(replay.entry, letter))) continue;
    auto message = checked(admin_.message_at(queue, letter));
    if (!message && message.error().code != Errc::not_found) return Failure(message.error());
    if (message) found.emplace(letter, std::move(*message));
  }
  const std::int64_t before = report_.replayed;
  BOLIDE_TRY(const OffsetSet failed, send_letters(replay, std::move(found), there));
  report_.finished += std::exchange(report_.replayed, before) - before;
  return end(replay.entry, failed);
}

// Other letters need not wait for those whose broker has gone, or whose topic cannot be read any
// more. Which of them were sent is not known, so none is open again.
Result<> Replay::leave_stuck(const LetterBook::Unfinished& replay, const Error& why) {
  const std::int64_t letters = replay.letters.size();
  if (report_.stuck_by.empty()) report_.stuck_by = why.message();
  if (!wish_.give_up) {
    report_.stuck += letters;
    return {};
  }
  report_.given_up += letters;
  return end(replay.entry, {});
}

Result<> Replay::take(ReceivedMessage&& letter) {
  if (!wish_.filter.matches(letter)) return {};
  const QueueId queue{.topic = letter.topic, .broker = letter.broker, .queue = letter.queue};
  std::int64_t* left_alone = nullptr;
  if (!wish_.again && !ledger_.book(queue).is_open(letter.offset))
    left_alone = &report_.handled;
  else if (replays_of(letter) >= wish_.replays_max)
    left_alone = &report_.too_often;
  else if (wish_.to.empty() && topic_of_letter(letter).empty())
    left_alone = &report_.nowhere;
  if (left_alone != nullptr) {
    ++*left_alone;
    return {};
  }
  ++taken_;
  if (wish_.dry_run) {
    const std::string topic = wish_.to.empty() ? std::string(topic_of_letter(letter)) : wish_.to;
    BOLIDE_TRY(const auto target, target_or_refusal(topic, queue.broker));
    if (target) ++report_.replayed;
    return {};
  }
  auto& part = parts_[queue];
  part.push_back(std::move(letter));
  if (static_cast<std::int64_t>(part.size()) < letters_per_entry) return {};
  return send_part(queue, std::exchange(part, {}));
}

std::string Replay::topic_for(const LedgerEntry& entry, const ReceivedMessage& letter) const {
  return entry.to.empty() ? std::string(topic_of_letter(letter)) : entry.to;
}

Result<> Replay::send_part(const QueueId& queue, std::vector<ReceivedMessage> part) {
  LedgerEntry entry;
  entry.topic = queue.topic;
  entry.queue = queue.queue;
  entry.broker = queue.broker;
  entry.again = wish_.again;
  entry.to = wish_.to;
  std::map<std::int64_t, ReceivedMessage> letters;
  for (ReceivedMessage& letter : part) {
    const std::string topic = topic_for(entry, letter);
    if (!entry.targets.contains(topic)) {
      BOLIDE_TRY(const auto target, target_or_refusal(topic, queue.broker));
      if (!target) continue;
      entry.targets.emplace(topic, *target);
    }
    entry.letters.add(letter.offset);
    letters.emplace(letter.offset, std::move(letter));
  }
  if (letters.empty()) return {};
  BOLIDE_CHECK(ledger_.make(queue.broker));
  BOLIDE_TRY(entry.offset, write(entry));
  entry.written_ms = os::system_clock().now().wall_ms;
  const LetterBook& book = ledger_.book(queue);
  const auto own = book.unfinished().find(entry.offset);
  if (own == book.unfinished().end()) return {};
  const LetterBook::Unfinished replay = own->second;
  BOLIDE_TRY(const OffsetSet failed, send_letters(replay, std::move(letters), {}));
  return end(entry, failed);
}

Result<std::int64_t> Replay::write(const LedgerEntry& entry) {
  if (!writer_) {
    BOLIDE_TRY(
        writer_,
        checked(Producer::start(
            client_, {.group = "BOLIDE_CLI", .send_timeout = send_timeout, .idempotent = true})));
  }
  const QueueId queue{.topic = std::string(ledger_topic), .broker = entry.broker, .queue = 0};
  BOLIDE_TRY(const SendReceipt receipt,
             checked(writer_->send({.topic = queue.topic, .body = entry.text()}, only(queue))));
  LedgerEntry written = entry;
  written.offset = receipt.offset;
  written.written_ms = os::system_clock().now().wall_ms;
  BOLIDE_CHECK(ledger_.written(std::move(written)));
  return receipt.offset;
}

Result<Producer*> Replay::producer_for(const LedgerEntry& entry) {
  const std::string id = producer_id_of(entry);
  const auto found = senders_.find(id);
  if (found != senders_.end()) return &found->second;
  BOLIDE_TRY(Producer producer,
             checked(Producer::start(client_, {.group = "BOLIDE_CLI",
                                               .send_timeout = send_timeout,
                                               .idempotent = true,
                                               .producer_id = id,
                                               .message_bytes_max = std::size_t{64} << 20})));
  return &senders_.emplace(id, std::move(producer)).first->second;
}

Result<OffsetSet> Replay::send_letters(const LetterBook::Unfinished& replay,
                                       std::map<std::int64_t, ReceivedMessage> letters,
                                       const std::set<std::string>& there) {
  const LedgerEntry& entry = replay.entry;
  std::map<std::int64_t, Copy> copies;  // by letter
  OffsetSet failed;
  std::int64_t number = entry.offset * numbers_per_entry;
  for (const std::int64_t offset : entry.letters.all()) {
    const std::int64_t sequence = number++;
    const auto letter = letters.find(offset);
    const std::string name = copy_name(entry, offset);
    if (letter == letters.end() || !replay.letters.contains(offset) || there.contains(name))
      continue;
    const std::string topic = topic_for(entry, letter->second);
    const auto target = entry.targets.find(topic);
    if (target == entry.targets.end()) {
      failed.add(offset);
      continue;
    }
    Copy& copy = copies[offset];
    copy.message = copy_of(letter->second, topic, name);
    copy.message.sequence = sequence;
    copy.queue = {.topic = topic,
                  .broker = target->second.broker,
                  .queue = static_cast<std::int32_t>(offset % target->second.queues)};
  }
  BOLIDE_CHECK(send_copies(entry, &copies));
  for (const auto& [offset, copy] : copies) failed.add(offset);
  return failed;
}

Message Replay::copy_of(const ReceivedMessage& letter, const std::string& topic,
                        const std::string& name) {
  const std::string origin_id(letter.property("ORIGIN_MESSAGE_ID"));
  const auto origin = origin_id.empty() ? StatusOr<ReceivedMessage>(Status(Errc::not_found, ""))
                                        : admin_.message_by_offset_id(origin_id);
  return make_copy(
      {.letter = letter, .origin = origin.ok() ? &*origin : nullptr, .to = topic, .name = name});
}

// Leaves those that are refused. A broker that has just started may not be in its route yet: what
// has no place is tried again for a while.
Result<> Replay::send_copies(const LedgerEntry& entry, std::map<std::int64_t, Copy>* copies) {
  BOLIDE_TRY(Producer* const producer, producer_for(entry));
  for (int attempt = 0; attempt < attempts_max && !copies->empty(); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(attempt_pause);
    for (auto& [offset, copy] : *copies) {
      if (attempt == 0) pacer_.wait();
      copy.sent = producer->send_future(copy.message, only(copy.queue));
      show_progress();
    }
    bool again = false;
    for (auto copy = copies->begin(); copy != copies->end();) {
      const auto sent = copy->second.sent.get();
      if (sent.ok()) {
        ++report_.replayed;
        copy = copies->erase(copy);
        continue;
      }
      if (sent.status().retriable()) return checked(sent.status());
      const Errc code = sent.status().code();
      again = again || code == Errc::topic_not_found || code == Errc::queue_out_of_range;
      copy->second.refusal = sent.status();
      ++copy;
    }
    if (!again) break;
  }
  if (copies->empty()) return {};
  // One that is too old to tell was sent by somebody else, who is further on. And a topic that
  // cannot be found has gone only if its broker is there and does not know it.
  BOLIDE_TRY(const auto there, copies_there(entry));
  for (auto copy = copies->begin(); copy != copies->end();) {
    if (there.contains(copy_name(entry, copy->first))) {
      copy = copies->erase(copy);
      continue;
    }
    ++report_.failed;
    if (report_.refusal.empty()) report_.refusal = copy->second.refusal.message();
    ++copy;
  }
  return {};
}

Result<> Replay::end(const LedgerEntry& entry, const OffsetSet& failed) {
  LedgerEntry done;
  done.kind = LedgerEntry::Kind::done;
  done.topic = entry.topic;
  done.queue = entry.queue;
  done.broker = entry.broker;
  done.letters = failed;
  done.replay = entry.offset;
  BOLIDE_CHECK(write(done));
  show_progress();
  return {};
}

// Names of the copies that an entry's replay has sent.
Result<std::set<std::string>> Replay::copies_there(const LedgerEntry& entry) {
  BOLIDE_CHECK(check_brokers(entry));
  std::set<std::string> names;
  const std::string prefix = entry.broker + "/" + std::to_string(entry.offset) + "/";
  for (const auto& [topic, target] : entry.targets) {
    const auto route = plain_route(topic);
    if (!route && route.error().code == Errc::topic_not_found) continue;
    BOLIDE_CHECK(route);
    const Result<> read = read_all(
        client_,
        {.topic = topic, .from = ReadFrom::time, .from_time_ms = entry.written_ms - clock_slack_ms},
        [&](ReceivedMessage&& message) -> Result<bool> {
          const auto name = message.property(copy_property::replay);
          if (name.starts_with(prefix)) names.emplace(name);
          return true;
        });
    if (!read && read.error().code != Errc::topic_not_found) return Failure(read.error());
  }
  return names;
}

// What lies on a broker that is away cannot be known.
Result<> Replay::check_brokers(const LedgerEntry& entry) {
  BOLIDE_TRY(const auto brokers, checked(admin_.brokers()));
  for (const auto& [topic, target] : entry.targets) {
    const bool there = std::ranges::any_of(brokers, [&](const BrokerInfo& broker) {
      return broker.name == target.broker && broker.id == 0;
    });
    if (!there) return fail(Errc::connection_failed, "broker " + target.broker + " is away");
  }
  return {};
}

// The queues of a static topic move from broker to broker, and what a broker knows of repeats does
// not move along: no copy could be promised to be the only one.
Result<std::vector<RouteEntry>> Replay::plain_route(const std::string& topic) {
  BOLIDE_TRY(auto route, checked(admin_.route(topic)));
  if (std::ranges::any_of(route, &RouteEntry::is_static))
    return fail(Errc::not_supported, "topic " + topic +
                                         " is static; its letters can go to another one, with " +
                                         std::string(into_option));
  return route;
}

// The letters' own broker where the topic is on it, so that one crash cannot part them.
Result<LedgerEntry::Target> Replay::target_for(const std::string& topic,
                                               const std::string& broker) {
  const std::string key = topic + "\n" + broker;
  if (const auto found = targets_.find(key); found != targets_.end()) return found->second;
  BOLIDE_TRY(const auto route, plain_route(topic));
  LedgerEntry::Target target;
  for (const RouteEntry& entry : route) {
    if (!entry.writable || entry.write_queues <= 0) continue;
    if (target.broker.empty() || entry.broker == broker)
      target = {.broker = entry.broker, .queues = entry.write_queues};
  }
  if (target.broker.empty()) return fail(Errc::topic_not_found, topic + " cannot be written");
  targets_[key] = target;
  return target;
}

// None: there is no such topic, or none for copies, and a letter for it is counted as refused.
Result<std::optional<LedgerEntry::Target>> Replay::target_or_refusal(const std::string& topic,
                                                                     const std::string& broker) {
  auto target = target_for(topic, broker);
  if (target) return std::optional(std::move(*target));
  const Errc code = target.error().code;
  if (code != Errc::topic_not_found && code != Errc::not_supported)
    return Failure(std::move(target).error());
  ++report_.failed;
  if (report_.refusal.empty()) report_.refusal = target.error().message();
  return std::optional<LedgerEntry::Target>();
}

void Replay::show_progress() {
  const std::int64_t now_ms = os::system_clock().now().steady_ms();
  if (shown_ms_ == 0) shown_ms_ = now_ms;
  if (now_ms - shown_ms_ < progress_every_ms) return;
  shown_ms_ = now_ms;
  progress_ << "bolide: " << report_.replayed + report_.finished << " letters replayed\n"
            << std::flush;
}

Result<std::int64_t> discard_letters(const Client& client, const ReplayWish& wish) {
  const Admin admin(client);
  Ledger ledger(client, admin);
  BOLIDE_CHECK(ledger.read());
  std::map<QueueId, OffsetSet> found;
  std::int64_t count = 0;
  BOLIDE_CHECK(read_all(
      client, {.topic = wish.topic, .from = ReadFrom::first},
      [&](ReceivedMessage&& letter) -> Result<bool> {
        const QueueId queue{.topic = letter.topic, .broker = letter.broker, .queue = letter.queue};
        if (wish.filter.matches(letter) && ledger.book(queue).is_open(letter.offset)) {
          found[queue].add(letter.offset);
          ++count;
        }
        return count < wish.count_max;
      }));
  if (wish.dry_run || found.empty()) return count;
  BOLIDE_TRY(
      Producer writer,
      checked(Producer::start(
          client, {.group = "BOLIDE_CLI", .send_timeout = send_timeout, .idempotent = true})));
  for (const auto& [queue, letters] : found) {
    LedgerEntry entry;
    entry.kind = LedgerEntry::Kind::discard;
    entry.topic = queue.topic;
    entry.queue = queue.queue;
    entry.letters = letters;
    BOLIDE_CHECK(ledger.make(queue.broker));
    const QueueId place{.topic = std::string(ledger_topic), .broker = queue.broker, .queue = 0};
    BOLIDE_CHECK(checked(writer.send({.topic = place.topic, .body = entry.text()}, only(place))));
  }
  return count;
}

}  // namespace bolide::app
