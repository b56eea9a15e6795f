// Each script hands the line to `wasmctl __complete`, which prints `none`, `files` or `directories`
// and then a candidate a line, with what it is after a tab.
#include "cli/manual/completion.hpp"

namespace wasmctl::cli {

namespace {

// Readline replaces what is after the last of COMP_WORDBREAKS: so much is cut off of a candidate.
constexpr std::string_view kBash =
    R"sh(# wasmctl in bash: source it, or put it where bash-completion looks.
_wasmctl() {
  local line=${COMP_LINE:0:COMP_POINT} current head kind word about
  current=${line##*[[:space:]]}
  head=${current%"${current##*[=:]}"}
  COMPREPLY=()
  {
    IFS= read -r kind
    while IFS=$'\t' read -r word about; do
      COMPREPLY+=("${word#"$head"}")
    done
  } < <("${COMP_WORDS[0]}" __complete "$line" 2>/dev/null)
  case $kind in
    files) compopt -o default ;;
    directories) compopt -o dirnames ;;
  esac
}
complete -F _wasmctl wasmctl
)sh";

constexpr std::string_view kZsh = R"sh(#compdef wasmctl
# wasmctl in zsh: source it after compinit, or put it into a directory of fpath as _wasmctl.
_wasmctl() {
  local line="${(j: :)${(@)words[1,CURRENT-1]}} $PREFIX" kind word about
  local -a answer candidates
  answer=("${(@f)$(${words[1]} __complete "$line" 2>/dev/null)}")
  kind=$answer[1]
  for line in "${(@)answer[2,-1]}"; do
    word=${line%%$'\t'*}
    about=${line#*$'\t'}
    [[ $line == *$'\t'* ]] || about=
    candidates+=("${word//:/\\:}${about:+:$about}")
  done
  (( $#candidates )) && _describe -V 'wasmctl' candidates
  [[ $kind != none && $PREFIX == --*=* ]] && compset -P '*='
  case $kind in
    files) _files ;;
    directories) _files -/ ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _wasmctl "$@"
else
  compdef _wasmctl wasmctl
fi
)sh";

constexpr std::string_view kFish =
    R"sh(# wasmctl in fish: source it, or put it into ~/.config/fish/completions as wasmctl.fish.
function __wasmctl_complete
    set -l program (commandline -opc)[1]
    set -l typed (commandline -ct)
    set -l answer ($program __complete (commandline -cp | string collect) 2>/dev/null)
    switch "$answer[1]"
        case files
            __fish_complete_path $typed
        case directories
            __fish_complete_directories $typed ''
    end
    set -q answer[2]; and printf '%s\n' $answer[2..-1]
end
complete -c wasmctl -f -a '(__wasmctl_complete)'
)sh";

}  // namespace

const std::vector<Shell>& shells() {
  static const std::vector<Shell> kShells = {{"bash", kBash}, {"zsh", kZsh}, {"fish", kFish}};
  return kShells;
}

}  // namespace wasmctl::cli
