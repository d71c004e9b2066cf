// SPDX-License-Identifier: Apache-2.0
//
// What the program says about its own commands: help, completions, the manual.
// Runs on: the main thread.  Owns: nothing.  Invariant: all of it is written from CommandInfo.
#pragma once

#include "app/arguments.h"

#include <string>
#include <string_view>
#include <vector>

namespace bolide::app {

// The help of the command at `path` (empty: the program's), one screen.
std::string help_text(const CommandInfo& program, const std::vector<std::string>& path);
// The completions of bash, zsh or fish.
std::string completion_text(const CommandInfo& program, std::string_view shell);
// The manual page, troff.
std::string man_text(const CommandInfo& program, std::string_view version);

// The commands and groups of commands, each with its path, parents first.
struct CommandAt {
  std::vector<std::string> path;
  const CommandInfo* info;

  std::string text(std::string_view separator = " ") const;
};
std::vector<CommandAt> all_commands(const CommandInfo& program);

}  // namespace bolide::app
