// SPDX-License-Identifier: Apache-2.0
//
// The metric table and its exposition.
#include "table/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace bolide::table {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

TEST(MetricRows, have_a_lawful_name_of_their_own_and_a_sentence) {
  std::set<std::string_view> names;
  for (const MetricRow& row : metric_rows()) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(std::regex_match(std::string(row.name), std::regex("[a-z][a-z0-9_]*")));
    EXPECT_TRUE(names.insert(row.name).second);
    EXPECT_EQ(row.name.ends_with("_total"), row.kind == MetricKind::counter);
    EXPECT_THAT(std::string(row.doc), EndsWith("."));
  }
}

TEST(MetricsText, keeps_the_samples_of_a_metric_together_in_the_order_of_the_table) {
  MetricsText metrics;
  metrics.put(Metric::topics, 3);
  metrics.put(Metric::messages_in, std::uint64_t{18'446'744'073'709'551'615U}, {"a"});
  metrics.put(Metric::process_cpu_seconds, 1.5);
  metrics.put(Metric::messages_in, 2, {"b"});
  EXPECT_EQ(metrics.text(),
            "# HELP rocketmq_messages_in_total Messages stored since the topic was made.\n"
            "# TYPE rocketmq_messages_in_total counter\n"
            "rocketmq_messages_in_total{topic=\"a\"} 18446744073709551615\n"
            "rocketmq_messages_in_total{topic=\"b\"} 2\n"
            "# HELP rocketmq_topic_number Topics of the broker.\n"
            "# TYPE rocketmq_topic_number gauge\n"
            "rocketmq_topic_number 3\n"
            "# HELP process_cpu_seconds_total Processor time of the process.\n"
            "# TYPE process_cpu_seconds_total counter\n"
            "process_cpu_seconds_total 1.5\n");
}

TEST(MetricsText, puts_the_common_labels_on_all_but_the_process) {
  MetricsText metrics({{"cluster", "C"}, {"node_id", "b"}});
  metrics.put(Metric::messages_in, 1, {"t"});
  metrics.put(Metric::process_open_files, 9);
  EXPECT_THAT(metrics.text(), HasSubstr("total{cluster=\"C\",node_id=\"b\",topic=\"t\"} 1\n"));
  EXPECT_THAT(metrics.text(), HasSubstr("\nprocess_open_fds 9\n"));
}

TEST(MetricsText, escapes_label_values) {
  MetricsText metrics;
  metrics.put(Metric::messages_in, 1, {"a\"b\\c\nd"});
  EXPECT_THAT(metrics.text(), HasSubstr(R"({topic="a\"b\\c\nd"} 1)"));
}

TEST(MetricsText, writes_histograms_cumulatively_in_the_unit_of_the_row) {
  Histogram flushes;  // microseconds
  for (const std::uint64_t us : {0U, 1U, 2U, 3U, 1024U, 1025U}) flushes.add(us);
  flushes.add(1ULL << 40U);
  EXPECT_EQ(flushes.count(), 7U);
  MetricsText metrics;
  metrics.put(Metric::log_flush_seconds, flushes, 1e-6);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE bolide_log_flush_seconds histogram\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"1e-06\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"2e-06\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"4e-06\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"0.001024\"} 5\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"0.002048\"} 6\n"));
  EXPECT_THAT(text, HasSubstr("_bucket{le=\"+Inf\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("bolide_log_flush_seconds_count 7\n"));
  EXPECT_THAT(text, HasSubstr("bolide_log_flush_seconds_sum 1099511."));
}

TEST(MetricsText, leaves_out_what_nobody_counted) {
  EXPECT_EQ(MetricsText().text(), "");
}

TEST(MetricsTextDeathTest, holds_a_sample_to_the_labels_of_its_row) {
  MetricsText metrics;
  EXPECT_DEATH(metrics.put(Metric::messages_in, 1), "labels");
  EXPECT_DEATH(metrics.put(Metric::log_flush_seconds, 1), "histogram");
}

TEST(MetricsMarkdown, has_every_metric) {
  for (const MetricRow& row : metric_rows()) {
    EXPECT_THAT(metrics_markdown(), HasSubstr("| `" + std::string(row.name) + "` |"));
  }
  EXPECT_THAT(metrics_markdown(), HasSubstr("consumer_group, topic"));
}

}  // namespace
}  // namespace bolide::table
