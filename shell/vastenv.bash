# shellcheck shell=bash
# vastenv's hook for bash 3.2 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and eval its reply. What it compares:
#   - the generation file that it loaded still exists (every change made through vastenv publishes the
#     next one and unlinks this one);
#   - up to three files that others may write still have the time of their stamp: -nt and -ot together
#     are an exact comparison, also after a clock was set back, and -ot is true of a file that is gone;
#     and three more files are still absent;
#   - the clock: SECONDS, which every bash has, also when somebody assigned to it;
#   - the few variables that steer vastenv. VAST_API_KEY is never copied: a 40-bit digest of it is kept.
# No value of a variable is ever held in a variable of this file, nor traced under `set -x`.
# A changed $PWD has no meaning yet: a project file's place is beside the steering variables.

# Read with aliases off, which would change what is read, and with `set -a` off, which would hand all
# this to every child.
__vastenv_options=-u
if \builtin shopt -q expand_aliases; then __vastenv_options=-s; fi
\builtin shopt -u expand_aliases
case $- in *a*) builtin set +a && __vastenv_options+=a ;; esac
builtin export -n __vastenv_options

# Called by its path, so that a changed PATH changes nothing.
__vastenv_bin=@VASTENV_BINARY@

# Sourced again in the same shell: keep what is known.
if [[ ${__vastenv_shell-} != "$$" ]]; then
  __vastenv_shell=$$ __vastenv_mode=start __vastenv_flags=''
  __vastenv_gen='' __vastenv_told='' __vastenv_warned='' __vastenv_hidden='' __vastenv_kept=''
  __vastenv_next='' __vastenv_since=0 __vastenv_due=0 __vastenv_seen='' __vastenv_key=''
  __vastenv_f1=/ __vastenv_s1=/ __vastenv_f2=/ __vastenv_s2=/ __vastenv_f3=/ __vastenv_s3=/
  __vastenv_a1='' __vastenv_a2='' __vastenv_a3=''
fi

__vastenv_hook() {
  local __vastenv_exit=$?
  if [[ -e $__vastenv_gen && ! $__vastenv_f1 -nt $__vastenv_s1 && ! $__vastenv_f1 -ot $__vastenv_s1 &&
    ($__vastenv_f2 == / || (! $__vastenv_f2 -nt $__vastenv_s2 && ! $__vastenv_f2 -ot $__vastenv_s2)) &&
    ($__vastenv_f3 == / || (! $__vastenv_f3 -nt $__vastenv_s3 && ! $__vastenv_f3 -ot $__vastenv_s3)) &&
    ! -e $__vastenv_a1 && ! -e $__vastenv_a2 && ! -e $__vastenv_a3 &&
    ${SECONDS-0} -ge $__vastenv_since && ${SECONDS-0} -lt $__vastenv_due &&
    "${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${XDG_STATE_HOME-}|${XDG_CACHE_HOME-}|${VAST_API_KEY:+k}" == "$__vastenv_seen" ]] &&
    { [[ -z ${VAST_API_KEY:+k} ]] || __vastenv_same_key; }; then
    :
  else
    __vastenv_load || :
  fi
  return "$__vastenv_exit"
}

# The usual key, hexadecimal, is compared in one expression: the sum of __vastenv_digest_key.
__vastenv_same_key() {
  if [[ $- != *x* && ${#VAST_API_KEY} -le 75 && $VAST_API_KEY != *[!0123456789abcdef]* ]]; then
    ((__vastenv_key == (((((${#VAST_API_KEY} * 1000003 + 16#0${VAST_API_KEY:0:15}) % 1099511627689 *
      1000003 + 16#0${VAST_API_KEY:15:15}) % 1099511627689 * 1000003 + 16#0${VAST_API_KEY:30:15}) %
      1099511627689 * 1000003 + 16#0${VAST_API_KEY:45:15}) % 1099511627689 * 1000003 +
      16#0${VAST_API_KEY:60:15}) % 1099511627689))
    return
  fi
  local __vastenv_h
  if [[ $- == *x* ]]; then
    builtin set +x
    __vastenv_digest_key
    builtin set -x
  else
    __vastenv_digest_key
  fi
  [[ $__vastenv_h == "$__vastenv_key" ]]
}

# Prints nothing, runs nothing: a digest of VAST_API_KEY by arithmetic on some characters at a time,
# modulo a prime of 40 bits, from which the key cannot be had back. The key is only in $1, never in a
# name.
# Only digits of the base reach the arithmetic, which would evaluate others.
__vastenv_digest_key() {
  local __vastenv_i __vastenv_base=16 __vastenv_width=15
  builtin set -- "$VAST_API_KEY"
  if [[ $1 == *[!0123456789abcdef]* ]]; then
    __vastenv_base=64 __vastenv_width=10
    builtin set -- "${1//[!0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_]/_}"
  fi
  __vastenv_h=${#1}
  for ((__vastenv_i = 0; __vastenv_i < 75 || __vastenv_i < ${#1}; __vastenv_i += __vastenv_width)); do
    ((__vastenv_h = (__vastenv_h * 1000003 + $__vastenv_base#0${1:__vastenv_i:__vastenv_width}) %
      1099511627689, 1))
  done
}

# Starts the binary and evals its reply. Always called where `set -e` does not reach.
__vastenv_load() {
  local IFS=' ' __vastenv_h=''
  # Options that would show or spread values, or end this. A load that Ctrl-C ended left them here.
  builtin set -- "${__vastenv_flags:--${-//[!aTuvx]/}}"
  [[ $1 == - ]] || builtin set +aTuvx
  __vastenv_flags=$1
  [[ -z ${VAST_API_KEY-} ]] || __vastenv_digest_key
  __vastenv_key=$__vastenv_h
  __vastenv_seen="${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${XDG_STATE_HOME-}|${XDG_CACHE_HOME-}|${VAST_API_KEY:+k}"
  __vastenv_gen='' __vastenv_next='' __vastenv_hidden='' __vastenv_kept=''
  if [[ -f $__vastenv_bin && -x $__vastenv_bin ]]; then
    __vastenv_obey "$(__vastenv_ask '')"
    # Variables that this shell has but does not export: the binary must see them to give them back.
    [[ -z $__vastenv_hidden ]] || __vastenv_obey "$(__vastenv_ask "$__vastenv_hidden")"
  fi
  if [[ -n $__vastenv_next ]]; then
    # Only now: what Ctrl-C ended halfway is loaded again.
    __vastenv_gen=$__vastenv_next __vastenv_warned='' __vastenv_mode=prompt
  else
    __vastenv_lost
  fi
  if [[ -n $__vastenv_kept && ${VASTENV_LOG-} != off ]]; then
    builtin printf 'vastenv: kept your own%s (readonly, or not a plain variable)\n' "$__vastenv_kept" >&2
  fi
  builtin set -- "$__vastenv_flags"
  __vastenv_flags=''
  [[ $1 == - ]] || builtin set "$1"
}

# In a subshell: prints the binary's reply. $1 names variables to show it; the switches count although
# they may not be exported.
__vastenv_ask() {
  # shellcheck disable=SC2086,SC2163
  builtin export VASTENV_DISABLE VASTENV_LOG $1
  builtin exec "$__vastenv_bin" export bash \
    --hook=@VASTENV_HOOK@ "$$" "$__vastenv_mode" "$__vastenv_told" "$1"
}

# Evals a reply that is whole: of one cut short, nothing.
__vastenv_obey() {
  [[ $1 != *$'\n'__vastenv_done ]] || builtin eval "$1"
}

# No reply came (the binary is gone, or was killed): everything stays. The next try is a minute away, or
# at the prompt after the binary came back.
__vastenv_lost() {
  __vastenv_state / 60 "$__vastenv_told"
  __vastenv_gen=/
  __vastenv_watch / / / / / / '' '' ''
  [[ -e $__vastenv_bin ]] || __vastenv_a1=$__vastenv_bin
  if [[ -z $__vastenv_warned && ${VASTENV_LOG-} != off ]]; then
    builtin printf 'vastenv: no answer from %s; the variables stay as they are\n' "$__vastenv_bin" >&2
  fi
  __vastenv_warned=1
}

# What the binary's reply calls.

__vastenv_state() {
  __vastenv_next=$1 __vastenv_told=$3
  __vastenv_since=${SECONDS-0}
  ((__vastenv_due = __vastenv_since + $2, 1))
}

__vastenv_watch() {
  __vastenv_f1=$1 __vastenv_s1=$2 __vastenv_f2=$3 __vastenv_s2=$4 __vastenv_f3=$5 __vastenv_s3=$6
  __vastenv_a1=$7 __vastenv_a2=$8 __vastenv_a3=$9
}

__vastenv_remember() {
  builtin export __vastenv_ledger="$1"
}

# The attributes of the variable $1, into __vastenv_at. An integer variable would evaluate what is
# assigned to it, an array or a reference would be written through: those are left to their owner.
__vastenv_attributes() {
  __vastenv_at=''
  builtin declare -p "$1" >/dev/null 2>&1 || return 0
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
    if builtin test -R "$1"; then
      __vastenv_at=n
    else
      builtin eval "__vastenv_at=\${$1@a}"
    fi
    # Before 5.2 a variable without a value may hide what it is.
    [[ -z $__vastenv_at && -z ${!1+set} ]] || return 0
  fi
  __vastenv_at=$(
    builtin set -f
    # shellcheck disable=SC2046
    builtin set -- $(builtin declare -p "$1")
    builtin printf %s "${2//-/}"
  )
}

__vastenv_set() {
  local __vastenv_at
  __vastenv_attributes "$1"
  if [[ $__vastenv_at == *[!x]* ]]; then
    __vastenv_kept+=" $1"
  elif [[ $__vastenv_at != *x* && -n ${!1+set} ]]; then
    __vastenv_hidden+="${__vastenv_hidden:+ }$1"
  else
    builtin export "$1=$2"
  fi
}

__vastenv_take() {
  local __vastenv_at
  __vastenv_attributes "$1"
  if [[ $__vastenv_at == *[!x]* ]]; then __vastenv_kept+=" $1"; else builtin export "$1=$2"; fi
}

__vastenv_local() {
  local __vastenv_at
  __vastenv_attributes "$1"
  if [[ $__vastenv_at == *[!x]* ]]; then __vastenv_kept+=" $1"; else builtin export -n "$1=$2"; fi
}

__vastenv_unset() {
  builtin unset -v "$1" 2>/dev/null || __vastenv_kept+=" $1"
}

__vastenv_done() {
  :
}

# Since bash 5.1 PROMPT_COMMAND may be an array, whose entries each see $? and PIPESTATUS untouched.
# Entry 0 is left to those who assign a plain string later. Before 5.1 a line break separates, whatever
# the string ends with. `|| :` keeps `set -e` and ERR traps out of it.
case "${PROMPT_COMMAND[*]-}" in
  *__vastenv_hook*) ;;
  *)
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
      if [[ -z ${PROMPT_COMMAND[*]-} ]]; then
        PROMPT_COMMAND=('' '__vastenv_hook || :')
      else
        PROMPT_COMMAND+=('__vastenv_hook || :')
      fi
    else
      # shellcheck disable=SC2178,SC2128
      PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND
}__vastenv_hook"
    fi
    ;;
esac

case $__vastenv_options in -s*) builtin shopt -s expand_aliases ;; esac
case $__vastenv_options in
  *a) builtin unset -v __vastenv_options && builtin set -a ;;
  *) builtin unset -v __vastenv_options ;;
esac

__vastenv_hook || :
