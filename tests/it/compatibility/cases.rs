//! Every command that both have, and every error that is documented, with what differs on purpose.

use super::sides::{ED25519, OTHER, READER, WRONG};

/// Why the exit code differs: the official client ends with 0 also where the server refused.
/// Named once here for all cases with a code.
const REFUSED: i32 = 1;
const FORBIDDEN: i32 = 4;
const USAGE: i32 = 2;

/// Why `--raw` prints something else.
const JSON_NOT_PROSE: &str = "with --raw, all that is printed is JSON";
const JSON_NOT_PYTHON: &str = "with --raw, all that is printed is JSON, not a Python dict";

/// The same words to both, and what is to come of them.
pub struct Case {
    pub arguments: &'static [&'static str],
    /// What vastenv is told beside.
    pub more: &'static [&'static str],
    pub input: &'static str,
    pub their_code: i32,
    /// vastenv's exit code.
    pub code: i32,
    /// What vastenv asks first, and why.
    pub first: &'static [&'static str],
    /// Why the requests differ.
    pub requests: Option<&'static str>,
    /// Why the account differs afterwards.
    pub state: Option<&'static str>,
    /// Why `--raw` prints something else.
    pub output: Option<&'static str>,
    /// Why the key files differ afterwards.
    pub files: Option<&'static str>,
}

const fn same(arguments: &'static [&'static str]) -> Case {
    Case {
        arguments,
        more: &[],
        input: "",
        their_code: 0,
        code: 0,
        first: &[],
        requests: None,
        state: None,
        output: None,
        files: None,
    }
}

impl Case {
    const fn prints(self, why: &'static str) -> Self {
        Self { output: Some(why), ..self }
    }

    const fn fails(self, code: i32) -> Self {
        Self { code, ..self }
    }

    /// `_why` is for the reader.
    const fn asks_first(self, first: &'static [&'static str], _why: &'static str) -> Self {
        Self { first, ..self }
    }

    /// `_why` is for the reader.
    const fn says_yes(self, _why: &'static str) -> Self {
        Self { more: &["-y"], ..self }
    }

    const fn sends(self, why: &'static str) -> Self {
        Self { requests: Some(why), ..self }
    }

    const fn leaves(self, why: &'static str) -> Self {
        Self { state: Some(why), ..self }
    }
}

const LISTS: &str = "to say what is there already, and what brings a deleted key back";
const EMPTY: &str = "an empty value is refused before it is sent";
const IN_USE: &str = "to ask before the key in use is deleted";

pub fn cases() -> Vec<Case> {
    [env_vars(), dashes(), api_keys(), ssh_keys(), refusals()].into_iter().flatten().collect()
}

fn env_vars() -> Vec<Case> {
    vec![
        same(&["show", "env-vars", "--raw"]),
        same(&["show", "env-vars", "-s", "--raw"]),
        same(&["--raw", "show", "env-vars", "--show-values"]),
        same(&["show", "env-vars"]),
        same(&["create", "env-var", "new", "it's $(x) \u{e9}", "--raw"]).prints(JSON_NOT_PROSE),
        same(&["create", "env-var", "taken", "y", "--raw"]).fails(REFUSED),
        same(&["create", "env-var", "NEW", "", "--raw"]).fails(USAGE).sends(EMPTY),
        same(&["update", "env-var", "TAKEN", "new", "--raw"]).prints(JSON_NOT_PROSE),
        same(&["update", "env-var", "GONE", "new", "--raw"]).fails(REFUSED),
        same(&["update", "env-var", "TAKEN", "", "--raw"]).fails(USAGE).sends(EMPTY),
        same(&["delete", "env-var", "TAKEN", "--raw"]).prints(JSON_NOT_PROSE),
        same(&["delete", "env-var", "GONE", "--raw"]).fails(REFUSED),
    ]
}

/// Values that begin with a dash, and what only looks like one.
fn dashes() -> Vec<Case> {
    vec![
        same(&["create", "env-var", "NEW", "--max-model-len 4096"]),
        same(&["create", "env-var", "NEW", "-e A=b -p 80:80"]),
        same(&["create", "env-var", "NEW", "-"]),
        same(&["create", "env-var", "NEW", "-1"]),
        same(&["create", "env-var", "NEW", "-1.5"]),
        same(&["update", "env-var", "TAKEN", "-.5"]),
        same(&["update", "env-var", "TAKEN", "-q and -y -s"]),
        same(&["create", "api-key", "--name", "-1", "--permission", "rights.json"]),
        same(&["create", "api-key", "--name", "-a b", "--perm", "rights.json", "--key_params", "-c d"]),
        Case { their_code: USAGE, ..same(&["create", "env-var", "NEW", "-x"]).fails(USAGE) },
        Case { their_code: USAGE, ..same(&["create", "env-var", "NEW", "-1."]).fails(USAGE) },
        Case { their_code: USAGE, ..same(&["create", "env-var", "NEW", "-1e5"]).fails(USAGE) },
        Case { their_code: USAGE, ..same(&["create", "env-var", "NEW", "--model=x"]).fails(USAGE) },
        Case { their_code: USAGE, ..same(&["create", "env-var", "NEW", "--retry=a b"]).fails(USAGE) },
    ]
}

fn api_keys() -> Vec<Case> {
    vec![
        same(&["show", "api-keys", "--raw"]),
        same(&["show", "api-keys", "--full", "--retry", "2", "--no-color", "--raw"]),
        same(&["show", "api-key", "2", "--raw"]).prints(JSON_NOT_PYTHON),
        same(&["show", "api-key", "99", "--raw"]).fails(REFUSED),
        same(&["create", "api-key", "--name", "ci \u{e9}", "--permission_file", "rights.json", "--raw"])
            .prints(JSON_NOT_PYTHON),
        same(&["create", "api-key", "--permission_file", "rights.json"]),
        same(&[
            "create",
            "api-key",
            "--name",
            "x",
            "--permission_file",
            "rights.json",
            "--key_params",
            "a=b",
        ]),
        // Asked about here, and -y answers.
        Case {
            more: &["-y"],
            ..same(&["create", "api-key", "--name", "x", "--permission_file", "bad-rights.json", "--raw"])
                .fails(REFUSED)
        },
        same(&["create", "api-key", "--name", "x", "--permission_file", "no-rights.json", "--raw"])
            .fails(REFUSED),
        // A usage error here, with the place of the fault; a bare parser's message there.
        same(&["create", "api-key", "--name", "x", "--permission_file", "broken.json", "--raw"]).fails(USAGE),
        // Said on stdout there, on stderr here.
        Case {
            code: REFUSED,
            ..same(&["create", "api-key", "--name", "x", "--permission_file", "gone.json"])
        },
        same(&["delete", "api-key", "2", "--raw"]).says_yes(IN_USE),
        same(&["delete", "api-key", "99", "--raw"]).says_yes(IN_USE).fails(REFUSED),
        same(&["delete", "api-key", "3", "--raw"]).says_yes(IN_USE).fails(FORBIDDEN),
        Case {
            more: &["-y"],
            files: Some("the new key is saved: the old one is dead"),
            ..same(&["reset", "api-key", "--raw"]).prints(JSON_NOT_PROSE)
        },
        same(&["reset", "api-key"])
            .fails(USAGE)
            .sends("it asks first, and -y answers")
            .leaves("nobody answered"),
    ]
}

fn ssh_keys() -> Vec<Case> {
    vec![
        same(&["show", "ssh-keys", "--raw"]),
        same(&["create", "ssh-key", OTHER, "--raw"])
            .asks_first(&["GET /ssh/"], LISTS)
            .prints(JSON_NOT_PYTHON),
        same(&["create", "ssh-key", OTHER, "-y"]).asks_first(&["GET /ssh/"], LISTS),
        Case { more: &["--force"], ..same(&["create", "ssh-key", OTHER]) },
        same(&["create", "ssh-key", "other.pub", "--raw"])
            .sends("the key in the file is sent, and not the file's name")
            .leaves("the key was added")
            .prints("the answer, not what is under way"),
        same(&["create", "ssh-key", ED25519, "--raw"])
            .sends("a key that is there already is not sent twice")
            .prints("the key that is there"),
        Case {
            more: &["--force"],
            ..same(&["create", "ssh-key", ED25519, "--raw"])
                .fails(REFUSED)
                .prints("nothing but the error, on stderr")
        },
        same(&["create", "ssh-key", "id_private"])
            .fails(USAGE)
            .sends("a private key's file is refused here, and its name sent there"),
        same(&["create", "ssh-key", "hello"])
            .fails(USAGE)
            .sends("what is no key is refused before it is sent"),
        same(&["update", "ssh-key", "10", OTHER, "--raw"]).prints(JSON_NOT_PYTHON),
        same(&["update", "ssh-key", "10", "other.pub", "--raw"])
            .sends("the key's line without the line break at its end")
            .prints(JSON_NOT_PYTHON),
        same(&["update", "ssh-key", "99", OTHER, "--raw"]).fails(REFUSED),
        same(&["update", "ssh-key", "10", "id_private"]).fails(USAGE),
        same(&["update", "ssh-key", "10", "hello"]).fails(USAGE),
        same(&["delete", "ssh-key", "10", "--raw"]).prints(JSON_NOT_PYTHON),
        same(&["delete", "ssh-key", "10"]).asks_first(&["GET /ssh/"], LISTS),
        same(&["delete", "ssh-key", "99", "--raw"]).fails(REFUSED),
    ]
}

/// A key that opens nothing, and one that may only read.
fn refusals() -> Vec<Case> {
    vec![
        same(&["show", "ssh-keys", "--raw", "--api-key", WRONG]).fails(FORBIDDEN),
        same(&["show", "api-keys", "--raw", "--api-key", WRONG]).fails(FORBIDDEN),
        same(&["show", "env-vars", "--raw", "--api-key", WRONG])
            .fails(FORBIDDEN)
            .sends("whose the key is, is asked before what it holds"),
        same(&["create", "env-var", "A", "b", "--raw", "--api-key", WRONG])
            .fails(FORBIDDEN)
            .sends("whose the key is, is asked before a value is sent that is kept"),
        same(&["show", "ssh-keys", "--raw", "--api-key", READER]),
        same(&["show", "api-keys", "--raw", "--api-key", READER]),
        same(&["create", "env-var", "A", "b", "--raw", "--api-key", READER]).fails(FORBIDDEN),
        same(&["update", "env-var", "TAKEN", "b", "--raw", "--api-key", READER]).fails(FORBIDDEN),
        same(&["delete", "env-var", "TAKEN", "--raw", "--api-key", READER]).fails(FORBIDDEN),
        same(&["update", "ssh-key", "10", OTHER, "--raw", "--api-key", READER]).fails(FORBIDDEN),
        same(&["delete", "ssh-key", "10", "--raw", "--api-key", READER]).fails(FORBIDDEN),
        same(&["delete", "api-key", "2", "--raw", "--api-key", READER]).says_yes(IN_USE).fails(FORBIDDEN),
        Case { more: &["-y"], ..same(&["reset", "api-key", "--raw", "--api-key", READER]).fails(FORBIDDEN) },
        Case { their_code: USAGE, ..same(&["show", "everything"]).fails(USAGE) },
        Case { their_code: USAGE, ..same(&["delete", "ssh-key", "ten"]).fails(USAGE) },
    ]
}
