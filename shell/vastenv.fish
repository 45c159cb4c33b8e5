# vastenv's hook for fish 3.1 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and eval its reply. What it compares:
#   - the generation file that it loaded still exists (every change made through vastenv publishes the
#     next one and unlinks this one);
#   - up to three files that others may write still have the time of their stamp: -nt and -ot together
#     are an exact comparison, also after a clock was set back; and three more files are still absent;
#   - the clock. fish has none among its builtins, but since 3.5 `path mtime --relative` tells the age of
#     the generation file, which grows by a second a second. Before 3.5 only the other signs count.
# The variables that steer vastenv are watched by an event handler, so no copy of VAST_API_KEY is needed.
# No value of a variable is ever held in a variable of this file, nor traced under fish_trace.
# A changed $PWD has no meaning yet: a project file's place is beside the steering variables.

# Called by its path, so that a changed PATH changes nothing.
set -g __vastenv_bin @VASTENV_BINARY@

# Sourced again in the same shell: keep what is known. Functions are not inherited, variables may be.
if not functions -q __vastenv_hook
    set -g __vastenv_gen ''
    set -g __vastenv_told ''
    set -g __vastenv_warned ''
    set -g __vastenv_hidden
    set -g __vastenv_kept
    set -g __vastenv_since 0
    set -g __vastenv_due 0
    set -g __vastenv_dirty 0
    set -g __vastenv_clock (builtin -n | string match -q path; and echo 1; or echo 0)
    set -g __vastenv_files / / / / / / '' '' ''
end

function __vastenv_steered --on-variable VAST_API_KEY --on-variable VAST_URL --on-variable VASTENV_PROFILE --on-variable VASTENV_DISABLE --on-variable XDG_CONFIG_HOME --on-variable HOME
    set -g __vastenv_dirty 1
end

function __vastenv_hook --on-event fish_prompt
    test $__vastenv_dirty = 0 -a -e "$__vastenv_gen" \
        -a -e $__vastenv_files[1] -a ! $__vastenv_files[1] -nt $__vastenv_files[2] -a ! $__vastenv_files[1] -ot $__vastenv_files[2] \
        -a -e $__vastenv_files[3] -a ! $__vastenv_files[3] -nt $__vastenv_files[4] -a ! $__vastenv_files[3] -ot $__vastenv_files[4] \
        -a -e $__vastenv_files[5] -a ! $__vastenv_files[5] -nt $__vastenv_files[6] -a ! $__vastenv_files[5] -ot $__vastenv_files[6] \
        -a ! -e "$__vastenv_files[7]" -a ! -e "$__vastenv_files[8]" -a ! -e "$__vastenv_files[9]"
    and if test $__vastenv_clock = 1
        set -l age (path mtime -R $__vastenv_gen)
        test $age -lt $__vastenv_due -a $age -ge $__vastenv_since
    end
    or __vastenv_load
end

# Starts the binary and evals its reply.
function __vastenv_load
    set -l fish_trace
    set -l mode prompt
    # Empty since a load that was interrupted, or since the shell started.
    test -n "$__vastenv_gen"; or set mode start
    set -g __vastenv_gen ''
    set -g __vastenv_dirty 0
    set -g __vastenv_hidden
    set -g __vastenv_kept
    if test -x $__vastenv_bin
        eval ($__vastenv_bin export fish --hook $fish_pid $mode "$__vastenv_told" '' | string collect)
        if set -q __vastenv_hidden[1]
            # Variables that this shell has but does not export: the binary must see them to give them back.
            eval (__vastenv_ask_hidden $mode $__vastenv_hidden | string collect)
        end
    end
    if test -n "$__vastenv_gen"
        set -g __vastenv_warned ''
    else
        __vastenv_lost
    end
    if set -q __vastenv_kept[1]; and test "$VASTENV_LOG" != off
        echo "vastenv: kept your own $__vastenv_kept (not a plain variable)" >&2
    end
end

# Asks with the variables named after the mode exported: one more for each call of itself.
function __vastenv_ask_hidden
    if set -q argv[2]
        set -lx $argv[2] $$argv[2]
        __vastenv_ask_hidden $argv[1] $argv[3..-1]
    else
        $__vastenv_bin export fish --hook $fish_pid $argv[1] "$__vastenv_told" "$__vastenv_hidden"
    end
end

# No reply came (the binary is gone, or was killed): everything stays, and the next try is a minute away.
function __vastenv_lost
    __vastenv_state / 60 "$__vastenv_told"
    __vastenv_watch / / / / / / '' '' ''
    if test -z "$__vastenv_warned" -a "$VASTENV_LOG" != off
        echo "vastenv: no answer from $__vastenv_bin; the variables stay as they are" >&2
    end
    set -g __vastenv_warned 1
end

# What the binary's reply calls.

function __vastenv_state
    set -g __vastenv_gen $argv[1]
    set -g __vastenv_told $argv[3]
    if test $__vastenv_clock = 1
        set -g __vastenv_since (path mtime -R $argv[1])
        set -g __vastenv_due (math $__vastenv_since + $argv[2])
    end
end

function __vastenv_watch
    set -g __vastenv_files $argv
end

# A list, or a variable that lives in this session without being exported, is its owner's.
function __vastenv_set
    set -l fish_trace
    if not set -qg $argv[1]; or set -qgx $argv[1]; and test (count $$argv[1]) -le 1
        set -gx $argv[1] $argv[2]
    else if test (count $$argv[1]) -eq 1
        set -ga __vastenv_hidden $argv[1]
    else
        set -ga __vastenv_kept $argv[1]
    end
end

function __vastenv_take
    set -l fish_trace
    set -gx $argv[1] $argv[2]
end

function __vastenv_local
    set -l fish_trace
    set -eg $argv[1]
    set -gu $argv[1] $argv[2]
end

function __vastenv_unset
    set -eg $argv[1]
end

__vastenv_hook
