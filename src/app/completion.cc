// SPDX-License-Identifier: Apache-2.0
//
// Completions for shells: each asks `bolide complete` what may stand where the cursor is, a line
// each with what it means behind a tab; where that says nothing the shell completes files.
// Runs on: the main thread.  Owns: nothing.  Invariant: see help.h.
#include "app/help.h"

namespace bolide::app {
namespace {

// Words of bash end at ':' and '=' too: what it has already is cut off what it gets.
constexpr std::string_view bash_text =
    R"sh(# Completion of bolide for bash: source <(bolide completion bash)
_bolide() {
  local line=${COMP_LINE:0:COMP_POINT} current=${COMP_WORDS[COMP_CWORD]} words cut found
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  [[ $current == [:=] ]] && current=
  cut=${words[-1]%"$current"}
  COMPREPLY=()
  while IFS=$'\t' read -r found _; do
    [[ $found ]] && COMPREPLY+=("${found#"$cut"}")
  done < <("${words[0]}" complete -- "${words[@]:1}" 2>/dev/null)
}
complete -o default -F _bolide bolide
)sh";

constexpr std::string_view zsh_text =
    R"sh(#compdef bolide
# Completion of bolide for zsh: source <(bolide completion zsh), after compinit
_bolide() {
  local line
  local -a found
  for line in "${(@f)$("${words[1]}" complete -- "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  if (( $#found )); then
    _describe -V 'bolide' found
  else
    _files
  fi
}
compdef _bolide bolide
)sh";

constexpr std::string_view fish_text =
    R"sh(# Completion of bolide for fish: bolide completion fish | source
function __bolide_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c bolide -f -a '(__bolide_complete)'
complete -c bolide -n 'test -z (__bolide_complete | string collect)' -F
)sh";

}  // namespace

std::string completion_text(std::string_view shell) {
  if (shell == "zsh") return std::string(zsh_text);
  return std::string(shell == "fish" ? fish_text : bash_text);
}

}  // namespace bolide::app
