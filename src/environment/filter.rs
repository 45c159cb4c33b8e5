//! Which variables, and under which names. Used on whatever has names: an account's variables, a file's.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{EnvName, Failure, Result, printable};

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
        self.0.iter().any(|pattern| !pattern.matching(&[name]).is_empty())
    }

    /// The patterns as they were given.
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(|pattern| pattern.0.clone()).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
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
        })
    }

    /// Narrows and renames `variables`.
    ///
    /// # Errors
    /// A name matches nothing, or two variables end up with the same name.
    pub fn apply<V>(&self, mut variables: BTreeMap<String, V>) -> Result<Filtered<V>> {
        let mut notes = Vec::new();
        let kept = matching(&self.only, &variables, &mut notes)?;
        let dropped = matching(&self.except, &variables, &mut notes)?;
        let new_names = self.new_names(&variables)?;
        variables.retain(|name, _| (self.only.is_empty() || kept.contains(name)) && !dropped.contains(name));
        if let Some(old) = new_names.keys().find(|old| !variables.contains_key(*old)) {
            let old = printable(old);
            return Err(Failure::failed(format!("--rename: {old} is left out by --only or --except")));
        }
        let mut filtered = Filtered { variables: BTreeMap::new(), former: BTreeMap::new(), notes };
        for (old, value) in variables {
            let name = new_names.get(&old).map_or(old.as_str(), |new| new.as_str());
            let name = format!("{}{name}", self.prefix);
            if filtered.variables.contains_key(&name) {
                let other = filtered.former.get(&name).unwrap_or(&name);
                let both = [other, &old].map(|name| printable(name)).join(" and ");
                return Err(Failure::failed(format!("{both} would both be called {}", printable(&name))));
            }
            if name != old {
                filtered.former.insert(name.clone(), old);
            }
            filtered.variables.insert(name, value);
        }
        Ok(filtered)
    }

    /// Whether variables are left out or renamed.
    pub fn is_selective(&self) -> bool {
        let Self { only, except, rename, prefix, require: _ } = self;
        !(only.is_empty() && except.is_empty() && rename.is_empty() && prefix.is_empty())
    }

    /// Whether the final name `name` was asked for as such, not by a glob.
    pub fn names(&self, name: &str) -> bool {
        let Some(name) = name.strip_prefix(&self.prefix) else { return false };
        let is_name = |pattern: &Pattern| !pattern.is_glob() && !pattern.matching(&[name]).is_empty();
        self.only.iter().any(is_name) || self.rename.iter().any(|(new, _)| new.as_str() == name)
    }

    /// The new name of each old one.
    fn new_names<V>(&self, variables: &BTreeMap<String, V>) -> Result<BTreeMap<String, &EnvName>> {
        let mut new_names = BTreeMap::new();
        for (new, old) in &self.rename {
            let matched = matching(std::slice::from_ref(old), variables, &mut Vec::new())?;
            for old in matched {
                if new_names.insert(old.clone(), new).is_some() {
                    return Err(Failure::usage(format!("--rename: {} is given twice", printable(&old))));
                }
            }
        }
        Ok(new_names)
    }

    /// Which of the final `names` must have a value; `None` if nothing is required.
    pub fn required<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Option<Required> {
        if self.require.is_empty() {
            return None;
        }
        let names: Vec<&str> = names.into_iter().collect();
        let mut required = Required::default();
        for pattern in &self.require {
            let matched = pattern.matching(&names);
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

    fn matching<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        let matching = |pattern: &str| -> Vec<&'n str> {
            names.iter().copied().filter(|name| matches(pattern, name)).collect()
        };
        let as_typed = matching(&self.0);
        if as_typed.is_empty() { matching(&self.0.to_ascii_uppercase()) } else { as_typed }
    }
}

/// The names that some pattern matches; a glob that matches none is a note.
fn matching<V>(
    patterns: &[Pattern],
    variables: &BTreeMap<String, V>,
    notes: &mut Vec<String>,
) -> Result<BTreeSet<String>> {
    let names: Vec<&str> = variables.keys().map(String::as_str).collect();
    let mut matched = BTreeSet::new();
    let mut strangers = Vec::new();
    for pattern in patterns {
        let found = pattern.matching(&names);
        if found.is_empty() && pattern.is_glob() {
            notes.push(unmatched([pattern]));
        } else if found.is_empty() {
            strangers.push(pattern);
        }
        matched.extend(found.into_iter().map(str::to_owned));
    }
    if strangers.is_empty() { Ok(matched) } else { Err(Failure::failed(unmatched(strangers))) }
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
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut at, mut read) = (0, 0);
    // The last star, and where what it stands for ends.
    let mut star = None;
    while read < name.len() {
        match glob.get(at) {
            Some('*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(letter) if *letter == '?' || *letter == name[read] => {
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
    glob[at..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Filters as typed: `--only A,B --rename N=O`.
    fn filters(line: &str) -> Result<Filters> {
        let words: Vec<&str> = line.split_whitespace().collect();
        let given = |option: &str| -> Vec<String> {
            words.chunks(2).filter(|pair| pair[0] == option).map(|pair| pair[1].to_owned()).collect()
        };
        let prefix = given("--prefix");
        Filters::parse(
            &given("--only"),
            &given("--except"),
            &given("--rename"),
            prefix.first().map(String::as_str),
            &given("--require"),
        )
    }

    fn apply(line: &str, names: &[&str]) -> Result<Filtered<String>> {
        let variables = names.iter().map(|name| ((*name).to_owned(), format!("of {name}"))).collect();
        filters(line).expect(line).apply(variables)
    }

    #[track_caller]
    fn left(line: &str, names: &[&str]) -> Vec<String> {
        apply(line, names).expect(line).variables.into_keys().collect()
    }

    #[track_caller]
    fn refused(line: &str, names: &[&str]) -> String {
        apply(line, names).expect_err(line).message().to_owned()
    }

    const NAMES: [&str; 5] = ["AWS_KEY", "AWS_SECRET", "HF_TOKEN", "WANDB", "odd-name"];

    #[test]
    fn a_glob_fits_the_whole_name() {
        for (glob, name, fits) in [
            ("*", "", true),
            ("*", "ANY", true),
            ("A*", "A", true),
            ("A*", "BA", false),
            ("*_TOKEN", "HF_TOKEN", true),
            ("*_TOKEN", "HF_TOKENS", false),
            ("A?B", "A_B", true),
            ("A?B", "AB", false),
            ("*A*B*", "xAxxB", true),
            ("*A*B", "xABAxB", true),
            ("*AB", "AAAB", true),
            ("**?", "A", true),
            ("?", "é", true),
            ("[A]", "A", false),
            ("*", "*", true),
        ] {
            assert_eq!(matches(glob, name), fits, "{glob} {name}");
        }
    }

    #[test]
    fn only_and_except_narrow_in_lists_and_repeated() {
        assert_eq!(left("", &NAMES), NAMES);
        assert_eq!(left("--only AWS_*,WANDB", &NAMES), ["AWS_KEY", "AWS_SECRET", "WANDB"]);
        assert_eq!(left("--only AWS_* --only WANDB", &NAMES), ["AWS_KEY", "AWS_SECRET", "WANDB"]);
        assert_eq!(left("--only AWS_* --except *SECRET", &NAMES), ["AWS_KEY"]);
        assert_eq!(left("--except AWS_*,odd-name", &NAMES), ["HF_TOKEN", "WANDB"]);
        // What is left out already is not a typo.
        assert_eq!(left("--only WANDB --except HF_TOKEN", &NAMES), ["WANDB"]);
    }

    #[test]
    fn a_name_is_as_typed_or_in_capitals() {
        assert_eq!(left("--only hf_token,aws*", &NAMES), ["AWS_KEY", "AWS_SECRET", "HF_TOKEN"]);
        assert_eq!(left("--only a", &["A", "a"]), ["a"]);
        assert_eq!(left("--rename N=wandb --only wandb", &NAMES), ["N"]);
    }

    #[test]
    fn a_name_that_matches_nothing_is_refused_and_a_glob_noted() {
        assert_eq!(refused("--only HF_TOKEN,TYPO,TYPO2", &NAMES), "no variable matches TYPO, TYPO2");
        assert_eq!(refused("--except TYPO", &NAMES), "no variable matches TYPO");
        assert_eq!(refused("--rename N=TYPO", &NAMES), "no variable matches TYPO");
        let filtered = apply("--only HF_*,TYPO* --except ?", &NAMES).expect("filtered");
        assert_eq!(filtered.notes, ["no variable matches TYPO*", "no variable matches ?"]);
        assert_eq!(filtered.variables.len(), 1);
        assert_eq!(left("--only TYPO*", &NAMES), [""; 0]);
    }

    #[test]
    fn renaming_drops_the_old_name_and_the_prefix_comes_last() {
        let filtered = apply("--only HF_TOKEN,WANDB --rename TOKEN=HF_TOKEN --prefix T_", &NAMES);
        let filtered = filtered.expect("filtered");
        let named = |names: [(&str, &str); 2]| {
            names.map(|(new, old)| (new.to_owned(), old.to_owned())).into_iter().collect::<BTreeMap<_, _>>()
        };
        assert_eq!(filtered.variables, named([("T_TOKEN", "of HF_TOKEN"), ("T_WANDB", "of WANDB")]));
        assert_eq!(filtered.former, named([("T_TOKEN", "HF_TOKEN"), ("T_WANDB", "WANDB")]));
        let swapped = apply("--rename A=B,B=A", &["A", "B"]).expect("swapped");
        assert_eq!(swapped.variables, named([("A", "of B"), ("B", "of A")]));
        assert_eq!(left("--rename ODD_NAME=odd-name --only odd*", &NAMES), ["ODD_NAME"]);
    }

    #[test]
    fn names_that_collide_are_named() {
        let both = "HF_TOKEN and WANDB would both be called";
        assert_eq!(refused("--rename WANDB=HF_TOKEN", &NAMES), format!("{both} WANDB"));
        assert_eq!(refused("--rename N=HF_TOKEN,N=WANDB", &NAMES), format!("{both} N"));
        assert_eq!(refused("--rename M=WANDB,N=WANDB", &NAMES), "--rename: WANDB is given twice");
        assert_eq!(left("--rename WANDB=HF_TOKEN --except WANDB", &NAMES)[2], "WANDB");
        assert!(refused("--rename N=WANDB --except WANDB", &NAMES).contains("WANDB is left out"));
    }

    #[test]
    fn what_is_no_filter_is_a_usage_error() {
        for line in [
            "--only A,,B",
            "--require ,",
            "--rename A",
            "--rename A=",
            "--rename =A",
            "--rename A=B*",
            "--rename 1=A",
            "--prefix a-b",
            "--prefix 1",
        ] {
            assert_eq!(filters(line).expect_err(line).exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn what_is_required_is_told_by_its_final_name() {
        let filters =
            filters("--rename TOKEN=HF_TOKEN --require TOKEN,aws*,HF_TOKEN --require X*").expect("filters");
        let filtered = filters.apply(NAMES.map(|name| (name.to_owned(), ())).into()).expect("filtered");
        let required = filters.required(filtered.variables.keys().map(String::as_str)).expect("some");
        assert_eq!(required.names.into_iter().collect::<Vec<_>>(), ["AWS_KEY", "AWS_SECRET", "TOKEN"]);
        assert_eq!(required.unmatched, ["HF_TOKEN"]);
        assert_eq!(required.notes, ["no variable matches X*"]);
        assert_eq!(Filters::default().required(NAMES), None);
    }
}
