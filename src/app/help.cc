// SPDX-License-Identifier: Apache-2.0
//
// The help of commands.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"

#include "base/strings.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

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

Lines command_lines(std::string_view path) {
  Lines lines;
  for (const CommandRow* const row : commands_below(path)) {
    std::string left(last_word(row->path));
    std::string children;
    for (const CommandRow* const child : commands_below(row->path))
      children.append(children.empty() ? " " : "|").append(last_word(child->path));
    lines.emplace_back(left + children, row->doc);
  }
  return lines;
}

Lines option_lines(std::span<const OptionRow> rows, bool positional) {
  Lines lines;
  for (const OptionRow& row : rows) {
    if (row.positional() == positional) lines.emplace_back(option_text(row), row.doc);
  }
  return lines;
}

void add_examples(std::string* out, std::string_view examples) {
  *out += "\nExamples:\n";
  for (const std::string_view line : split(examples, '\n')) *out += fmt::format("  {}\n", line);
}

std::string program_help() {
  std::string out = "Messaging server and its tools.\n\nUsage: bolide COMMAND [OPTIONS]\n";
  add_section(&out, "Commands", command_lines(""));
  Lines options = option_lines(general_options(), false);
  // Those that name a cluster; each command shows them all.
  const Lines connection = option_lines(connection_options().first(2), false);
  options.insert(options.end(), connection.begin(), connection.end());
  add_section(&out, "Options", options);
  add_examples(&out,
               "bolide server --data-dir data\nbolide pub hello 'first message'\n"
               "bolide sub hello --from first --count 1\nbolide help topic create");
  return out;
}

}  // namespace

std::string option_text(const OptionRow& option) {
  std::string text(option.names);
  if (!option.positional() && !option.value.empty()) text.append(" ").append(option.value);
  return text;
}

std::string usage_text(const CommandRow& command) {
  std::string text = "bolide " + std::string(command.path);
  if (command.run == nullptr) text += " COMMAND";
  for (const OptionRow& option : command.options) {
    if (!option.positional()) continue;
    const std::string name = std::string(option.names) + (option.many ? "..." : "");
    text += option.required ? " " + name : " [" + name + "]";
  }
  return text + " [OPTIONS]";
}

std::string help_text(std::string_view path) {
  const CommandRow* const command = find_command(path);
  if (command == nullptr) return program_help();
  std::string doc(command->doc);
  std::string out = fmt::format("{}\n\nUsage: {}\n", doc, usage_text(*command));
  add_section(&out, "Commands", command_lines(path));
  add_section(&out, "Arguments", option_lines(command->options, true));
  Lines options = option_lines(command->options, false);
  for (const auto& line : option_lines(general_options(), false)) options.push_back(line);
  add_section(&out, "Options", options);
  if (command->connects) add_section(&out, "Connection", option_lines(connection_options(), false));
  if (!command->examples.empty()) add_examples(&out, command->examples);
  return out;
}

}  // namespace bolide::app
