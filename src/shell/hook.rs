//! The hook's text: the same for every user and every call of one binary, and without any value.

use sha2::{Digest, Sha256};

use super::Dialect;
use crate::domain::hex;

/// The exported variable that carries the ledger.
pub const LEDGER_VARIABLE: &str = "__vastenv_ledger";

/// What the scripts have in place of the binary's path.
const BINARY_PLACEHOLDER: &str = "@VASTENV_BINARY@";

/// What the scripts have in place of their own version.
const VERSION_PLACEHOLDER: &str = "@VASTENV_HOOK@";

impl dyn Dialect {
    /// The hook's functions, with the quoted path of the binary that they call.
    pub fn hook(&self, binary: &[u8]) -> Vec<u8> {
        let template = self.template().replace(VERSION_PLACEHOLDER, &self.hook_version());
        let (before, after) = template.split_once(BINARY_PLACEHOLDER).unwrap_or((&template, ""));
        self.wrap([before.as_bytes(), &self.quote(binary), after.as_bytes()].concat())
    }

    /// Tells one version of the hook from another: 8 hex digits of its text's hash.
    pub fn hook_version(&self) -> String {
        hex(&Sha256::digest(self.template())[..4])
    }

    /// What the hook of another version reads: the hook of this one, which then asks anew.
    pub fn replace_hook(&self, binary: &[u8]) -> Vec<u8> {
        self.replacement(&self.hook(binary))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::ALL;

    #[test]
    fn every_script_names_the_binary_once_quoted() {
        for shell in ALL {
            let text = String::from_utf8(shell.hook(b"/opt/it's here/vastenv")).expect("text");
            let name = shell.name();
            assert!(!text.contains(BINARY_PLACEHOLDER) && !text.contains(VERSION_PLACEHOLDER), "{name}");
            assert_eq!(text.matches(&format!("--hook={} ", shell.hook_version())).count(), 1, "{name}");
            assert_eq!(text.matches("s here/vastenv").count(), 1, "{name}");
        }
    }
}
