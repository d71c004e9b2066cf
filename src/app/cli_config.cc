// SPDX-License-Identifier: Apache-2.0
//
// bolide config print|check|docs|default.
// Runs on: the main thread.  Owns: nothing.  Invariant: no secret is printed.
#include "app/cli.h"
#include "app/cli_settings.h"
#include "app/settings_load.h"
#include "table/options_docs.h"

#include <ostream>

namespace bolide::app {
namespace {

Exit print_settings(const Arguments& arguments, Streams streams) {
  BOLIDE_TRY(const auto options, load_settings(settings_of(arguments)));
  streams.out << (arguments.format() == Format::table ? table::effective_toml(options)
                                                      : table::effective_json(options) + "\n");
  return {};
}

Exit check(const Arguments& arguments, Streams streams) {
  const ServerArguments settings = settings_of(arguments);
  BOLIDE_TRY(const auto options, load_settings(settings));
  for (const std::string& warning : options.warnings())
    streams.err << "bolide: warning: " << warning << '\n';
  streams.out << (settings.config_path.empty() ? "the settings" : settings.config_path)
              << (options.warnings().empty() ? ": good\n" : ": good, with warnings\n");
  return {};
}

Exit print_docs(const Arguments& /*arguments*/, Streams streams) {
  streams.out << table::options_markdown();
  return {};
}

Exit print_default(const Arguments& /*arguments*/, Streams streams) {
  streams.out << table::default_config_toml();
  return {};
}

constexpr OptionRow options[] = {config_row, set_row};

constexpr CommandRow rows[] = {
    {.path = "config", .doc = "the server's settings"},
    {.path = "config print",
     .doc = "all settings in effect, and where each comes from",
     .run = print_settings,
     .options = options,
     .examples = "bolide config print --config bolide.toml"},
    {.path = "config check",
     .doc = "find what is wrong in a file",
     .run = check,
     .options = options,
     .examples = "bolide config check --config bolide.toml"},
    {.path = "config docs",
     .doc = "every setting, as Markdown",
     .run = print_docs,
     .examples = "bolide config docs"},
    {.path = "config default",
     .doc = "a file that shows every setting",
     .run = print_default,
     .examples = "bolide config default > bolide.toml"},
};

}  // namespace

std::span<const CommandRow> config_commands() {
  return rows;
}

}  // namespace bolide::app
