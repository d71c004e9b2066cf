// SPDX-License-Identifier: Apache-2.0
//
// What the core counts, for the page of metrics.
// Runs on: core agent.  Owns: nothing beyond core.h.  Invariant: nothing is counted for this page
// alone on the path of a message: totals of topics and groups are made from offsets when asked.
#include "broker/core.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace bolide::broker {
namespace {

using table::Metric;
using table::MetricsText;

void write_store(const store::MessageStore& store, MetricsText& out) {
  const store::StoreStats stats = store.stats();
  out.put(Metric::storage_bytes, stats.max_position - stats.min_position);
  out.put(Metric::storage_flush_behind_bytes, stats.max_position - stats.synced_position);
  out.put(Metric::log_appended_bytes, stats.appended_bytes);
  out.put(Metric::log_flush_seconds, store.flush_us(), 1e-6);
  out.put(Metric::store_stopped, store.stopped() || stats.appends_refused ? 1 : 0);
  out.put(Metric::disk_used_ratio, stats.disk_used_percent / 100.0);
  out.put(Metric::damaged_records, stats.damaged_records);
}

}  // namespace

std::string Core::trouble() const {
  if (store_.stopped()) return "the store has stopped after a failed write or sync; see the log";
  if (store_.stats().appends_refused) return "the disk is full: nothing can be stored";
  return {};
}

void Core::write_metrics(MetricsText& out) const {
  const CoreStats stats = core_stats();
  out.put(Metric::messages_out, stats.pull.messages + stats.pop.messages);
  out.put(Metric::throughput_in, stats.send.bytes);
  out.put(Metric::throughput_out, stats.pull.bytes);
  out.put(Metric::messages_refused, stats.send.refused);
  out.put(Metric::clients, stats.clients);
  out.put(Metric::topics, stats.topics);
  out.put(Metric::groups, stats.groups);
  out.put(Metric::parked_pulls, stats.pull.parked);
  out.put(Metric::leased_messages, stats.leases.messages);
  out.put(Metric::lite_subscriptions, stats.lite_subscriptions);
  out.put(Metric::timer_waiting, stats.timers.waiting);
  out.put(Metric::transactions_open, stats.transactions.open);
  out.put(Metric::dedupe_repeats, stats.dedupe.repeats);
  for (const auto& [topic, count] : dedupe_->key_repeats())
    out.put(Metric::dedupe_key_repeats, count, {topic});
  out.put(Metric::dedupe_too_old, stats.dedupe.too_old);
  out.put(Metric::dedupe_producers, stats.dedupe.producers);
  out.put(Metric::dedupe_keys, stats.dedupe.keys);
  out.put(Metric::dedupe_keys_dropped, stats.dedupe.keys_dropped);
  write_store(store_, out);
  for (const auto& [name, topic] : topics_.all()) {
    std::int64_t stored = 0;
    for (const store::QueueNo queue : topic.queues) stored += store_.next_offset(queue);
    if (stored > 0) out.put(Metric::messages_in, stored, {name});
  }
  write_lags(out);
}

void Core::write_lags(MetricsText& out) const {
  struct Lag {
    std::int64_t unconfirmed = 0;
    std::int64_t not_given = 0;
  };
  std::map<std::pair<std::string, std::string>, Lag> lags;  // by group and topic
  for (const OffsetEntry& entry : offsets_.all()) {
    const Topic* const topic = topics_.find(entry.topic);
    if (topic == nullptr || entry.queue_id >= topic->queue_count()) continue;
    const std::int64_t end =
        store_.next_offset(topic->queues[static_cast<std::size_t>(entry.queue_id)]);
    const std::int64_t given =
        std::max(entry.offset, offsets_.pulled_offset(entry.group, entry.topic, entry.queue_id));
    Lag& lag = lags[{entry.group, entry.topic}];
    lag.unconfirmed += std::max(end - entry.offset, std::int64_t{0});
    lag.not_given += std::max(end - given, std::int64_t{0});
  }
  for (const auto& [key, lag] : lags) {
    out.put(Metric::consumer_lag_messages, lag.unconfirmed, {key.first, key.second});
    out.put(Metric::consumer_ready_messages, lag.not_given, {key.first, key.second});
  }
}

}  // namespace bolide::broker
