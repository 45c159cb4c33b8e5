//! The filters of a project file.

use super::{Filters, Pattern};
use crate::domain::EnvName;

impl Filters {
    /// Those that a project file names, whose words are checked; `rename` is of new and old names.
    pub fn of_project(
        only: Vec<String>,
        except: Vec<String>,
        rename: Vec<(EnvName, String)>,
        prefix: String,
        require: Vec<String>,
    ) -> Self {
        let patterns = |words: Vec<String>| words.into_iter().map(Pattern).collect();
        Self {
            only: patterns(only),
            except: patterns(except),
            rename: rename.into_iter().map(|(new, old)| (new, Pattern(old))).collect(),
            prefix,
            require: patterns(require),
            is_lenient: false,
        }
    }

    /// The same without new names.
    #[must_use]
    pub fn without_renames(&self) -> Self {
        Self { rename: Vec::new(), prefix: String::new(), ..self.clone() }
    }

    /// New and old names.
    pub fn renames(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rename.iter().map(|(new, old)| (new.as_str(), old.0.as_str()))
    }

    /// What stands before every name.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}
