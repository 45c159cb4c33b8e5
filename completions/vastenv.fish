# TAB completion of vastenv for fish (3.1 and later). Printed by: vastenv completions fish
#
# What can stand at the cursor is asked from `vastenv __complete`, which reads files only.

function __vastenv_complete
    command -q vastenv; or return 0
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l index (count $before)
    # What is typed may be a secret: it is passed where no other user sees it.
    set -l line (string join \x1f -- $before "$current")
    set -l lines (__vastenv_line="$line" command vastenv __complete 1 fish $index 0 2>/dev/null </dev/null)
    # The part of a word before its value: --option=
    set -l attached (string replace -rf '^(--[^=]*=).*' '$1' -- $current)
    set -l value (string replace -r '^--[^=]*=' '' -- $current)
    switch "$lines[1]"
        case words
            test (count $lines) -gt 1; and printf '%s\n' $lines[2..-1]
        case files
            for file in (complete -C "'' $value")
                printf '%s\n' "$attached$file"
            end
        case folders
            for folder in (complete -C "'' $value" | string match -r '^[^\t]*/(?:\t.*)?$')
                printf '%s\n' "$attached$folder"
            end
        case 'command *'
            set -l begins (math (string replace 'command ' '' -- $lines[1]) + 1)
            set -l command
            test $begins -le $index; and set command (string escape -- $before[$begins..-1])
            complete -C (string join ' ' -- $command "$current")
    end
end

complete -c vastenv -k -f -a '(__vastenv_complete)'
