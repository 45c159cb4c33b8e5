//! The name gate: variables that an account may not set unless the user's own config allows each
//! by name, because they steer a program rather than inform it.

use crate::domain::EnvName;

/// Why a family of names is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// The shells' own switches, prompts, search paths and special variables.
    Shell,
    /// The dynamic loader and the C library.
    Loader,
    /// Interpreters, virtual machines, compilers and build tools: start-up code and search paths.
    Interpreter,
    /// Who and where the user is: home, login, terminal, session sockets, locale.
    Session,
    /// Commands that other programs run.
    Command,
    /// Where traffic goes and whom it trusts.
    Network,
    /// vastenv, the official client, other environment loaders and completion engines.
    Tool,
}

impl Group {
    /// What a person reads after "refused:".
    pub fn reason(self) -> &'static str {
        match self {
            Self::Shell => "it steers the shell itself",
            Self::Loader => "it steers the program loader",
            Self::Interpreter => "it makes interpreters or build tools run other code",
            Self::Session => "it says who and where you are",
            Self::Command => "it names a command that other programs run",
            Self::Network => "it redirects network traffic or trust",
            Self::Tool => "it steers vastenv or a tool like it",
        }
    }
}

/// The group that refuses `name`, if one does.
pub fn refusal(name: &EnvName) -> Option<Group> {
    let text = name.as_str();
    let exact = EXACT.iter().find(|(_, names)| names.binary_search(&text).is_ok());
    let prefix =
        || PREFIXES.iter().find(|(_, prefixes)| prefixes.iter().any(|prefix| text.starts_with(prefix)));
    let suffix =
        || SUFFIXES.iter().find(|(_, suffixes)| suffixes.iter().any(|suffix| text.ends_with(suffix)));
    exact
        .map(|(group, _)| *group)
        .or_else(|| prefix().map(|(group, _)| *group))
        .or_else(|| suffix().map(|(group, _)| *group))
}

/// Whole names, each list sorted for binary search.
const EXACT: &[(Group, &[&str])] = &[
    (Group::Shell, SHELL),
    (Group::Loader, LOADER),
    (Group::Interpreter, INTERPRETER),
    (Group::Session, SESSION),
    (Group::Command, COMMAND),
    (Group::Network, NETWORK),
    (Group::Tool, TOOL),
];

/// Families by their first letters.
const PREFIXES: &[(Group, &[&str])] = &[
    (
        Group::Shell,
        &["BASH_", "ZSH_", "zsh_", "ZLE_", "ZLS_", "fish_", "__fish", "FISH_", "dis_", "KSH_", "HIST"],
    ),
    (Group::Loader, &["LD_", "DYLD_", "_RLD", "MALLOC_", "NIX_LD", "GLIBC_"]),
    (
        Group::Interpreter,
        &[
            "LUA_",
            "R_PROFILE",
            "R_ENVIRON",
            "CORECLR_",
            "COR_",
            "npm_config_",
            "NPM_CONFIG_",
            "PERL5",
            "CARGO_TARGET_",
        ],
    ),
    (Group::Session, &["XDG_", "LC_", "SUDO_", "DBUS_"]),
    (Group::Command, &["GIT_CONFIG", "GIT_SSH", "GIT_TRACE", "SSH_ASKPASS", "LESS_TERMCAP"]),
    (
        Group::Tool,
        &[
            "VAST_",
            "VASTENV_",
            "VASTAI_",
            "__vastenv",
            "DIRENV_",
            "__MISE_",
            "MISE_",
            "STARSHIP_",
            "_ARGCOMPLETE",
            "ARGCOMPLETE",
            "COMP_",
        ],
    ),
];

/// Families by their last letters.
const SUFFIXES: &[(Group, &[&str])] =
    &[(Group::Shell, &["_functions"]), (Group::Network, &["_PROXY", "_proxy"])];

#[rustfmt::skip]
const SHELL: &[&str] = &[
    "ARGC", "BASH", "BASHOPTS", "BASHPID", "BAUD", "CDPATH", "CHILD_MAX", "CMD_DURATION", "COLUMNS",
    "COMPREPLY", "COPROC", "CPUTYPE", "DIRSTACK", "DIRSTACKSIZE", "EGID", "EMACS", "ENV", "EPOCHREALTIME",
    "EPOCHSECONDS", "ERRNO", "EUID", "EXECIGNORE", "FCEDIT", "FIGNORE", "FPATH", "FUNCNAME", "FUNCNEST",
    "GID", "GLOBIGNORE", "GROUPS", "HOST", "HOSTFILE", "HOSTNAME", "HOSTTYPE", "IFS", "IGNOREEOF",
    "INPUTRC", "INSIDE_EMACS", "KEYBOARD_HACK", "KEYTIMEOUT", "LINENO", "LINES", "LISTMAX", "LOGCHECK",
    "MACHTYPE", "MAIL", "MAILCHECK", "MAILPATH", "MANPATH", "MAPFILE", "MATCH", "MBEGIN", "MEND",
    "MODULE_PATH", "NULLCMD", "OPTARG", "OPTERR", "OPTIND", "OSTYPE", "PATH", "PIPESTATUS",
    "POSIXLY_CORRECT", "POSIX_PEDANTIC", "POSTEDIT", "PPID", "PROMPT", "PROMPT2", "PROMPT3", "PROMPT4",
    "PROMPT_COMMAND", "PROMPT_DIRTRIM", "PROMPT_EOL_MARK", "PS0", "PS1", "PS2", "PS3", "PS4", "RANDOM",
    "READLINE_LINE", "READLINE_MARK", "READLINE_POINT", "READNULLCMD", "REPLY", "REPORTMEMORY",
    "REPORTTIME", "RPROMPT", "RPROMPT2", "RPS1", "RPS2", "SAVEHIST", "SECONDS", "SHELLOPTS", "SHLVL",
    "SPROMPT", "SRANDOM", "STTY", "TIMEFMT", "TIMEFORMAT", "TMOUT", "TMPPREFIX", "TMPSUFFIX",
    "TRY_BLOCK_ERROR", "TRY_BLOCK_INTERRUPT", "TTY", "TTYIDLE", "UID", "VENDOR", "WATCH", "WATCHFMT",
    "WORDCHARS", "ZBEEP", "ZDOTDIR", "_", "aliases", "argv", "auto_resume", "bash_completion", "builtins",
    "cdpath", "commands", "compstate", "dirstack", "epochtime", "errnos", "fignore", "fpath",
    "funcfiletrace", "funcsourcetrace", "funcstack", "functions", "functions_source", "functrace",
    "galiases", "histchars", "history", "historywords", "hostname", "jobdirs", "jobstates", "jobtexts",
    "keymaps", "langinfo", "mailpath", "manpath", "match", "mbegin", "mend", "module_path", "modules",
    "nameddirs", "options", "parameters", "patchars", "path", "pipestatus", "prompt", "psvar", "reswords",
    "saliases", "signals", "status", "status_generation", "sysparams", "termcap", "terminfo", "umask",
    "userdirs", "usergroups", "version", "watch", "widgets", "zle_bracketed_paste", "zle_highlight",
];

#[rustfmt::skip]
const LOADER: &[&str] = &[
    "GCONV_PATH", "GETCONF_DIR", "HOSTALIASES", "LIBPATH", "LOCALDOMAIN", "LOCPATH", "NIS_PATH", "NLSPATH",
    "RESOLV_HOST_CONF", "RES_OPTIONS", "SHLIB_PATH", "TZDIR",
];

#[rustfmt::skip]
const INTERPRETER: &[&str] = &[
    "AWKLIBPATH", "AWKPATH", "BUNDLE_GEMFILE", "CARGO_HOME", "CC", "CLASSPATH", "COMPILER_PATH", "CPATH",
    "CXX", "DEVPATH", "DOTNET_STARTUP_HOOKS", "ELIXIR_ERL_OPTIONS", "EMACSLOADPATH", "ERL_AFLAGS",
    "ERL_FLAGS", "ERL_LIBS", "ERL_ZFLAGS", "EXINIT", "GCC_EXEC_PREFIX", "GEM_HOME", "GEM_PATH",
    "GNUMAKEFLAGS", "GOFLAGS", "GOPATH", "GOROOT", "GOTOOLCHAIN", "GRADLE_OPTS", "GUILE_LOAD_PATH",
    "GVIMINIT", "JAVA_HOME", "JAVA_OPTS", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "JULIA_DEPOT_PATH",
    "JULIA_LOAD_PATH", "JULIA_PROJECT", "LIBRARY_PATH", "LUA_INIT", "MAKEFILES", "MAKEFLAGS", "MAVEN_OPTS",
    "MYVIMRC", "NODE_EXTRA_CA_CERTS", "NODE_OPTIONS", "NODE_PATH", "NODE_REPL_EXTERNAL_MODULE",
    "OCAMLRUNPARAM", "PERLIO", "PERLLIB", "PHPRC", "PHP_INI_SCAN_DIR", "PYTHONBREAKPOINT", "PYTHONCASEOK",
    "PYTHONEXECUTABLE", "PYTHONHOME", "PYTHONINSPECT", "PYTHONPATH", "PYTHONPLATLIBDIR",
    "PYTHONPYCACHEPREFIX", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONWARNINGS", "RUBYLIB", "RUBYOPT",
    "RUBYPATH", "RUSTC", "RUSTC_WORKSPACE_WRAPPER", "RUSTC_WRAPPER", "RUSTDOCFLAGS", "RUSTFLAGS",
    "TCLLIBPATH", "VIM", "VIMINIT", "VIMRUNTIME", "_JAVA_OPTIONS",
];

#[rustfmt::skip]
const SESSION: &[&str] = &[
    "COLORTERM", "DISPLAY", "GNUPGHOME", "GPG_AGENT_INFO", "HOME", "HUSHLOGIN", "KRB5CCNAME", "LANG",
    "LANGUAGE", "LOGNAME", "OLDPWD", "PWD", "SHELL", "SSH_AGENT_PID", "SSH_AUTH_SOCK", "SSH_CLIENT",
    "SSH_CONNECTION", "SSH_TTY", "STY", "TEMP", "TERM", "TERMCAP", "TERMINFO", "TERMINFO_DIRS",
    "TERM_PROGRAM", "TMP", "TMPDIR", "TMUX", "TMUX_PANE", "USER", "USERNAME", "WAYLAND_DISPLAY",
    "XAUTHORITY",
];

#[rustfmt::skip]
const COMMAND: &[&str] = &[
    "BAT_PAGER", "BROWSER", "CVS_EDITOR", "CVS_RSH", "DELTA_PAGER", "EDITOR", "FZF_DEFAULT_COMMAND",
    "FZF_DEFAULT_OPTS", "FZF_DEFAULT_OPTS_FILE", "GH_BROWSER", "GH_EDITOR", "GH_PAGER",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_ASKPASS", "GIT_COMMON_DIR", "GIT_DIR", "GIT_EDITOR",
    "GIT_EXEC_PATH", "GIT_EXTERNAL_DIFF", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PAGER",
    "GIT_PROXY_COMMAND", "GIT_SEQUENCE_EDITOR", "GIT_TEMPLATE_DIR", "GIT_WORK_TREE", "GREP_OPTIONS",
    "HGEDITOR", "HGMERGE", "HGRCPATH", "KUBE_EDITOR", "LESS", "LESSCLOSE", "LESSKEY", "LESSKEYIN",
    "LESSKEY_CONTENT", "LESSOPEN", "MANOPT", "MANPAGER", "MANROFFSEQ", "OPENER", "PAGER", "PSQL_EDITOR",
    "PSQL_PAGER", "RIPGREP_CONFIG_PATH", "RSYNC_CONNECT_PROG", "RSYNC_RSH", "SVN_EDITOR", "SVN_SSH",
    "SYSTEMD_EDITOR", "SYSTEMD_PAGER", "TAR_OPTIONS", "VISUAL", "WGETRC", "XINITRC", "ZIPOPT",
];

#[rustfmt::skip]
const NETWORK: &[&str] = &[
    "ALL_PROXY", "AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "CURL_HOME", "FTP_PROXY", "GIT_SSL_CAINFO",
    "GIT_SSL_NO_VERIFY", "HTTPS_PROXY", "HTTP_PROXY", "NODE_TLS_REJECT_UNAUTHORIZED", "NO_PROXY",
    "OPENSSL_CONF", "OPENSSL_ENGINES", "OPENSSL_MODULES", "PYTHONHTTPSVERIFY", "REQUESTS_CA_BUNDLE",
    "SSLKEYLOGFILE", "SSL_CERT_DIR", "SSL_CERT_FILE", "all_proxy", "ftp_proxy", "http_proxy", "https_proxy",
    "no_proxy",
];

const TOOL: &[&str] = &["COMPLETE"];

#[cfg(test)]
mod tests {
    use super::*;

    fn group(text: &str) -> Option<Group> {
        refusal(&EnvName::parse(text).expect(text))
    }

    #[test]
    fn lists_are_sorted_for_binary_search() {
        for (group, names) in EXACT {
            let mut sorted = names.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(&sorted, names, "{group:?}");
            for name in *names {
                assert!(EnvName::parse(name).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn every_name_of_the_design_is_refused() {
        let refused = "PATH LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES BASH_ENV ENV PROMPT_COMMAND PS0 PS1 PS2 PS3 PS4 \
            IFS SHELLOPTS BASHOPTS ZDOTDIR fpath FPATH path cdpath UID EUID PPID status argv options fish_user_paths \
            fish_prompt HOME USER SHELL PWD TERM EDITOR VISUAL PAGER BROWSER GIT_SSH_COMMAND GIT_ASKPASS GIT_EDITOR \
            GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 SSH_ASKPASS SSH_ASKPASS_REQUIRE PYTHONSTARTUP PYTHONPATH NODE_OPTIONS \
            PERL5OPT RUBYOPT JAVA_TOOL_OPTIONS http_proxy HTTPS_PROXY no_proxy ALL_PROXY VAST_API_KEY VAST_URL \
            VASTENV_DISABLE __vastenv_ledger COMPLETE precmd_functions BASH_FUNC_x _ SECONDS RANDOM LINENO";
        for name in refused.split_whitespace() {
            assert!(group(name).is_some(), "{name} must be refused");
        }
    }

    #[test]
    fn what_accounts_hold_is_let_through() {
        for name in
            "HF_TOKEN WANDB_API_KEY OPENAI_API_KEY AWS_ACCESS_KEY_ID GITHUB_TOKEN GIT_TOKEN PYTHONUNBUFFERED \
            CUDA_VISIBLE_DEVICES NCCL_DEBUG TZ DATABASE_URL DOCKER_PASSWORD MY_PATH"
                .split_whitespace()
        {
            assert_eq!(group(name), None, "{name}");
        }
    }
}
