// SPDX-License-Identifier: Apache-2.0
//
// Completions for shells: what may follow each command. Topics, groups and contexts are asked for
// where they are wanted (bolide names); words of no known kind complete as files.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"
#include "base/strings.h"

#include <fmt/core.h>

#include <string>
#include <vector>

namespace bolide::app {
namespace {

std::string joined(const std::vector<std::string_view>& words, std::string_view separator) {
  std::string text;
  for (const std::string_view word : words) text.append(text.empty() ? "" : separator).append(word);
  return text;
}

// What `bolide names` calls that which completes a value; empty: nothing does.
std::string_view kind_of(const OptionRow& option) {
  switch (option.takes) {
    case Takes::topic: return "topics";
    case Takes::group: return "groups";
    case Takes::context: return "contexts";
    default: return "";
  }
}

void add_options(std::span<const OptionRow> options, std::vector<std::string_view>* words) {
  for (const OptionRow& option : options) {
    if (option.positional()) continue;
    for (const std::string_view name : split(option.names, ',')) words->push_back(name);
  }
}

// Commands, and options that may follow.
std::string words_of(std::string_view path) {
  std::vector<std::string_view> words;
  for (const CommandRow* const child : commands_below(path))
    words.push_back(last_word(child->path));
  const CommandRow* const command = find_command(path);
  if (command != nullptr) add_options(command->options, &words);
  add_options(general_options(), &words);
  if (command == nullptr || command->connects) add_options(connection_options(), &words);
  return joined(words, " ");
}

// How many positionals in front of the last are given is not counted: all kinds are offered.
std::string kinds_of(const CommandRow& command) {
  std::vector<std::string_view> kinds;
  for (const OptionRow& option : command.options) {
    if (option.positional() && !kind_of(option).empty()) kinds.push_back(kind_of(option));
  }
  return joined(kinds, " ");
}

std::string choices_of_positionals(const CommandRow& command) {
  std::vector<std::string_view> words;
  for (const OptionRow& option : command.options) {
    if (!option.positional()) continue;
    for (const std::string_view choice : choices_of(option)) words.push_back(choice);
  }
  return joined(words, " ");
}

// The case of the word in front: options whose values are known.
std::string bash_values(std::span<const OptionRow> options) {
  std::string out;
  for (const OptionRow& option : options) {
    if (option.positional() || option.takes == Takes::flag) continue;
    const std::string names = joined(split(option.names, ','), "|");
    if (option.takes == Takes::choice) {
      out += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$current\")); return ;;\n",
                         names, joined(choices_of(option), " "));
    } else if (const std::string_view kind = kind_of(option); !kind.empty()) {
      out += fmt::format(
          "    {}) COMPREPLY=($(compgen -W \"$(_bolide_names {})\" -- \"$current\")); return ;;\n",
          names, kind);
    } else {
      out += fmt::format("    {}) return ;;\n", names);
    }
  }
  return out;
}

std::string bash_text() {
  std::string out = R"sh(# Completion of bolide for bash: source <(bolide completion bash)
_bolide_names() {
  local cluster=() named='(--namesrv|--context)[= ]+([^ ]+)'
  # The line, because words end at colons.
  [[ $COMP_LINE =~ $named ]] && cluster=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
  bolide names "$1" --timeout 500ms "${cluster[@]}" 2>/dev/null
}
_bolide() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path= word words
  local kinds= kind choices=
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$path $word" in
)sh";
  std::string cases;
  std::string values;
  for (const CommandRow& command : commands()) {
    const std::string_view path = command.path;
    const std::size_t cut = path.rfind(' ');
    out += fmt::format("      '{} {}') path='{}' ;;\n", cut == path.npos ? "" : path.substr(0, cut),
                       last_word(path), path);
    cases += fmt::format("    '{}') words='{}' kinds='{}' choices='{}' ;;\n", path, words_of(path),
                         kinds_of(command), choices_of_positionals(command));
    const std::string own = bash_values(command.options);
    if (!own.empty())
      values += fmt::format("  '{}') case \"$previous\" in\n{}  esac ;;\n", path, own);
  }
  out += "    esac\n  done\n  case \"$path\" in\n" + values + "  esac\n";
  out += "  case \"$previous\" in\n" + bash_values(general_options()) +
         bash_values(connection_options()) + "  esac\n";
  out += "  case \"$path\" in\n" + cases + fmt::format("    '') words='{}' ;;\n", words_of(""));
  out += R"sh(  esac
  if [[ $current != -* ]]; then
    words+=" $choices"
    for kind in $kinds; do words+=" $(_bolide_names "$kind")"; done
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _bolide bolide
)sh";
  return out;
}

std::string zsh_text() {
  // zsh runs bash's completions; -o default makes files of the rest.
  return "#compdef bolide\n# Completion of bolide for zsh: source <(bolide completion zsh)\n"
         "autoload -Uz bashcompinit && bashcompinit\n" +
         bash_text();
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

// What fish offers for a value.
std::string fish_values(const OptionRow& option) {
  if (option.takes == Takes::choice)
    return " -x -a " + fish_quoted(joined(choices_of(option), " "));
  if (const std::string_view kind = kind_of(option); !kind.empty())
    return fmt::format(" -x -a '(__bolide_names {})'", kind);
  if (option.takes == Takes::file) return " -r -F";
  return option.takes == Takes::flag ? "" : " -x";
}

std::string fish_option(std::string_view condition, const OptionRow& option) {
  std::string line = fmt::format("complete -c bolide{}", condition);
  if (!option.positional()) {
    for (const std::string_view name : split(option.names, ',')) {
      line += name.starts_with("--") ? " -l " : " -s ";
      line += name.substr(name.starts_with("--") ? 2 : 1);
    }
    return line + fish_values(option) + " -d " + fish_quoted(option.doc) + "\n";
  }
  if (option.takes != Takes::choice && kind_of(option).empty()) return {};
  return line + fish_values(option) + "\n";
}

// True where the words so far begin with this path.
std::string fish_condition(std::string_view path) {
  if (path.empty()) return " -n __fish_use_subcommand";
  std::string words;
  for (const std::string_view word : split(path, ' '))
    words.append(words.empty() ? "" : "; and ").append("__fish_seen_subcommand_from ").append(word);
  return " -n " + fish_quoted(words);
}

std::string fish_text() {
  std::string out = R"sh(# Completion of bolide for fish: bolide completion fish | source
function __bolide_names
  bolide names $argv[1] --timeout 500ms 2>/dev/null
end
complete -c bolide -f
)sh";
  for (const OptionRow& option : general_options()) out += fish_option("", option);
  for (const OptionRow& option : connection_options()) out += fish_option("", option);
  const auto add_commands = [&](std::string_view path) {
    for (const CommandRow* const child : commands_below(path))
      out += fmt::format("complete -c bolide{} -a {} -d {}\n", fish_condition(path),
                         last_word(child->path), fish_quoted(child->doc));
  };
  add_commands("");
  for (const CommandRow& command : commands()) {
    add_commands(command.path);
    for (const OptionRow& option : command.options)
      out += fish_option(fish_condition(command.path), option);
  }
  return out;
}

}  // namespace

std::string completion_text(std::string_view shell) {
  if (shell == "zsh") return zsh_text();
  return shell == "fish" ? fish_text() : bash_text();
}

}  // namespace bolide::app
