// SPDX-License-Identifier: Apache-2.0
//
// Every command, as Markdown: docs/cli.md.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"
#include "base/errors.h"

#include <fmt/core.h>

#include <map>

namespace bolide::app {
namespace {

// Text within a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

std::string option_table(std::span<const OptionRow> options) {
  if (options.empty()) return {};
  std::string out = "\n| | |\n|---|---|\n";
  for (const OptionRow& option : options)
    out += fmt::format("| `{}` | {} |\n", cell(option_text(option)), cell(option.doc));
  return out;
}

std::string statuses() {
  std::map<int, std::string> texts = {{0, "all went well"}};
  for (const ErrorRow& row : error_rows()) {
    std::string& text = texts[row.exit_code];
    text.append(text.empty() ? "" : "; ").append(row.text);
  }
  std::string out = "\n| status | when |\n|---|---|\n";
  for (const auto& [status, text] : texts) out += fmt::format("| {} | {} |\n", status, text);
  return out;
}

}  // namespace

std::string cli_markdown() {
  std::string out =
      "# The command line\n\n"
      "Written by `bolide man --markdown`; do not edit.\n\n"
      "A command is a noun and a verb: `bolide topic list`. Options stand anywhere; behind `--` "
      "there are none.\nEvery command that shows something shows it as a table, as JSON or as "
      "YAML: `-o json`.\n\n"
      "Which cluster a command talks to: `--namesrv`, else `--context`, else `BOLIDE_NAMESRV`, "
      "else `NAMESRV_ADDR`,\nelse the current context (`bolide context use`), else "
      "`127.0.0.1:9876`. Contexts stand in\n`$XDG_CONFIG_HOME/bolide/contexts.toml`.\n\n"
      "An error goes to standard error, as what went wrong and what to do about it; the exit "
      "status tells its kind (below).\n\n"
      "## Options of every command\n" +
      option_table(general_options()) + "\n## Options of commands that talk to a cluster\n" +
      option_table(connection_options()) + "\n## Commands\n";
  for (const CommandRow& command : commands()) {
    if (command.run == nullptr) continue;
    out += fmt::format("\n### `{}`\n\n{}{}\n", usage_text(command), command.doc,
                       command.connects ? " (talks to a cluster)" : "");
    out += option_table(command.options);
    if (!command.examples.empty()) out += fmt::format("\n```sh\n{}\n```\n", command.examples);
  }
  return out + "\n## Exit statuses\n" + statuses();
}

}  // namespace bolide::app
