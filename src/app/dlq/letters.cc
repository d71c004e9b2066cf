// SPDX-License-Identifier: Apache-2.0
//
// Dead letters as commands see them.
// Runs on: the main thread.  Owns: see letters.h.  Invariant: none.
#include "app/dlq/letters.h"

#include "app/arguments.h"
#include "app/cli_client.h"
#include "app/dlq/copy.h"
#include "app/time_place.h"
#include "base/strings.h"
#include "os/clock.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace bolide::app {
namespace {

constexpr auto read_wait = std::chrono::milliseconds(200);
constexpr std::int64_t stalled_ms = 30'000;

}  // namespace

Result<> read_all(const Client& client, const ReaderOptions& options,
                  const std::function<Result<bool>(ReceivedMessage&&)>& take) {
  const Admin admin(client);
  BOLIDE_TRY(const auto topic, checked(admin.describe_topic(options.topic)));
  std::map<QueueId, std::int64_t> last;  // what is still to come
  for (const QueueRange& range : topic.queues) {
    const bool asked = !options.queue || *options.queue == range.queue.queue;
    const bool young = options.from != ReadFrom::time || range.stored_ms >= options.from_time_ms;
    if (asked && young && range.first < range.next) last[range.queue] = range.next - 1;
  }
  if (last.empty()) return {};
  BOLIDE_TRY(Reader reader, checked(Reader::open(client, options)));
  std::int64_t heard_ms = os::system_clock().now().steady_ms();
  while (!last.empty()) {
    BOLIDE_TRY(auto messages, checked(reader.read(read_wait)));
    const std::int64_t now_ms = os::system_clock().now().steady_ms();
    if (now_ms - heard_ms > stalled_ms)
      return fail(Errc::timeout, "messages of topic " + options.topic);
    for (ReceivedMessage& message : messages) {
      const auto waiting =
          last.find({.topic = message.topic, .broker = message.broker, .queue = message.queue});
      if (waiting == last.end() || message.offset > waiting->second) continue;
      heard_ms = now_ms;  // what comes in other queues is not waited for
      if (message.offset == waiting->second) last.erase(waiting);
      BOLIDE_TRY(const bool more, take(std::move(message)));
      if (!more) return {};
    }
  }
  return {};
}

std::string_view topic_of_letter(const ReceivedMessage& letter) {
  return letter.property("RETRY_TOPIC");
}

std::int64_t replays_of(const ReceivedMessage& letter) {
  return parse_integer<std::int64_t>(letter.property(copy_property::replays)).value_or(0);
}

Result<LetterFilter> LetterFilter::of(const Arguments& arguments) {
  LetterFilter filter{.tag = arguments.text("--tag"),
                      .key = arguments.text("--key"),
                      .topic = arguments.text("--topic"),
                      .properties = {}};
  const WallMs now_ms = os::system_clock().now().wall_ms;
  if (arguments.has("--from")) {
    BOLIDE_TRY(filter.from_ms, parse_time_place(arguments.text("--from"), now_ms));
  }
  if (arguments.has("--to")) {
    BOLIDE_TRY(filter.to_ms, parse_time_place(arguments.text("--to"), now_ms));
  }
  for (const std::string& text : arguments.all("--property")) {
    BOLIDE_TRY(auto pair, parse_pair("--property", text));
    filter.properties.push_back(std::move(pair));
  }
  return filter;
}

bool LetterFilter::matches(const ReceivedMessage& letter) const {
  if (!tag.empty() && letter.tag() != tag) return false;
  if (!topic.empty() && topic_of_letter(letter) != topic) return false;
  if (letter.stored_ms < from_ms || letter.stored_ms > to_ms) return false;
  const auto keys = split(letter.keys(), ' ');
  if (!key.empty() && std::ranges::find(keys, key) == keys.end()) return false;
  return std::ranges::all_of(properties, [&](const auto& property) {
    return letter.property(property.first) == property.second;
  });
}

Result<> Ledger::read() {
  const auto topic = admin_.describe_topic(std::string(ledger_topic));
  if (!topic.ok() && topic.status().code() == Errc::topic_not_found) return {};
  BOLIDE_CHECK(checked(topic.status()));
  for (const QueueRange& range : topic->queues) next_[range.queue.broker] = range.first;
  return read_all(client_, {.topic = std::string(ledger_topic), .from = ReadFrom::first},
                  [this](ReceivedMessage&& message) -> Result<bool> {
                    BOLIDE_CHECK(take(message));
                    return true;
                  });
}

Result<> Ledger::take(const ReceivedMessage& message) {
  next_[message.broker] = message.offset + 1;
  auto entry = LedgerEntry::parse(message.body);
  if (!entry)
    return fail(Errc::message_invalid, "topic " + std::string(ledger_topic) + ", broker " +
                                           message.broker + ", offset " +
                                           std::to_string(message.offset) + " is no entry");
  entry->broker = message.broker;
  entry->offset = message.offset;
  entry->written_ms = message.stored_ms;
  apply(*entry);
  return {};
}

void Ledger::apply(const LedgerEntry& entry) {
  books_[{.topic = entry.topic, .broker = entry.broker, .queue = entry.queue}].apply(entry);
}

const LetterBook& Ledger::book(const QueueId& letters) const {
  static const LetterBook none;
  const auto found = books_.find(letters);
  return found == books_.end() ? none : found->second;
}

Result<> Ledger::make(const std::string& broker) {
  const auto route = admin_.route(std::string(ledger_topic));
  if (!route.ok() && route.status().code() != Errc::topic_not_found) return checked(route.status());
  if (route.ok() && std::ranges::find(*route, broker, &RouteEntry::broker) != route->end())
    return {};
  return checked(admin_.put_topic({.name = std::string(ledger_topic), .queues = 1}));
}

Result<> Ledger::written(LedgerEntry entry) {
  const QueueId queue{.topic = std::string(ledger_topic), .broker = entry.broker, .queue = 0};
  for (std::int64_t next = next_[entry.broker]; next < entry.offset; ++next) {
    const auto message = checked(admin_.message_at(queue, next));
    if (!message && message.error().code == Errc::not_found) continue;  // dropped since
    if (!message) return Failure(message.error());
    BOLIDE_CHECK(take(*message));
  }
  next_[entry.broker] = entry.offset + 1;
  apply(entry);
  return {};
}

}  // namespace bolide::app
