//! Which variables, and under which names. Used on whatever has names: an account's variables, a file's.

mod project;

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{EnvName, Failure, Kind, Result, printable, printable_capped};

/// A name, or a glob of names (`*`, `?`): as typed or, if nothing is called so, in capitals, as the
/// service saves names.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern(String);

/// Names and globs of names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Patterns(Vec<Pattern>);

impl Patterns {
    pub fn new(words: impl IntoIterator<Item = String>) -> Self {
        Self(words.into_iter().map(Pattern).collect())
    }

    /// Whether `name` is one of them, or fits one.
    pub fn matches(&self, name: &str) -> bool {
        let fits_in_capitals = |Pattern(glob): &Pattern| {
            glob.contains(|letter: char| letter.is_ascii_lowercase())
                && matches(&glob.to_ascii_uppercase(), name)
        };
        self.0.iter().any(|pattern| matches(&pattern.0, name) || fits_in_capitals(pattern))
    }

    /// The patterns as they were given.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(|pattern| pattern.0.clone()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and `others`.
    #[must_use]
    pub fn with(&self, others: &Self) -> Self {
        Self(self.0.iter().chain(&others.0).cloned().collect())
    }
}

/// A word of a file as it can be that of a variable, with `*` and `?` for what is left open.
///
/// # Errors
/// Why it cannot.
pub fn pattern(word: &str) -> std::result::Result<String, String> {
    let is_known = |letter: char| letter.is_alphanumeric() || "_-.*?".contains(letter);
    if (1..=255).contains(&word.len()) && word.chars().all(is_known) {
        return Ok(word.to_owned());
    }
    let shown = printable_capped(word, 80);
    Err(format!(
        "\"{shown}\" is not a name or a glob: it takes letters, digits, _ and -, and * or ? for others"
    ))
}

/// Who gives filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'o> {
    /// A command line, typed for what is there now: a name in vain is an error.
    Flags,
    /// A project file, written once for every account: a name in vain is a note.
    Project(&'o str),
}

impl Origin<'_> {
    fn note(self, text: String) -> String {
        match self {
            Self::Flags => text,
            Self::Project(file) => format!("{file}: {text}"),
        }
    }

    /// A failure of renaming, of this kind if it was typed.
    fn renaming(self, kind: Kind, text: &str) -> Failure {
        match self {
            Self::Flags => Failure::new(kind, format!("--rename: {text}")),
            Self::Project(file) => Failure::failed(format!("{file}: rename: {text}"))
                .hint("leave one out there: except = [...] (or leave the project out: --no-project)"),
        }
    }
}

/// What narrows and renames a set of variables, in this order: only, except, rename, prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filters {
    only: Vec<Pattern>,
    except: Vec<Pattern>,
    /// New and old name.
    rename: Vec<(EnvName, Pattern)>,
    prefix: String,
    require: Vec<Pattern>,
    /// Whether a name may be there no more.
    is_lenient: bool,
}

/// What is left, under its final names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtered<V> {
    pub variables: BTreeMap<String, V>,
    /// The former names of those that have another now.
    pub former: BTreeMap<String, String>,
    /// What the user should hear.
    pub notes: Vec<String>,
}

/// The final names that must have a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Required {
    pub names: BTreeSet<String>,
    /// Names that no variable has.
    pub unmatched: Vec<String>,
    /// What the user should hear.
    pub notes: Vec<String>,
}

impl Filters {
    /// Reads lists of names and globs, each word of which may be a list with commas; `rename` is of
    /// `NEW=OLD`.
    pub fn parse(
        only: &[String],
        except: &[String],
        rename: &[String],
        prefix: Option<&str>,
        require: &[String],
    ) -> Result<Self> {
        let prefix = prefix.unwrap_or_default();
        if !prefix.is_empty() {
            checked("--prefix", prefix)?;
        }
        let renames = words("--rename", rename)?.into_iter().map(|word| {
            let (new, old) = word.split_once('=').unwrap_or_default();
            let old = Pattern(old.to_owned());
            if old.0.is_empty() || old.is_glob() {
                return Err(Failure::usage("--rename takes NEW=OLD, each one name"));
            }
            Ok((checked("--rename", new)?, old))
        });
        Ok(Self {
            only: patterns("--only", only)?,
            except: patterns("--except", except)?,
            rename: renames.collect::<Result<_>>()?,
            prefix: prefix.to_owned(),
            require: patterns("--require", require)?,
            is_lenient: false,
        })
    }

    /// The same some time after they were typed: a name that is there no more matches nothing.
    #[must_use]
    pub fn leniently(self) -> Self {
        Self { is_lenient: true, ..self }
    }

    /// Narrows and renames `variables`.
    ///
    /// # Errors
    /// Two variables end up with the same name, one gets two, or a flag's name matches nothing.
    pub fn apply<V>(&self, mut variables: BTreeMap<String, V>, origin: Origin<'_>) -> Result<Filtered<V>> {
        let mut notes = Vec::new();
        let names: BTreeSet<&str> = variables.keys().map(String::as_str).collect();
        let kept = self.matching(&self.only, &names, origin, &mut notes)?;
        let dropped = self.matching(&self.except, &names, origin, &mut notes)?;
        let mut new_names = self.new_names(&names, origin, &mut notes)?;
        variables.retain(|name, _| (self.only.is_empty() || kept.contains(name)) && !dropped.contains(name));
        if let Some(old) = new_names.keys().find(|old| !variables.contains_key(*old)) {
            let old = printable(old);
            match origin {
                Origin::Flags => {
                    return Err(
                        origin.renaming(Kind::Failed, &format!("{old} is left out by --only or --except"))
                    );
                }
                Origin::Project(_) => {
                    notes.push(origin.note(format!("rename: {old} is left out by only or except")));
                }
            }
            new_names.retain(|old, _| variables.contains_key(old));
        }
        let mut filtered = Filtered { variables: BTreeMap::new(), former: BTreeMap::new(), notes };
        for (old, value) in variables {
            let name = new_names.get(&old).map_or(old.as_str(), |new| new.as_str());
            let name = format!("{}{name}", self.prefix);
            if filtered.variables.contains_key(&name) {
                let other = filtered.former.get(&name).unwrap_or(&name);
                let both = [other, &old].map(|name| printable(name)).join(" and ");
                return Err(origin
                    .renaming(Kind::Failed, &format!("{both} would both be called {}", printable(&name))));
            }
            if name != old {
                filtered.former.insert(name.clone(), old);
            }
            filtered.variables.insert(name, value);
        }
        Ok(filtered)
    }

    /// Whether something must have a value.
    pub fn requires(&self) -> bool {
        !self.require.is_empty()
    }

    /// Whether variables are left out or renamed.
    pub fn is_selective(&self) -> bool {
        let Self { only, except, rename, prefix, require: _, is_lenient: _ } = self;
        !(only.is_empty() && except.is_empty() && rename.is_empty() && prefix.is_empty())
    }

    /// Whether the final name `name` was asked for as such, not by a glob.
    pub fn names(&self, name: &str) -> bool {
        let Some(name) = name.strip_prefix(&self.prefix) else { return false };
        let is_name =
            |pattern: &Pattern| !pattern.is_glob() && !pattern.matching(&BTreeSet::from([name])).is_empty();
        self.only.iter().any(is_name) || self.rename.iter().any(|(new, _)| new.as_str() == name)
    }

    /// The new name of each old one.
    fn new_names(
        &self,
        names: &BTreeSet<&str>,
        origin: Origin<'_>,
        notes: &mut Vec<String>,
    ) -> Result<BTreeMap<String, &EnvName>> {
        let mut new_names = BTreeMap::new();
        for (new, old) in &self.rename {
            let matched = self.matching(std::slice::from_ref(old), names, origin, notes)?;
            for old in matched {
                if new_names.insert(old.clone(), new).is_some() {
                    return Err(origin.renaming(Kind::Usage, &format!("{} is given twice", printable(&old))));
                }
            }
        }
        Ok(new_names)
    }

    /// The names that some pattern matches; a glob that matches none is a note.
    fn matching(
        &self,
        patterns: &[Pattern],
        names: &BTreeSet<&str>,
        origin: Origin<'_>,
        notes: &mut Vec<String>,
    ) -> Result<BTreeSet<String>> {
        let is_strict = origin == Origin::Flags && !self.is_lenient;
        let mut matched = BTreeSet::new();
        let mut strangers = Vec::new();
        for pattern in patterns {
            let found = pattern.matching(names);
            if found.is_empty() && is_strict && !pattern.is_glob() {
                strangers.push(pattern);
            } else if found.is_empty() {
                notes.push(origin.note(unmatched([pattern])));
            }
            matched.extend(found.into_iter().map(str::to_owned));
        }
        if strangers.is_empty() { Ok(matched) } else { Err(Failure::failed(unmatched(strangers))) }
    }

    /// Which of the final `names` must have a value; `None` if nothing is required. `former` has the old names of
    /// some that may be required by these, too.
    pub fn required<'n>(
        &self,
        names: impl IntoIterator<Item = &'n str>,
        former: &BTreeMap<String, String>,
    ) -> Option<Required> {
        if self.require.is_empty() {
            return None;
        }
        let names: BTreeSet<&str> = names.into_iter().collect();
        let called: BTreeMap<&str, &str> =
            former.iter().map(|(new, old)| (old.as_str(), new.as_str())).collect();
        let old: BTreeSet<&str> = called.keys().copied().collect();
        let mut required = Required::default();
        for pattern in &self.require {
            let mut matched = pattern.matching(&names);
            matched.extend(pattern.matching(&old).into_iter().map(|old| called[old]));
            if matched.is_empty() && pattern.is_glob() {
                required.notes.push(unmatched([pattern]));
            } else if matched.is_empty() {
                required.unmatched.push(pattern.0.clone());
            }
            required.names.extend(matched.into_iter().map(str::to_owned));
        }
        Some(required)
    }
}

impl Pattern {
    fn is_glob(&self) -> bool {
        self.0.contains(['*', '?'])
    }

    fn matching<'n>(&self, names: &BTreeSet<&'n str>) -> Vec<&'n str> {
        let matching = |pattern: &str| -> Vec<&'n str> {
            if self.is_glob() {
                names.iter().copied().filter(|name| matches(pattern, name)).collect()
            } else {
                // A file may have thousands of them, an account as many.
                names.get(pattern).copied().into_iter().collect()
            }
        };
        let as_typed = matching(&self.0);
        if as_typed.is_empty() { matching(&self.0.to_ascii_uppercase()) } else { as_typed }
    }
}

fn unmatched<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> String {
    let shown: Vec<String> = patterns.into_iter().map(|pattern| printable(&pattern.0)).collect();
    format!("no variable matches {}", shown.join(", "))
}

fn patterns(option: &str, given: &[String]) -> Result<Vec<Pattern>> {
    Ok(words(option, given)?.into_iter().map(|word| Pattern(word.to_owned())).collect())
}

/// The words of lists with commas.
fn words<'w>(option: &str, given: &'w [String]) -> Result<Vec<&'w str>> {
    let words: Vec<&str> = given.iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    if words.contains(&"") {
        return Err(Failure::usage(format!("{option}: a name is empty")));
    }
    Ok(words)
}

fn checked(option: &str, name: &str) -> Result<EnvName> {
    EnvName::parse(name)
        .map_err(|error| Failure::usage(format!("{option}: not a valid variable name: {error}")))
}

/// Whether the whole of `name` fits `glob`.
fn matches(glob: &str, name: &str) -> bool {
    if glob.is_ascii() && name.is_ascii() {
        return fits(glob.as_bytes(), name.as_bytes(), b'*', b'?');
    }
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    fits(&glob, &name, '*', '?')
}

/// The same of letters; `any` stands for all that may come, and `one` for one letter.
fn fits<T: PartialEq + Copy>(glob: &[T], name: &[T], any: T, one: T) -> bool {
    let (mut at, mut read) = (0, 0);
    // The last star, and where what it stands for ends.
    let mut star = None;
    while read < name.len() {
        match glob.get(at) {
            Some(letter) if *letter == any => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == one || *letter == name[read] => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star_at, end)) = star else { return false };
                star = Some((star_at, end + 1));
                at = star_at + 1;
                read = end + 1;
            }
        }
    }
    glob[at..].iter().all(|letter| *letter == any)
}

#[cfg(test)]
mod tests;
