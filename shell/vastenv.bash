# shellcheck shell=bash
# vastenv's hook for bash 3.2 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and eval its reply. The reply defines __vastenv_hook anew,
# as one test of what the state that it loaded depends on:
#   - the generation file still exists (every change made through vastenv publishes the next one and
#     unlinks this one);
#   - files that others write still lie between a stamp that is a nanosecond older and one that is a
#     nanosecond newer (exact, also after a clock was set back), or are still absent;
#   - the clock: SECONDS, which every bash has, also when somebody assigned to it;
#   - the few variables that steer vastenv. VAST_API_KEY is never copied: a 40-bit digest of it is kept;
#   - the folder. From another one a walk upwards, by builtins, finds the nearest project file; where that is
#     the one that was loaded for, all the rest is compared again, and no binary is started.
# No value of a variable is ever held in a variable of this file, nor traced under `set -x`.

# Read with aliases off, which would change what is read, with `set -a` off, which would hand all this to
# every child, with `set -k` off, which takes assignments away from commands, and with `set -u` off.
__vastenv_options=-u
if \builtin shopt -q expand_aliases; then __vastenv_options=-s; fi
\builtin shopt -u expand_aliases
__vastenv_options+=${-//[!aku]/}
builtin set +aku
builtin export -n __vastenv_options

# Called by its path, so that a changed PATH changes nothing.
__vastenv_bin=@VASTENV_BINARY@

# Sourced again in the same shell: keep what is known.
if [[ ${__vastenv_shell-} != "$$" ]]; then
  __vastenv_shell=$$ __vastenv_mode=start __vastenv_flags='' __vastenv_told='' __vastenv_warned=''
  __vastenv_hidden='' __vastenv_kept='' __vastenv_taken='' __vastenv_odd='' __vastenv_dash=''
  __vastenv_key='' __vastenv_seen='' __vastenv_moves=0
  __vastenv_pwd='' __vastenv_project='' __vastenv_above=''
fi
__vastenv_version=$((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1]))
# Since 5.1 PROMPT_COMMAND may be an array, whose entries each see $? and PIPESTATUS untouched.
__vastenv_arrays=$((__vastenv_version >= 501))
# Below 5.0 -nt and -ot compare whole seconds: the binary must know.
__vastenv_unit=
((__vastenv_version >= 500)) || __vastenv_unit=,seconds

# Until a reply defines it.
__vastenv_hook() {
  __vastenv_load || :
}

# Defines __vastenv_hook. $1 compares files, $2 is the number of seconds until it asks again, $3 the project
# file, $4 the name of one that may appear in this folder. Every word costs at every prompt: the steering
# variables that are set are one, those that are not another. What direnv puts back on leaving a folder is old
# only if something was loaded in there.
# shellcheck disable=SC2016
__vastenv_state() {
  local IFS=' ' __vastenv_n __vastenv_open='${' __vastenv_close='-}' __vastenv_set=: __vastenv_unset=''
  local __vastenv_now='${SECONDS-0}' __vastenv_clock __vastenv_h='' __vastenv_flag=${__vastenv_dash%[cs]}
  __vastenv_mode=prompt __vastenv_seen=: __vastenv_pwd=$PWD __vastenv_project=$3 __vastenv_above=$4
  # $NAME is faster than ${NAME-}, but fails with `set -u`, and `set -x` shows it. $- tells whether either
  # was switched on later: they stand before its capitals. (While this file is read it has less.) The word
  # that holds $- is expanded whole: what it compares may be unset by now.
  if [[ $__vastenv_flag == *[BCEHPT] && $__vastenv_flag != *[ux]* &&
    ${__vastenv_options-} != -?*[aku]* ]]; then
    __vastenv_flag=":$__vastenv_flag*" __vastenv_open='$' __vastenv_close='' __vastenv_now=SECONDS
  else
    __vastenv_flag=''
  fi
  for __vastenv_n in HOME VAST_URL VASTENV_{PROFILE,DISABLE} XDG_{CONFIG,STATE,CACHE}_HOME DIRENV_DIR; do
    if [[ -n ${!__vastenv_n-} ]]; then
      __vastenv_set+=":\${$__vastenv_n-}" __vastenv_seen+=:${!__vastenv_n}
    elif [[ $__vastenv_n != DIRENV_DIR ]]; then
      __vastenv_unset+=$__vastenv_open$__vastenv_n$__vastenv_close
    fi
  done
  ((!__vastenv_arrays || __vastenv_moves >= 3)) ||
    # Whoever put a string in front has it moved behind, unless that happens at every prompt.
    __vastenv_unset+=${__vastenv_open}PROMPT_COMMAND$__vastenv_close
  ((__vastenv_n = SECONDS, 1))
  __vastenv_clock="$__vastenv_now >= $__vastenv_n && $__vastenv_now < $((__vastenv_n + $2))"
  if [[ -n ${VAST_API_KEY-} ]]; then
    __vastenv_digest_key
    __vastenv_key=$__vastenv_h
    if [[ -n $__vastenv_flag && $VAST_API_KEY != *[!0123456789abcdef]* ]]; then
      # The usual key, hexadecimal, is a number as it is.
      builtin set -- "$1"' && $VAST_API_KEY != *[!0123456789abcdef]*' "$2"
      __vastenv_clock="(($__vastenv_clock && $__vastenv_h == 63#1\$VAST_API_KEY % 1099511627689))"
    else
      __vastenv_set+=':${VAST_API_KEY:+k}' __vastenv_seen+=:k
      __vastenv_clock="(($__vastenv_clock)) && __vastenv_same_key"
    fi
  else
    __vastenv_clock="(($__vastenv_clock))"
    if [[ -n $__vastenv_flag ]]; then
      __vastenv_unset+='$VAST_API_KEY'
    else
      __vastenv_unset+='${VAST_API_KEY:+k}'
    fi
  fi
  [[ -z $__vastenv_flag ]] || __vastenv_set+=':$-'
  # What holds nothing special is as good as a pattern, which is faster than a quoted word.
  if [[ $__vastenv_seen == *[!A-Za-z0-9_./:-]* ]]; then
    __vastenv_set+=' == "$__vastenv_seen"'$__vastenv_flag
  else
    __vastenv_seen+=$__vastenv_flag __vastenv_set+=' == $__vastenv_seen'
  fi
  # Folders may differ in case alone, of which == takes no notice then.
  ! builtin shopt -q nocasematch || __vastenv_unset+='${PWD:+${PWD##"$__vastenv_pwd"}}'
  __vastenv_set+=" && ${__vastenv_open}PWD$__vastenv_close == \"\$__vastenv_pwd\""
  builtin set -- "$__vastenv_set && -z ${__vastenv_unset:-''} && $1 && ! -e \$__vastenv_above"
  if ((__vastenv_arrays)); then
    builtin eval "__vastenv_hook() { [[ $1 ]] && $__vastenv_clock || __vastenv_load || :; }"
  else
    # Those who come after this in PROMPT_COMMAND see the status as it was.
    builtin eval "__vastenv_hook() {
      \builtin set -- \$?
      { [[ $1 ]] && $__vastenv_clock; } || __vastenv_load || :
      return \$1
    }"
  fi
}

# Whether this is another folder with the same project file: then all the rest is to be compared again.
__vastenv_moved() {
  local IFS=/ __vastenv_n='' __vastenv_at='' __vastenv_part
  # == and != may take no notice of case.
  [[ $PWD == /* ]] || return 1
  [[ $PWD != "$__vastenv_pwd" ]] || ! builtin test "$PWD" = "$__vastenv_pwd" || return 1
  # From the root down: adding a part costs less than taking one away.
  for __vastenv_part in $PWD; do
    __vastenv_at+=$__vastenv_part/
    [[ ! -e $__vastenv_at.vastenv.toml ]] || __vastenv_n=$__vastenv_at
  done
  __vastenv_above=.vastenv.toml
  if [[ -n $__vastenv_n ]]; then
    [[ $__vastenv_n != "$__vastenv_at" ]] || __vastenv_above=''
    __vastenv_n+=.vastenv.toml
  fi
  [[ $__vastenv_n == "$__vastenv_project" && -z ${__vastenv_n##"$__vastenv_project"} ]] && __vastenv_pwd=$PWD
}

# Whether the key is the same, where that takes more than an expression.
__vastenv_same_key() {
  local __vastenv_h=''
  if [[ $- == *x* ]]; then
    builtin set +x
    __vastenv_digest_key
    builtin set -x
  else
    __vastenv_digest_key
  fi
  [[ $__vastenv_h == "$__vastenv_key" ]]
}

# Prints nothing, runs nothing: a digest of VAST_API_KEY, from which it cannot be had back: the key as one
# number in an odd base, of which arithmetic keeps 64 bits, modulo a prime of 40 bits. A 1 before it counts
# its length. The key is only in $1, never in a name. Only digits of the base reach the arithmetic, which
# would evaluate others.
__vastenv_digest_key() {
  builtin set -- "${VAST_API_KEY//[!0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ]/@}"
  ((__vastenv_h = 63#1$1 % 1099511627689, 1))
}

# Something changed. Always called where `set -e` does not reach.
__vastenv_load() {
  # What may be a glob waits until `set -f`.
  if [[ $- != *[akTuvx]* && $PWD != *[][*?\\\(]* ]] && __vastenv_moved; then
    __vastenv_hook
    return
  fi
  # Options that would show or spread values, change how this is read, or end it. A load that Ctrl-C
  # ended left them here. No assignment as an argument before they are off: `set -k` would take it.
  builtin set -- "${__vastenv_flags:--${-//[!afkTuvx]/}}" "$-"
  builtin set +akTuvx
  __vastenv_flags=$1 __vastenv_dash=$2
  builtin set -f
  local IFS=' ' __vastenv_answer=moved
  __vastenv_moved || __vastenv_reload
  builtin set -- "$__vastenv_flags"
  __vastenv_flags=''
  [[ $1 == *f* ]] || builtin set +f
  [[ $1 == - ]] || builtin set "$1"
  [[ $__vastenv_answer != moved ]] || __vastenv_hook
}

# Starts the binary and obeys its reply.
__vastenv_reload() {
  # Nor does a debug trap see what is assigned.
  builtin declare -f +t __vastenv_obey
  local __vastenv_try
  __vastenv_hidden='' __vastenv_kept=''
  [[ -f $__vastenv_bin && -x $__vastenv_bin ]] || __vastenv_find
  ((!__vastenv_arrays)) || __vastenv_stand_in_front
  # Again with what it could not see: variables that are not exported, or not plain; or with less.
  for __vastenv_try in 1 2 3; do
    __vastenv_answer=none
    [[ ! -x $__vastenv_bin ]] || __vastenv_obey "$(__vastenv_ask)"
    [[ $__vastenv_answer == again ]] || __vastenv_make_room || break
  done
  if [[ $__vastenv_answer == whole ]]; then __vastenv_warned='' __vastenv_taken=''; else __vastenv_lost; fi
}

# In a subshell: prints the binary's reply, in old versions after the variables with attributes. The
# switches count although they may not be exported.
__vastenv_ask() {
  local __vastenv_o
  # Below 4.4 nothing else shows attributes of a variable without a value.
  if ((__vastenv_version < 404)); then
    for __vastenv_o in r i a A n l u c; do builtin declare -$__vastenv_o -p; done 2>/dev/null
  fi
  # shellcheck disable=SC2086,SC2163
  builtin export PWD VASTENV_DISABLE VASTENV_LOG $__vastenv_hidden
  builtin exec "$__vastenv_bin" export bash \
    --hook=@VASTENV_HOOK@ "$$" "$__vastenv_mode$__vastenv_unit" "$__vastenv_told" \
    "$__vastenv_hidden" "$__vastenv_kept" "$__vastenv_taken"
}

# Obeys a reply that is whole: one cut short changes nothing. Its lines are ASCII, and each is run.
__vastenv_obey() {
  [[ $1 == *$'\n'__vastenv_done ]] || return 0
  local IFS=$'\n' __vastenv_line __vastenv_at
  # shellcheck disable=SC2086
  builtin set -- $1
  __vastenv_odd=' '
  while [[ $1 != __vastenv_reply ]]; do
    if [[ $1 == 'declare -'* ]]; then
      __vastenv_at=${1#declare -} __vastenv_line=${1#declare -* }
      __vastenv_odd+="${__vastenv_line%%=*}=${__vastenv_at%% *} "
    fi
    builtin shift
  done
  __vastenv_answer=whole
  builtin eval "$2"
  [[ $__vastenv_answer == whole ]] || return 0
  builtin shift 2
  for __vastenv_line; do builtin eval "$__vastenv_line"; done
}

# Whether the variables named can be changed: those in $1 must not exist, those in $1 and $2 must be plain.
# An integer would evaluate what is assigned to it, an array or a reference be written through. Those in
# $3 are to be unset. $4 holds the problems that the user was told of.
__vastenv_check() {
  local IFS=' ' __vastenv_n __vastenv_at __vastenv_there=''
  __vastenv_told=$4
  if ((__vastenv_version >= 404)); then
    for __vastenv_n in $1 $2 $3; do
      builtin declare -p "$__vastenv_n" && __vastenv_there+=" $__vastenv_n"
    done >/dev/null 2>&1
  else
    __vastenv_there="$1 $2 $3"
  fi
  for __vastenv_n in $__vastenv_there; do
    __vastenv_attributes
    if [[ " $3 " == *" $__vastenv_n "* ]]; then __vastenv_at=${__vastenv_at//[!rn]/}; fi
    if [[ $__vastenv_at == *[!x]* ]]; then
      __vastenv_kept+="${__vastenv_kept:+ }$__vastenv_n" __vastenv_answer=again
    elif [[ " $1 " == *" $__vastenv_n "* && -n ${!__vastenv_n+set} ]]; then
      __vastenv_hidden+="${__vastenv_hidden:+ }$__vastenv_n" __vastenv_answer=again
    fi
  done
}

# The attributes of the variable __vastenv_n that make it more than a plain one, into __vastenv_at.
__vastenv_attributes() {
  __vastenv_at=''
  if ((__vastenv_version < 404)); then
    if [[ $__vastenv_odd == *" $__vastenv_n="* ]]; then
      __vastenv_at=${__vastenv_odd##* "$__vastenv_n="}
      __vastenv_at=${__vastenv_at%% *}
    fi
  elif builtin test -R "$__vastenv_n"; then
    __vastenv_at=n
  else
    builtin eval "__vastenv_at=\${$__vastenv_n@a}"
    # Before 5.2 a variable without a value may hide what it is.
    if [[ -z $__vastenv_at && -z ${!__vastenv_n+set} ]]; then
      __vastenv_at=$(builtin declare -p "$__vastenv_n" 2>/dev/null)
      __vastenv_at=${__vastenv_at#declare -}
      __vastenv_at=${__vastenv_at%% *}
      __vastenv_at=${__vastenv_at#-}
    fi
  fi
}

# Nothing can be started, as where the environment is too large: with VASTENV_DISABLE, what is surely
# vastenv's is taken away by builtins. What was there before comes back once the binary can be asked.
__vastenv_make_room() {
  [[ $__vastenv_answer == none && -z $__vastenv_taken ]] || return 1
  case ${VASTENV_DISABLE-} in '' | 0 | [Ff][Aa][Ll][Ss][Ee] | [Nn][Oo] | [Oo][Ff][Ff]) return 1 ;; esac
  local LC_ALL=C IFS=, __vastenv_n __vastenv_length
  # shellcheck disable=SC2154
  for __vastenv_n in ${__vastenv_ledger##*:}; do
    [[ $__vastenv_n == *=*.* ]] || continue
    __vastenv_length=${__vastenv_n##*.}
    __vastenv_length=${__vastenv_length%[+~]}
    __vastenv_n=${__vastenv_n%%=*}
    [[ -n $__vastenv_n && $__vastenv_n$__vastenv_length != *[!A-Za-z0-9_]* ]] || continue
    builtin eval "[[ -n \${$__vastenv_n+x} && \${#$__vastenv_n} == $__vastenv_length ]]" &&
      builtin unset -v "$__vastenv_n" && __vastenv_taken+="${__vastenv_taken:+ }$__vastenv_n"
  done 2>/dev/null
  [[ -n $__vastenv_taken ]]
}

# The binary is not where it was: an upgrade may have moved it.
__vastenv_find() {
  local IFS=: __vastenv_dir
  for __vastenv_dir in $PATH; do
    if [[ $__vastenv_dir == /* && -f $__vastenv_dir/vastenv && -x $__vastenv_dir/vastenv ]]; then
      __vastenv_bin=$__vastenv_dir/vastenv
      return
    fi
  done
}

# No reply came (the binary is gone, or was killed): everything stays. The next try is a minute away, or
# at the prompt after the binary came back.
__vastenv_lost() {
  __vastenv_1=$__vastenv_bin
  # shellcheck disable=SC2016
  if [[ -e $__vastenv_bin ]]; then
    __vastenv_state '-n x' 60 "$__vastenv_project" ''
  else
    __vastenv_state '! -e $__vastenv_1' 60 "$__vastenv_project" ''
  fi
  if [[ -z $__vastenv_warned && ${VASTENV_LOG-} != off ]]; then
    builtin printf 'vastenv: no answer from %s; the variables stay as they are\n' "$__vastenv_bin" >&2
  fi
  __vastenv_warned=1
}

__vastenv_done() {
  :
}

# The hook stands in front of the others, so that a DEBUG trap that one of them arms does not see it.
# Entry 0 is left to those who assign a plain string later; what they put there moves behind the hook.
__vastenv_stand_in_front() {
  [[ -n ${PROMPT_COMMAND[0]-} ]] || return 0
  local __vastenv_n
  for __vastenv_n in "${FUNCNAME[@]}"; do [[ $__vastenv_n == __vastenv_* ]] || break; done
  if [[ $__vastenv_n != source && $__vastenv_n != __vastenv_* ]]; then
    # A function of somebody else's runs what was in entry 0: no trap sees the hook there.
    __vastenv_moves=3
    return
  fi
  [[ ${PROMPT_COMMAND[*]} == *__vastenv_hook* ]] || return 0
  local __vastenv_i __vastenv_rest=() IFS=' '
  for __vastenv_i in "${!PROMPT_COMMAND[@]}"; do
    __vastenv_n=${PROMPT_COMMAND[__vastenv_i]}
    [[ $__vastenv_n == __vastenv_hook || $__vastenv_n == *'= __vastenv_hook' ]] ||
      __vastenv_rest+=("$__vastenv_n")
  done
  # In a string with others it is not needed any more.
  __vastenv_rest=("${__vastenv_rest[@]//$'\n'__vastenv_hook/}")
  PROMPT_COMMAND=("${__vastenv_rest[@]//__vastenv_hook/:}")
  __vastenv_enter
  ((__vastenv_moves += 1))
}

# VS Code's shell integration takes every first command for one that was typed, but for those that begin so.
__vastenv_enter() {
  if builtin declare -F __vsc_prompt_cmd >/dev/null; then
    PROMPT_COMMAND=('' '__vsc_prompt_= __vastenv_hook' "${PROMPT_COMMAND[@]}")
  else
    PROMPT_COMMAND=('' __vastenv_hook "${PROMPT_COMMAND[@]}")
  fi
}

# The entry is the bare name, by which others (bash-preexec) know a command of PROMPT_COMMAND. Before 5.1 a
# line break separates, whatever the string ends with.
__vastenv_install() {
  local IFS=' ' __vastenv_n=PROMPT_COMMAND __vastenv_at
  case "${PROMPT_COMMAND[*]-}" in *__vastenv_hook*) return 0 ;; esac
  __vastenv_attributes
  if [[ $__vastenv_at == *[!ax]* ]]; then
    __vastenv_at="cannot change PROMPT_COMMAND (declare -$__vastenv_at)"
    [[ ${VASTENV_LOG-} == off ]] ||
      builtin echo "vastenv: $__vastenv_at: variables are loaded, not updated" >&2
  elif ((__vastenv_arrays)) && [[ ${TERM_PROGRAM-} == vscode && -z ${bash_preexec_imported-} ]] &&
    ! builtin declare -F __vsc_prompt_cmd >/dev/null; then
    # Its integration may come after this, and runs entry 0 alone in its own function, but with
    # bash-preexec. Without it the hook moves at the first prompt.
    # shellcheck disable=SC2128
    PROMPT_COMMAND[0]="${PROMPT_COMMAND:+$PROMPT_COMMAND
}__vastenv_hook"
    __vastenv_moves=0
  elif ((__vastenv_arrays)); then
    __vastenv_enter
    __vastenv_moves=0
  else
    # shellcheck disable=SC2178,SC2128
    PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}__vastenv_hook"
  fi
}

__vastenv_hook
__vastenv_install || :

case ${__vastenv_options#-?} in *a*) builtin set -a ;; esac
case ${__vastenv_options#-?} in *u*) builtin set -u ;; esac
case $__vastenv_options in *k*) builtin set -k ;; esac
case $__vastenv_options in -s*) builtin shopt -s expand_aliases ;; esac
\builtin unset -v __vastenv_options
