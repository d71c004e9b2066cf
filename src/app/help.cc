// SPDX-License-Identifier: Apache-2.0
//
// The help of commands.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace bolide::app {
namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

void add_section(std::string* out, std::string_view title, const Lines& lines) {
  if (lines.empty()) return;
  std::size_t width = 0;
  for (const auto& [left, right] : lines) width = std::max(width, left.size());
  *out += fmt::format("\n{}:\n", title);
  for (const auto& [left, right] : lines) *out += fmt::format("  {:<{}}  {}\n", left, width, right);
}

void add_commands(const CommandInfo& command, Lines* lines) {
  for (const CommandInfo& child : command.commands) {
    std::string name = child.name;
    std::string children;
    for (const CommandInfo& grandchild : child.commands)
      children.append(children.empty() ? " " : "|").append(grandchild.name);
    lines->emplace_back(name + children, child.doc);
  }
}

void add_options(const CommandInfo& command, bool positional, Lines* lines) {
  for (const OptionInfo& option : command.options) {
    if (option.positional != positional) continue;
    std::string left = option.names;
    if (!positional && !option.value.empty()) left.append(" ").append(option.value);
    lines->emplace_back(std::move(left), option.doc);
  }
}

std::string usage(const CommandInfo& command, const std::vector<std::string>& path) {
  std::string text = "bolide";
  for (const std::string& name : path) text.append(" ").append(name);
  if (!command.commands.empty()) text += " COMMAND";
  for (const OptionInfo& option : command.options) {
    if (!option.positional) continue;
    const std::string name = option.names + (option.many ? "..." : "");
    text += option.required ? " " + name : " [" + name + "]";
  }
  return text + " [OPTIONS]";
}

}  // namespace

std::string help_text(const CommandInfo& program, const std::vector<std::string>& path) {
  const CommandInfo* command = &program;
  for (const std::string& name : path) {
    const auto child = std::ranges::find(command->commands, name, &CommandInfo::name);
    if (child == command->commands.end()) break;
    command = &*child;
  }
  std::string out = fmt::format("{}\n\nUsage: {}\n", command->doc, usage(*command, path));
  Lines commands;
  Lines positionals;
  Lines options;
  add_commands(*command, &commands);
  add_options(*command, true, &positionals);
  add_options(*command, false, &options);
  if (command != &program) add_options(program, false, &options);
  add_section(&out, "Commands", commands);
  add_section(&out, "Arguments", positionals);
  add_section(&out, "Options", options);
  if (!command->examples.empty()) {
    out += "\nExamples:\n  ";
    for (const char c : command->examples) out += c == '\n' ? "\n  " : std::string(1, c);
    out += '\n';
  }
  return out;
}

std::string CommandAt::text(std::string_view separator) const {
  std::string text;
  for (const std::string& name : path) text.append(text.empty() ? "" : separator).append(name);
  return text;
}

std::vector<CommandAt> all_commands(const CommandInfo& program) {
  std::vector<CommandAt> all = {{{}, &program}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    const CommandAt parent = all[i];
    for (const CommandInfo& child : parent.info->commands) {
      std::vector<std::string> path = parent.path;
      path.push_back(child.name);
      all.push_back({std::move(path), &child});
    }
  }
  std::ranges::sort(all, {}, &CommandAt::path);
  return all;
}

}  // namespace bolide::app
