// SPDX-License-Identifier: Apache-2.0
//
// What the handlers of the name server role need: the registry and the KV configuration.
// Runs on: io agent (the registry lives on it).  Owns: nothing.  Invariant: none.
#pragma once

#include "naming/kv_config.h"
#include "naming/registry.h"

#include <functional>
#include <string>

namespace bolide::remoting {

struct NamingService {
  naming::RouteRegistry registry;
  naming::KvConfig kv;
  std::function<std::string()> config_text;  // answer to GET_NAMESRV_CONFIG: key=value lines
};

}  // namespace bolide::remoting
