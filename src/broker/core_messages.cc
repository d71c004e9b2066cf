// SPDX-License-Identifier: Apache-2.0
//
// The core's calls that look up single messages.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: see core.h.
#include "broker/core.h"
#include "broker/inner_batch/inner_batch.h"
#include "broker/timers/recall_handle.h"

namespace bolide::broker {
namespace {

// Whether the record really carries the key: the index knows hashes only.
bool carries(const store::Record& record, std::string_view topic, std::string_view key,
             bool unique_key) {
  if (record.topic != topic) return false;
  if (store::find_property(record.properties, "UNIQ_KEY") == key) return true;
  if (unique_key) return false;
  std::string_view rest = store::find_property(record.properties, "KEYS");
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    if (rest.substr(0, space) == key) return true;
    rest = space == rest.npos ? std::string_view{} : rest.substr(space + 1);
  }
  return false;
}

}  // namespace

Result<Slices> Core::record_at(std::int64_t position) {
  // Never what a crash could take back, nor what is not the start of a record.
  if (position >= 0 && position < store_.safe_position()) {
    auto read = store_.read_position(position);
    if (!read.records.empty()) return std::move(read.records);
    auto kept = compactor_->record_at(position);
    if (kept || kept.error().code != Errc::not_found) return kept;
  }
  return fail(Errc::not_found, "can not find message by the offset: " + std::to_string(position));
}

void Core::message_at(const Identity&, std::int64_t position, Reply<Slices> reply) {
  reply(record_at(position));
}

void Core::recall(const Identity&, std::string_view topic, std::string_view handle,
                  Reply<std::string> reply) {
  if (!settings_.recall_enabled)
    return reply(fail(Errc::no_permission, "recall failed, operation is forbidden"));
  const auto wrong = [&](const char* text) { reply(fail(Errc::invalid_argument, text)); };
  const auto parts = RecallHandle::parse(handle);
  if (!parts) return reply(Failure(parts.error()));
  if (parts->topic != topic) return wrong("recall failed, topic not match");
  if (parts->broker != settings_.name) return wrong("recall failed, the broker is another");
  const Topic* found = topics_.find(topic);
  if (found == nullptr) return wrong("recall failed, topic not exist");
  if (parts->due_ms <= now().wall_ms) return wrong("recall failed, timestamp invalid");
  const std::string properties = recall_properties(*parts);
  SendRequest request;
  request.topic = topic;
  request.queue_id = 0;
  request.born_ms = now().wall_ms;
  request.born_host = settings_.store_host;
  request.properties = properties;
  request.body = "0";
  own_sends_.store(
      request, now(),
      [reply = std::move(reply), key = parts->unique_key](Result<Stored> stored) mutable {
        if (!stored) return reply(Failure(std::move(stored).error()));
        reply(std::move(key));
      });
}

void Core::end_transaction(const Identity&, const EndTransaction& request, Reply<void> reply) {
  if (request.outcome == Outcome::unknown) return reply({});
  const auto found = record_at(request.position);
  store::Record half;
  if (!found || store::decode_record(found->front().view(), store::Verify::header, &half) !=
                    store::DecodeStatus::record) {
    return reply(fail(Errc::not_found, "Find prepared transaction message failed"));
  }
  transactions_->end(request, half, now(), std::move(reply));
}

void Core::resume_transaction(const Identity&, std::int64_t position, Reply<void> reply) {
  const auto found = record_at(position);
  if (!found) return reply(Failure(found.error()));
  store::Record given_up;
  if (store::decode_record(found->front().view(), store::Verify::header, &given_up) !=
      store::DecodeStatus::record)
    return reply(fail(Errc::not_found, "message at position " + std::to_string(position)));
  transactions_->resume(given_up, now(), std::move(reply));
}

void Core::send_back(const Identity&, const SendBackRequest& request, Reply<void> reply) {
  const auto found = record_at(request.position);
  if (!found && found.error().code != Errc::not_found) return reply(Failure(found.error()));
  store::Record record;
  if (!found || store::decode_record(found->front().view(), store::Verify::header, &record) !=
                    store::DecodeStatus::record) {
    return reply(fail(Errc::not_found,
                      "look message by offset failed, " + std::to_string(request.position)));
  }
  // As Apache's broker: the consumer, which knows the one message that failed, sends its own copy.
  if (!elements_of(record).empty())
    return reply(fail(Errc::message_invalid, "a batch that is one record is not sent back"));
  send_back_.give_back(request, record, now(), std::move(reply));
}

void Core::find_messages(const Identity&, std::string_view topic, std::string_view key,
                         bool unique_key, std::size_t count_max, std::int64_t from_ms,
                         std::int64_t to_ms, Reply<Slices> reply) {
  const auto positions = store_.find_key(topic, key, from_ms, to_ms, count_max);
  if (!positions) return reply(Failure(positions.error()));
  Slices found;
  for (std::int64_t position : *positions) {
    auto read = record_at(position);
    store::Record record;
    if (read &&
        store::decode_record(read->front().view(), store::Verify::header, &record) ==
            store::DecodeStatus::record &&
        carries(record, topic, key, unique_key)) {
      found.push_back(std::move(read->front()));
    }
  }
  if (found.empty()) {
    return reply(fail(Errc::not_found, "can not find message, maybe time range not correct"));
  }
  reply(std::move(found));
}

}  // namespace bolide::broker
