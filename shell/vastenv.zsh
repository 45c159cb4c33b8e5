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
# The comparison is written so that no option changes its meaning: `emulate` would double its cost.
# A changed $PWD has no meaning yet: a project file's place is beside the steering variables.

# Sourced again in the same shell: keep what is known. Functions are not inherited, variables may be.
if [[ ${+functions[__vastenv_hook]} != 1 ]]; then
  typeset -g __vastenv_gen='' __vastenv_told='' __vastenv_warned='' __vastenv_hidden='' __vastenv_kept=''
  typeset -g __vastenv_since=0 __vastenv_due=0 __vastenv_seen='' __vastenv_key='' __vastenv_h=''
  typeset -g __vastenv_f1=/ __vastenv_s1=/ __vastenv_f2=/ __vastenv_s2=/ __vastenv_f3=/ __vastenv_s3=/
  typeset -g __vastenv_a1='' __vastenv_a2='' __vastenv_a3=''
fi

# Called by its path, so that a changed PATH changes nothing.
typeset -g __vastenv_bin=@VASTENV_BINARY@

__vastenv_hook() {
  if [[ -e $__vastenv_gen && -e $__vastenv_f1 && -e $__vastenv_f2 && -e $__vastenv_f3 &&
    ! $__vastenv_f1 -nt $__vastenv_s1 && ! $__vastenv_f1 -ot $__vastenv_s1 &&
    ( $__vastenv_f2 == / || ( ! $__vastenv_f2 -nt $__vastenv_s2 && ! $__vastenv_f2 -ot $__vastenv_s2 ) ) &&
    ( $__vastenv_f3 == / || ( ! $__vastenv_f3 -nt $__vastenv_s3 && ! $__vastenv_f3 -ot $__vastenv_s3 ) ) &&
    ! -e $__vastenv_a1 && ! -e $__vastenv_a2 && ! -e $__vastenv_a3 &&
    ${SECONDS-0} -ge $__vastenv_since && ${SECONDS-0} -lt $__vastenv_due &&
    "${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${VAST_API_KEY:+k}" == "$__vastenv_seen" ]] &&
    { [[ ${VAST_API_KEY:+k} != k ]] || __vastenv_same_key }
  then
    :
  else
    __vastenv_load
  fi
  return 0
}

# Prints nothing, runs nothing: a digest of VAST_API_KEY by arithmetic on twelve characters at a time,
# cut to 40 bits so that the key cannot be had back from it. The key is only in $1, never in a name.
__vastenv_digest_key() {
  builtin emulate -L zsh
  builtin setopt no_xtrace
  local -i __vastenv_i
  local -i __vastenv_sum
  set -- "${VAST_API_KEY//[^0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ]/z}"
  __vastenv_sum=${#1}
  for (( __vastenv_i = 0; __vastenv_i < ${#1}; __vastenv_i += 12 )); do
    (( __vastenv_sum = __vastenv_sum * 6364136223846793005 + 36#${1:$__vastenv_i:12} ))
  done
  (( __vastenv_sum = (__vastenv_sum * 6364136223846793005 >> 24) & 0xFFFFFFFFFF ))
  typeset -g __vastenv_h=$__vastenv_sum
}

__vastenv_same_key() {
  __vastenv_digest_key
  [[ $__vastenv_h == "$__vastenv_key" ]]
}

# Starts the binary and evals its reply.
__vastenv_load() {
  builtin emulate -L zsh
  builtin setopt no_xtrace no_verbose no_err_exit no_err_return
  local __vastenv_mode=prompt
  # Empty since a load that was interrupted, or since the shell started.
  [[ -n $__vastenv_gen ]] || __vastenv_mode=start
  __vastenv_h=''
  [[ -z ${VAST_API_KEY:+k} ]] || __vastenv_digest_key
  __vastenv_key=$__vastenv_h
  __vastenv_seen="${VASTENV_DISABLE-}|${VAST_URL-}|${VASTENV_PROFILE-}|${HOME-}|${XDG_CONFIG_HOME-}|${VAST_API_KEY:+k}"
  __vastenv_gen='' __vastenv_hidden='' __vastenv_kept=''
  if [[ -x $__vastenv_bin ]]; then
    builtin eval "$("$__vastenv_bin" export zsh --hook $$ $__vastenv_mode "$__vastenv_told" '')"
    if [[ -n $__vastenv_hidden ]]; then
      # Variables that this shell has but does not export: the binary must see them to give them back.
      builtin eval "$(builtin export ${=__vastenv_hidden} &&
        "$__vastenv_bin" export zsh --hook $$ $__vastenv_mode "$__vastenv_told" "$__vastenv_hidden")"
    fi
  fi
  if [[ -n $__vastenv_gen ]]; then
    __vastenv_warned=''
  else
    __vastenv_lost
  fi
  if [[ -n $__vastenv_kept && ${VASTENV_LOG-} != off ]]; then
    builtin print -ru2 -- "vastenv: kept your own$__vastenv_kept (readonly, or not a plain variable)"
  fi
  return 0
}

# No reply came (the binary is gone, or was killed): everything stays, and the next try is a minute away.
__vastenv_lost() {
  __vastenv_state / 60 "$__vastenv_told"
  __vastenv_watch / / / / / / '' '' ''
  if [[ -z $__vastenv_warned && ${VASTENV_LOG-} != off ]]; then
    builtin print -ru2 -- "vastenv: no answer from $__vastenv_bin; the variables stay as they are"
  fi
  __vastenv_warned=1
}

# What the binary's reply calls.

__vastenv_state() {
  __vastenv_gen=$1 __vastenv_told=$3
  __vastenv_since=${SECONDS-0}
  __vastenv_due=$(( __vastenv_since + $2 ))
}

__vastenv_watch() {
  __vastenv_f1=$1 __vastenv_s1=$2 __vastenv_f2=$3 __vastenv_s2=$4 __vastenv_f3=$5 __vastenv_s3=$6
  __vastenv_a1=$7 __vastenv_a2=$8 __vastenv_a3=$9
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

() {
  builtin emulate -L zsh
  typeset -ga precmd_functions
  (( ${precmd_functions[(I)__vastenv_hook]} )) || precmd_functions+=(__vastenv_hook)
}

__vastenv_hook
