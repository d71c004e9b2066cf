// SPDX-License-Identifier: Apache-2.0
//
// Reading queues from end to end.
// Runs on: see queue_scan.h.  Owns: nothing.  Invariant: none.
#include "client/queue_scan.h"

#include "client/pull_fields.h"
#include "protocols/remoting/wire/request_codes.h"

#include <utility>

namespace bolide::client {
namespace {

namespace request_code = remoting::request_code;

// Every broker knows this group.
constexpr std::string_view reader_group = "TOOLS_CONSUMER";

Question pull_question(const QueuePart& part, std::int64_t offset) {
  const PullFields fields({.group = reader_group,
                           .topic = part.topic,
                           .broker = part.broker,
                           .queue = part.queue,
                           .offset = offset,
                           .flags = pull_flag::subscription,
                           .subscription = "*"});
  Question question{.address = part.address,
                    .what = "messages of topic " + part.topic,
                    .code = request_code::pull_message};
  for (const auto& [name, value] : fields.fields())
    question.args.push_back({name, std::string(value)});
  return question;
}

}  // namespace

Result<std::vector<QueuePart>> queue_parts(const AdminCalls& calls, const BrokerData& broker,
                                           const std::string& topic) {
  std::vector<QueuePart> parts;
  const auto answer = calls.ask({.address = broker.address(),
                                 .what = "offsets of topic " + topic,
                                 .code = request_code::get_topic_stats_info,
                                 .args = {{"topic", topic}}});
  if (!answer && answer.error().code == Errc::topic_not_found) return parts;
  if (!answer) return Failure(answer.error());
  BOLIDE_TRY(const auto stats, from_json<TopicStats>(answer->body));
  for (const auto& [key, range] : stats.queues) {
    parts.push_back({.topic = topic,
                     .broker = broker.name,
                     .address = broker.address(),
                     .queue = key.queue,
                     .from = range.min,
                     .to = range.max});
  }
  return parts;
}

Result<> scan_queue(const AdminCalls& calls, const QueuePart& part,
                    const std::function<void(ReceivedMessage&& message)>& each) {
  std::int64_t offset = part.from;
  while (offset < part.to) {
    const auto answer = calls.ask(pull_question(part, offset));
    // "Not found" and "moved" are codes of their own, of which the error table knows nothing: what
    // was to be read is gone.
    if (!answer && answer.error().code == Errc::internal) return {};
    if (!answer) return Failure(answer.error());
    BOLIDE_TRY(auto messages, decode_messages(answer->body));
    BOLIDE_TRY(const std::int64_t next, answer->number("nextBeginOffset"));
    for (ReceivedMessage& message : messages) {
      message.broker = part.broker;
      if (message.offset < part.to) each(std::move(message));
    }
    if (next <= offset) return {};
    offset = next;
  }
  return {};
}

}  // namespace bolide::client
