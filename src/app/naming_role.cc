// SPDX-License-Identifier: Apache-2.0
//
// The name server role.
// Runs on: serve agent.  Owns: registry, front end, listener.  Invariant: see naming_role.h.
#include "app/naming_role.h"

#include "app/server_settings.h"
#include "app/start_errors.h"
#include "base/log.h"

namespace bolide::app {
namespace {

using table::Opt;

std::string kv_directory(const table::Options& options) {
  return options.text(Opt::server_data_dir) + "/bolide/naming";
}

}  // namespace

NamingRole::NamingRole(const table::Options& options, os::FileSystem& fs)
    : service_{.registry = naming::RouteRegistry(
                   {.heartbeat_timeout_ms = options.integer(Opt::naming_broker_timeout_ms)}),
               .kv = naming::KvConfig(
                   [&fs, directory = kv_directory(options)](std::string_view json) -> Result<> {
                     BOLIDE_CHECK(fs.make_directories(directory));
                     return os::replace_file(fs, directory + "/kvConfig.json", json);
                   }),
               .config_text = [text = naming_config_text(options)] { return text; }},
      front_(std::make_unique<remoting::Front>(
          nullptr, &service_,
          static_cast<std::uint32_t>(options.integer(Opt::net_max_frame_bytes)))) {}

Result<std::unique_ptr<NamingRole>> NamingRole::start(const table::Options& options,
                                                      os::FileSystem& fs, net::Agent& serve,
                                                      net::Transport& transport,
                                                      std::shared_ptr<net::TlsContext> tls) {
  std::unique_ptr<NamingRole> role(new NamingRole(options, fs));
  if (const std::string path = kv_directory(options) + "/kvConfig.json"; fs.exists(path)) {
    BOLIDE_TRY(const std::string json, os::read_file(fs, path));
    if (auto loaded = role->service_.kv.load(json); !loaded) {
      return Failure(std::move(loaded).error().in(path));
    }
  }
  BOLIDE_TRY(auto address, net::Address::parse(options.text(Opt::naming_listen)));
  remoting::Front* front = role->front_.get();
  auto listener = transport.listen({.address = address,
                                    .limits = connection_limits(options),
                                    .tls_mode = options.choice<net::TlsMode>(Opt::tls_mode),
                                    .tls = std::move(tls),
                                    .proxy_protocol = options.boolean(Opt::net_proxy_protocol)},
                                   [front](net::Connection& c) { return front->make_session(c); });
  if (!listener) return Failure(listen_error(std::move(listener).error(), Opt::naming_listen));
  role->listener_ = std::move(*listener);
  role->scan_ = serve.every(options.integer(Opt::naming_scan_interval_ms),
                            [service = &role->service_, &serve] {
                              for (const auto& gone : service->registry.expire(serve.now())) {
                                BOLIDE_LOG(warning, "broker silent, taken out: name={} address={}",
                                           gone.broker_name, gone.address);
                              }
                            });
  return role;
}

}  // namespace bolide::app
