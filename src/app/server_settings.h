// SPDX-License-Identifier: Apache-2.0
//
// From the option table to the settings of each part.
// Runs on: the main thread at start.  Owns: nothing.  Invariant: parts see their own settings only.
#pragma once

#include "broker/core.h"
#include "net/tls.h"
#include "net/transport.h"
#include "protocols/remoting/registrar.h"
#include "store/message_store.h"
#include "table/options.h"

#include <string>

namespace bolide::app {

inline constexpr std::string_view version_text = "0.1.0";

// Where clients are told to find the broker: text for routes, bytes for records.
struct Advertised {
  std::string host;
  std::uint16_t port = 0;
  Host bytes;

  std::string text() const { return net::Address{host, port}.text(); }
};

// `port` is the one that the broker really listens on. Errors: config for a host that cannot be
// found.
Result<Advertised> advertised(const table::Options& options, std::uint16_t port);

// An address to listen on with the port that was really bound, which may have been any.
std::string bound(const std::string& address, std::uint16_t port);

bool has_role(const table::Options& options, std::string_view role);
store::StoreOptions store_options(const table::Options& options);
// Errors: config.
Result<broker::CoreSettings> core_settings(const table::Options& options, const Host& store_host);
net::ConnectionLimits connection_limits(const table::Options& options);
// How a broker encrypts what it says to name servers and other brokers; null: not at all. Errors:
// config, naming the file that is wrong.
Result<std::shared_ptr<net::TlsContext>> peer_tls(const table::Options& options);
// The name servers to register with; `own_port` is the port of this process's own, or 0.
Result<std::vector<net::Address>> name_servers(const table::Options& options,
                                               std::uint16_t own_port);
// key=value lines under RocketMQ's names, the answer to GET_BROKER_CONFIG and GET_NAMESRV_CONFIG.
std::string broker_config_text(const table::Options& options, const Advertised& address);
std::string naming_config_text(const table::Options& options);

}  // namespace bolide::app
