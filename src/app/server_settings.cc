// SPDX-License-Identifier: Apache-2.0
//
// From the option table to the settings of each part.
// Runs on: the main thread at start.  Owns: nothing.  Invariant: see server_settings.h.
#include "app/server_settings.h"

#include "os/process.h"
#include "protocols/remoting/wire/header.h"

#include <fmt/core.h>

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>

namespace bolide::app {
namespace {

using table::Opt;

enum class PeerTls : std::uint8_t { where_enforcing, always, never };  // as tls.peers lists them

bool wildcard(std::string_view host) {
  return host.empty() || host == "*" || host == "0.0.0.0" || host == "::";
}

Result<Host> resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return fail(Errc::config, "broker.advertise: " + host + ": " + gai_strerror(error));
  }
  Host bytes;
  if (found->ai_family == AF_INET6) {
    bytes.size = 16;
    std::memcpy(bytes.bytes, &reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_addr, 16);
  } else {
    std::memcpy(bytes.bytes, &reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_addr, 4);
  }
  freeaddrinfo(found);
  return bytes;
}

}  // namespace

Result<Advertised> advertised(const table::Options& options, std::uint16_t port) {
  Advertised result{.host = {}, .port = port, .bytes = {}};
  const std::string& wanted = options.text(Opt::broker_advertise);
  if (wanted == "auto") {
    BOLIDE_TRY(const auto listen, net::Address::parse(options.text(Opt::broker_listen)));
    result.host = wildcard(listen.host) ? os::local_ipv4() : listen.host;
  } else if (auto with_port = net::Address::parse(wanted)) {
    result.host = with_port->host;
    result.port = with_port->port;
  } else {
    result.host = wanted;
  }
  BOLIDE_TRY(result.bytes, resolve(result.host));
  result.bytes.port = result.port;
  return result;
}

std::string bound(const std::string& address, std::uint16_t port) {
  auto parsed = net::Address::parse(address);
  if (!parsed) return address;
  parsed->port = port;
  return parsed->text();
}

bool has_role(const table::Options& options, std::string_view role) {
  return std::ranges::find(options.list(Opt::server_roles), role) !=
         options.list(Opt::server_roles).end();
}

store::StoreOptions store_options(const table::Options& options) {
  const auto bytes = [&](Opt opt) { return static_cast<std::uint64_t>(options.integer(opt)); };
  return {
      .directory = options.text(Opt::server_data_dir),
      .reply_level = options.choice<store::ReplyLevel>(Opt::store_reply_level),
      .segment_bytes = bytes(Opt::store_segment_bytes),
      .tail_cache_bytes = bytes(Opt::store_tail_cache_bytes),
      .index_run_bytes = bytes(Opt::store_index_run_bytes),
      .flush_interval_ms = options.integer(Opt::store_flush_interval_ms),
      .retention_ms = options.integer(Opt::store_retention_hours) * 3'600'000,
      .disk_max_used_percent = static_cast<int>(options.integer(Opt::store_disk_max_used_percent)),
      .disk_full_percent = static_cast<int>(options.integer(Opt::store_disk_full_percent))};
}

Result<broker::CoreSettings> core_settings(const table::Options& options, const Host& store_host) {
  auto levels = broker::DelayLevels::parse(options.text(Opt::broker_delay_levels));
  if (!levels) return Failure(std::move(levels).error().in("broker.delay_levels"));
  const auto small = [&](Opt opt) { return static_cast<std::int32_t>(options.integer(opt)); };
  return broker::CoreSettings{
      .name = options.text(Opt::broker_name),
      .cluster = options.text(Opt::broker_cluster),
      .region = options.text(Opt::broker_region),
      .store_host = store_host,
      .broker_id = options.integer(Opt::broker_id),
      .permission = small(Opt::broker_permission),
      .auto_create_topics = options.boolean(Opt::broker_auto_create_topics),
      .auto_create_groups = options.boolean(Opt::broker_auto_create_groups),
      .default_queues = small(Opt::broker_default_queues),
      .message_bytes_max = options.integer(Opt::broker_max_message_bytes),
      .pull_messages_max = small(Opt::broker_pull_max_messages),
      .pull_bytes_max = options.integer(Opt::broker_pull_max_bytes),
      .long_poll_ms_max = options.integer(Opt::broker_long_poll_max_ms),
      .offset_flush_interval_ms = options.integer(Opt::broker_offset_flush_interval_ms),
      .trace_on = options.boolean(Opt::broker_trace_on),
      .trace_topic = options.boolean(Opt::broker_trace_topic_enabled)
                         ? options.text(Opt::broker_trace_topic)
                         : std::string(),
      .client_timeout_ms = options.integer(Opt::broker_client_timeout_ms),
      .version_text = fmt::format("BOLIDE_{}", version_text),
      .version_number = remoting::protocol_version,
      .seed = os::random_number(),
      .delay_levels = *std::move(levels),
      .light_queues_max = static_cast<std::size_t>(options.integer(Opt::broker_light_queues_max)),
      .timer_horizon_ms = options.integer(Opt::broker_timer_max_delay_ms),
      .recall_enabled = options.boolean(Opt::broker_recall_enabled),
      .transactions = {.timeout_ms = options.integer(Opt::broker_transaction_timeout_ms),
                       .check_interval_ms =
                           options.integer(Opt::broker_transaction_check_interval_ms),
                       .checks_max = small(Opt::broker_transaction_checks_max)},
      .dedupe = {.window = static_cast<std::size_t>(options.integer(Opt::broker_dedupe_window)),
                 .producers_max =
                     static_cast<std::size_t>(options.integer(Opt::broker_dedupe_producers_max)),
                 .producer_expiry_ms = options.integer(Opt::broker_dedupe_producer_expiry_ms),
                 .keys_max =
                     static_cast<std::size_t>(options.integer(Opt::broker_dedupe_keys_max))},
      .lite = {
          .subscriptions_max =
              static_cast<std::size_t>(options.integer(Opt::broker_lite_subscriptions_max)),
          .subscription_timeout_ms = options.integer(Opt::broker_lite_subscription_timeout_ms)}};
}

net::ConnectionLimits connection_limits(const table::Options& options) {
  const auto bytes = [&](Opt opt) { return static_cast<std::size_t>(options.integer(opt)); };
  constexpr std::size_t beside_frame = 64U << 10U;
  return {.input_bytes_max = bytes(Opt::net_max_frame_bytes) + beside_frame,
          .output_pause_bytes = bytes(Opt::net_output_pause_bytes),
          .output_bytes_max = bytes(Opt::net_output_max_bytes),
          .idle_timeout_ms = options.integer(Opt::net_idle_timeout_ms)};
}

Result<std::shared_ptr<net::TlsContext>> peer_tls(const table::Options& options) {
  const auto wanted = options.choice<PeerTls>(Opt::tls_peers);
  const bool enforcing = options.choice<net::TlsMode>(Opt::tls_mode) == net::TlsMode::enforcing;
  if (wanted == PeerTls::never || (wanted == PeerTls::where_enforcing && !enforcing))
    return std::shared_ptr<net::TlsContext>();
  const std::string& trusted = options.text(Opt::tls_peers_trusted);
  return net::TlsContext::client({.verify = !trusted.empty(), .trusted_file = trusted});
}

Result<std::vector<net::Address>> name_servers(const table::Options& options,
                                               std::uint16_t own_port) {
  std::vector<net::Address> addresses;
  for (const std::string& text : options.list(Opt::broker_naming_servers)) {
    BOLIDE_TRY(auto address, net::Address::parse(text));
    addresses.push_back(std::move(address));
  }
  if (!addresses.empty()) return addresses;
  net::Address own{.host = "127.0.0.1", .port = 9876};
  if (own_port != 0) {
    BOLIDE_TRY(const auto listen, net::Address::parse(options.text(Opt::naming_listen)));
    own = {.host = wildcard(listen.host) ? "127.0.0.1" : listen.host, .port = own_port};
  }
  addresses.push_back(std::move(own));
  return addresses;
}

std::string broker_config_text(const table::Options& options, const Advertised& address) {
  std::string text;
  const auto line = [&](std::string_view key, const auto& value) {
    text += fmt::format("{}={}\n", key, value);
  };
  const bool sync =
      options.choice<store::ReplyLevel>(Opt::store_reply_level) == store::ReplyLevel::sync;
  line("autoCreateSubscriptionGroup", options.boolean(Opt::broker_auto_create_groups));
  line("autoCreateTopicEnable", options.boolean(Opt::broker_auto_create_topics));
  line("brokerClusterName", options.text(Opt::broker_cluster));
  line("brokerIP1", address.host);
  line("brokerId", options.integer(Opt::broker_id));
  line("brokerName", options.text(Opt::broker_name));
  line("brokerPermission", options.integer(Opt::broker_permission));
  line("brokerRole", "ASYNC_MASTER");
  line("defaultTopicQueueNums", options.integer(Opt::broker_default_queues));
  line("diskSpaceCleanForciblyRatio", options.integer(Opt::store_disk_max_used_percent));
  line("diskSpaceWarningLevelRatio", options.integer(Opt::store_disk_full_percent));
  line("fileReservedTime", options.integer(Opt::store_retention_hours));
  line("flushDiskType", sync ? "SYNC_FLUSH" : "ASYNC_FLUSH");
  line("listenPort", address.port);
  line("mappedFileSizeCommitLog", options.integer(Opt::store_segment_bytes));
  line("maxMessageSize", options.integer(Opt::broker_max_message_bytes));
  line("regionId", options.text(Opt::broker_region));
  line("storePathRootDir", options.text(Opt::server_data_dir));
  return text;
}

std::string naming_config_text(const table::Options& options) {
  std::string text;
  if (auto listen = net::Address::parse(options.text(Opt::naming_listen))) {
    text += fmt::format("bindAddress={}\nlistenPort={}\n", listen->host, listen->port);
  }
  text += fmt::format("scanNotActiveBrokerInterval={}\n",
                      options.integer(Opt::naming_scan_interval_ms));
  return text;
}

}  // namespace bolide::app
