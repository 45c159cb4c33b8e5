# vastenv's hook for fish 3.1 and later.
#
# Before each prompt __vastenv_hook asks, with builtins alone, whether anything changed since it last
# loaded; only then does it start the binary and eval its reply. What it compares:
#   - the generation file that it loaded still exists (every change made through vastenv publishes the
#     next one and unlinks this one);
#   - up to three files that others may write still have the time of their stamp: -nt and -ot together
#     are an exact comparison, also after a clock was set back, and -ot is true of a file that is gone;
#     and three more files are still absent. All this is one call of `test` on a list kept for it;
#   - the clock. fish has none among its builtins. But every prompt is written to the terminal, so the
#     terminal's own modification time is the present (Linux rounds it to 8 seconds), and -nt compares
#     it with a file whose modification time is the moment to ask again. Where the terminal's time is
#     found standing still, `path mtime --relative` (fish 3.5) tells the age of the generation file; a
#     command substitution costs more than all the rest here.
# The variables that steer vastenv are watched by an event handler, so no copy of VAST_API_KEY is needed.
# No value of a variable is ever held in a variable of this file, nor traced under fish_trace.
# A changed $PWD has no meaning yet: a project file's place is beside the steering variables.

# Called by its path, so that a changed PATH changes nothing.
set -g __vastenv_bin @VASTENV_BINARY@

# Sourced again in the same shell: keep what is known.
if test "$__vastenv_shell" != $fish_pid
    set -g __vastenv_shell $fish_pid
    set -g __vastenv_mode start
    set -g __vastenv_gen ''
    set -g __vastenv_next ''
    set -g __vastenv_told ''
    set -g __vastenv_warned ''
    set -g __vastenv_hidden
    set -g __vastenv_kept
    set -g __vastenv_since
    set -g __vastenv_due
    set -g __vastenv_dirty 1
    set -g __vastenv_same
    set -g __vastenv_soon
    set -g __vastenv_path (builtin -n | string match path)
end

function __vastenv_steered --on-variable VAST_API_KEY --on-variable VAST_URL --on-variable VASTENV_PROFILE --on-variable VASTENV_DISABLE --on-variable HOME --on-variable XDG_CONFIG_HOME --on-variable XDG_STATE_HOME --on-variable XDG_CACHE_HOME
    set -g __vastenv_dirty 1
end

function __vastenv_hook --on-event fish_prompt
    test $__vastenv_dirty = 0 -a -e "$__vastenv_gen" $__vastenv_same $__vastenv_soon
    or __vastenv_same_by_age
    or __vastenv_load
end

# Where the terminal does not tell the time: whether nothing changed and the generation file is not yet
# too old.
function __vastenv_same_by_age
    set -q __vastenv_since[1]
    and test $__vastenv_dirty = 0 -a -e "$__vastenv_gen" $__vastenv_same
    and set -l age (builtin path mtime -R $__vastenv_gen)
    and test $age -lt $__vastenv_due -a $age -ge $__vastenv_since
end

# Starts the binary and evals its reply.
function __vastenv_load
    set -l fish_trace
    set -g __vastenv_gen ''
    set -g __vastenv_next ''
    set -g __vastenv_hidden
    set -g __vastenv_kept
    if test -f $__vastenv_bin -a -x $__vastenv_bin
        __vastenv_obey (__vastenv_ask | string collect)
        # Variables that this shell has but does not export: the binary must see them to give them back.
        if set -q __vastenv_hidden[1]
            __vastenv_obey (__vastenv_ask $__vastenv_hidden | string collect)
        end
    end
    if test -n "$__vastenv_next"
        # Only now: what Ctrl-C ended halfway is loaded again.
        set -g __vastenv_gen $__vastenv_next
        set -g __vastenv_warned ''
        set -g __vastenv_mode prompt
    else
        __vastenv_lost
    end
    # Asking set some of the watched variables, for itself alone.
    set -g __vastenv_dirty 0
    if set -q __vastenv_kept[1]; and test "$VASTENV_LOG" != off
        builtin echo "vastenv: kept your own $__vastenv_kept (not a plain variable)" >&2
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
        $__vastenv_bin export fish \
            --hook=@VASTENV_HOOK@ $fish_pid $__vastenv_mode "$__vastenv_told" "$__vastenv_hidden"
    end
end

# Evals a reply that is whole: of one cut short, nothing.
function __vastenv_obey
    set -l fish_trace
    if string match -q '*'\n'__vastenv_done*' -- "$argv[1]"
        eval $argv[1]
    end
end

# No reply came (the binary is gone, or was killed): everything stays. The next try is a minute away, or
# at the prompt after the binary came back.
function __vastenv_lost
    __vastenv_state / 60 "$__vastenv_told"
    set -g __vastenv_gen /
    if test -e $__vastenv_bin
        __vastenv_watch / / / / / / '' '' ''
    else
        __vastenv_watch / / / / / / $__vastenv_bin '' ''
    end
    if test -z "$__vastenv_warned" -a "$VASTENV_LOG" != off
        builtin echo "vastenv: no answer from $__vastenv_bin; the variables stay as they are" >&2
    end
    set -g __vastenv_warned 1
end

# What the binary's reply calls.

function __vastenv_state
    set -g __vastenv_next $argv[1]
    set -g __vastenv_told $argv[3]
    set -g __vastenv_soon
    set -g __vastenv_since
    if set -q argv[4]; and test -n "$argv[4]"; and __vastenv_terminal_tells_time
        # -nt is true also where the file is gone.
        set -g __vastenv_soon -a ! /dev/stdin -nt $argv[4]
    else if set -q __vastenv_path[1]
        # Never true: the age decides.
        set -g __vastenv_soon -a 1 = 0
        set -g __vastenv_since (builtin path mtime -R $argv[1])
        set -g __vastenv_due (builtin math $__vastenv_since + $argv[2])
    end
end

# Whether the terminal was written just now, as far as one can tell: before 3.5 one cannot.
function __vastenv_terminal_tells_time
    test -c /dev/stdin
    or return 1
    set -q __vastenv_path[1]
    or return 0
    set -l age (builtin path mtime -R /dev/stdin)
    and test $age -ge 0 -a $age -le 16
end

# A slot that is not used holds / or nothing.
function __vastenv_watch
    set -g __vastenv_same
    for slot in 1 3 5
        set -l file $argv[$slot]
        set -l stamp $argv[(builtin math $slot + 1)]
        test $file = /
        or set -ga __vastenv_same -a ! $file -nt $stamp -a ! $file -ot $stamp
    end
    for file in $argv[7..9]
        test -z "$file"
        or set -ga __vastenv_same -a ! -e $file
    end
end

function __vastenv_remember
    set -gx __vastenv_ledger $argv[1]
end

# A list, or a variable that lives in this session without being exported, is its owner's.
function __vastenv_set
    set -l fish_trace
    if not set -qg $argv[1]; or set -qgx $argv[1]; and test (builtin count $$argv[1]) -le 1
        set -gx $argv[1] $argv[2]
    else if test (builtin count $$argv[1]) -eq 1
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

function __vastenv_done
end

__vastenv_hook
