// SPDX-License-Identifier: Apache-2.0
//
// The rows of the metric table.
// Runs on: any agent.  Owns: constant data.  Invariant: see metrics.h.
#include "table/metrics.h"

#include "base/assert.h"

#include <iterator>

namespace bolide::table {
namespace {

using enum MetricKind;

// metric, name, kind, unit, labels, doc
constexpr MetricRow rows[] = {
    {Metric::messages_in, "rocketmq_messages_in_total", counter, "messages", "topic",
     "Messages stored since the topic was made."},
    {Metric::messages_out, "rocketmq_messages_out_total", counter, "messages", "",
     "Messages delivered to consumers."},
    {Metric::throughput_in, "rocketmq_throughput_in_total", counter, "bytes", "",
     "Bytes of the messages stored."},
    {Metric::throughput_out, "rocketmq_throughput_out_total", counter, "bytes", "",
     "Bytes of the messages delivered to consumers."},
    {Metric::messages_refused, "bolide_messages_refused_total", counter, "messages", "",
     "Messages that were not stored, and whose producers were told why."},
    {Metric::clients, "bolide_clients", gauge, "clients", "",
     "Producers and consumers that send heartbeats."},
    {Metric::consumer_lag_messages, "rocketmq_consumer_lag_messages", gauge, "messages",
     "consumer_group,topic", "Messages that the group has not yet confirmed."},
    {Metric::consumer_ready_messages, "rocketmq_consumer_ready_messages", gauge, "messages",
     "consumer_group,topic", "Messages that the group has not yet been given."},
    {Metric::topics, "rocketmq_topic_number", gauge, "topics", "", "Topics of the broker."},
    {Metric::groups, "rocketmq_consumer_group_number", gauge, "groups", "",
     "Consumer groups of the broker."},
    {Metric::parked_pulls, "bolide_parked_pulls", gauge, "requests", "",
     "Pulls that wait for messages."},
    {Metric::leased_messages, "bolide_leased_messages", gauge, "messages", "",
     "Messages that were given one by one and are not yet acknowledged."},
    {Metric::lite_subscriptions, "bolide_lite_subscriptions", gauge, "subscriptions", "",
     "Subscriptions of connected clients to lite topics; a client of a wildcard group has one."},
    {Metric::timer_waiting, "bolide_timer_waiting_messages", gauge, "messages", "",
     "Messages that wait for their time of delivery; those of delay levels are not counted."},
    {Metric::transactions_open, "bolide_open_transactions", gauge, "messages", "",
     "Half messages whose producer has not yet said what becomes of them."},
    {Metric::dedupe_repeats, "bolide_repeated_sends_total", counter, "sends", "",
     "Sends of idempotent producers that were stored already, and answered as the first time."},
    {Metric::dedupe_key_repeats, "bolide_repeated_keys_total", counter, "messages", "topic",
     "Messages that were not stored, because one with their key was in the topic's window."},
    {Metric::dedupe_too_old, "bolide_repeated_sends_too_old_total", counter, "sends", "",
     "Sends of idempotent producers that were refused: too old to tell whether they were stored."},
    {Metric::dedupe_producers, "bolide_idempotent_producers", gauge, "producers", "",
     "Idempotent producers whose last sends are remembered, counted once for each queue."},
    {Metric::dedupe_keys, "bolide_remembered_keys", gauge, "keys", "",
     "Keys of messages that are remembered for the windows of their topics."},
    {Metric::dedupe_keys_dropped, "bolide_remembered_keys_dropped_total", counter, "keys", "",
     "Keys that were forgotten before the end of their window, for want of room."},

    {Metric::storage_bytes, "rocketmq_storage_size", gauge, "bytes", "",
     "Bytes that the commit log takes on the disk."},
    {Metric::storage_flush_behind_bytes, "rocketmq_storage_flush_behind_bytes", gauge, "bytes", "",
     "Bytes of the log that a power loss would take now."},
    {Metric::log_appended_bytes, "bolide_log_appended_bytes_total", counter, "bytes", "",
     "Bytes appended to the commit log."},
    {Metric::log_flush_seconds, "bolide_log_flush_seconds", histogram, "seconds", "",
     "How long each sync of the log took."},
    {Metric::store_stopped, "bolide_store_stopped", gauge, "", "",
     "1 while the store takes nothing: after a failed write or sync, or on a full disk; else 0."},
    {Metric::disk_used_ratio, "bolide_disk_used_ratio", gauge, "", "",
     "How full the disk of the store is, 0 to 1."},
    {Metric::damaged_records, "bolide_damaged_records_total", counter, "records", "",
     "Records of the log that were asked for, found damaged and passed over since the start."},

    {Metric::naming_brokers, "bolide_naming_brokers", gauge, "brokers", "",
     "Brokers that are registered at the name server."},
    {Metric::naming_topics, "bolide_naming_topics", gauge, "topics", "",
     "Topics that the name server has a route for."},

    {Metric::connections, "bolide_connections", gauge, "connections", "", "Open connections."},
    {Metric::connections_accepted, "bolide_connections_accepted_total", counter, "connections", "",
     "Connections accepted."},
    {Metric::connections_closed, "bolide_connections_closed_total", counter, "connections",
     "reason", "Connections that ended, by cause."},
    {Metric::bytes_received, "bolide_received_bytes_total", counter, "bytes", "",
     "Bytes read from connections."},
    {Metric::bytes_sent, "bolide_sent_bytes_total", counter, "bytes", "",
     "Bytes written to connections."},
    {Metric::requests, "bolide_requests_total", counter, "requests", "role",
     "Requests of RocketMQ's remoting protocol."},
    {Metric::control_requests, "bolide_control_requests_total", counter, "requests",
     "role,request_code", "Those other than sends and pulls, by name."},
    {Metric::unsupported_requests, "bolide_unsupported_requests_total", counter, "requests",
     "role,request_code", "Those that this server does not support, by name."},
    {Metric::malformed_frames, "bolide_malformed_frames_total", counter, "frames", "role,reason",
     "Frames that do not follow the protocol, by cause."},

    {Metric::build_info, "bolide_build_info", gauge, "", "version", "Always 1."},
    {Metric::process_resident_bytes, "process_resident_memory_bytes", gauge, "bytes", "",
     "Memory of the process."},
    {Metric::process_cpu_seconds, "process_cpu_seconds_total", counter, "seconds", "",
     "Processor time of the process."},
    {Metric::process_open_files, "process_open_fds", gauge, "descriptors", "",
     "Open file descriptors of the process."},
    {Metric::process_start_time, "process_start_time_seconds", gauge, "seconds", "",
     "When the process started, since 1970."},
};

consteval bool rows_agree() {
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    if (rows[i].metric != static_cast<Metric>(i)) return false;
  }
  return std::size(rows) == metric_count;
}
static_assert(rows_agree(), "one row per Metric, in the order of the enum");

}  // namespace

std::span<const MetricRow> metric_rows() {
  return rows;
}

const MetricRow& metric_row(Metric metric) {
  const auto index = static_cast<std::size_t>(metric);
  BOLIDE_ASSERT(index < metric_count);
  return rows[index];
}

}  // namespace bolide::table
