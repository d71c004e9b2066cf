// SPDX-License-Identifier: Apache-2.0
//
// What the program says about its own commands: help, completions, the manual, docs/cli.md.
// Runs on: the main thread.  Owns: nothing.  Invariant: all of it is written from the rows.
#pragma once

#include "app/command.h"

#include <string>
#include <string_view>

namespace bolide::app {

// The help of the command at `path` (empty: the program's), one screen.
std::string help_text(std::string_view path);
// The completions of bash, zsh or fish.
std::string completion_text(std::string_view shell);
// The manual page, troff.
std::string man_text(std::string_view version);
// Every command, as Markdown.
std::string cli_markdown();

// "[OPTIONS]" and positionals behind "bolide <path>".
std::string usage_text(const CommandRow& command);
// How an option stands in help: "-n,--count N".
std::string option_text(const OptionRow& option);

}  // namespace bolide::app
