//! Lists of keys, of either kind.

use serde_json::Value;

/// The keys of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyListing<K> {
    pub keys: Vec<K>,
    /// What is wrong with rows that are no keys, each a sentence for the user.
    pub odd: Vec<String>,
    /// The answer as it came.
    pub raw: Value,
}

impl<K> KeyListing<K> {
    /// The rows of `raw` that `read` understands. Each other one costs only itself.
    pub(super) fn of<'a>(
        rows: impl Iterator<Item = &'a Value>,
        raw: &Value,
        what: &str,
        read: impl Fn(&Value) -> Option<K>,
    ) -> Self {
        let (mut keys, mut odd) = (Vec::new(), Vec::new());
        for (place, row) in (1..).zip(rows) {
            match read(row) {
                Some(key) => keys.push(key),
                None => odd.push(format!(
                    "row {place} of the server's list is not an {what} with a numeric id: skipped"
                )),
            }
        }
        Self { keys, odd, raw: raw.clone() }
    }
}
