// SPDX-License-Identifier: Apache-2.0
//
// Sending. The checks and their answers follow rocketmq semantics 3.1 and the answers seen in 9.4.
// Runs on: core agent.  Owns: the sends that wait for safety.  Invariant: see sender.h.
#include "broker/sender.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "broker/batch_element.h"
#include "broker/compaction/compaction.h"
#include "broker/inner_batch/inner_batch.h"
#include "broker/priority/priority.h"
#include "broker/property_list.h"
#include "broker/retry/attempts.h"
#include "store/multi_dispatch.h"

#include <algorithm>
#include <cstring>

namespace bolide::broker {
namespace {

// What a client may set in sysFlag. The host bits would misalign the record, the transaction bits
// hide an acknowledged message, the batch bits promise another body (rocketmq 9.5).
constexpr std::int32_t client_sys_flag_mask =
    store::sys_flag::compressed | store::sys_flag::multi_tags | store::sys_flag::compression_mask;
// The end of a transaction is told by the broker alone.
constexpr std::int32_t own_sys_flag_mask = client_sys_flag_mask | store::sys_flag::transaction_mask;
constexpr std::size_t compact_after = 4096;

Failure too_many_properties() {
  return fail(Errc::message_invalid, "message properties are longer than " +
                                         std::to_string(store::properties_bytes_max) + " bytes");
}

// As Apache's broker, which takes such a message for damage of its own.
Failure no_batch() {
  return fail(Errc::message_invalid,
              "property " + std::string(store::inner_count_property) + " of a single message");
}

// What only single messages may ask for, of a batch and of each in it.
Result<> check_batched(const SendProperties& known) {
  if (!known.special && known.dispatch.empty() && known.lite_topic.empty()) return {};
  return fail(Errc::not_supported,
              "a batch with messages for later, for several queues or of transactions");
}

// Whether its queue is named as this broker numbers it.
bool is_physical(const SendRequest& request) {
  return request.physical || request.origin != Origin::client;
}

std::int32_t sys_flag_mask(const SendRequest& request) {
  return request.origin == Origin::client ? client_sys_flag_mask : own_sys_flag_mask;
}

}  // namespace

std::string_view Sender::Waiting::key() const {
  if (!long_unique_key.empty()) return long_unique_key;
  return {unique_key, unique_key_size};
}

void Sender::Waiting::set_key(std::string_view key) {
  if (key.size() > sizeof unique_key) {
    long_unique_key = key;
    return;
  }
  if (key.empty()) return;  // the broker's own messages may have none
  std::memcpy(unique_key, key.data(), key.size());
  unique_key_size = static_cast<std::uint8_t>(key.size());
}

Sender::Sender(SendSettings settings, Topics& topics, store::MessageStore& store, Visible& visible,
               std::uint64_t seed)
    : settings_(std::move(settings)),
      topics_(topics),
      store_(store),
      visible_(visible),
      random_(seed),
      unique_prefix_(random_.next()) {
  for (const auto& [name, value] :
       {std::pair{std::string_view("MSG_REGION"), std::string_view(settings_.region)},
        std::pair{std::string_view("TRACE_ON"),
                  std::string_view(settings_.trace_on ? "true" : "false")},
        std::pair{std::string_view("CLUSTER"), std::string_view(settings_.cluster)}}) {
    extra_properties_.append(name).push_back(name_end);
    extra_properties_.append(value).push_back(property_end);
  }
}

void Sender::send(const SendRequest& request, const Now& now) {
  if (request.origin != Origin::client) return send_checked(request, now);
  if (auto admitted = admit(request); !admitted) return refuse(request.ticket, admitted.error());
  if (!request.topic.starts_with(retry_prefix)) return send_checked(request, now);
  SendRequest routed = request;
  if (auto done = detours_.retry(&routed, now); !done) return refuse(request.ticket, done.error());
  send_checked(routed, now);
}

void Sender::send_checked(const SendRequest& request, const Now& now) {
  auto topic =
      request.origin == Origin::client
          ? topics_.find_or_create(request.topic, request.default_topic, request.default_queues,
                                   now.wall_ms, request.unit_mode ? topic_flag::unit : 0)
          : topics_.existing(request.topic);
  if (!topic) return refuse(request.ticket, std::move(topic).error());
  auto queue_id = choose_queue(request, **topic);
  if (!queue_id) {
    if ((*topic)->mapping != nullptr && !is_physical(request))
      return detours_.mapped(request, **topic);
    return refuse(request.ticket, std::move(queue_id).error());
  }
  auto done = request.batch ? append_batch(request, **topic, *queue_id, now)
                            : append_one(request, **topic, *queue_id, now);
  if (!done) refuse(request.ticket, std::move(done).error());
}

Result<> Sender::admit(const SendRequest& request) const {
  BOLIDE_CHECK(validate_topic_name(request.topic));
  if ((settings_.permission & perm::write) == 0) {
    return fail(Errc::no_permission,
                "the broker[" + settings_.broker + "] sending message is forbidden");
  }
  if (send_forbidden(request.topic)) {
    return fail(Errc::no_permission,
                "Sending message to topic[" + std::string(request.topic) + "] is forbidden.");
  }
  if (request.body.empty()) return fail(Errc::malformed, "message body is empty");
  if (!store::properties_fit(request.properties)) return too_many_properties();
  const auto body_bytes = static_cast<std::int64_t>(request.body.size());
  if (body_bytes > settings_.message_bytes_max) {
    const std::string text = "message body of " + std::to_string(body_bytes) +
                             " bytes, allowed are " + std::to_string(settings_.message_bytes_max);
    // Apache's broker answers an oversized batch with another code than a single message (9.4).
    return fail(request.batch ? Errc::malformed : Errc::message_too_large, text);
  }
  if (waiting_.size() - head_ >= settings_.waiting_max) {
    return fail(Errc::busy, "too many messages wait to be stored");
  }
  return {};
}

Result<std::int32_t> Sender::choose_queue(const SendRequest& request, const Topic& topic) {
  if (request.queue_id < 0) {
    const std::int32_t count = std::min(topic.config.write_queues, topic.direct_queues);
    if (count == 0) {
      return fail(Errc::queue_out_of_range,
                  "topic " + topic.config.name + " has no queue to write to");
    }
    return static_cast<std::int32_t>(random_.below(static_cast<std::uint64_t>(count)));
  }
  if (request.queue_id >= topic.direct_queues) {
    if (topic.mapping != nullptr) {
      if (!is_physical(request)) return fail(Errc::queue_out_of_range, {});
      if (request.queue_id < topic.queue_count()) return request.queue_id;
    }
    return fail(Errc::queue_out_of_range, "request queueId[" + std::to_string(request.queue_id) +
                                              "] is illegal, topic " + topic.config.name + " has " +
                                              std::to_string(topic.queue_count()));
  }
  return request.queue_id;
}

void Sender::collect_keys(const store::IndexedProperties& known) {
  keys_.clear();
  known.each_key([this](std::string_view key) { keys_.push_back(key); });
}

std::string_view Sender::make_unique_key() {
  put_hex(unique_key_, unique_prefix_, 16);
  put_hex(unique_key_ + 16, ++unique_counter_, 16);
  return {unique_key_, sizeof unique_key_};
}

std::string_view Sender::complete_properties(std::string_view properties, SendProperties* known) {
  properties_.assign(properties);
  if (!properties_.empty() && properties_.back() != property_end) properties_ += property_end;
  if (known->indexed.unique_key.empty()) {
    known->indexed.unique_key = make_unique_key();
    properties_.append("UNIQ_KEY").push_back(name_end);
    properties_.append(known->indexed.unique_key).push_back(property_end);
  }
  properties_ += extra_properties_;
  return properties_;
}

Result<store::Appended> Sender::append(const SendRequest& request, store::QueueNo queue,
                                       std::string_view properties, const SendProperties& known,
                                       const Now& now, const Spread& spread) {
  if (!store::properties_fit(properties)) return too_many_properties();
  collect_keys(known.indexed);
  return store_.append(
      {.queue = queue,
       .record = {.flag = request.flag,
                  .sys_flag = (request.sys_flag & sys_flag_mask(request)) | spread.sys_flag,
                  .born_ms = request.born_ms,
                  .born_host = request.born_host,
                  .store_host = settings_.store_host,
                  .reconsume_times = sane_attempts(request.reconsume_times),
                  .prepared_position = request.prepared_position,
                  .body = request.body,
                  .properties = properties},
       .tag_hash = known.indexed.tag_hash(),
       .keys = keys_,
       .also = spread.also,
       .offsets = spread.offsets,
       .own = request.origin != Origin::client},
      now);
}

Sender::Waiting& Sender::wait(const SendRequest& request, store::QueueNo queue,
                              std::int32_t queue_id) {
  Waiting& waiting = waiting_.emplace_back();
  waiting.ticket = request.ticket;
  waiting.queue = queue;
  waiting.queue_id = queue_id;
  return waiting;
}

Result<> Sender::append_one(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                            const Now& now) {
  const SendProperties known = scan_properties(request.properties);
  if (request.origin == Origin::client) {
    if (known.counted) [[unlikely]]
      return no_batch();
    if (!topic.config.attributes.empty()) [[unlikely]]
      BOLIDE_CHECK(check_compaction_key(topic.config, known));
    // The queues of a static topic are not the broker's to choose.
    if (!known.priority.empty() && topic.mapping == nullptr) [[unlikely]]
      return append_by_priority(request, topic, queue_id, known, now);
  }
  return append_chosen(request, topic, queue_id, known, now);
}

Result<> Sender::append_chosen(const SendRequest& request, const Topic& topic,
                               std::int32_t queue_id, const SendProperties& known, const Now& now) {
  if (told_apart(request, topic, known)) [[unlikely]]
    return append_once(request, topic, queue_id, known, now);
  return append_plain(request, topic, queue_id, known, now);
}

Result<> Sender::append_plain(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                              const SendProperties& known, const Now& now) {
  if (known.special && request.origin != Origin::waited)
    return append_special(request, topic, queue_id, known, now);
  return append_single(request, topic.queues[static_cast<std::size_t>(queue_id)], queue_id, known,
                       now);
}

Result<> Sender::append_by_priority(const SendRequest& request, const Topic& topic,
                                    std::int32_t queue_id, const SendProperties& known,
                                    const Now& now) {
  if (const auto chosen = priority_queue(known, topic.config.write_queues)) {
    return append_chosen(request, topic, *chosen, known, now);
  }
  // Among messages that have none it would count when it comes from a retry.
  PropertyList list(request.properties);
  list.erase(priority_property);
  const std::string properties = list.text();
  SendRequest plain = request;
  plain.properties = properties;
  return append_one(plain, topic, queue_id, now);
}

Result<> Sender::append_special(const SendRequest& request, const Topic& topic,
                                std::int32_t queue_id, const SendProperties& known,
                                const Now& now) {
  const store::QueueNo queue = topic.queues[static_cast<std::size_t>(queue_id)];
  BOLIDE_TRY(const auto detour, detours_.special(request, queue_id, known, now));
  if (!detour) return append_single(request, queue, queue_id, known, now);
  if ((!known.dispatch.empty() || !known.lite_topic.empty()) && store::dispatches(request.topic))
    BOLIDE_CHECK(reserve_dispatch(
        topics_,
        {.topic = request.topic, .known = known, .bounded = request.origin == Origin::client}));
  SendRequest changed = request;
  changed.properties = detour->properties;
  SendProperties changed_known = scan_properties(changed.properties);
  BOLIDE_CHECK(append_single(changed,
                             detour->topic->queues[static_cast<std::size_t>(detour->queue_id)],
                             queue_id, changed_known, now));
  if (!detour->recall_handle.empty())
    waiting_.back().rare =
        std::make_unique<Rare>(Rare{.recall_handle = detour->recall_handle, .light = {}});
  return {};
}

Result<> Sender::append_single(const SendRequest& request, store::QueueNo queue,
                               std::int32_t queue_id, const SendProperties& scanned,
                               const Now& now) {
  visible_.track(queue);
  SendProperties known = scanned;
  std::string_view properties = request.origin == Origin::client
                                    ? complete_properties(request.properties, &known)
                                    : request.properties;
  Dispatch dispatch;
  if (!known.dispatch.empty() || !known.lite_topic.empty()) [[unlikely]] {
    if (store::dispatches(store_.queue_name(queue).topic)) {
      const DispatchWish wish{
          .topic = request.topic, .known = known, .bounded = request.origin == Origin::client};
      BOLIDE_TRY(dispatch, plan_dispatch(topics_, store_, wish, properties));
      for (const store::QueueNo light : dispatch.queues) visible_.track(light);
      properties = dispatch.properties;
    }
  }
  BOLIDE_TRY(const auto appended,
             append(request, queue, properties, known, now, {.also = dispatch.queues}));
  Waiting& waiting = wait(request, queue, queue_id);
  if (!dispatch.queues.empty()) [[unlikely]]
    waiting.rare =
        std::make_unique<Rare>(Rare{.recall_handle = {}, .light = dispatch.places(store_)});
  waiting.first_offset = appended.queue_offset;
  waiting.end_position = appended.end_position;
  waiting.position = appended.position;
  waiting.set_key(known.indexed.unique_key);
  ++stats_.messages;
  stats_.bytes += request.body.size();
  return {};
}

// All or nothing: it is looked at before any of it is stored.
Result<std::int32_t> Sender::check_batch(const SendRequest& request, const Topic& topic,
                                         const SendProperties& common) const {
  BOLIDE_CHECK(check_batched(common));
  BatchElement element;
  std::int32_t count = 0;
  for (ByteReader in(request.body); in.remaining() > 0; ++count) {
    if (!read_element(in, &element)) return fail(Errc::malformed, "batch body cannot be cut up");
    if (element.body.empty()) return fail(Errc::malformed, "message body is empty");
    if (!store::properties_fit(element.properties)) {
      return fail(Errc::message_invalid, "properties of a message in the batch are too long");
    }
    const SendProperties known = scan_properties(element.properties);
    BOLIDE_CHECK(check_batched(known));
    if (known.counted) return no_batch();
    if (!topic.config.attributes.empty()) BOLIDE_CHECK(check_compaction_key(topic.config, known));
  }
  return count;
}

Result<> Sender::append_batch(const SendRequest& request, const Topic& topic, std::int32_t queue_id,
                              const Now& now) {
  const SendProperties common = scan_properties(request.properties);
  BOLIDE_TRY(const std::int32_t count, check_batch(request, topic, common));
  if (told_apart(request, topic, common)) [[unlikely]]
    return append_batch_once(request, topic, queue_id, common, now);
  const store::QueueNo queue = topic.queues[static_cast<std::size_t>(queue_id)];
  if (takes_inner_batches(topic.config, request.properties))
    return append_inner_batch(request, queue, queue_id, count, now);
  return append_elements(request, queue, queue_id, now);
}

Result<> Sender::append_elements(const SendRequest& request, store::QueueNo queue,
                                 std::int32_t queue_id, const Now& now) {
  visible_.track(queue);
  std::vector<std::int64_t> positions;
  store::Appended last;
  BatchElement element;
  SendRequest single = request;
  Result<> done;
  for (ByteReader in(request.body); in.remaining() > 0;) {
    BOLIDE_ASSERT(read_element(in, &element));
    single.flag = element.flag;
    single.body = element.body;
    const SendProperties known = scan_properties(element.properties);
    auto appended = append(single, queue, element.properties, known, now);
    if (!appended) {
      done = Failure(std::move(appended).error());
      break;
    }
    last = *appended;
    positions.push_back(last.position);
    ++stats_.messages;
    stats_.bytes += element.body.size();
  }
  if (positions.empty()) return done;
  // What is appended before a failure stays: it is published unanswered, and the sender's retry
  // repeats it.
  Waiting& waiting = wait(done ? request : SendRequest{}, queue, queue_id);
  waiting.count = static_cast<std::int32_t>(positions.size());
  waiting.first_offset = last.queue_offset + 1 - waiting.count;
  waiting.end_position = last.end_position;
  waiting.positions = std::move(positions);
  return done;
}

Result<> Sender::append_inner_batch(const SendRequest& request, store::QueueNo queue,
                                    std::int32_t queue_id, std::int32_t count, const Now& now) {
  visible_.track(queue);
  BOLIDE_TRY(const std::string properties,
             inner_batch_properties(request.properties, settings_.cluster, count,
                                    store_.next_offset(queue)));
  const SendProperties known = scan_properties(properties);
  BOLIDE_TRY(const auto appended,
             append(request, queue, properties, known, now,
                    {.offsets = count,
                     .sys_flag = store::sys_flag::need_unwrap | store::sys_flag::inner_batch}));
  Waiting& waiting = wait(request, queue, queue_id);
  waiting.count = count;
  waiting.first_offset = appended.queue_offset;
  waiting.end_position = appended.end_position;
  waiting.position = appended.position;
  waiting.set_key(known.indexed.unique_key);
  waiting.rare =
      std::make_unique<Rare>(Rare{.recall_handle = {}, .light = {}, .inner_batch = true});
  stats_.messages += static_cast<std::uint64_t>(count);
  stats_.bytes += request.body.size();
  return {};
}

void Sender::refuse(const Ticket& ticket, Error error) {
  ++stats_.refused;
  if (ticket.sink == nullptr) return;
  SendResult result;
  result.error = std::move(error);
  ticket.sink->on_send(ticket, result);
}

void Sender::write(const Now& now) {
  if (idle()) return;
  if (auto written = store_.write_turn(now); !written) {
    fail_all(written.error());
    return;
  }
  release();
}

void Sender::answer(const Waiting& waiting) {
  if (waiting.ticket.sink == nullptr) return;
  SendResult result;
  result.queue_id = waiting.queue_id;
  result.queue_offset = waiting.first_offset;
  result.positions =
      waiting.positions.empty() ? std::span(&waiting.position, 1) : std::span(waiting.positions);
  result.store_host = settings_.store_host;
  result.unique_key = waiting.key();
  if (waiting.rare) {
    result.recall_handle = waiting.rare->recall_handle;
    result.inner_batch = waiting.rare->inner_batch;
  }
  waiting.ticket.sink->on_send(waiting.ticket, result);
}

void Sender::publish(const Waiting& waiting) {
  if (waiting.count == 0) return;  // it is told again what was published
  visible_.publish(waiting.queue, waiting.first_offset + waiting.count);
  if (touched_.empty() || touched_.back() != waiting.queue) touched_.push_back(waiting.queue);
  if (!waiting.rare) return;
  for (const LightPlace& place : waiting.rare->light) {
    visible_.publish(place.queue, place.end);
    touched_.push_back(place.queue);
  }
}

void Sender::release() {
  if (store_.stopped()) {
    return fail_all(Error{Errc::storage_stopped, "message was not made safe"});
  }
  const std::int64_t safe = store_.safe_position();
  touched_.clear();
  while (head_ < waiting_.size() && waiting_[head_].end_position <= safe) {
    const Waiting& waiting = waiting_[head_];
    publish(waiting);
    answer(waiting);
    ++head_;
  }
  compact();
  if (touched_.size() > 1) {
    std::ranges::sort(touched_);
    const auto repeated = std::ranges::unique(touched_);
    touched_.erase(repeated.begin(), repeated.end());
  }
  if (!published_) return;
  for (store::QueueNo queue : touched_) published_(queue);
}

void Sender::compact() {
  if (head_ == waiting_.size()) {
    waiting_.clear();
    head_ = 0;
  } else if (head_ > compact_after && head_ > waiting_.size() / 2) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

void Sender::fail_all(const Error& error) {
  for (; head_ < waiting_.size(); ++head_) refuse(waiting_[head_].ticket, error);
  compact();
}

}  // namespace bolide::broker
