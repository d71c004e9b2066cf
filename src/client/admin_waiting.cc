// SPDX-License-Identifier: Apache-2.0
//
// What waits in brokers' own topics: messages for their time (rocketmq 3.8, 3.9), transactions for
// their end (3.10). It is read from the topics themselves, so that every server of RocketMQ's can
// be asked.
// Runs on: any thread.  Owns: nothing.  Invariant: see admin.h.
#include <bolide/admin.h>

#include "base/base64.h"
#include "base/message_id.h"
#include "base/strings.h"
#include "client/queue_scan.h"
#include "client/status.h"
#include "os/clock.h"
#include "protocols/remoting/wire/request_codes.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace bolide {
namespace client {
namespace {

namespace request_code = remoting::request_code;

constexpr std::string_view level_topic = "SCHEDULE_TOPIC_XXXX";
constexpr std::string_view timer_topic = "rmq_sys_wheel_timer";
constexpr std::string_view half_topic = "RMQ_SYS_TRANS_HALF_TOPIC";
constexpr std::string_view outcome_topic = "RMQ_SYS_TRANS_OP_HALF_TOPIC";
constexpr std::string_view given_up_topic = "TRANS_CHECK_MAX_TIME_TOPIC";
// Whose committed offsets say how far transactions are ended.
constexpr std::string_view transaction_group = "CID_RMQ_SYS_TRANS";
constexpr std::string_view default_levels =
    "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

std::int64_t unit_ms(char unit) {
  switch (unit) {
    case 's': return 1'000;
    case 'm': return 60'000;
    case 'h': return 3'600'000;
    case 'd': return 86'400'000;
    default: return 0;
  }
}

// The delays of the levels, the first level's first, of a broker that says how it is set.
std::vector<std::int64_t> delays_of(const std::string& settings) {
  constexpr std::string_view name = "messageDelayLevel=";
  std::string_view text = default_levels;
  for (const std::string_view line : split(settings, '\n')) {
    if (line.starts_with(name)) text = trim(line.substr(name.size()));
  }
  std::vector<std::int64_t> delays;
  for (const std::string_view level : split(text, ' ')) {
    const auto count = level.empty()
                           ? std::nullopt
                           : parse_integer<std::int64_t>(level.substr(0, level.size() - 1));
    delays.push_back(count ? *count * unit_ms(level.back()) : 0);
  }
  return delays;
}

WaitingMessage waiting_of(const ReceivedMessage& message, std::int64_t due_ms) {
  return {.topic = std::string(message.property("REAL_TOPIC")),
          .broker = message.broker,
          .id = message.id(),
          .tag = std::string(message.tag()),
          .keys = std::string(message.keys()),
          .stored_ms = message.stored_ms,
          .due_ms = due_ms};
}

// All that waits on one broker.
class Waiting {
 public:
  Waiting(const AdminCalls& calls, const BrokerData& broker)
      : calls_(calls), broker_(broker), now_ms_(os::system_clock().now().wall_ms) {}

  Result<std::vector<WaitingMessage>> all() {
    BOLIDE_CHECK(read_timers());
    BOLIDE_CHECK(read_levels());
    return std::move(found_);
  }

 private:
  Result<> read_timers() {
    BOLIDE_TRY(const auto parts, queue_parts(calls_, broker_, std::string(timer_topic)));
    std::map<std::pair<std::string, std::string>, WaitingMessage> waiting;  // by topic and id
    std::set<std::string> recalled;
    for (const QueuePart& part : parts) {
      BOLIDE_CHECK(scan_queue(calls_, part, [&](ReceivedMessage&& message) {
        if (const auto key = message.property("TIMER_DEL_UNIQKEY"); !key.empty()) {
          recalled.emplace(key);
          return;
        }
        const auto due_ms = parse_integer<std::int64_t>(message.property("TIMER_OUT_MS"));
        if (!due_ms || *due_ms <= now_ms_) return;
        // A broker may have stored it again.
        WaitingMessage entry = waiting_of(message, *due_ms);
        entry.recall_handle = handle_of(entry);
        waiting[{entry.topic, entry.id}] = std::move(entry);
      }));
    }
    for (auto& [name, entry] : waiting) {
      // Newer brokers put the topic before the id.
      if (!recalled.contains(entry.id) && !recalled.contains(entry.topic + "+" + entry.id))
        found_.push_back(std::move(entry));
    }
    return {};
  }

  Result<> read_levels() {
    BOLIDE_TRY(auto parts, queue_parts(calls_, broker_, std::string(level_topic)));
    if (std::ranges::all_of(parts, [](const QueuePart& part) { return part.from == part.to; }))
      return {};
    BOLIDE_TRY(const Answer settings, calls_.ask({.address = broker_.address(),
                                                  .what = "settings of broker " + broker_.name,
                                                  .code = request_code::get_broker_config}));
    const auto delays = delays_of(settings.body);
    for (QueuePart& part : parts) {
      const auto level = static_cast<std::size_t>(part.queue);
      if (part.from == part.to || level >= delays.size()) continue;
      const std::int64_t delay_ms = delays[level];
      // What was stored before is due.
      BOLIDE_TRY(const Answer place,
                 calls_.ask({.address = broker_.address(),
                             .what = "offset of topic " + part.topic,
                             .code = request_code::search_offset_by_timestamp,
                             .args = {{"topic", part.topic},
                                      {"queueId", std::to_string(part.queue)},
                                      {"timestamp", std::to_string(now_ms_ - delay_ms)}}}));
      BOLIDE_TRY(const std::int64_t from, place.number("offset"));
      part.from = std::max(part.from, from);
      BOLIDE_CHECK(scan_queue(calls_, part, [&](ReceivedMessage&& message) {
        if (message.stored_ms + delay_ms <= now_ms_) return;
        found_.push_back(waiting_of(message, message.stored_ms + delay_ms));
        found_.back().delay_level = static_cast<int>(level) + 1;
      }));
    }
    return {};
  }

  static std::string handle_of(const WaitingMessage& message) {
    return base64_url("v1 " + message.topic + " " + message.broker + " " +
                      std::to_string(message.due_ms + 1) + " " + message.id);
  }

  const AdminCalls& calls_;
  const BrokerData& broker_;
  const std::int64_t now_ms_;
  std::vector<WaitingMessage> found_;
};

OpenTransaction transaction_of(const ReceivedMessage& half) {
  return {.topic = std::string(half.property("REAL_TOPIC")),
          .broker = half.broker,
          .group = std::string(half.property("PGROUP")),
          .id = half.id(),
          .offset_id = half.offset_id(),
          .checks = parse_integer<int>(half.property("TRANSACTION_CHECK_TIMES")),
          .stored_ms = half.stored_ms};
}

// Where the broker's own group is in the queue.
Result<std::int64_t> ended_below(const AdminCalls& calls, const QueuePart& part) {
  const auto answer = calls.ask({.address = part.address,
                                 .what = "offset of topic " + part.topic,
                                 .code = request_code::query_consumer_offset,
                                 .args = {{"consumerGroup", std::string(transaction_group)},
                                          {"topic", part.topic},
                                          {"queueId", std::to_string(part.queue)}}});
  if (!answer) return part.from;  // never committed
  BOLIDE_TRY(const std::int64_t offset, answer->number("offset"));
  return std::max(offset, part.from);
}

Result<> read_open(const AdminCalls& calls, const BrokerData& broker,
                   std::vector<OpenTransaction>* found) {
  BOLIDE_TRY(auto outcomes, queue_parts(calls, broker, std::string(outcome_topic)));
  std::set<std::pair<std::int32_t, std::int64_t>> ended;  // by queue, the offsets of halves
  for (QueuePart& part : outcomes) {
    BOLIDE_TRY(part.from, ended_below(calls, part));
    BOLIDE_CHECK(scan_queue(calls, part, [&](ReceivedMessage&& message) {
      for (const std::string_view text : split(message.body, ',')) {
        if (const auto offset = parse_integer<std::int64_t>(text))
          ended.emplace(part.queue, *offset);
      }
    }));
  }
  BOLIDE_TRY(auto halves, queue_parts(calls, broker, std::string(half_topic)));
  for (QueuePart& part : halves) {
    BOLIDE_TRY(part.from, ended_below(calls, part));
    BOLIDE_CHECK(scan_queue(calls, part, [&](ReceivedMessage&& message) {
      if (!ended.contains({part.queue, message.offset})) found->push_back(transaction_of(message));
    }));
  }
  return {};
}

Result<std::vector<WaitingMessage>> waiting_messages(const AdminCalls& calls) {
  BOLIDE_TRY(const auto brokers, calls.masters());
  std::vector<WaitingMessage> all;
  for (const BrokerData& broker : brokers) {
    BOLIDE_TRY(auto some, Waiting(calls, broker).all());
    std::ranges::move(some, std::back_inserter(all));
  }
  std::ranges::sort(all, {}, [](const WaitingMessage& message) {
    return std::tie(message.due_ms, message.topic, message.id);
  });
  return all;
}

Result<std::vector<OpenTransaction>> transactions(const AdminCalls& calls, bool given_up) {
  BOLIDE_TRY(const auto brokers, calls.masters());
  std::vector<OpenTransaction> all;
  for (const BrokerData& broker : brokers) {
    if (!given_up) {
      BOLIDE_CHECK(read_open(calls, broker, &all));
      continue;
    }
    BOLIDE_TRY(const auto parts, queue_parts(calls, broker, std::string(given_up_topic)));
    for (const QueuePart& part : parts) {
      BOLIDE_CHECK(scan_queue(
          calls, part, [&](ReceivedMessage&& message) { all.push_back(transaction_of(message)); }));
    }
  }
  std::ranges::sort(all, {}, [](const OpenTransaction& one) {
    return std::tie(one.stored_ms, one.broker, one.id);
  });
  return all;
}

Result<> resume(const AdminCalls& calls, const std::string& offset_id) {
  BOLIDE_TRY(const MessagePlace place, parse_message_id(offset_id));
  const auto answer =
      calls.ask({.address = place.store_host.text(),
                 .what = "resume transaction " + offset_id,
                 .code = request_code::resume_check_half_message,
                 .args = {{"topic", std::string(given_up_topic)}, {"msgId", offset_id}}});
  // Servers answer the general error where the message is not there, or is another.
  if (!answer && answer.error().code == Errc::internal)
    return fail(Errc::not_found, answer.error().context);
  if (!answer) return Failure(answer.error());
  return {};
}

}  // namespace
}  // namespace client

StatusOr<std::vector<WaitingMessage>> Admin::waiting_messages() const {
  return client::to_status_or(client::waiting_messages(*calls_));
}

StatusOr<std::vector<OpenTransaction>> Admin::open_transactions() const {
  return client::to_status_or(client::transactions(*calls_, false));
}

StatusOr<std::vector<OpenTransaction>> Admin::given_up_transactions() const {
  return client::to_status_or(client::transactions(*calls_, true));
}

Status Admin::resume_transaction(const std::string& offset_id) const {
  return client::to_status(client::resume(*calls_, offset_id));
}

}  // namespace bolide
