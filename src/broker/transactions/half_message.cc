// SPDX-License-Identifier: Apache-2.0
//
// Held messages.
// Runs on: core agent.  Owns: nothing.  Invariant: see half_message.h.
#include "broker/transactions/half_message.h"

#include "base/strings.h"

namespace bolide::broker {
namespace {

namespace names {
constexpr std::string_view topic = "REAL_TOPIC";
constexpr std::string_view queue_id = "REAL_QID";
constexpr std::string_view transaction_id = "__transactionId__";
constexpr std::string_view immunity_s = "CHECK_IMMUNITY_TIME_IN_SECONDS";
}  // namespace names

constexpr std::int64_t immunity_s_max = 10LL * 366 * 24 * 3600;

}  // namespace

std::string held_properties(PropertyList properties, std::string_view topic,
                            std::int32_t queue_id) {
  if (const std::string key(properties.find("UNIQ_KEY")); !key.empty())
    properties.set(names::transaction_id, key);
  properties.set(names::topic, topic);
  properties.set(names::queue_id, std::int64_t{queue_id});
  return properties.text();
}

Result<Committed> committed(const store::Record& half) {
  PropertyList properties(half.properties);
  const auto queue_id = parse_integer<std::int32_t>(properties.find(names::queue_id));
  if (properties.find(names::topic).empty() || !queue_id)
    return fail(Errc::message_invalid, "the held message does not say where it goes");
  Committed result{.topic = std::string(properties.find(names::topic)), .queue_id = *queue_id};
  for (const auto name : {names::topic, names::queue_id}) properties.erase(name);
  result.properties = properties.text();
  return result;
}

std::optional<std::int64_t> immunity_ms(const store::Record& half) {
  const auto seconds =
      parse_integer<std::int64_t>(store::find_property(half.properties, names::immunity_s));
  if (!seconds || *seconds < 0 || *seconds > immunity_s_max) return std::nullopt;
  return *seconds * 1000;
}

Result<std::string> question_record(const store::Record& half, std::int32_t times) {
  PropertyList properties(half.properties);
  properties.set(check_times_property, std::int64_t{times});
  const std::string text = properties.text();
  if (!store::properties_fit(text))
    return fail(Errc::message_invalid, "the held message has too many properties");
  BOLIDE_TRY(const Committed target, committed(half));
  store::Record record = half;
  record.topic = target.topic;
  record.queue_id = target.queue_id;
  record.properties = text;
  std::string bytes(store::record_size(record), '\0');
  store::encode_record(record, bytes.data());
  return bytes;
}

void add_outcome(std::string* body, std::int64_t half_offset) {
  body->append(DecimalText(half_offset).view()).push_back(',');
}

void for_each_outcome(std::string_view body, const std::function<void(std::int64_t)>& each) {
  for (const auto word : split(body, ',')) {
    if (const auto offset = parse_integer<std::int64_t>(word)) each(*offset);
  }
}

}  // namespace bolide::broker
