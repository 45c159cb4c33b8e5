//! The hook's text: the same for every user and every call of one binary, and without any value.

use sha2::{Digest, Sha256};

use super::Shell;
use crate::domain::hex;

/// The exported variable that carries the ledger.
pub const LEDGER_VARIABLE: &str = "__vastenv_ledger";

/// What the scripts have in place of the binary's path.
const BINARY_PLACEHOLDER: &str = "@VASTENV_BINARY@";

/// What the scripts have in place of their own version.
const VERSION_PLACEHOLDER: &str = "@VASTENV_HOOK@";

/// The functions of `shell`, with the quoted path of the binary that they call.
pub fn hook_text(shell: Shell, binary: &[u8]) -> Vec<u8> {
    let dialect = shell.dialect();
    let template = dialect.template().replace(VERSION_PLACEHOLDER, &hook_version(shell));
    let (before, after) = template.split_once(BINARY_PLACEHOLDER).unwrap_or((&template, ""));
    dialect.wrap([before.as_bytes(), &dialect.quote(binary), after.as_bytes()].concat())
}

/// Tells one version of a shell's hook from another: 8 hex digits of its text's hash.
pub fn hook_version(shell: Shell) -> String {
    hex(&Sha256::digest(shell.dialect().template())[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_names_the_binary_once_quoted() {
        for shell in Shell::ALL {
            let text = String::from_utf8(hook_text(shell, b"/opt/it's here/vastenv")).expect("text");
            assert!(!text.contains(BINARY_PLACEHOLDER) && !text.contains(VERSION_PLACEHOLDER), "{shell:?}");
            assert_eq!(text.matches(&format!("--hook={} ", hook_version(shell))).count(), 1, "{shell:?}");
            assert_eq!(text.matches("s here/vastenv").count(), 1, "{shell:?}");
        }
    }
}
