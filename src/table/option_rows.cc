// SPDX-License-Identifier: Apache-2.0
//
// The rows of the option table.
// Runs on: any agent.  Owns: constant data.  Invariant: see option_rows.h.
#include "table/option_rows.h"

#include "base/assert.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace bolide::table {
namespace {

using enum OptionType;
using enum Unit;
using enum Apply;

constexpr bool open = false;
constexpr bool secret = true;
constexpr std::int64_t kib = 1024;
constexpr std::int64_t mib = 1024 * kib;
constexpr std::int64_t gib = 1024 * mib;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t path_max = 4096;

// opt, name, type, unit, default, min, max, choices, apply, secret, doc
constexpr OptionRow rows[] = {
    {Opt::server_data_dir, "server.data_dir", text, none, "./data", 1, path_max, "", restart, open,
     "The directory that holds everything the server keeps; a store of Apache RocketMQ opens too."},
    {Opt::server_roles, "server.roles", choices, none, "naming,broker", 0, 0, "naming|broker",
     restart, open, "What this process is: a name server, a broker, or both."},
    {Opt::server_log_level, "server.log_level", choice, none, "info", 0, 0,
     "debug|info|warning|error|off", restart, open,
     "The least severity that is written to the log."},

    {Opt::admin_listen, "admin.listen", addresses, none, "", 0, 0, "", restart, open,
     "The addresses on which /metrics (for Prometheus) and /health are served over HTTP; none: "
     "they are not."},

    {Opt::naming_listen, "naming.listen", address, none, "127.0.0.1:9876", 0, 0, "", restart, open,
     "The address on which the name server accepts clients and brokers."},
    {Opt::naming_broker_timeout_ms, "naming.broker_timeout_ms", duration, ms, "120000", 1'000,
     day_ms, "", restart, open,
     "A broker that has not registered for so long is taken out of the routes."},
    {Opt::naming_scan_interval_ms, "naming.scan_interval_ms", duration, ms, "5000", 100, day_ms, "",
     restart, open, "How often the name server looks for brokers that have gone silent."},

    {Opt::broker_listen, "broker.listen", address, none, "127.0.0.1:10911", 0, 0, "", restart, open,
     "The address on which the broker accepts clients."},
    {Opt::broker_vip_enabled, "broker.vip_enabled", boolean, none, "true", 0, 0, "", restart, open,
     "Whether the broker also listens two ports lower, where clients with the VIP channel send."},
    {Opt::broker_advertise, "broker.advertise", host, none, "auto", 0, 0, "auto", restart, open,
     "The host, or host and port, that clients are told to connect to; auto is the host of "
     "broker.listen, or the machine's own address where that is a wildcard."},
    {Opt::broker_name, "broker.name", name, none, "broker-a", 1, 127, "", restart, open,
     "The broker's name, unique in its cluster."},
    {Opt::broker_cluster, "broker.cluster", name, none, "DefaultCluster", 1, 127, "", restart, open,
     "The name of the cluster that the broker belongs to."},
    {Opt::broker_id, "broker.id", integer, none, "0", 0, 2'147'483'647, "", restart, open,
     "The broker's number among the replicas of its name; 0 is the master."},
    {Opt::broker_naming_servers, "broker.naming_servers", addresses, none, "", 0, 0, "", restart,
     open,
     "The name servers to register with; none means the one in this process, and without one "
     "127.0.0.1:9876."},
    {Opt::broker_register_interval_ms, "broker.register_interval_ms", duration, ms, "30000", 1'000,
     60'000, "", restart, open, "How often the broker registers with its name servers."},
    {Opt::broker_register_timeout_ms, "broker.register_timeout_ms", duration, ms, "24000", 100,
     day_ms, "", restart, open, "How long a registration waits for the name server's answer."},
    {Opt::broker_client_timeout_ms, "broker.client_timeout_ms", duration, ms, "120000", 1'000,
     day_ms, "", restart, open,
     "A client that has sent no heartbeat for so long is taken out of its groups."},
    {Opt::broker_auto_create_topics, "broker.auto_create_topics", boolean, none, "true", 0, 0, "",
     restart, open, "Whether sending to a topic that does not exist creates it."},
    {Opt::broker_auto_create_groups, "broker.auto_create_groups", boolean, none, "true", 0, 0, "",
     restart, open,
     "Whether a consumer group that does not exist is created when it is first used."},
    {Opt::broker_default_queues, "broker.default_queues", integer, none, "8", 1, 65'535, "",
     restart, open, "The most queues that a topic gets when it is created by sending to it."},
    {Opt::broker_permission, "broker.permission", integer, none, "6", 0, 7, "", restart, open,
     "What clients may do on this broker: 4 read, 2 write, 6 both, 0 nothing."},
    {Opt::broker_max_message_bytes, "broker.max_message_bytes", size, bytes, "4MiB", kib, 64 * mib,
     "", restart, open, "The longest message body that is accepted."},
    {Opt::broker_pull_max_messages, "broker.pull_max_messages", integer, none, "32", 1, 65'536, "",
     restart, open, "The most messages in the answer to one pull."},
    {Opt::broker_pull_max_bytes, "broker.pull_max_bytes", size, bytes, "256KiB", kib, 16 * mib, "",
     restart, open,
     "The most bytes in the answer to one pull; a message longer than that is sent alone."},
    {Opt::broker_long_poll_max_ms, "broker.long_poll_max_ms", duration, ms, "60000", 0, day_ms, "",
     restart, open,
     "The longest that a pull waits for messages, whatever the client asks for; 0 means not at "
     "all."},
    {Opt::broker_offset_flush_interval_ms, "broker.offset_flush_interval_ms", duration, ms, "200",
     10, day_ms, "", restart, open,
     "How often the consumers' progress is written to the disk; a crash repeats at most that "
     "much."},
    {Opt::broker_region, "broker.region", name, none, "DefaultRegion", 1, 127, "", restart, open,
     "The region that is noted in each message for tracing."},
    {Opt::broker_trace_on, "broker.trace_on", boolean, none, "true", 0, 0, "", restart, open,
     "Whether clients are told to trace the messages they send and consume."},
    {Opt::broker_trace_topic_enabled, "broker.trace_topic_enabled", boolean, none, "false", 0, 0,
     "", restart, open, "Whether the broker offers the topic of traces to all clients."},
    {Opt::broker_trace_topic, "broker.trace_topic", name, none, "RMQ_SYS_TRACE_TOPIC", 1, 127, "",
     restart, open, "The topic that takes the clients' traces."},
    {Opt::broker_delay_levels, "broker.delay_levels", text, none,
     "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h", 1, 1024, "", restart, open,
     "The delays that messages name by level, from level 1 on; retries use them too, from level 3 "
     "on."},
    {Opt::broker_light_queues_max, "broker.light_queues_max", integer, none, "2000000", 0,
     1'000'000'000, "", restart, open,
     "How many light queues (%LMQ%...) may have messages; some 350 bytes of memory each, also once "
     "it is empty. A send that would make more is refused."},
    {Opt::broker_lite_subscriptions_max, "broker.lite_subscriptions_max", integer, none, "100000",
     0, 100'000'000, "", restart, open,
     "How many subscriptions to lite topics the broker keeps, of all clients; some 500 bytes of "
     "memory each. One more is refused."},
    {Opt::broker_lite_subscription_timeout_ms, "broker.lite_subscription_timeout_ms", duration, ms,
     "180000", 1'000, day_ms, "", restart, open,
     "After so long without a word of a client its subscriptions to lite topics end; they end at "
     "once with its connection."},
    {Opt::broker_timer_max_delay_ms, "broker.timer_max_delay_ms", duration, ms, "1095d", 1'000,
     36'500 * day_ms, "", restart, open,
     "How far ahead the delivery time of a message may lie; one that lies further is refused."},
    {Opt::broker_recall_enabled, "broker.recall_enabled", boolean, none, "true", 0, 0, "", restart,
     open, "Whether a message that waits for its delivery time can be recalled by its sender."},
    {Opt::broker_transaction_timeout_ms, "broker.transaction_timeout_ms", duration, ms, "6000", 100,
     day_ms, "", restart, open,
     "How long after a transaction's message its producer is first asked for the outcome."},
    {Opt::broker_transaction_check_interval_ms, "broker.transaction_check_interval_ms", duration,
     ms, "30000", 100, day_ms, "", restart, open,
     "How often producers are asked for the outcome of open transactions."},
    {Opt::broker_transaction_checks_max, "broker.transaction_checks_max", integer, none, "15", 1,
     100'000, "", restart, open,
     "After so many questions without an outcome the message goes to TRANS_CHECK_MAX_TIME_TOPIC."},
    {Opt::broker_dedupe_window, "broker.dedupe_window", integer, none, "256", 128, 65'536, "",
     restart, open,
     "How many of the last messages of an idempotent producer to a queue are remembered; 40 bytes "
     "each."},
    {Opt::broker_dedupe_producers_max, "broker.dedupe_producers_max", integer, none, "10000", 1,
     10'000'000, "", restart, open,
     "How many idempotent producers are remembered, counted once for each queue that they send to; "
     "those in use are never forgotten, a new one is refused instead."},
    {Opt::broker_dedupe_producer_expiry_ms, "broker.dedupe_producer_expiry_ms", duration, ms, "24h",
     60'000, 365 * day_ms, "", restart, open,
     "An idempotent producer that has sent nothing to a queue for so long is forgotten there."},
    {Opt::broker_dedupe_keys_max, "broker.dedupe_keys_max", integer, none, "1000000", 1,
     1'000'000'000, "", restart, open,
     "How many keys are remembered for topics with bolide.dedupe.window.ms, about 70 bytes each; "
     "beyond that the oldest are forgotten before their time."},

    {Opt::store_reply_level, "store.reply_level", choice, none, "async", 0, 0, "async|sync",
     restart, open,
     "When a send is answered: async once the operating system has the message, sync once the "
     "disk has."},
    {Opt::store_segment_bytes, "store.segment_bytes", size, bytes, "1GiB", 64 * kib, gib, "",
     restart, open, "The size of one file of the commit log."},
    {Opt::store_flush_interval_ms, "store.flush_interval_ms", duration, ms, "200", 1, 60'000, "",
     restart, open,
     "How often a sync of the log to the disk begins in async mode; a power loss takes what came "
     "since the last finished one began."},
    {Opt::store_retention_hours, "store.retention_hours", duration, hours, "72", 1, 876'000, "",
     restart, open, "Messages older than that are deleted, a file at a time."},
    {Opt::store_disk_max_used_percent, "store.disk_max_used_percent", integer, percent, "85", 10,
     99, "", restart, open,
     "When the disk is fuller than that, the oldest files are deleted before their time."},
    {Opt::store_disk_full_percent, "store.disk_full_percent", integer, percent, "90", 11, 100, "",
     restart, open, "When the disk is fuller than that, clients' sends are refused."},
    {Opt::store_tail_cache_bytes, "store.tail_cache_bytes", size, bytes, "8MiB", mib, 16 * gib, "",
     restart, open, "How much of the newest messages is kept in memory for consumers that follow."},
    {Opt::store_index_run_bytes, "store.index_run_bytes", size, bytes, "256MiB", mib, 16 * gib, "",
     restart, open,
     "How much of the log is indexed in memory before the index is written to the disk; recovery "
     "reads at most that much."},
    {Opt::store_export_on_stop, "store.export_on_stop", boolean, none, "false", 0, 0, "", restart,
     open,
     "Whether a clean stop also writes what Apache RocketMQ's broker derives from the log, so that "
     "it can open the directory; this reads the whole log, as `bolide store export` does."},

    {Opt::net_idle_timeout_ms, "net.idle_timeout_ms", duration, ms, "120000", 0, day_ms, "",
     restart, open,
     "A connection without a byte in either direction for so long is closed; 0 means never."},
    {Opt::net_max_frame_bytes, "net.max_frame_bytes", size, bytes, "16MiB", 64 * kib, gib, "",
     restart, open, "The longest request that is read; a longer one closes its connection."},
    {Opt::net_output_pause_bytes, "net.output_pause_bytes", size, bytes, "8MiB", 64 * kib, gib, "",
     restart, open,
     "A connection with more unsent output than that is not read from until its peer catches up."},
    {Opt::net_output_max_bytes, "net.output_max_bytes", size, bytes, "64MiB", 64 * kib, 4 * gib, "",
     restart, open, "A connection with more unsent output than that is closed."},
    {Opt::net_proxy_protocol, "net.proxy_protocol", boolean, none, "false", 0, 0, "", restart, open,
     "Whether a PROXY header (version 1 or 2) in front of a connection names its real source; only "
     "behind a proxy, as anyone could claim any source."},

    {Opt::tls_mode, "tls.mode", choice, none, "permissive", 0, 0, "disabled|permissive|enforcing",
     restart, open,
     "Whether TLS is refused, taken beside plain connections on the same port, or demanded."},
    {Opt::tls_certificate, "tls.certificate", text, none, "", 0, path_max, "", restart, open,
     "The PEM file with the server's certificate and its chain; without one the server makes its "
     "own, "
     "which no client trusts unless told to."},
    {Opt::tls_key, "tls.key", text, none, "", 0, path_max, "", restart, open,
     "The PEM file with the private key of the certificate."},
    {Opt::tls_key_password, "tls.key_password", text, none, "", 0, 1024, "", restart, secret,
     "The password of the private key, where it has one."},
    {Opt::tls_peers, "tls.peers", choice, none, "auto", 0, 0, "auto|always|never", restart, open,
     "Whether a broker encrypts what it says to name servers and other brokers; `auto`: where "
     "tls.mode is enforcing."},
    {Opt::tls_peers_trusted, "tls.peers_trusted", text, none, "", 0, path_max, "", restart, open,
     "The PEM file with the certificates by which a broker knows name servers and other brokers, "
     "chain and host name; without one it encrypts and does not check who they are."},
};

struct PrefixRow {
  std::string_view prefix;
  std::string_view doc;
};
constexpr PrefixRow prefixes[] = {
    {"server", "The process"},
    {"admin", "For operators"},
    {"naming", "The name server"},
    {"broker", "The broker"},
    {"store", "What is kept on the disk"},
    {"net", "Connections"},
    {"tls", "Encryption"},
};

// The enumerator's name as the compiler spells it, so that names and rows cannot drift apart.
template <Opt opt>
consteval std::string_view enumerator() {
  const std::string_view all = __PRETTY_FUNCTION__;
  const std::size_t begin = all.find("Opt::") + 5;
  return all.substr(begin, all.find_first_of(";]", begin) - begin);
}

consteval bool same_name(std::string_view option, std::string_view enumerator_name) {
  return std::ranges::equal(option, enumerator_name,
                            [](char a, char b) { return a == b || (a == '.' && b == '_'); });
}

template <std::size_t... index>
consteval bool rows_agree(std::index_sequence<index...> /*indices*/) {
  return ((rows[index].opt == static_cast<Opt>(index) &&
           same_name(rows[index].name, enumerator<static_cast<Opt>(index)>())) &&
          ...);
}

static_assert(std::size(rows) == option_count, "one row per Opt");
static_assert(rows_agree(std::make_index_sequence<option_count>()), "rows follow the enum");

}  // namespace

std::span<const OptionRow> option_rows() {
  return rows;
}

const OptionRow& option_row(Opt opt) {
  const auto index = static_cast<std::size_t>(opt);
  BOLIDE_ASSERT(index < option_count);
  return rows[index];
}

const OptionRow* find_option(std::string_view name) {
  const auto* row = std::ranges::find(rows, name, &OptionRow::name);
  return row == std::end(rows) ? nullptr : row;
}

std::string_view option_prefix_doc(std::string_view prefix) {
  const auto* row = std::ranges::find(prefixes, prefix, &PrefixRow::prefix);
  return row == std::end(prefixes) ? std::string_view() : row->doc;
}

std::string environment_name(const OptionRow& row) {
  std::string text = "BOLIDE_";
  for (const char c : row.name) {
    text += c == '.' ? '_' : (c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return text;
}

}  // namespace bolide::table
