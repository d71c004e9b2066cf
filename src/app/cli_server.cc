// SPDX-License-Identifier: Apache-2.0
//
// bolide server.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#include "app/cli.h"
#include "app/cli_settings.h"
#include "app/server.h"

namespace bolide::app {
namespace {

Exit serve(const Arguments& arguments, Streams streams) {
  ServerArguments server = settings_of(arguments);
  // It would mean the directory of the settings.
  if (arguments.has("--data-dir") && arguments.text("--data-dir").empty())
    return Failure(Error{Errc::usage, "--data-dir: '' names no directory"}.fixed_by(
        "name one, or leave the option out: bolide server --data-dir DIR"));
  server.data_dir = arguments.text("--data-dir");
  server.roles = arguments.all("--role");
  return run_server(server, streams.out, streams.err);
}

constexpr OptionRow options[] = {
    {.names = "--data-dir",
     .takes = Takes::file,
     .value = "DIR",
     .doc = "where everything is kept"},
    config_row,
    set_row,
    {.names = "--role",
     .takes = Takes::choice,
     .value = "naming|broker",
     .doc = "only this part; without it all of them",
     .many = true},
};

constexpr CommandRow rows[] = {
    {.path = "server",
     .doc = "run a server until it is stopped",
     .run = serve,
     .options = options,
     .examples = "bolide server --data-dir data\n"
                 "bolide server --data-dir data --set broker.listen=0.0.0.0:10911"},
};

}  // namespace

std::span<const CommandRow> server_commands() {
  return rows;
}

}  // namespace bolide::app
