# shellcheck shell=bash
# TAB completion of vastenv for bash (3.2 and later). Printed by: vastenv completions bash
#
# What can stand at the cursor is asked from `vastenv __complete`, which reads files only. It gets the
# line itself: bash splits its words at = and : too.

_vastenv() {
  local IFS=$' \t\n'
  local before=${COMP_LINE:0:COMP_POINT} after=${COMP_LINE:COMP_POINT} grown=0 width=0
  local name=${COMP_WORDS[0]} alias='' reply kind kept
  local word=${before##*[[:space:]]}
  COMPREPLY=()
  type -P vastenv >/dev/null || return 0
  # An alias may hold the first words of the command.
  __vastenv_register_aliases
  if ((BASH_VERSINFO[0] >= 4)); then
    alias=${BASH_ALIASES[$name]-}
  fi
  if [[ $alias == vastenv || $alias == vastenv[[:space:]]* ]]; then
    before=$alias${before#*"$name"}
    grown=$((${#alias} - ${#name}))
  fi
  # Descriptions only where words are listed, never where they are inserted.
  case ${COMP_TYPE-} in
    33 | 63 | 64) width=${COLUMNS:-80} ;;
  esac
  # What is typed may be a secret: it is passed where no other user sees it.
  reply=$(__vastenv_line=$before$'\x1f'$after command vastenv __complete 1 bash 0 "$width" 2>/dev/null </dev/null) || return 0
  kind=${reply%%$'\n'*}
  case $kind in
    words)
      [[ $reply == *$'\n'* ]] || return 0
      __vastenv_take_lines "${reply#*$'\n'}"
      # Older ones sort.
      compopt -o nosort 2>/dev/null || :
      # readline replaces only what follows the last = or : of the word.
      kept=${word%"${word##*[=:]}"}
      if [[ -n $kept && $COMP_WORDBREAKS == *"${kept:${#kept}-1}"* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"$kept"}")
      fi
      # Inside quotes ~ is not the home: other files are offered there.
      if [[ $word == [\"\']* && ${COMPREPLY[0]} == [~]/* ]]; then
        COMPREPLY=()
        __vastenv_leave_to_readline default -f "$2" "$word"
      fi
      ;;
    files) __vastenv_leave_to_readline default -f "$2" "${COMP_WORDS[COMP_CWORD]}" ;;
    folders) __vastenv_leave_to_readline dirnames -d "$2" "${COMP_WORDS[COMP_CWORD]}" ;;
    "command "*) __vastenv_complete_other "$((${kind#command } - grown))" "$2" ;;
  esac
  return 0
}

# Makes each line of $1 a candidate.
__vastenv_take_lines() {
  local IFS=$'\n' options=$-
  set -f
  # shellcheck disable=SC2206
  COMPREPLY=($1)
  [[ $options == *f* ]] || set +f
}

# Has readline complete files or folders, which it quotes best. $3 is what it would complete, $4 the
# whole word.
__vastenv_leave_to_readline() {
  local i quoted option=''
  if [[ $4 == --*=* && $COMP_WORDBREAKS != *=* ]]; then
    # To readline, the option belongs to the name of the file.
    option=${4%%=*}=
  elif ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] > 400)) && compopt -o "$1" 2>/dev/null; then
    # bash 4.0 says yes and does nothing.
    return
  fi
  __vastenv_take_lines "$(compgen "$2" -- "${3#"$option"}")"
  for i in "${!COMPREPLY[@]}"; do
    printf -v quoted %q "${COMPREPLY[i]}"
    COMPREPLY[i]=$option$quoted
  done
}

# Completes another program's command line, which begins at character $1 of the line.
__vastenv_complete_other() {
  local begins=$1 at=0 i=0 rest spaces spec
  while ((i < COMP_CWORD)); do
    rest=${COMP_LINE:at}
    spaces=${rest%%[![:space:]]*}
    at=$((at + ${#spaces}))
    ((at >= begins)) && break
    at=$((at + ${#COMP_WORDS[i]}))
    i=$((i + 1))
  done
  if ((begins <= 0)); then
    # It begins inside an alias.
    __vastenv_leave_to_readline default -f "$2" ''
  elif declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$i"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$i"
  elif ((i == COMP_CWORD)); then
    if [[ $2 == */* ]]; then
      __vastenv_leave_to_readline default -f "$2" ''
    else
      __vastenv_take_lines "$(compgen -c -- "$2")"
    fi
  elif ! spec=$(complete -p "${COMP_WORDS[i]}" 2>/dev/null); then
    __vastenv_leave_to_readline default -f "$2" ''
  elif [[ $spec == *" -F "* ]]; then
    spec=${spec#* -F }
    COMP_LINE=${COMP_LINE:at}
    COMP_POINT=$((COMP_POINT - at))
    COMP_WORDS=("${COMP_WORDS[@]:i}")
    COMP_CWORD=$((COMP_CWORD - i))
    "${spec%% *}" "${COMP_WORDS[0]}" "$2" "${COMP_WORDS[COMP_CWORD - 1]}"
  else
    # The user's own words, quoted by bash: all but the command's name are options of compgen too.
    spec=${spec#complete }
    __vastenv_take_lines "$(eval "compgen ${spec% *} -- \"\$2\"" 2>/dev/null)"
  fi
}

# bash completes an alias only by its own name. One that is completed in another way is left alone,
# unless that is what the bash-completion package sets for what it does not know.
__vastenv_register_aliases() {
  local name spec
  ((BASH_VERSINFO[0] >= 4)) || return 0
  for name in "${!BASH_ALIASES[@]}"; do
    [[ " ${__vastenv_aliases-} " != *" $name "* ]] || continue
    [[ ${BASH_ALIASES[$name]} == vastenv || ${BASH_ALIASES[$name]} == vastenv[[:space:]]* ]] || continue
    spec=$(complete -p "$name" 2>/dev/null) || spec=''
    case $spec in
      '' | *" -F _minimal "* | *" -F _comp_complete_minimal "*) complete -F _vastenv "$name" ;;
    esac
    # Looked at once: asking for what is set starts a process.
    __vastenv_aliases="${__vastenv_aliases-} $name"
  done
}

complete -F _vastenv vastenv
__vastenv_register_aliases
