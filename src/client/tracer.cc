// SPDX-License-Identifier: Apache-2.0
//
// Collecting and sending traces.
// Runs on: see tracer.h.  Owns: see tracer.h.  Invariant: see tracer.h.
#include "client/tracer.h"

#include "base/strings.h"
#include "client/message.h"
#include "client/names.h"
#include "client/send_call.h"
#include "os/clock.h"

#include <atomic>
#include <utility>

namespace bolide::client {
namespace {

// Apache's clients send as much at once; the keys must fit into the properties.
constexpr std::size_t batch_bytes_max = 100'000;
constexpr std::size_t batch_key_bytes_max = 16'000;
constexpr std::size_t waiting_bytes_max = std::size_t{4} << 20U;
constexpr std::int64_t flush_interval_ms = 1'000;
constexpr std::chrono::milliseconds send_timeout{5'000};
constexpr std::chrono::milliseconds stop_timeout{3'000};

ProducerOptions options_of(const TracerSettings& settings) {
  static std::atomic<int> count{0};
  return {.group = "_INNER_TRACE_PRODUCER-" + settings.group + "-" +
                   (settings.consumes ? "CONSUME-" : "PRODUCE-") + std::to_string(++count),
          .send_timeout = send_timeout};
}

std::string_view find(const Properties& properties, std::string_view name) {
  for (const auto& [key, value] : properties) {
    if (key == name) return value;
  }
  return {};
}

TraceRecord::Type type_of(const Properties& properties) {
  if (find(properties, "TRAN_MSG") == "true") return TraceRecord::Type::half;
  for (const std::string_view name : {"DELAY", "TIMER_DELAY_MS", "TIMER_DELIVER_MS"}) {
    if (!find(properties, name).empty()) return TraceRecord::Type::delay;
  }
  return TraceRecord::Type::normal;
}

std::int64_t now_ms() {
  return os::system_clock().now().wall_ms;
}

}  // namespace

Tracer::Tracer(const std::shared_ptr<Core>& core, TracerSettings settings)
    : topic_(settings.topic.empty() ? trace_topic_name : settings.topic),
      group_(unwrap(core->settings().name_space, settings.group)),
      producer_(std::make_shared<ProducerCore>(core, options_of(settings))) {}

std::shared_ptr<Tracer> Tracer::start(const std::shared_ptr<Core>& core, TracerSettings settings) {
  std::shared_ptr<Tracer> tracer(new Tracer(core, std::move(settings)));
  tracer->producer_->start();
  core->runtime().run([&] {
    tracer->timer_ =
        core->runtime().agent().every(flush_interval_ms, [weak = tracer->weak_from_this()] {
          if (const auto self = weak.lock()) self->flush();
        });
  });
  return tracer;
}

void Tracer::stop() {
  producer_->runtime().run([this] { timer_.reset(); });
  flush();
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  producer_->wait_idle(stop_timeout);
  producer_->close();
  producer_->wait_idle(send_timeout);
}

void Tracer::add(TraceRecord record) {
  if (record.region.empty()) record.region = default_region;
  if (record.group.empty()) record.group = group_;
  const std::string text = encode_trace(record);
  Batch full;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ || bytes_ + text.size() > waiting_bytes_max) return;
    Batch& batch = batches_[record.topic];
    const auto add_key = [&](std::string_view key) {
      if (!key.empty() && batch.keys.emplace(key).second) batch.key_bytes += key.size() + 1;
    };
    add_key(record.id);
    for (const std::string_view key : split(record.keys, ' ')) add_key(key);
    batch.body += text;
    bytes_ += text.size();
    if (batch.body.size() < batch_bytes_max && batch.key_bytes < batch_key_bytes_max) return;
    full = std::exchange(batch, {});
    bytes_ -= full.body.size();
  }
  // On the agent a producer never waits for room.
  producer_->runtime().post([self = shared_from_this(), full = std::move(full)]() mutable {
    self->send(std::move(full));
  });
}

void Tracer::flush() {
  std::map<std::string, Batch> batches;
  {
    const std::lock_guard lock(mutex_);
    batches.swap(batches_);
    bytes_ = 0;
  }
  producer_->runtime().run([&] {
    for (auto& [topic, batch] : batches) {
      if (!batch.body.empty()) send(std::move(batch));
    }
  });
}

void Tracer::send(Batch batch) {
  Message message{.topic = topic_,
                  .body = std::move(batch.body),
                  .keys = {batch.keys.begin(), batch.keys.end()}};
  auto made = make_send(*producer_, std::move(message), {});
  if (!made) return;
  const std::size_t bytes = (*made)->encoded.body.size();
  (*made)->done = [producer = producer_, bytes](const Result<SendReceipt>&) {
    producer->release(bytes);
  };
  (void)producer_->submit(std::move(*made));
}

void Tracer::sent(const Sent& sent) {
  if (!traces(sent.topic)) return;
  const Properties properties = decode_properties(sent.properties);
  const auto offset_ids = split(sent.offset_ids, ',');
  TraceRecord record{.kind = TraceRecord::Kind::pub,
                     .time_ms = now_ms() - sent.cost_ms,
                     .region = std::string(sent.region),
                     .topic = sent.topic,
                     .tags = std::string(find(properties, property::tags)),
                     .keys = std::string(find(properties, property::keys)),
                     .store_host = sent.store_host,
                     .body_bytes = static_cast<std::int64_t>(sent.body_bytes),
                     .cost_ms = sent.cost_ms,
                     .type = type_of(properties),
                     .success = sent.success};
  // Java writes one record for a batch, by an id that nobody looks for.
  for (std::size_t i = 0; i < sent.ids.size(); ++i) {
    record.id = sent.ids[i];
    record.offset_id = i < offset_ids.size() ? offset_ids[i] : "";
    add(record);
  }
}

std::string Tracer::before(std::span<const ReceivedMessage> messages) {
  const std::string request_id = producer_->next_id();
  const std::int64_t began_ms = now_ms();
  for (const ReceivedMessage& message : messages) {
    if (message.property("TRACE_ON") == "false" || !traces(message.topic)) continue;
    add({.kind = TraceRecord::Kind::sub_before,
         .time_ms = began_ms,
         .region = std::string(message.property("MSG_REGION")),
         .topic = message.topic,
         .id = message.id(),
         .keys = std::string(message.keys()),
         .request_id = request_id,
         .retries = message.reconsume_times});
  }
  return request_id;
}

void Tracer::after(const std::string& request_id, std::span<const ReceivedMessage> messages,
                   std::int64_t cost_ms, TraceRecord::Code code) {
  const std::int64_t ended_ms = now_ms();
  for (const ReceivedMessage& message : messages) {
    if (message.property("TRACE_ON") == "false" || !traces(message.topic)) continue;
    add({.kind = TraceRecord::Kind::sub_after,
         .time_ms = ended_ms,
         .region = std::string(message.property("MSG_REGION")),
         .topic = message.topic,
         .id = message.id(),
         .keys = std::string(message.keys()),
         .cost_ms = cost_ms / static_cast<std::int64_t>(messages.size()),
         .success = code == TraceRecord::Code::success,
         .request_id = request_id,
         .code = code});
  }
}

}  // namespace bolide::client
