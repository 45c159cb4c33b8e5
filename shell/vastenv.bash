# shellcheck shell=bash
# vastenv's hook for bash 3.2 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and eval its reply. What it compares:
#   - the generation file that it loaded still exists (every change made through vastenv publishes the
#     next one and unlinks this one);
#   - up to three files that others may write still have the time of their stamp: -nt and -ot together
#     are an exact comparison, also after a clock was set back; and three more files are still absent;
#   - the clock: SECONDS, which every bash has, also when somebody assigned to it;
#   - the few variables that steer vastenv. VAST_API_KEY is never copied: a 40-bit digest of it is kept.
# No value of a variable is ever held in a variable of this file, nor traced under `set -x`.
# A changed $PWD has no meaning yet: a project file's place is beside the steering variables.

# Called by its path, so that a changed PATH changes nothing.
__vastenv_bin=@VASTENV_BINARY@

# Sourced again in the same shell: keep what is known. Functions are not inherited, variables may be.
if ! declare -F __vastenv_hook >/dev/null; then
  __vastenv_gen='' __vastenv_told='' __vastenv_warned='' __vastenv_hidden='' __vastenv_kept=''
  __vastenv_since=0 __vastenv_due=0 __vastenv_seen='' __vastenv_key=''
  __vastenv_f1=/ __vastenv_s1=/ __vastenv_f2=/ __vastenv_s2=/ __vastenv_f3=/ __vastenv_s3=/
  __vastenv_a1='' __vastenv_a2='' __vastenv_a3=''
fi

__vastenv_hook() {
  local __vastenv_exit=$?
  if [[ -e $__vastenv_gen && -e $__vastenv_f1 && -e $__vastenv_f2 && -e $__vastenv_f3 &&
    ! $__vastenv_f1 -nt $__vastenv_s1 && ! $__vastenv_f1 -ot $__vastenv_s1 &&
    ($__vastenv_f2 == / || (! $__vastenv_f2 -nt $__vastenv_s2 && ! $__vastenv_f2 -ot $__vastenv_s2)) &&
    ($__vastenv_f3 == / || (! $__vastenv_f3 -nt $__vastenv_s3 && ! $__vastenv_f3 -ot $__vastenv_s3)) &&
    ! -e $__vastenv_a1 && ! -e $__vastenv_a2 && ! -e $__vastenv_a3 &&
    ${SECONDS-0} -ge $__vastenv_since && ${SECONDS-0} -lt $__vastenv_due &&
    "${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${VAST_API_KEY:+k}" == "$__vastenv_seen" ]] &&
    { [[ ${VAST_API_KEY:+k} != k ]] || __vastenv_same_key; }; then
    :
  else
    __vastenv_load || :
  fi
  return "$__vastenv_exit"
}

# Prints nothing, runs nothing: a digest of VAST_API_KEY by arithmetic on ten characters at a time,
# cut to 40 bits so that the key cannot be had back from it. The key is only in $1, never in a name.
__vastenv_digest_key() {
  local __vastenv_i
  set -- "${VAST_API_KEY//[!0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_]/_}"
  __vastenv_h=${#1}
  for ((__vastenv_i = 0; __vastenv_i < ${#1}; __vastenv_i += 10)); do
    ((__vastenv_h = __vastenv_h * 6364136223846793005 + 64#${1:__vastenv_i:10}, 1))
  done
  ((__vastenv_h = (__vastenv_h * 6364136223846793005 >> 24) & 0xFFFFFFFFFF, 1))
}

__vastenv_same_key() {
  local __vastenv_h __vastenv_trace=''
  [[ $- != *x* ]] || { __vastenv_trace=x && set +x; }
  __vastenv_digest_key
  [[ -z $__vastenv_trace ]] || set -x
  [[ $__vastenv_h == "$__vastenv_key" ]]
}

# Starts the binary and evals its reply. Always called where `set -e` does not reach.
__vastenv_load() {
  local IFS=' ' __vastenv_flags=$- __vastenv_h='' __vastenv_mode=prompt
  case $__vastenv_flags in *[xvu]*) set +xvu ;; esac
  # Empty since a load that was interrupted, or since the shell started.
  [[ -n $__vastenv_gen ]] || __vastenv_mode=start
  [[ -z ${VAST_API_KEY-} ]] || __vastenv_digest_key
  __vastenv_key=$__vastenv_h
  __vastenv_seen="${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${VAST_API_KEY:+k}"
  __vastenv_gen='' __vastenv_hidden='' __vastenv_kept=''
  if [[ -x $__vastenv_bin ]]; then
    \builtin eval "$("$__vastenv_bin" export bash --hook "$$" "$__vastenv_mode" "$__vastenv_told" '')"
    if [[ -n $__vastenv_hidden ]]; then
      # Variables that this shell has but does not export: the binary must see them to give them back.
      # shellcheck disable=SC2086,SC2163
      \builtin eval "$(\builtin export $__vastenv_hidden &&
        "$__vastenv_bin" export bash --hook "$$" "$__vastenv_mode" "$__vastenv_told" "$__vastenv_hidden")"
    fi
  fi
  if [[ -n $__vastenv_gen ]]; then
    __vastenv_warned=''
  else
    __vastenv_lost
  fi
  if [[ -n $__vastenv_kept && ${VASTENV_LOG-} != off ]]; then
    printf 'vastenv: kept your own%s (readonly, or not a plain variable)\n' "$__vastenv_kept" >&2
  fi
  case $__vastenv_flags in *u*) set -u ;; esac
  case $__vastenv_flags in *v*) set -v ;; esac
  case $__vastenv_flags in *x*) set -x ;; esac
}

# No reply came (the binary is gone, or was killed): everything stays, and the next try is a minute away.
__vastenv_lost() {
  __vastenv_state / 60 "$__vastenv_told"
  __vastenv_watch / / / / / / '' '' ''
  if [[ -z $__vastenv_warned && ${VASTENV_LOG-} != off ]]; then
    printf 'vastenv: no answer from %s; the variables stay as they are\n' "$__vastenv_bin" >&2
  fi
  __vastenv_warned=1
}

# What the binary's reply calls.

__vastenv_state() {
  __vastenv_gen=$1 __vastenv_told=$3
  __vastenv_since=${SECONDS-0}
  ((__vastenv_due = __vastenv_since + $2, 1))
}

__vastenv_watch() {
  __vastenv_f1=$1 __vastenv_s1=$2 __vastenv_f2=$3 __vastenv_s2=$4 __vastenv_f3=$5 __vastenv_s3=$6
  __vastenv_a1=$7 __vastenv_a2=$8 __vastenv_a3=$9
}

# The attributes of the variable $1, into __vastenv_at. An integer variable would evaluate what is
# assigned to it, an array or a reference would be written through: those are left to their owner.
__vastenv_attributes() {
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
    \builtin eval "__vastenv_at=\${$1@a}"
  else
    __vastenv_at=$(
      set -f
      # shellcheck disable=SC2046
      set -- $(declare -p "$1" 2>/dev/null)
      printf %s "${2//-/}"
    )
  fi
}

__vastenv_set() {
  local __vastenv_at
  __vastenv_attributes "$1"
  if [[ $__vastenv_at == *[!x]* ]]; then
    __vastenv_kept+=" $1"
  elif [[ $__vastenv_at != *x* && -n ${!1+set} ]]; then
    __vastenv_hidden+="${__vastenv_hidden:+ }$1"
  else
    \builtin export "$1=$2"
  fi
}

__vastenv_take() {
  local __vastenv_at
  __vastenv_attributes "$1"
  if [[ $__vastenv_at == *[!x]* ]]; then __vastenv_kept+=" $1"; else \builtin export "$1=$2"; fi
}

__vastenv_local() {
  local __vastenv_at
  __vastenv_attributes "$1"
  if [[ $__vastenv_at == *[!x]* ]]; then __vastenv_kept+=" $1"; else \builtin export -n "$1=$2"; fi
}

__vastenv_unset() {
  \builtin unset -v "$1" 2>/dev/null || __vastenv_kept+=" $1"
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

__vastenv_hook || :
