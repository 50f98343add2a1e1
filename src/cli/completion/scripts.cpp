#include "cli/completion/scripts.h"

namespace gangline {
namespace {

// Readline cuts words at "=" and ":"; they are put together again, and what stands before the cut
// is taken off the candidates.
constexpr const char* bash_script =
    R"(# Completion of gang for bash. Made by `gang completion bash`.
_gang() {
  local word line kind typed front i glue=
  local -a words=() lines=()
  COMPREPLY=()
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $word =~ ^[=:]+$ && ${#words[@]} -gt 0 ]]; then
      words[${#words[@]}-1]+=$word
      glue=yes
    elif [[ $glue ]]; then
      words[${#words[@]}-1]+=$word
      glue=
    else
      words+=("$word")
    fi
  done
  typed=${words[${#words[@]}-1]}
  front=${typed%"${typed##*[=:]}"}
  mapfile -t lines < <("${COMP_WORDS[0]/#\~/$HOME}" internal-complete "${words[@]}" 2>/dev/null)
  kind=${lines[0]-}
  for line in "${lines[@]:1}"; do
    word=${line%%$'\t'*}
    word=${word#"$front"}
    [[ $word == *[!A-Za-z0-9_.,=:/@%+-]* ]] && printf -v word %q "$word"
    COMPREPLY+=("$word")
  done
  compopt -o nosort 2>/dev/null
  typed=${typed#"$front"}
  case $kind in
    files) kind=-f ;;
    folders) kind=-d ;;
    programs) kind=-c ;;
    *) return 0 ;;
  esac
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$kind" -- "$typed")
}
complete -F _gang gang
)";

constexpr const char* zsh_script = R"(#compdef gang
# Completion of gang for zsh. Made by `gang completion zsh`.
_gang() {
  local line what
  local -a lines candidates
  lines=("${(@f)$(${(Q)words[1]/#\~/$HOME} internal-complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "${(@)lines[2,-1]}"; do
    what=${line#*$'\t'}
    candidates+=("${${line%%$'\t'*}//:/\\:}${what:+:$what}")
  done
  (( $#candidates )) && _describe -V 'gang' candidates
  case $lines[1] in
    files) compset -P '--[a-z-]##='; _files ;;
    folders) compset -P '--[a-z-]##='; _files -/ ;;
    programs) _command_names -e || _files ;;
  esac
}
if [[ $funcstack[1] == _gang ]]; then _gang "$@"; else compdef _gang gang; fi
)";

constexpr const char* fish_script =
    R"(# Completion of gang for fish. Made by `gang completion fish`.
function __gang_complete
    set -l words (commandline -opc)
    set -l typed (commandline -ct)
    set -l lines ($words[1] internal-complete $words[2..-1] "$typed" 2>/dev/null)
    set -l front (string match -r -- '^--[a-z-]+=' "$typed")
    set -l rest (string replace -r -- '^--[a-z-]+=' '' "$typed")
    switch "$lines[1]"
        case files
            for path in (__fish_complete_path "$rest")
                echo "$front$path"
            end
        case folders
            for path in (__fish_complete_directories "$rest" '')
                echo "$front$path"
            end
        case programs
            complete -C "$typed"
        case '*'
            printf '%s\n' $lines[2..-1]
    end
end
complete -c gang -f -k -a '(__gang_complete)'
)";

}  // namespace

int run_completion(const std::string& shell, Output& out) {
  out.around().out(shell == "bash" ? bash_script : shell == "zsh" ? zsh_script : fish_script);
  return 0;
}

}  // namespace gangline
