# vastenv's hook for zsh 5.0 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and eval its reply. What it compares:
#   - the generation file that it loaded still exists (every change made through vastenv publishes the
#     next one and unlinks this one);
#   - up to three files that others may write still have the time of their stamp: -nt and -ot together
#     are an exact comparison, also after a clock was set back; and three more files are still absent;
#   - the clock: SECONDS, also when somebody assigned to it;
#   - the few variables that steer vastenv. VAST_API_KEY is never copied: a 40-bit digest of it is kept.
# No value of a variable is ever held in a variable of this file, nor traced under xtrace.
# `vastenv hook zsh` prints this as the argument of `emulate -R zsh -o no_aliases -c`: whatever options
# and aliases the user has, it is read and (each of its functions, always) run with zsh's own.
# A changed $PWD has no meaning yet: a project file's place is beside the steering variables.

# Called by its path, so that a changed PATH changes nothing.
typeset -g __vastenv_bin=@VASTENV_BINARY@

# Sourced again in the same shell: keep what is known.
if [[ ${__vastenv_shell-} != $$ ]]; then
  typeset -g __vastenv_shell=$$ __vastenv_mode=start
  typeset -g __vastenv_gen='' __vastenv_told='' __vastenv_warned='' __vastenv_hidden='' __vastenv_kept=''
  typeset -g __vastenv_next='' __vastenv_since=0 __vastenv_due=0 __vastenv_seen='' __vastenv_key=''
  typeset -g __vastenv_f1=/ __vastenv_s1=/ __vastenv_f2=/ __vastenv_s2=/ __vastenv_f3=/ __vastenv_s3=/
  typeset -g __vastenv_a1='' __vastenv_a2='' __vastenv_a3=''
fi

__vastenv_hook() {
  if [[ -e $__vastenv_gen && -e $__vastenv_f1 &&
    ! $__vastenv_f1 -nt $__vastenv_s1 && ! $__vastenv_f1 -ot $__vastenv_s1 &&
    ( $__vastenv_f2 == / || ( -e $__vastenv_f2 &&
      ! $__vastenv_f2 -nt $__vastenv_s2 && ! $__vastenv_f2 -ot $__vastenv_s2 ) ) &&
    ( $__vastenv_f3 == / || ( -e $__vastenv_f3 &&
      ! $__vastenv_f3 -nt $__vastenv_s3 && ! $__vastenv_f3 -ot $__vastenv_s3 ) ) &&
    ! -e $__vastenv_a1 && ! -e $__vastenv_a2 && ! -e $__vastenv_a3 &&
    ${SECONDS-0} -ge $__vastenv_since && ${SECONDS-0} -lt $__vastenv_due &&
    "${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${XDG_STATE_HOME-}|${XDG_CACHE_HOME-}|${VAST_API_KEY:+k}" == "$__vastenv_seen" ]] &&
    { [[ -z ${VAST_API_KEY:+k} ]] || __vastenv_same_key }
  then
    :
  else
    __vastenv_load
  fi
  return 0
}

# The usual key, hexadecimal, is compared in one expression: the sum of __vastenv_digest_key.
__vastenv_same_key() {
  if [[ ${#VAST_API_KEY} -le 75 && $VAST_API_KEY != *[^0123456789abcdef]* ]]; then
    (( __vastenv_key == (((((${#VAST_API_KEY} * 1000003 + 16#0${VAST_API_KEY:0:15}) % 1099511627689 *
      1000003 + 16#0${VAST_API_KEY:15:15}) % 1099511627689 * 1000003 + 16#0${VAST_API_KEY:30:15}) %
      1099511627689 * 1000003 + 16#0${VAST_API_KEY:45:15}) % 1099511627689 * 1000003 +
      16#0${VAST_API_KEY:60:15}) % 1099511627689 ))
    return
  fi
  local __vastenv_h
  __vastenv_digest_key
  [[ $__vastenv_h == "$__vastenv_key" ]]
}

# Prints nothing, runs nothing: a digest of VAST_API_KEY by arithmetic on some characters at a time,
# modulo a prime of 40 bits, from which the key cannot be had back. The key is only in $1, never in a
# name.
# Only digits of the base reach the arithmetic, which would evaluate others: those, and capitals, are
# replaced by their numbers.
__vastenv_digest_key() {
  local -i __vastenv_i __vastenv_width=15
  local __vastenv_base=16
  set -- "$VAST_API_KEY"
  if [[ $1 == *[^0123456789abcdef]* ]]; then
    setopt local_options extended_glob
    local MATCH MBEGIN MEND
    __vastenv_base=36 __vastenv_width=12
    set -- "${1//(#m)[^0123456789abcdefghijklmnopqrstuvwxyz]/z$(( [##36] #MATCH ))}"
  fi
  __vastenv_h=${#1}
  for (( __vastenv_i = 0; __vastenv_i < 75 || __vastenv_i < ${#1}; __vastenv_i += __vastenv_width )); do
    (( __vastenv_h = (__vastenv_h * 1000003 + ${__vastenv_base}#0${1:$__vastenv_i:$__vastenv_width}) %
      1099511627689, 1 ))
  done
}

# Starts the binary and evals its reply.
__vastenv_load() {
  local __vastenv_h=
  [[ -z ${VAST_API_KEY:+k} ]] || __vastenv_digest_key
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
    builtin print -ru2 -- "vastenv: kept your own$__vastenv_kept (readonly, or not a plain variable)"
  fi
  return 0
}

# In a subshell: prints the binary's reply. $1 names variables to show it; the switches count although
# they may not be exported.
__vastenv_ask() {
  builtin export VASTENV_DISABLE VASTENV_LOG ${(s: :)1}
  builtin exec "$__vastenv_bin" export zsh --hook=@VASTENV_HOOK@ $$ $__vastenv_mode "$__vastenv_told" "$1"
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
    builtin print -ru2 -- "vastenv: no answer from $__vastenv_bin; the variables stay as they are"
  fi
  __vastenv_warned=1
}

# What the binary's reply calls.

__vastenv_state() {
  __vastenv_next=$1 __vastenv_told=$3
  __vastenv_since=${SECONDS-0}
  __vastenv_due=$(( __vastenv_since + $2 ))
}

__vastenv_watch() {
  __vastenv_f1=$1 __vastenv_s1=$2 __vastenv_f2=$3 __vastenv_s2=$4 __vastenv_f3=$5 __vastenv_s3=$6
  __vastenv_a1=$7 __vastenv_a2=$8 __vastenv_a3=$9
}

__vastenv_remember() {
  builtin export __vastenv_ledger="$1"
}

# Anything but a plain scalar (an integer would evaluate what is assigned to it, a special or readonly
# parameter would end the whole eval) is left to its owner.
__vastenv_set() {
  case ${(Pt)1} in
    ('' | scalar-export) builtin export "$1=$2" ;;
    (scalar) __vastenv_hidden+="${__vastenv_hidden:+ }$1" ;;
    (*) __vastenv_kept+=" $1" ;;
  esac
}

__vastenv_take() {
  case ${(Pt)1} in
    ('' | scalar | scalar-export) builtin export "$1=$2" ;;
    (*) __vastenv_kept+=" $1" ;;
  esac
}

__vastenv_local() {
  case ${(Pt)1} in
    ('' | scalar | scalar-export) builtin typeset -g +x "$1=$2" ;;
    (*) __vastenv_kept+=" $1" ;;
  esac
}

__vastenv_unset() {
  case ${(Pt)1} in
    (*readonly*) __vastenv_kept+=" $1" ;;
    (*) builtin unset -v "$1" ;;
  esac
}

__vastenv_done() {
  :
}

typeset -ga precmd_functions
if ! (( ${precmd_functions[(I)__vastenv_hook]} )); then
  precmd_functions+=(__vastenv_hook)
fi

__vastenv_hook
