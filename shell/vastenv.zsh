# vastenv's hook for zsh 5.0 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and obey its reply. The reply defines __vastenv_hook anew,
# as one test of what the state that it loaded depends on:
#   - the generation file still exists (every change made through vastenv publishes the next one and
#     unlinks this one);
#   - files that others write still lie between a stamp that is a nanosecond older and one that is a
#     nanosecond newer (exact, also after a clock was set back), or are still absent;
#   - the clock: SECONDS, also when somebody assigned to it;
#   - the few variables that steer vastenv. VAST_API_KEY is never copied: a 40-bit digest of it is kept;
#   - the folder. From another one a walk upwards, by builtins, finds the nearest project file; where that is
#     the one that was loaded for, all the rest is compared again, and no binary is started.
# Values arrive as data, never as words of a command: no debug trap, trace or profile shows them, and no
# variable of this file holds one.
# `vastenv hook zsh` prints this as the argument of `emulate -R zsh -o no_aliases -c`: whatever options
# and aliases the user has, it is read and (each of its functions, always) run with zsh's own.

# Called by its path, so that a changed PATH changes nothing.
typeset -g __vastenv_bin=@VASTENV_BINARY@

# Sourced again in the same shell: keep what is known.
if [[ ${__vastenv_shell-} != $$ ]]; then
  typeset -g __vastenv_shell=$$ __vastenv_mode=start __vastenv_told='' __vastenv_warned=''
  typeset -g __vastenv_hidden='' __vastenv_kept='' __vastenv_taken='' __vastenv_key='' __vastenv_seen=''
  typeset -g __vastenv_pwd='' __vastenv_project='' __vastenv_above=''
fi

# Until a reply defines it.
__vastenv_hook() {
  __vastenv_load
}

# Defines __vastenv_hook. $1 compares files, $2 is the number of seconds until it asks again, $3 the project
# file, $4 the name of one that may appear in this folder. Every word costs at every prompt, and a function
# more than all of them: the steering variables that are set are one word, those that are not another. What
# direnv puts back on leaving a folder is old only if something was loaded in there.
__vastenv_state() {
  builtin set +x
  local __vastenv_n __vastenv_set= __vastenv_unset= __vastenv_like='"$__vastenv_seen"'
  local __vastenv_more= __vastenv_h=
  __vastenv_mode=prompt __vastenv_seen=: __vastenv_pwd=$PWD __vastenv_project=$3 __vastenv_above=$4
  for __vastenv_n in HOME VAST_URL VASTENV_{PROFILE,DISABLE} XDG_{CONFIG,STATE,CACHE}_HOME DIRENV_DIR; do
    if [[ -n ${(P)__vastenv_n} ]]; then
      __vastenv_set+=":\${$__vastenv_n}" __vastenv_seen+=":${(P)__vastenv_n}"
    elif [[ $__vastenv_n != DIRENV_DIR ]]; then
      __vastenv_unset+="\$$__vastenv_n"
    fi
  done
  # What holds nothing special needs no quotes, and no variable.
  [[ $__vastenv_seen == *[^A-Za-z0-9_./:-]* ]] || __vastenv_like=$__vastenv_seen
  if [[ -z ${VAST_API_KEY:+k} ]]; then
    __vastenv_unset+='${VAST_API_KEY:+k}'
  else
    __vastenv_digest_key
    __vastenv_key=$__vastenv_h
    __vastenv_more='&& __vastenv_same_key'
    # The usual key, hexadecimal, is compared in one expression: the sum of __vastenv_digest_key.
    [[ ${#VAST_API_KEY} -gt 75 || $VAST_API_KEY == *[^0123456789abcdef]* ]] || __vastenv_more='&&
    builtin set +x && [[ ${#VAST_API_KEY} -le 75 && $VAST_API_KEY != *[^0123456789abcdef]* ]] &&
    (( '$__vastenv_h' == (((((${#VAST_API_KEY} * 1000003 + 16#0${VAST_API_KEY[1,15]}) * 1000003 +
      16#0${VAST_API_KEY[16,30]}) * 1000003 + 16#0${VAST_API_KEY[31,45]}) * 1000003 +
      16#0${VAST_API_KEY[46,60]}) * 1000003 + 16#0${VAST_API_KEY[61,75]}) % 1099511627689 ))'
  fi
  __vastenv_n=$(( SECONDS ))
  builtin eval "__vastenv_hook() {
  [[ $1 && :$__vastenv_set == $__vastenv_like && -z ${__vastenv_unset:-''} &&
    \$PWD == \$__vastenv_pwd && ! -e \$__vastenv_above ]] &&
    (( SECONDS >= $__vastenv_n && SECONDS < $(( __vastenv_n + $2 )) )) $__vastenv_more || __vastenv_load
}"
}

# Whether the key is the same, where that takes more than an expression.
__vastenv_same_key() {
  builtin set +x
  local __vastenv_h
  __vastenv_digest_key
  [[ $__vastenv_h == "$__vastenv_key" ]]
}

# Prints nothing, runs nothing: a digest of VAST_API_KEY by arithmetic on some characters at a time, of which
# 64 bits are kept, modulo a prime of 40 bits, from which the key cannot be had back. The key is only in $1,
# never in a name.
# Only digits of the base reach the arithmetic, which would evaluate others: those, and capitals, are
# replaced by their numbers.
__vastenv_digest_key() {
  builtin set +x
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
    (( __vastenv_h = __vastenv_h * 1000003 + ${__vastenv_base}#0${1:$__vastenv_i:$__vastenv_width}, 1 ))
  done
  (( __vastenv_h %= 1099511627689, 1 ))
}

# Whether this is another folder with the same project file: then all the rest is to be compared again.
__vastenv_moved() {
  local __vastenv_n=$PWD
  [[ $PWD == /* && $PWD != $__vastenv_pwd ]] || return 1
  # Three at a time, as each turn costs more than what it looks for. Above / is /.
  while [[ $__vastenv_n != / && ! -e $__vastenv_n/.vastenv.toml && ! -e ${__vastenv_n:h}/.vastenv.toml &&
    ! -e ${__vastenv_n:h:h}/.vastenv.toml ]]; do
    __vastenv_n=${__vastenv_n:h:h:h}
  done
  while [[ $__vastenv_n != / && ! -e $__vastenv_n/.vastenv.toml ]]; do
    __vastenv_n=${__vastenv_n:h}
  done
  __vastenv_above=.vastenv.toml
  if [[ -e $__vastenv_n/.vastenv.toml ]]; then
    [[ $__vastenv_n != $PWD ]] || __vastenv_above=
    __vastenv_n=${__vastenv_n%/}/.vastenv.toml
  else
    __vastenv_n=
  fi
  [[ $__vastenv_n == $__vastenv_project ]] && __vastenv_pwd=$PWD
}

# Something changed: starts the binary and obeys its reply, unless it was only the folder.
__vastenv_load() {
  # `functions -t` would trace what follows.
  builtin set +x
  if __vastenv_moved; then
    __vastenv_hook
    return
  fi
  local __vastenv_try __vastenv_answer
  __vastenv_hidden='' __vastenv_kept=''
  [[ -f $__vastenv_bin && -x $__vastenv_bin ]] || __vastenv_find
  # Again with what it could not see: variables that are not exported, or not plain; or with less.
  for __vastenv_try in 1 2 3; do
    __vastenv_answer=none
    [[ ! -x $__vastenv_bin ]] || __vastenv_obey "${(@0)$(__vastenv_ask)}"
    [[ $__vastenv_answer == again ]] || __vastenv_make_room || break
  done
  if [[ $__vastenv_answer == whole ]]; then __vastenv_warned='' __vastenv_taken=''; else __vastenv_lost; fi
  return 0
}

# In a subshell: prints the binary's reply. The switches count although they may not be exported.
__vastenv_ask() {
  builtin set +x
  builtin export PWD VASTENV_DISABLE VASTENV_LOG ${(s: :)__vastenv_hidden}
  builtin exec "$__vastenv_bin" export zsh --hook=@VASTENV_HOOK@ $$ $__vastenv_mode "$__vastenv_told" \
    "$__vastenv_hidden" "$__vastenv_kept" "$__vastenv_taken"
}

# Obeys a reply that is whole: one cut short changes nothing. $1 is code that defines the guard, $2 the
# problems that the user was told of, $3 a line to tell now, $4 names variables that must not exist, $5
# others, $6 those to unset; then come $7 assignments to export, others that are not exported, and a mark.
__vastenv_obey() {
  builtin set +x
  [[ $argv[-1] == __vastenv_done ]] || return 0
  __vastenv_answer=whole __vastenv_told=$2
  __vastenv_check "$4" "$5" "$6"
  [[ $__vastenv_answer == whole ]] || return 0
  [[ $7 == 0 ]] || builtin export "${(@)argv[8,7+$7]}"
  [[ $7 == $(( $# - 8 )) ]] || builtin typeset -g +x "${(@)argv[8+$7,-2]}"
  [[ -z $6 ]] || builtin unset -v ${(s: :)6}
  [[ -z $3 ]] || builtin print -ru2 -- "$3"
  builtin eval "$1"
}

# Whether the variables named can be changed: those in $1 must not exist, those in $1 and $2 must be plain
# scalars, those in $3 are to be unset. An integer would evaluate what is assigned to it, a special or
# readonly one would end the whole load.
__vastenv_check() {
  local __vastenv_n
  for __vastenv_n in ${(s: :)1} ${(s: :)2}; do
    case ${(Pt)__vastenv_n} in
      ('' | scalar-export) ;;
      (scalar) [[ " $1 " != *" $__vastenv_n "* ]] ||
        __vastenv_hidden+="${__vastenv_hidden:+ }$__vastenv_n" __vastenv_answer=again ;;
      (*) __vastenv_kept+="${__vastenv_kept:+ }$__vastenv_n" __vastenv_answer=again ;;
    esac
  done
  for __vastenv_n in ${(s: :)3}; do
    [[ ${(Pt)__vastenv_n} != *readonly* ]] ||
      __vastenv_kept+="${__vastenv_kept:+ }$__vastenv_n" __vastenv_answer=again
  done
}

# Nothing can be started, as where the environment is too large: with VASTENV_DISABLE, what is surely
# vastenv's is taken away by builtins. What was there before comes back once the binary can be asked.
__vastenv_make_room() {
  [[ $__vastenv_answer == none && -z $__vastenv_taken ]] || return 1
  case ${(L)VASTENV_DISABLE-} in ('' | 0 | false | no | off) return 1 ;; esac
  setopt local_options no_multibyte
  local __vastenv_n __vastenv_length
  for __vastenv_n in ${(s:,:)__vastenv_ledger##*:}; do
    [[ $__vastenv_n == *=*.* ]] || continue
    __vastenv_length=${${__vastenv_n##*.}%[+~]}
    __vastenv_n=${__vastenv_n%%=*}
    [[ ${(Pt)__vastenv_n} == scalar-export && ${#${(P)__vastenv_n}} == $__vastenv_length ]] || continue
    builtin unset -v $__vastenv_n
    __vastenv_taken+="${__vastenv_taken:+ }$__vastenv_n"
  done
  [[ -n $__vastenv_taken ]]
}

# The binary is not where it was: an upgrade may have moved it.
__vastenv_find() {
  local __vastenv_dir
  for __vastenv_dir in $path; do
    if [[ $__vastenv_dir == /* && -f $__vastenv_dir/vastenv && -x $__vastenv_dir/vastenv ]]; then
      __vastenv_bin=$__vastenv_dir/vastenv
      return
    fi
  done
}

# No reply came (the binary is gone, or was killed): everything stays. The next try is a minute away, or
# at the prompt after the binary came back.
__vastenv_lost() {
  if [[ -e $__vastenv_bin ]]; then
    __vastenv_state '-n x' 60 "$__vastenv_project" ''
  else
    __vastenv_state '! -e $__vastenv_bin' 60 "$__vastenv_project" ''
  fi
  if [[ -z $__vastenv_warned && ${VASTENV_LOG-} != off ]]; then
    builtin print -ru2 -- "vastenv: no answer from $__vastenv_bin; the variables stay as they are"
  fi
  __vastenv_warned=1
}

typeset -ga precmd_functions
if ! (( ${precmd_functions[(I)__vastenv_hook]} )); then
  precmd_functions+=(__vastenv_hook)
fi

__vastenv_hook
