// SPDX-License-Identifier: Apache-2.0
//
// The broker core: construction, the turn, the tick, sending and pulling.
// Runs on: core agent.  Owns: everything of the broker but the store.  Invariant: see core.h.
#include "broker/core.h"

namespace bolide::broker {
namespace {

constexpr std::int64_t expire_every_ms = 10'000;
constexpr std::int64_t rate_sample_ms = 1'000;

}  // namespace

Core::Core(CoreSettings settings, store::MessageStore& store, Metadata::Opened metadata,
           store::Background background, const Clock& clock)
    : settings_(std::move(settings)),
      store_(store),
      clock_(clock),
      metadata_(std::move(metadata.metadata)),
      topics_({.cluster = settings_.cluster,
               .broker = settings_.name,
               .auto_create = settings_.auto_create_topics,
               .default_queues = settings_.default_queues,
               .trace_topic = settings_.trace_topic},
              store, *metadata_),
      groups_(settings_.auto_create_groups, *metadata_),
      offsets_(*metadata_),
      visible_(store),
      sender_({.store_host = settings_.store_host,
               .broker = settings_.name,
               .cluster = settings_.cluster,
               .region = settings_.region,
               .trace_on = settings_.trace_on,
               .permission = settings_.permission,
               .message_bytes_max = settings_.message_bytes_max},
              topics_, store, visible_, settings_.seed),
      puller_({.broker = settings_.name,
               .permission = settings_.permission,
               .messages_max = settings_.pull_messages_max,
               .bytes_max = settings_.pull_bytes_max,
               .suspend_ms_max = settings_.long_poll_ms_max},
              {.topics = topics_,
               .groups = groups_,
               .clients = clients_,
               .offsets = offsets_,
               .visible = visible_,
               .store = store,
               .background = std::move(background)}),
      started_ms_(clock.now().wall_ms) {
  topics_.load(metadata.stored.topics, metadata.stored.topic_version);
  if (topics_.load_trims(metadata.stored.trims)) metadata_->want_snapshot();
  groups_.load(metadata.stored.groups, metadata.stored.group_version);
  offsets_.load(metadata.stored.offsets);
  if (metadata_->wants_snapshot()) (void)metadata_->snapshot(everything());  // or by a tick
  sender_.on_published([this](store::QueueNo queue) { puller_.wake(queue); });
  store_.on_safe([this] { sender_.release(); });
  // A message is as safe as its reply level says only if its topic is.
  store_.sync_with(metadata_->journal());
}

void Core::send(const SendRequest& request) {
  sender_.send(request, now());
}

void Core::pull(const PullRequest& request) {
  puller_.pull(request, now());
}

bool Core::end_of_turn() {
  const Now at = now();
  metadata_->at(at);
  sender_.write(at);
  return false;
}

void Core::tick() {
  const Now at = now();
  metadata_->at(at);
  store_.tick(at);
  puller_.tick(at);
  if (at.steady_ms() - expired_ms_ > expire_every_ms) {
    expired_ms_ = at.steady_ms();
    clients_.expire(at.wall_ms, settings_.client_timeout_ms);
    locks_.expire(at.steady_ms());
  }
  sample_rates(at);
  if (at.steady_ms() - saved_ms_ >= settings_.offset_flush_interval_ms) {
    saved_ms_ = at.steady_ms();
    // A failure is logged there, and tried again by a later tick.
    if (metadata_->ready()) (void)offsets_.save_dirty();
  }
  if (metadata_->wants_snapshot()) (void)metadata_->snapshot(everything());
}

void Core::sample_rates(const Now& at) {
  const std::int64_t elapsed_ms = at.steady_ms() - rates_.sampled_ms;
  if (elapsed_ms < rate_sample_ms) return;
  const double seconds = static_cast<double>(elapsed_ms) / 1000;
  const std::uint64_t in = sender_.stats().messages;
  const std::uint64_t out = puller_.stats().messages;
  rates_ = {.sampled_ms = at.steady_ms(),
            .in = in,
            .out = out,
            .in_per_s = static_cast<double>(in - rates_.in) / seconds,
            .out_per_s = static_cast<double>(out - rates_.out) / seconds};
}

StoredMetadata Core::everything() const {
  StoredMetadata all;
  for (const auto& [name, topic] : topics_.all()) all.topics.push_back(topic.config);
  for (const auto& [name, group] : groups_.all()) all.groups.push_back(group);
  all.offsets = offsets_.all();
  all.trims = topics_.trims();
  all.topic_version = topics_.version();
  all.group_version = groups_.version();
  return all;
}

void Core::drain() {
  sender_.write(now());
  puller_.drain();
}

Result<StoredMetadata> Core::shut_down() {
  drain();
  StoredMetadata all = everything();
  BOLIDE_CHECK(metadata_->snapshot(all));
  return all;
}

CoreStats Core::core_stats() const {
  return {.send = sender_.stats(),
          .pull = puller_.stats(),
          .topics = topics_.all().size(),
          .groups = groups_.all().size(),
          .clients = clients_.member_count(),
          .queue_locks = locks_.size()};
}

Result<store::QueueNo> Core::queue_of(std::string_view topic, std::int32_t queue_id) const {
  const Topic* found = topics_.find(topic);
  if (found == nullptr) {
    return fail(Errc::topic_not_found,
                "topic[" + std::string(topic) + "] not exist, apply first please!");
  }
  if (queue_id < 0 || queue_id >= found->queue_count()) {
    return fail(Errc::queue_out_of_range,
                "queueId[" + std::to_string(queue_id) + "] of topic[" + found->config.name + "]");
  }
  return found->queues[static_cast<std::size_t>(queue_id)];
}

}  // namespace bolide::broker
