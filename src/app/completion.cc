// SPDX-License-Identifier: Apache-2.0
//
// Completions for shells: a case per command, with the words that may follow it. Words of no known
// kind complete as files.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"

#include <fmt/core.h>

#include <string>

namespace bolide::app {
namespace {

// "-o,--output" in parts.
std::vector<std::string> names_of(const OptionInfo& option) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= option.names.size();) {
    const std::size_t end = std::min(option.names.find(',', at), option.names.size());
    names.push_back(option.names.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string text;
  for (const std::string& word : words) text.append(text.empty() ? "" : separator).append(word);
  return text;
}

// Subcommands, options and choices of positionals.
std::string words_of(const CommandInfo& command, const CommandInfo& program) {
  std::vector<std::string> words;
  for (const CommandInfo& child : command.commands) words.push_back(child.name);
  const auto add = [&](const CommandInfo& from) {
    for (const OptionInfo& option : from.options) {
      for (const std::string& name : option.positional ? option.choices : names_of(option))
        words.push_back(name);
    }
  };
  add(command);
  if (&command != &program) add(program);
  return joined(words, " ");
}

std::string bash_text(const CommandInfo& program) {
  std::string out = R"(# Completion of bolide for bash: source <(bolide completion bash)
_bolide() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path= word words
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
)";
  std::string cases;
  std::string steps;
  for (const CommandAt& command : all_commands(program)) {
    const std::string path = command.text();
    if (!path.empty()) {
      const std::size_t cut = path.rfind(' ');
      steps += fmt::format("      '{} {}') path='{}' ;;\n",
                           cut == std::string::npos ? "" : path.substr(0, cut),
                           cut == std::string::npos ? path : path.substr(cut + 1), path);
    }
    cases += fmt::format("    '{}') words='{}' ;;\n", path, words_of(*command.info, program));
  }
  out += steps;
  out += "    esac\n  done\n  case \"$previous\" in\n";
  for (const CommandAt& command : all_commands(program)) {
    for (const OptionInfo& option : command.info->options) {
      if (option.positional || option.choices.empty()) continue;
      out += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n",
                         joined(names_of(option), "|"), joined(option.choices, " "));
    }
  }
  out += "  esac\n  case \"$path\" in\n" + cases;
  out += R"(  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _bolide bolide
)";
  return out;
}

std::string zsh_text(const CommandInfo& program) {
  // zsh runs bash's completions; -o default makes files of the rest.
  return "#compdef bolide\n# Completion of bolide for zsh: source <(bolide completion zsh)\n"
         "autoload -Uz bashcompinit && bashcompinit\n" +
         bash_text(program);
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_option(const std::string& condition, const OptionInfo& option) {
  std::string line = "complete -c bolide" + condition;
  for (const std::string& name : names_of(option))
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (!option.value.empty()) line += option.choices.empty() ? " -r" : " -x";
  if (!option.choices.empty()) line += " -a " + fish_quoted(joined(option.choices, " "));
  return line + " -d " + fish_quoted(option.doc) + "\n";
}

std::string fish_text(const CommandInfo& program) {
  std::string out = "# Completion of bolide for fish: bolide completion fish | source\n";
  for (const CommandAt& command : all_commands(program)) {
    std::string condition;
    if (command.path.size() == 1)
      condition = " -n '__fish_seen_subcommand_from " + command.path.back() + "'";
    if (command.path.size() > 1)
      condition =
          fmt::format(" -n '__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}'",
                      command.path.front(), command.path.back());
    const std::string parent = command.path.empty() ? " -n __fish_use_subcommand" : condition;
    for (const CommandInfo& child : command.info->commands)
      out += fmt::format("complete -c bolide{} -f -a {} -d {}\n", parent, child.name,
                         fish_quoted(child.doc));
    for (const OptionInfo& option : command.info->options) {
      if (!option.positional) {
        out += fish_option(condition, option);
      } else if (!option.choices.empty()) {
        out += fmt::format("complete -c bolide{} -f -a {}\n", condition,
                           fish_quoted(joined(option.choices, " ")));
      }
    }
  }
  return out;
}

}  // namespace

std::string completion_text(const CommandInfo& program, std::string_view shell) {
  if (shell == "zsh") return zsh_text(program);
  if (shell == "fish") return fish_text(program);
  return bash_text(program);
}

}  // namespace bolide::app
