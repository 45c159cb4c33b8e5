//! Lists of what has a number: keys of either kind, instances.

use serde_json::Value;

/// What a list holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listing<T> {
    pub items: Vec<T>,
    /// What is wrong with rows that could not be read, each a sentence for the user.
    pub odd: Vec<String>,
    /// The answer as it came.
    pub raw: Value,
}

impl<T> Listing<T> {
    /// The rows that `read` understands, out of `raw`. Each other one costs only itself.
    pub(super) fn of<'a>(
        rows: impl Iterator<Item = &'a Value>,
        raw: &Value,
        what: &str,
        read: impl Fn(&Value) -> Option<T>,
    ) -> Self {
        let (mut items, mut odd) = (Vec::new(), Vec::new());
        for (place, row) in (1..).zip(rows) {
            match read(row) {
                Some(item) => items.push(item),
                None => odd.push(format!(
                    "row {place} of the server's list is not an {what} with a numeric id: skipped"
                )),
            }
        }
        Self { items, odd, raw: raw.clone() }
    }
}
