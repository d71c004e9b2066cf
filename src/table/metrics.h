// SPDX-License-Identifier: Apache-2.0
//
// The metric table: every metric declared once, and their text in Prometheus' exposition format.
// Components count in plain members of their own and write them out when they are asked.
// Names of Apache RocketMQ are kept where it has the metric (rocketmq 3.28); the others are ours.
// Runs on: any agent; a MetricsText belongs to one at a time.  Owns: constant data; the text.
// Invariant: one row per Metric, in the order of the enum (checked at compile time).
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace bolide::table {

enum class Metric : std::uint8_t {
  messages_in,
  messages_out,
  throughput_in,
  throughput_out,
  messages_refused,
  clients,
  consumer_lag_messages,
  consumer_ready_messages,
  topics,
  groups,
  parked_pulls,
  leased_messages,
  lite_subscriptions,
  timer_waiting,
  transactions_open,
  dedupe_repeats,
  dedupe_key_repeats,
  dedupe_too_old,
  dedupe_producers,
  dedupe_keys,
  dedupe_keys_dropped,
  storage_bytes,
  storage_flush_behind_bytes,
  log_appended_bytes,
  log_flush_seconds,
  store_stopped,
  disk_used_ratio,
  damaged_records,
  naming_brokers,
  naming_topics,
  connections,
  connections_accepted,
  connections_closed,
  bytes_received,
  bytes_sent,
  requests,
  control_requests,
  unsupported_requests,
  malformed_frames,
  build_info,
  process_resident_bytes,
  process_cpu_seconds,
  process_open_files,
  process_start_time,
  count,
};

inline constexpr std::size_t metric_count = static_cast<std::size_t>(Metric::count);

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

// `labels` are comma-separated; values are given in that order. `unit` is for people.
struct MetricRow {
  Metric metric;
  std::string_view name;
  MetricKind kind;
  std::string_view unit;
  std::string_view labels;
  std::string_view doc;
};

std::span<const MetricRow> metric_rows();
const MetricRow& metric_row(Metric metric);

// Counts by powers of two: bucket i holds values above 2^(i-1) up to 2^i, the last one all above.
// A plain member of the component that counts; add() is a few instructions and takes no lock.
struct Histogram {
  static constexpr std::size_t buckets = 33;
  std::array<std::uint64_t, buckets> counts{};
  std::uint64_t sum = 0;

  void add(std::uint64_t value);
  std::uint64_t count() const;
};

// Where a component writes its numbers.
class MetricsText {
 public:
  using Labels = std::initializer_list<std::string_view>;

  // `common` (names and values) stands on every sample but the process's own.
  explicit MetricsText(std::vector<std::pair<std::string, std::string>> common = {});

  // One sample of a counter or gauge; as many label values as the row has labels (asserted).
  template <std::integral Integer>
  void put(Metric metric, Integer value, Labels labels = {}) {
    if constexpr (std::is_signed_v<Integer>) {
      put_signed(metric, value, labels);
    } else {
      put_unsigned(metric, value, labels);
    }
  }
  void put(Metric metric, double value, Labels labels = {});
  // `scale` turns what was added into the row's unit: 1e-6 for microseconds under a row in seconds.
  void put(Metric metric, const Histogram& histogram, double scale = 1, Labels labels = {});

  // The page: HELP, TYPE and the samples of each metric that has any, in the table's order.
  std::string text() const;

 private:
  void put_signed(Metric metric, std::int64_t value, Labels labels);
  void put_unsigned(Metric metric, std::uint64_t value, Labels labels);
  template <class Number>
  void sample(Metric metric, Number value, Labels labels);
  std::string label_text(const MetricRow& row, Labels labels) const;
  std::string& samples_of(Metric metric) { return samples_[static_cast<std::size_t>(metric)]; }

  std::string common_;
  std::array<std::string, metric_count> samples_;
};

// The Content-Type of MetricsText::text().
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

// docs/metrics.md.
std::string metrics_markdown();

}  // namespace bolide::table
