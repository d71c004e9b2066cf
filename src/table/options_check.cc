// SPDX-License-Identifier: Apache-2.0
//
// What no row can say alone: values that must fit each other.
// Runs on: the composition root.  Owns: nothing.  Invariant: each sentence names the options it is
// about.
#include "table/options.h"

#include "base/strings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace bolide::table {
namespace {

// What surrounds a body in a request and in the log: header, properties, topic.
constexpr std::int64_t message_overhead_bytes = 64LL * 1024;

std::string named(const Options& options, Opt opt) {
  const OptionRow& row = option_row(opt);
  return fmt::format("{} = {}", row.name, options.shown(opt));
}

// The origin where a person can change it, for the front of a sentence.
std::string place_of(const Options& options, Opt opt) {
  return options.is_default(opt) ? std::string() : options.origin(opt).text() + ": ";
}

bool loopback(std::string_view host) {
  return host.starts_with("127.") || host.starts_with("localhost") || host.starts_with("[::1]") ||
         host == "::1";
}

bool has_role(const Options& options, std::string_view role) {
  const auto& roles = options.list(Opt::server_roles);
  return std::ranges::find(roles, role) != roles.end();
}

struct Order {
  Opt small;
  Opt large;
  std::int64_t room;  // `large` must exceed `small` by that much
};
constexpr Order orders[] = {
    {Opt::store_disk_max_used_percent, Opt::store_disk_full_percent, 1},
    {Opt::broker_max_message_bytes, Opt::net_max_frame_bytes, message_overhead_bytes},
    {Opt::broker_max_message_bytes, Opt::store_segment_bytes, message_overhead_bytes},
    {Opt::net_output_pause_bytes, Opt::net_output_max_bytes, 1},
};

void check_orders(const Options& options, std::vector<std::string>& problems) {
  for (const Order& order : orders) {
    const std::int64_t least = options.integer(order.small) + order.room;
    if (options.integer(order.large) >= least) continue;
    const Opt culprit = options.is_default(order.large) ? order.small : order.large;
    problems.push_back(fmt::format("{}{} is too small beside {}: it must be at least {}",
                                   place_of(options, culprit), named(options, order.large),
                                   named(options, order.small), least));
  }
}

void check_tls(const Options& options, std::vector<std::string>& problems) {
  const bool certificate = !options.text(Opt::tls_certificate).empty();
  const bool key = !options.text(Opt::tls_key).empty();
  if (certificate != key) {
    const Opt given = certificate ? Opt::tls_certificate : Opt::tls_key;
    const Opt missing = certificate ? Opt::tls_key : Opt::tls_certificate;
    problems.push_back(fmt::format("{}{} needs {} beside it", place_of(options, given),
                                   option_row(given).name, option_row(missing).name));
  } else if (options.text(Opt::tls_mode) == "enforcing" && !certificate) {
    problems.push_back(fmt::format("{}tls.mode = enforcing needs tls.certificate and tls.key",
                                   place_of(options, Opt::tls_mode)));
  }
}

void check_broker(Options& options, std::vector<std::string>& problems) {
  if (options.integer(Opt::broker_id) != 0) {
    problems.push_back(fmt::format("{}{}: only 0 is possible, replicas are not supported yet",
                                   place_of(options, Opt::broker_id),
                                   named(options, Opt::broker_id)));
  }
  const std::string& listen = options.text(Opt::broker_listen);
  const auto port = parse_integer<int>(std::string_view(listen).substr(listen.rfind(':') + 1));
  if (options.boolean(Opt::broker_vip_enabled) && (port == 1 || port == 2)) {
    problems.push_back(fmt::format("{}{} leaves no port two lower: set broker.vip_enabled = false",
                                   place_of(options, Opt::broker_listen),
                                   named(options, Opt::broker_listen)));
  }
  const std::string& advertise = options.text(Opt::broker_advertise);
  if (advertise != "auto" && !loopback(advertise) && loopback(listen)) {
    options.warn(
        fmt::format("clients are told to connect to {}, but the broker listens on {} only: "
                    "set broker.listen",
                    advertise, listen));
  }
}

// Nobody is asked who he is.
void check_exposed(Options& options) {
  std::string exposed;
  for (const auto& [role, opt] :
       {std::pair("naming", Opt::naming_listen), std::pair("broker", Opt::broker_listen)}) {
    if (!has_role(options, role) || loopback(options.text(opt))) continue;
    exposed += (exposed.empty() ? "" : " and ") + named(options, opt);
  }
  if (exposed.empty()) return;
  options.warn(
      fmt::format("{}: other machines can connect, and there is no access control yet: do this "
                  "in a network that you trust only",
                  exposed));
}

}  // namespace

void check_options(Options& options, std::vector<std::string>& problems) {
  check_orders(options, problems);
  check_tls(options, problems);
  if (has_role(options, "broker")) check_broker(options, problems);
  check_exposed(options);
}

}  // namespace bolide::table
