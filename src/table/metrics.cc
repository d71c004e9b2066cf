// SPDX-License-Identifier: Apache-2.0
//
// Metrics as Prometheus' text format and as documentation.
// Runs on: see metrics.h.  Owns: the text.  Invariant: the samples of one metric stand together.
#include "table/metrics.h"

#include "base/assert.h"
#include "base/strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <iterator>
#include <numeric>

namespace bolide::table {
namespace {

constexpr std::string_view page_head =
    R"(<!-- @generated from src/table/metric_rows.cc by: bolide metrics docs -->
# Metrics

A server that is started with an address for it serves them over HTTP at `/metrics`, and at
`/health` whether it works: status 200, or 503 and why. Nobody is asked for a password there.

    bolide server --set admin.listen=127.0.0.1:9870
    curl http://127.0.0.1:9870/metrics

The text is Prometheus'. Names that begin with `rocketmq_` are Apache RocketMQ's, so its
dashboards find them; samples carry its labels `cluster`, `node_type` and `node_id` too. Histograms
have buckets at the powers of two of the finest unit they count in.

| metric | kind | unit | labels | meaning |
|---|---|---|---|---|
)";

std::string_view kind_name(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter: return "counter";
    case MetricKind::gauge: return "gauge";
    case MetricKind::histogram: break;
  }
  return "histogram";
}

bool is_of_process(const MetricRow& row) {
  return row.name.starts_with("process_");
}

void add_label(std::string& text, std::string_view name, std::string_view value) {
  if (!text.empty()) text += ',';
  text += name;
  text += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    if (c == '\n') {
      text += "\\n";
    } else {
      text += c;
    }
  }
  text += '"';
}

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// `labels` and one more, in braces; nothing where there is none.
std::string in_braces(std::string labels, std::string_view more = "") {
  if (!labels.empty() && !more.empty()) labels += ',';
  labels += more;
  return labels.empty() ? labels : "{" + labels + "}";
}

}  // namespace

void Histogram::add(std::uint64_t value) {
  const auto bucket = static_cast<std::size_t>(value <= 1 ? 0 : std::bit_width(value - 1));
  ++counts[std::min(bucket, buckets - 1)];
  sum += value;
}

std::uint64_t Histogram::count() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

MetricsText::MetricsText(std::vector<std::pair<std::string, std::string>> common) {
  for (const auto& [name, value] : common) add_label(common_, name, value);
}

std::string MetricsText::label_text(const MetricRow& row, Labels labels) const {
  std::string text = is_of_process(row) ? std::string() : common_;
  if (row.labels.empty()) {
    BOLIDE_ASSERT(labels.size() == 0);
    return text;
  }
  const auto names = split(row.labels, ',');
  BOLIDE_ASSERT(names.size() == labels.size());
  const auto* value = labels.begin();
  for (const std::string_view name : names) add_label(text, name, *value++);
  return text;
}

template <class Number>
void MetricsText::sample(Metric metric, Number value, Labels labels) {
  const MetricRow& row = metric_row(metric);
  BOLIDE_ASSERT(row.kind != MetricKind::histogram);
  fmt::format_to(std::back_inserter(samples_of(metric)), "{}{} {}\n", row.name,
                 in_braces(label_text(row, labels)), value);
}

void MetricsText::put(Metric metric, double value, Labels labels) {
  sample(metric, number_text(value), labels);
}

void MetricsText::put_signed(Metric metric, std::int64_t value, Labels labels) {
  sample(metric, value, labels);
}

void MetricsText::put_unsigned(Metric metric, std::uint64_t value, Labels labels) {
  sample(metric, value, labels);
}

void MetricsText::put(Metric metric, const Histogram& histogram, double scale, Labels labels) {
  const MetricRow& row = metric_row(metric);
  BOLIDE_ASSERT(row.kind == MetricKind::histogram);
  const std::string own = label_text(row, labels);
  auto out = std::back_inserter(samples_of(metric));
  std::uint64_t total = 0;
  for (std::size_t i = 0; i + 1 < Histogram::buckets; ++i) {
    total += histogram.counts[i];
    const double bound = std::ldexp(scale, static_cast<int>(i));
    fmt::format_to(out, "{}_bucket{} {}\n", row.name,
                   in_braces(own, fmt::format("le=\"{}\"", number_text(bound))), total);
  }
  total += histogram.counts.back();
  fmt::format_to(out, "{0}_bucket{1} {2}\n{0}_sum{3} {4}\n{0}_count{3} {2}\n", row.name,
                 in_braces(own, "le=\"+Inf\""), total, in_braces(own),
                 number_text(static_cast<double>(histogram.sum) * scale));
}

std::string MetricsText::text() const {
  std::string page;
  for (const MetricRow& row : metric_rows()) {
    const std::string& samples = samples_[static_cast<std::size_t>(row.metric)];
    if (samples.empty()) continue;
    page += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", row.name, row.doc, kind_name(row.kind));
    page += samples;
  }
  return page;
}

std::string metrics_markdown() {
  std::string page(page_head);
  for (const MetricRow& row : metric_rows()) {
    std::string labels(row.labels);
    for (std::size_t at = 0; (at = labels.find(',', at)) != std::string::npos; at += 2) {
      labels.replace(at, 1, ", ");
    }
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, kind_name(row.kind), row.unit,
                        labels, row.doc);
  }
  return page;
}

}  // namespace bolide::table
