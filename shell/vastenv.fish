# vastenv's hook for fish 3.6 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and obey its reply. The reply defines __vastenv_same, as one
# test of what the state that it loaded depends on:
#   - the generation file still exists (every change made through vastenv publishes the next one and
#     unlinks this one);
#   - files that others write still lie between a stamp that is a nanosecond older and one that is a
#     nanosecond newer (exact, also after a clock was set back), or are still absent;
#   - the clock. fish has none among its builtins. But every prompt is written to the terminal, so the
#     terminal's own modification time is the present (Linux rounds it to 8 seconds), and -nt compares
#     it with a file whose modification time is the moment to ask again. Where the terminal does not tell
#     the time, `path mtime --relative` does; a command substitution costs more than all the rest here.
#   - the folder. After a change of it a walk upwards, by builtins, finds the nearest project file; where that
#     is the one that was loaded for, all the rest is compared again, and no binary is started.
# The variables that steer vastenv are watched by an event handler, so no copy of VAST_API_KEY is needed; and
# so is the folder.
# Values arrive as data, never as words of a command: no trace or profile shows them, and no variable of
# this file holds one after a load.

# Called by its path, so that a changed PATH changes nothing.
set -g __vastenv_bin @VASTENV_BINARY@

# Sourced again in the same shell: keep what is known.
if test "$__vastenv_shell" != $fish_pid
    set -g __vastenv_shell $fish_pid
    set -g __vastenv_mode start
    set -g __vastenv_told ''
    set -g __vastenv_warned ''
    set -g __vastenv_hidden
    set -g __vastenv_kept
    set -g __vastenv_taken
    set -g __vastenv_answer ''
    set -g __vastenv_project ''
    set -g __vastenv_above ''
end

# Until a reply defines it, and after a steering variable was set: nothing is known to be the same.
function __vastenv_steered --on-variable VAST_API_KEY --on-variable VAST_URL --on-variable VASTENV_PROFILE --on-variable VASTENV_DISABLE --on-variable HOME --on-variable XDG_CONFIG_HOME --on-variable XDG_STATE_HOME --on-variable XDG_CACHE_HOME
    function __vastenv_guard
        return 1
    end
    __vastenv_settle
end

# What is compared at a prompt is what the reply defined.
function __vastenv_settle
    functions -e __vastenv_same
    functions -c __vastenv_guard __vastenv_same
end

# What direnv puts back on leaving a folder is old only if something was loaded in there.
function __vastenv_left --on-variable DIRENV_DIR
    test -z "$__vastenv_direnv"
    or __vastenv_steered
end

# The folder changed: the next prompt walks before it compares. A function costs less at every prompt than a
# comparison there.
function __vastenv_moved --on-variable PWD
    function __vastenv_same
        __vastenv_walk
        and __vastenv_settle
        and __vastenv_same
    end
end

# Whether the nearest project file of this folder is the one that was loaded for.
function __vastenv_walk
    set -l fish_trace
    set -l folder /
    set -l file
    test -e /.vastenv.toml
    and set file /.vastenv.toml
    for part in (string split -n / -- $PWD)
        set folder $folder$part/
        test -e $folder.vastenv.toml
        and set file $folder.vastenv.toml
    end
    set -g __vastenv_above .vastenv.toml
    test "$file" = $folder.vastenv.toml
    and set -g __vastenv_above ''
    test "$file" = "$__vastenv_project"
end
__vastenv_steered

# Starts the binary and obeys its reply.
function __vastenv_load
    set -l fish_trace
    __vastenv_steered
    set -g __vastenv_direnv "$DIRENV_DIR"
    set -g __vastenv_hidden
    set -g __vastenv_kept
    test -f $__vastenv_bin -a -x $__vastenv_bin
    or __vastenv_find
    # Again with what it could not see: variables that are not exported, or lists; or with less.
    for try in 1 2 3
        set -g __vastenv_answer none
        test -x $__vastenv_bin
        and __vastenv_obey (__vastenv_ask $__vastenv_hidden | string split0)
        test $__vastenv_answer = again
        or __vastenv_make_room
        or break
    end
    if test $__vastenv_answer = whole
        set -g __vastenv_warned ''
        set -g __vastenv_taken
        set -g __vastenv_mode prompt
    else
        __vastenv_lost
    end
end

# Prints the binary's reply, with the variables named exported: one more for each call of itself. The
# switches count although they may not be exported.
function __vastenv_ask
    set -l fish_trace
    if set -q argv[1]
        set -lx $argv[1] $$argv[1]
        __vastenv_ask $argv[2..-1]
    else
        set -lx VASTENV_DISABLE $VASTENV_DISABLE
        set -lx VASTENV_LOG $VASTENV_LOG
        $__vastenv_bin export fish --hook=@VASTENV_HOOK@ $fish_pid $__vastenv_mode "$__vastenv_told" \
            "$__vastenv_hidden" "$__vastenv_kept" "$__vastenv_taken"
    end
end

# Obeys a reply that is whole: one cut short changes nothing. Its fields: code that defines the guard, the
# problems that the user was told of, a line to tell now, the names of variables that must not exist, of
# others, of those to erase; then a number, so many names and values to export, names and values that are
# not exported, and a mark.
function __vastenv_obey
    set -l fish_trace
    test "$argv[-1]" = __vastenv_done
    or return 0
    set -g __vastenv_answer whole
    set -g __vastenv_told $argv[2]
    __vastenv_check (string split -n ' ' -- $argv[4]) -- (string split -n ' ' -- $argv[5])
    test $__vastenv_answer = whole
    or return 0
    set -l last (builtin math 7 + $argv[7])
    set -l name ''
    for field in $argv[8..$last]
        if test -z "$name"
            set name $field
        else
            set -gx $name "$field"
            set name ''
        end
    end
    for field in $argv[(builtin math $last + 1)..-2]
        if test -z "$name"
            set name $field
        else
            set -eg $name
            set -gu $name "$field"
            set name ''
        end
    end
    for name in (string split -n ' ' -- $argv[6])
        set -eg $name
    end
    test -z "$argv[3]"
    or builtin echo $argv[3] >&2
    # Asking set some of the watched variables, for itself alone: only now.
    eval $argv[1]
end

# Whether the variables named can be assigned to: those before -- must not live in this session, and none
# may be a list, but for those that fish splits and joins itself.
function __vastenv_check
    set -l new 1
    for name in $argv
        if test $name = --
            set new 0
        else if set -qg $name
            set -l values (builtin count $$name)
            if test $new = 1 -a $values = 1; and not set -qgx $name
                set -ga __vastenv_hidden $name
                set -g __vastenv_answer again
            else if test $values -gt 1; and not string match -q '*PATH' -- $name
                set -ga __vastenv_kept $name
                set -g __vastenv_answer again
            end
        end
    end
end

# Nothing can be started, as where the environment is too large: with VASTENV_DISABLE, what is surely
# vastenv's is taken away by builtins. What was there before comes back once the binary can be asked.
function __vastenv_make_room
    set -l fish_trace
    test $__vastenv_answer = none -a -z "$__vastenv_taken"
    or return 1
    string match -qir '^(|0|false|no|off)$' -- "$VASTENV_DISABLE"
    and return 1
    for entry in (string replace -r '.*:' '' -- "$__vastenv_ledger" | string split ,)
        set -l parts (string match -r '^([A-Za-z_][A-Za-z0-9_]*)=[^.]*\.([0-9]+)[+~]?$' -- $entry)
        and set -qgx $parts[2]
        or continue
        set -l bytes (string escape --style=url -- "$$parts[2]" | string replace -ar '%..' x)
        test (string length -- "$bytes") = $parts[3]
        and set -eg $parts[2]
        and set -ga __vastenv_taken $parts[2]
    end
    set -q __vastenv_taken[1]
end

# The binary is not where it was: an upgrade may have moved it.
function __vastenv_find
    for folder in $PATH
        if string match -q '/*' -- $folder; and test -f $folder/vastenv -a -x $folder/vastenv
            set -g __vastenv_bin $folder/vastenv
            return
        end
    end
end

# No reply came (the binary is gone, or was killed): everything stays. The next try is a minute away, or
# at the prompt after the binary came back. Text, because old versions read no function that names `path`.
function __vastenv_lost
    set -l there -n x
    test -e $__vastenv_bin
    or set there ! -e '$__vastenv_bin'
    eval "set -l since (builtin path mtime -R /)
        function __vastenv_guard --inherit-variable since
            test $there
            and test (builtin path mtime -R /) -lt (builtin math \$since + 60)
        end"
    __vastenv_settle
    if test -z "$__vastenv_warned" -a "$VASTENV_LOG" != off
        builtin echo "vastenv: no answer from $__vastenv_bin; the variables stay as they are" >&2
    end
    set -g __vastenv_warned 1
end

# `test -nt` came with 3.6.
if string match -qr '^(3\.([6-9]|[1-9][0-9])|[4-9]|[1-9][0-9])' -- $version
    function __vastenv_hook --on-event fish_prompt
        __vastenv_same
        or __vastenv_load
    end
    __vastenv_hook
else
    builtin echo "vastenv: fish $version is too old for the hook, which needs 3.6 or later" >&2
end
