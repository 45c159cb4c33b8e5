//! The keys of a project file, for its reader, its sample and the documentation.

/// A key of a project file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub name: &'static str,
    /// What its value is.
    pub takes: &'static str,
    pub example: &'static str,
    pub about: &'static str,
    /// Whether it counts only after `vastenv allow`.
    pub waits: bool,
}

/// All keys: first those that take away.
pub const KEYS: [Key; 9] = [
    Key {
        name: "only",
        takes: "a list of names",
        example: r#"only = ["HF_TOKEN", "WANDB_*"]"#,
        about: "Take only these variables of the account",
        waits: false,
    },
    Key {
        name: "except",
        takes: "a list of names",
        example: r#"except = ["AWS_*"]"#,
        about: "Leave these variables out",
        waits: false,
    },
    Key {
        name: "require",
        takes: "a list of names",
        example: r#"require = ["HF_TOKEN"]"#,
        about: "Start no program unless these have a value",
        waits: false,
    },
    Key {
        name: "keep",
        takes: "a list of names",
        example: r#"keep = ["CUDA_HOME"]"#,
        about: "Leave the shell's own values of these names alone",
        waits: false,
    },
    Key {
        name: "load",
        takes: r#""shell" or "run""#,
        example: r#"load = "run""#,
        about: "With \"run\", load nothing into shells, only into `run` and `export`",
        waits: false,
    },
    Key {
        name: "profile",
        takes: "a text",
        example: r#"profile = "work""#,
        about: "Use the account of this profile in config.toml",
        waits: true,
    },
    Key {
        name: "rename",
        takes: "a table of names",
        example: r#"rename = { HUGGING_FACE_HUB_TOKEN = "HF_TOKEN" }"#,
        about: "Give variables other names (new = old)",
        waits: true,
    },
    Key {
        name: "prefix",
        takes: "a text",
        example: r#"prefix = "TRAIN_""#,
        about: "Put this before every name",
        waits: true,
    },
    Key {
        name: "set",
        takes: "a table of texts",
        example: "[set]\nDATABASE_URL = \"postgres://app:${PGPASSWORD}@localhost/app\"",
        about: "Set variables; ${NAME} is a value of the account, $$ is $",
        waits: true,
    },
];
