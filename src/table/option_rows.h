// SPDX-License-Identifier: Apache-2.0
//
// The option table: every setting of the server, declared once. Parsing, validation, help, the
// default file and docs/options.md come from the rows.
// Runs on: any agent.  Owns: constant data.
// Invariant: one row per Opt, in the order of the enum, named after it (checked at compile time).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bolide::table {

// `prefix_rest` is the option `prefix.rest`.
enum class Opt : std::uint8_t {
  server_data_dir,
  server_roles,
  server_log_level,
  admin_listen,
  naming_listen,
  naming_broker_timeout_ms,
  naming_scan_interval_ms,
  broker_listen,
  broker_vip_enabled,
  broker_advertise,
  broker_name,
  broker_cluster,
  broker_id,
  broker_naming_servers,
  broker_register_interval_ms,
  broker_register_timeout_ms,
  broker_client_timeout_ms,
  broker_auto_create_topics,
  broker_auto_create_groups,
  broker_default_queues,
  broker_permission,
  broker_max_message_bytes,
  broker_pull_max_messages,
  broker_pull_max_bytes,
  broker_long_poll_max_ms,
  broker_offset_flush_interval_ms,
  broker_region,
  broker_trace_on,
  broker_trace_topic_enabled,
  broker_trace_topic,
  broker_delay_levels,
  broker_light_queues_max,
  broker_lite_subscriptions_max,
  broker_lite_subscription_timeout_ms,
  broker_timer_max_delay_ms,
  broker_recall_enabled,
  broker_transaction_timeout_ms,
  broker_transaction_check_interval_ms,
  broker_transaction_checks_max,
  broker_dedupe_window,
  broker_dedupe_producers_max,
  broker_dedupe_producer_expiry_ms,
  broker_dedupe_keys_max,
  store_reply_level,
  store_segment_bytes,
  store_flush_interval_ms,
  store_retention_hours,
  store_disk_max_used_percent,
  store_disk_full_percent,
  store_tail_cache_bytes,
  store_index_run_bytes,
  store_export_on_stop,
  net_idle_timeout_ms,
  net_max_frame_bytes,
  net_output_pause_bytes,
  net_output_max_bytes,
  net_proxy_protocol,
  tls_mode,
  tls_certificate,
  tls_key,
  tls_key_password,
  tls_peers,
  tls_peers_trusted,
  count,
};

inline constexpr std::size_t option_count = static_cast<std::size_t>(Opt::count);

enum class OptionType : std::uint8_t {
  boolean,
  integer,
  size,      // bytes, written plain or as 64k, 4MiB, 1GiB
  duration,  // in the row's unit, written plain or as 200ms, 30s, 5m, 72h, 3d
  name,      // letters, digits and . _ - % |
  text,
  choice,     // one of `choices`
  choices,    // a list, each one of `choices`
  address,    // host:port, [v6]:port
  addresses,  // a list of addresses
  host,       // a host, an address, or one of `choices`
};

enum class Unit : std::uint8_t { none, bytes, ms, hours, percent };

// Whether a change takes effect in a running server or at its next start.
enum class Apply : std::uint8_t { restart, live };

// `min` and `max` bound numbers by value, names and texts by length in bytes, and mean nothing for
// the other types. `choices` are separated by '|'. `doc` is one sentence with a full stop.
struct OptionRow {
  Opt opt;
  std::string_view name;
  OptionType type;
  Unit unit;
  std::string_view default_text;
  std::int64_t min;
  std::int64_t max;
  std::string_view choices;
  Apply apply;
  bool secret;
  std::string_view doc;

  std::string_view prefix() const { return name.substr(0, name.find('.')); }
  // The name without its prefix.
  std::string_view rest() const { return name.substr(name.find('.') + 1); }
  bool is_number() const {
    return type == OptionType::integer || type == OptionType::size || type == OptionType::duration;
  }
  bool is_list() const { return type == OptionType::choices || type == OptionType::addresses; }
};

std::span<const OptionRow> option_rows();
const OptionRow& option_row(Opt opt);

// The row of this name, or null.
const OptionRow* find_option(std::string_view name);

// What the options of a prefix are about, one line without a full stop; empty for no prefix of
// ours.
std::string_view option_prefix_doc(std::string_view prefix);

// The environment variable of an option: broker.listen is BOLIDE_BROKER_LISTEN.
std::string environment_name(const OptionRow& row);

}  // namespace bolide::table
