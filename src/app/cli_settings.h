// SPDX-License-Identifier: Apache-2.0
//
// The options of commands that read a server's settings.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "app/command.h"
#include "app/server.h"

namespace bolide::app {

inline constexpr OptionRow config_row{
    .names = "--config",
    .takes = Takes::file,
    .value = "FILE",
    .doc = "settings: TOML, or RocketMQ's broker.conf or namesrv.conf"};
inline constexpr OptionRow set_row{
    .names = "--set",
    .value = "KEY=VALUE",
    .doc = "one setting; stands above file and environment; may be given again",
    .many = true};

inline ServerArguments settings_of(const Arguments& arguments) {
  ServerArguments server;
  server.config_path = arguments.text("--config");
  server.sets = arguments.all("--set");
  return server;
}

}  // namespace bolide::app
