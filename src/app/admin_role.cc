// SPDX-License-Identifier: Apache-2.0
//
// The pages of a server.
// Runs on: serve agent.  Owns: see admin_role.h.  Invariant: see admin_role.h.
#include "app/admin_role.h"

#include "admin/http_session.h"
#include "app/server_settings.h"
#include "app/start_errors.h"
#include "os/clock.h"
#include "os/process.h"

#include <array>

namespace bolide::app {
namespace {

using table::Metric;
using table::MetricsText;
using table::Opt;

constexpr std::array<std::string_view, static_cast<std::size_t>(net::CloseReason::count)>
    close_reasons = {"local",    "peer", "idle",     "slow_consumer", "input_too_long",
                     "rejected", "tls",  "io_error", "shutdown"};

void write_transport(const net::Transport& transport, MetricsText& out) {
  const net::TransportStats stats = transport.stats();
  out.put(Metric::connections, transport.connections());
  out.put(Metric::connections_accepted, stats.accepted);
  out.put(Metric::bytes_received, stats.bytes_in);
  out.put(Metric::bytes_sent, stats.bytes_out);
  for (std::size_t i = 0; i < close_reasons.size(); ++i)
    out.put(Metric::connections_closed, stats.closed[i], {close_reasons[i]});
}

void write_process(std::int64_t started_ms, MetricsText& out) {
  const os::ProcessUsage usage = os::process_usage();
  out.put(Metric::build_info, 1, {version_text});
  out.put(Metric::process_resident_bytes, usage.resident_bytes);
  out.put(Metric::process_cpu_seconds, usage.cpu_seconds());
  out.put(Metric::process_open_files, usage.open_files);
  out.put(Metric::process_start_time, static_cast<double>(started_ms) / 1000);
}

// As RocketMQ labels its metrics (rocketmq 3.28).
std::vector<std::pair<std::string, std::string>> common_labels(const table::Options& options,
                                                               bool broker) {
  if (!broker) return {{"node_type", "nameserver"}};
  return {{"cluster", options.text(Opt::broker_cluster)},
          {"node_type", "broker"},
          {"node_id", options.text(Opt::broker_name)}};
}

}  // namespace

AdminRole::AdminRole(Parts parts)
    : parts_(parts),
      started_ms_(os::system_clock().now().wall_ms),
      pages_({{.path = "/metrics",
               .doc = "what is measured, as Prometheus reads it",
               .make = [this] { return metrics(); }},
              {.path = "/health",
               .doc = "200 while the server works, else 503 and why",
               .make = [this] { return health(); }}}) {}

Result<std::unique_ptr<AdminRole>> AdminRole::start(Parts parts) {
  std::unique_ptr<AdminRole> role(new AdminRole(parts));
  for (const std::string& text : parts.options.list(Opt::admin_listen)) {
    BOLIDE_TRY(auto address, net::Address::parse(text));
    auto listener =
        parts.transport.listen({.address = std::move(address), .limits = admin::http_limits()},
                               [pages = &role->pages_](net::Connection& connection) {
                                 return admin::make_http_session(*pages, connection);
                               });
    if (!listener) return Failure(listen_error(std::move(listener).error(), Opt::admin_listen));
    role->listeners_.push_back(std::move(*listener));
  }
  return role;
}

std::vector<std::string> AdminRole::addresses() const {
  std::vector<std::string> all = parts_.options.list(Opt::admin_listen);
  for (std::size_t i = 0; i < listeners_.size(); ++i) all[i] = bound(all[i], listeners_[i]->port());
  return all;
}

admin::Page AdminRole::metrics() const {
  MetricsText out(common_labels(parts_.options, parts_.broker != nullptr));
  write_process(started_ms_, out);
  write_transport(parts_.transport, out);
  if (parts_.naming != nullptr) parts_.naming->write_metrics(out);
  if (parts_.broker != nullptr) parts_.broker->write_metrics(out);
  return {.content_type = std::string(table::metrics_content_type), .body = out.text()};
}

admin::Page AdminRole::health() const {
  std::string trouble;
  if (draining_) trouble = "the server stops";
  if (parts_.broker != nullptr && trouble.empty()) trouble = parts_.broker->trouble();
  if (trouble.empty()) return {.body = "ok\n"};
  return {.status = 503, .body = trouble + "\n"};
}

}  // namespace bolide::app
