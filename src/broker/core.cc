// SPDX-License-Identifier: Apache-2.0
//
// The broker core: construction, the turn, the tick, sending and pulling.
// Runs on: core agent.  Owns: everything of the broker but the store.  Invariant: see core.h.
#include "broker/core.h"

#include "base/log.h"

#include <utility>

namespace bolide::broker {
namespace {

constexpr std::int64_t expire_every_ms = 10'000;
constexpr std::int64_t rate_sample_ms = 1'000;

}  // namespace

Core::Core(CoreSettings settings, store::MessageStore& store, CoreState state,
           store::Background background, const Clock& clock)
    : settings_(std::move(settings)),
      store_(store),
      clock_(clock),
      metadata_(std::move(state.metadata.metadata)),
      topics_({.cluster = settings_.cluster,
               .broker = settings_.name,
               .auto_create = settings_.auto_create_topics,
               .default_queues = settings_.default_queues,
               .delay_levels = settings_.delay_levels.count(),
               .trace_topic = settings_.trace_topic,
               .light_queues_max = settings_.light_queues_max},
              store, *metadata_),
      groups_(settings_.auto_create_groups, *metadata_),
      offsets_(*metadata_),
      modes_(*metadata_),
      locks_(*metadata_),
      visible_(store),
      sender_({.store_host = settings_.store_host,
               .broker = settings_.name,
               .cluster = settings_.cluster,
               .region = settings_.region,
               .trace_on = settings_.trace_on,
               .permission = settings_.permission,
               .message_bytes_max = settings_.message_bytes_max},
              topics_, store, visible_, settings_.seed),
      own_sends_(sender_),
      send_back_({.topics = topics_, .groups = groups_, .locks = locks_, .sends = own_sends_},
                 settings_.seed + 1),
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
               .background = background}),
      started_ms_(clock.now().wall_ms) {
  load(state.metadata.stored);
  compactor_ = std::make_unique<Compactor>(
      std::move(state.kept),
      Compactor::Parts{.topics = topics_, .store = store, .background = background});
  puller_.read_kept_from(*compactor_);
  open_leases(std::move(state.leases), background);
  open_lite();
  open_detours(std::move(state.timers), state.metadata.stored.checks, std::move(background));
  open_dedupe(std::move(state.dedupe));
  open_static_topics();
  if (metadata_->wants_snapshot()) (void)metadata_->snapshot(everything());  // or by a tick
  connect();
  // A message is as safe as its reply level says only if its topic is.
  store_.sync_with(metadata_->journal());
  store_.sync_with(leases_->journal());
  store_.sync_with(dedupe_->journal());
}

void Core::connect() {
  sender_.on_published([this](store::QueueNo queue) {
    puller_.wake(queue);
    popper_->published(queue);
    lite_->published(queue);
    timers_->published(queue);
    transactions_->published(queue);
  });
  store_.on_safe([this] {
    sender_.release();
    reply_when_safe();
  });
  store_.before_drop([this](std::int64_t end_position) {
    const bool timers = timers_->done_below(end_position);
    const bool compacted = compactor_->done_below(end_position);
    return transactions_->done_below(end_position) && timers && compacted;
  });
}

void Core::load(const StoredMetadata& stored) {
  topics_.on_light_made([this](std::string_view name, store::QueueNo queue) {
    puller_.light_made(name, queue);
    lite_->light_made(name, queue);
  });
  topics_.load(stored.topics, stored.topic_version);
  topics_.load_mappings(stored.mappings);
  if (topics_.load_trims(stored.trims)) metadata_->want_snapshot();
  groups_.load(stored.groups, stored.group_version);
  offsets_.load(stored.offsets);
  if (!store_.stats().clean_start) cut_offsets();
  modes_.load(stored.modes);
  locks_.load(stored.locks, now());
}

// A loss of power may take messages whose offsets were committed: others will have these offsets.
void Core::cut_offsets() {
  const bool any = offsets_.cut(
      [this](std::string_view topic, std::int32_t queue_id) -> std::optional<std::int64_t> {
        if (const auto queue = store_.find_queue(topic, queue_id)) return visible_.end(*queue);
        if (topics_.find(topic) == nullptr) return std::nullopt;
        return 0;  // its first message was among those
      });
  if (any) (void)offsets_.save_dirty();  // a failure is logged there, and tried again by a tick
}

void Core::open_leases(LeaseLog::Opened leases, store::Background background) {
  leases_ = std::make_unique<LeaseTable>(
      offsets_, std::move(leases), [this](const LeaseName& name) -> std::optional<std::int64_t> {
        const auto queue = queue_of(name.topic, name.queue_id);
        if (!queue) return std::nullopt;
        return visible_.end(*queue);
      });
  puller_.on_committed([this](const PullRequest& request) {
    offset_moved(request.group, request.topic, request.queue_id, *request.commit_offset);
  });
  popper_ = std::make_unique<Popper>(PopSettings{.broker = settings_.name,
                                                 .permission = settings_.permission,
                                                 .bytes_max = settings_.pull_bytes_max,
                                                 .suspend_ms_max = settings_.long_poll_ms_max},
                                     Popper::Parts{.topics = topics_,
                                                   .groups = groups_,
                                                   .leases = *leases_,
                                                   .visible = visible_,
                                                   .store = store_,
                                                   .background = std::move(background),
                                                   .taking = {.offsets = offsets_,
                                                              .visible = visible_,
                                                              .reader = reader(),
                                                              .leases = *leases_,
                                                              .send_back = send_back_}});
}

void Core::open_detours(TimerLog::Opened timers, const std::vector<CheckEntry>& checks,
                        store::Background background) {
  const QueueTail::Parts reading{
      .store = store_, .visible = visible_, .background = std::move(background)};
  timers_ = std::make_unique<Timers>(
      TimerSettings{.levels = settings_.delay_levels,
                    .horizon_ms = settings_.timer_horizon_ms,
                    .broker = settings_.name},
      Timers::Parts{
          .topics = topics_, .offsets = offsets_, .sends = own_sends_, .reading = reading},
      std::move(timers));
  transactions_ = std::make_unique<Transactions>(settings_.transactions,
                                                 Transactions::Parts{
                                                     .topics = topics_,
                                                     .offsets = offsets_,
                                                     .clients = clients_,
                                                     .sends = own_sends_,
                                                     .metadata = *metadata_,
                                                     .reading = reading,
                                                     .store_host = settings_.store_host,
                                                 },
                                                 checks);
  sender_.detour_by(
      {.retry = [this](SendRequest* request,
                       const Now& at) { return send_back_.route_retry(request, at); },
       .special = [this](const SendRequest& request, std::int32_t queue_id,
                         const SendProperties& known,
                         const Now& at) { return detour(request, queue_id, known, at); },
       .mapped = [this](const SendRequest& request,
                        const Topic& topic) { static_topics_->send(request, topic); },
       .recall_handle =
           [this](const store::Record& held) { return timers_->recall_handle_of(held); }});
}

void Core::open_dedupe(DedupeLog::Opened dedupe) {
  dedupe_ = std::make_unique<Dedupe>(
      settings_.dedupe, Dedupe::Parts{.store = store_, .topics = topics_}, std::move(dedupe));
  sender_.tell_apart_by(*dedupe_);
}

void Core::open_static_topics() {
  static_topics_ = std::make_unique<StaticTopics>(
      settings_.name,
      StaticTopics::Parts{
          .topics = topics_,
          .send = [this](const SendRequest& request) { sender_.send(request, now()); },
          .pull = [this](const PullRequest& request) { pull_here(request); },
          .answer = [this](const QueueQuestion& question) { return answer_here(question); }});
}

void Core::send(const SendRequest& request) {
  sender_.send(request, now());
}

Result<std::optional<Detour>> Core::detour(const SendRequest& request, std::int32_t queue_id,
                                           const SendProperties& known, const Now& at) {
  PropertyList properties(request.properties);
  // A retry that is to wait is no transaction any more.
  const bool retry = request.reconsume_times > 0 && !properties.find("DELAY").empty();
  if (known.transaction && request.origin == Origin::client && !retry) {
    Detour held = transactions_->hold(request, queue_id, std::move(properties));
    // Its sender is told now what no commit could follow.
    BOLIDE_CHECK(check_wish(PropertyList(held.properties), settings_.delay_levels,
                            settings_.timer_horizon_ms, at.wall_ms));
    return held;
  }
  return timers_->defer(request, queue_id, std::move(properties), at);
}

void Core::pull(const PullRequest& request) {
  if (topics_.any_static() && !request.physical && static_topics_->pull(request)) return;
  pull_here(request);
}

void Core::pull_here(const PullRequest& request) {
  puller_.pull(request, now());
}

void Core::pop(const PopRequest& request) {
  popper_->pop(request, now());
}

void Core::ack(const Identity&, const LeaseRef& lease, Reply<Settled> reply) {
  reply(popper_->ack(lease, now()));
}

void Core::change_lease(const Identity&, const LeaseRef& lease, std::int64_t invisible_ms,
                        Reply<LeaseChange> reply) {
  reply(popper_->change(lease, invisible_ms, now()));
}

void Core::waiting_pops(const Identity&, std::string_view group, std::string_view topic,
                        std::int32_t queue_id, Reply<std::size_t> reply) {
  reply(popper_->waiting(group, topic, queue_id));
}

bool Core::end_of_turn() {
  const Now at = now();
  metadata_->at(at);
  const bool more_due = timers_->run(at);
  const bool more_held = transactions_->run(at);
  sender_.write(at);
  reply_when_safe();
  // What became visible is given at once; what is given is noted before anybody is answered.
  const bool looking = lite_->run(at);
  const bool given_up = popper_->run(at);
  leases_->write(at.steady_ms());
  return more_due || more_held || given_up || looking;
}

void Core::tick() {
  const Now at = now();
  metadata_->at(at);
  store_.tick(at);
  puller_.tick(at);
  popper_->tick(at);
  lite_->tick(at);
  leases_->tick();
  transactions_->tick(at);
  compactor_->tick(at.steady_ms());
  if (at.steady_ms() - expired_ms_ > expire_every_ms) {
    expired_ms_ = at.steady_ms();
    clients_.expire(at, settings_.client_timeout_ms);
    locks_.expire(at.steady_ms());
  }
  sample_rates(at);
  if (at.steady_ms() - saved_ms_ >= settings_.offset_flush_interval_ms) {
    saved_ms_ = at.steady_ms();
    save_places(store_.stats().synced_position);
    // A failure is logged there, and tried again by a later tick.
    if (metadata_->ready()) (void)offsets_.save_dirty();
  }
  if (metadata_->wants_snapshot()) (void)metadata_->snapshot(everything());
  dedupe_->tick(at, store_.stats().synced_position);
}

void Core::sample_rates(const Now& at) {
  const std::int64_t elapsed_ms = at.steady_ms() - rates_.sampled_ms;
  if (elapsed_ms < rate_sample_ms) return;
  const double seconds = static_cast<double>(elapsed_ms) / 1000;
  const std::uint64_t in = sender_.stats().messages;
  const std::uint64_t out = puller_.stats().messages + popper_->stats().messages;
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
  all.modes = modes_.all();
  all.locks = locks_.all(now());
  all.checks = transactions_->checks();
  all.mappings = topics_.mappings();
  all.topic_version = topics_.version();
  all.group_version = groups_.version();
  return all;
}

// All that was appended by then was published, and answered, or never will be.
void Core::reply_when_safe() {
  if (settling_.empty()) return;
  const std::int64_t safe = store_.stopped() ? INT64_MAX : store_.safe_position();
  std::vector<Settling> all = std::exchange(settling_, {});
  for (Settling& one : all) {
    if (one.position <= safe)
      one.reply({});
    else
      settling_.push_back(std::move(one));
  }
}

void Core::drain() {
  sender_.write(now());
  puller_.drain();
  popper_->drain(now());
  leases_->write(now().steady_ms());
}

void Core::save_places(std::int64_t synced_position) {
  transactions_->save(synced_position);
  if (auto saved = timers_->save(synced_position, now()); !saved)
    BOLIDE_LOG(error, "the places of timed messages are not saved: {}", saved.error().message());
}

Result<StoredMetadata> Core::shut_down() {
  drain();
  // Copies of messages first: their originals are forgotten next. A store that fails here says so
  // when it closes.
  (void)store_.sync_all();
  const std::int64_t synced = store_.stats().synced_position;
  save_places(synced);
  stop_timers();
  StoredMetadata all = everything();
  BOLIDE_CHECK(metadata_->snapshot(all));
  BOLIDE_CHECK(leases_->snapshot());
  BOLIDE_CHECK(dedupe_->save_all(synced));
  return all;
}

CoreStats Core::core_stats() const {
  return {.send = sender_.stats(),
          .pull = puller_.stats(),
          .pop = popper_->stats(),
          .leases = leases_->stats(),
          .compaction = compactor_->stats(),
          .timers = timers_->stats(),
          .transactions = transactions_->stats(),
          .dedupe = dedupe_->stats(),
          .topics = topics_.all().size(),
          .groups = groups_.all().size(),
          .clients = clients_.member_count(),
          .queue_locks = locks_.size(),
          .lite_subscriptions = lite_->registry().subscriptions(),
          .lite_clients = lite_->registry().members()};
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
