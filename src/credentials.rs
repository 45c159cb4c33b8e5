//! The API key: where it comes from, in the official client's order or as a profile says, and what may be one.

use std::fmt;
use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::config::{Paths, ProfileKey};
use crate::domain::{Failure, Kind, NotText, Remedy, Result, Secret, decode, printable, trim_unseen};
use crate::files::{self, reason};
use crate::sealing::{Trouble, Vault};

/// A key and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credential {
    /// The key; `None` where a profile's command prints it, which runs when a request is to be made.
    pub key: Option<Secret>,
    /// Where it was found.
    pub source: Source,
}

impl fmt::Display for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(formatter, "{} from {}", key.suffix(), self.source),
            None => write!(formatter, "from {}", self.source),
        }
    }
}

/// Where a key was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `--api-key`.
    Flag,
    /// `VAST_API_KEY`.
    Environment,
    /// The two-factor session's file.
    TwoFactorFile(PathBuf),
    /// The key file.
    KeyFile(PathBuf),
    /// The official client's old key file.
    LegacyFile(PathBuf),
    /// The keyring of the operating system.
    Keyring,
    /// Where the profile of this name has it.
    Profile(String, ProfileKey),
}

impl Source {
    /// What to do about a key from here that opens nothing.
    pub(crate) fn fix(&self) -> String {
        match self {
            Self::Flag => "use another key".to_owned(),
            Self::Environment => "change or unset VAST_API_KEY".to_owned(),
            Self::Profile(_, ProfileKey::Command(words)) => {
                format!("check what `{}` prints (api_key_command)", program(words))
            }
            Self::Profile(name, _) => {
                format!("save a valid key with `vastenv set api-key --profile {name}`")
            }
            _ => "save a valid key with `vastenv set api-key`".to_owned(),
        }
    }

    /// The file that the key is in, if it is in one.
    fn file(&self) -> Option<&Path> {
        match self {
            Self::TwoFactorFile(path)
            | Self::KeyFile(path)
            | Self::LegacyFile(path)
            | Self::Profile(_, ProfileKey::File(path)) => Some(path),
            _ => None,
        }
    }

    /// The same, kept apart where a key has to be saved.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::Flag | Self::Environment | Self::Profile(_, ProfileKey::Command(_)) => self.fix().into(),
            _ => Remedy::SaveKey(self.fix()),
        }
    }

    /// Takes the file, if it is one, out of the reach of others; says so if that was needed. The
    /// official client leaves its permissions to the umask.
    pub(crate) fn make_private(&self) -> Option<String> {
        let path = self.file()?;
        let mode = std::fs::metadata(path).ok()?.mode();
        if !is_open_to_others(mode) {
            return None;
        }
        let path_shown = path.display();
        Some(match std::fs::set_permissions(path, Permissions::from_mode(0o600)) {
            Ok(()) => format!("{path_shown} was readable by others; fixed (chmod 600)"),
            Err(error) => format!("{path_shown} is readable by others: {}", reason(&error)),
        })
    }
}

/// The program of a command, for a message: its arguments may say more than they should.
pub(crate) fn program(words: &[String]) -> String {
    printable(words.first().map_or("", String::as_str))
}

fn is_open_to_others(mode: u32) -> bool {
    mode & 0o077 != 0
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => formatter.write_str("--api-key"),
            Self::Environment => formatter.write_str("VAST_API_KEY"),
            Self::TwoFactorFile(path) => write!(formatter, "{} (two-factor session)", path.display()),
            Self::KeyFile(path) => write!(formatter, "{}", path.display()),
            Self::LegacyFile(path) => write!(formatter, "{} (old path)", path.display()),
            Self::Keyring => formatter.write_str("the keyring"),
            Self::Profile(name, ProfileKey::File(path)) => {
                write!(formatter, "{} (profile {name})", path.display())
            }
            Self::Profile(name, ProfileKey::Command(words)) => {
                write!(formatter, "`{}` (profile {name})", program(words))
            }
            Self::Profile(name, ProfileKey::Keyring) => write!(formatter, "the keyring (profile {name})"),
        }
    }
}

/// Finds the key: `flag`, then `variable` (the value of `VAST_API_KEY`), then the two-factor
/// session's file, the key file, the old key file, and the keyring. Empty ones count as absent.
pub(crate) fn find(
    flag: Option<&Secret>,
    variable: Option<&Secret>,
    paths: &Paths,
    vault: &Vault,
) -> Result<Credential> {
    for (given, source) in [(flag, Source::Flag), (variable, Source::Environment)] {
        if let Some(text) = given.filter(|text| !trim_unseen(text.expose()).is_empty()) {
            let key = check_key(trim_unseen(text.expose())).map_err(|why| {
                Failure::new(Kind::NotAuthenticated, format!("the key from {source} {why}"))
                    .hint(source.remedy())
            })?;
            return Ok(Credential { key: Some(key), source });
        }
    }
    let session = Source::TwoFactorFile(paths.tfa_key());
    if let Some(key) = read_key_file(&session)? {
        return Ok(Credential { key: Some(key), source: session });
    }
    if let Some(saved) = saved(paths, vault)? {
        return Ok(saved);
    }
    Err(Failure::new(Kind::NotAuthenticated, "no API key").hint(Remedy::SaveKey(
        "save one with `vastenv set api-key`, or set VAST_API_KEY (keys: https://cloud.vast.ai/manage-keys/)"
            .to_owned(),
    )))
}

/// The key that was saved: in the key file, in the old one, or in the keyring.
pub(crate) fn saved(paths: &Paths, vault: &Vault) -> Result<Option<Credential>> {
    let files = [Some(Source::KeyFile(paths.api_key())), paths.legacy_key.clone().map(Source::LegacyFile)];
    for source in files.into_iter().flatten() {
        if let Some(key) = read_key_file(&source)? {
            return Ok(Some(Credential { key: Some(key), source }));
        }
    }
    Ok(in_keyring(vault, None)?.map(|key| Credential { key: Some(key), source: Source::Keyring }))
}

/// The key of the profile `name`, which is at `place`.
pub(crate) fn find_of_profile(name: &str, place: Option<&ProfileKey>, vault: &Vault) -> Result<Credential> {
    let missing = |message: String| {
        Failure::new(Kind::NotAuthenticated, message)
            .hint(Remedy::SaveKey(format!("save it with `vastenv set api-key --profile {name}`")))
    };
    let Some(place) = place else {
        return Err(missing(format!("the profile {name} has no API key")));
    };
    if let ProfileKey::Command(_) = place {
        return Ok(Credential { key: None, source: Source::Profile(name.to_owned(), place.clone()) });
    }
    match saved_of_profile(name, place, vault)? {
        Some(credential) => Ok(credential),
        None => Err(missing(match place {
            ProfileKey::File(path) => format!("no API key in {} (profile {name})", path.display()),
            _ => format!("no API key in the keyring for the profile {name}"),
        })),
    }
}

/// The key that was saved for the profile `name` at `place`; a command's is not saved here.
pub(crate) fn saved_of_profile(name: &str, place: &ProfileKey, vault: &Vault) -> Result<Option<Credential>> {
    let source = Source::Profile(name.to_owned(), place.clone());
    let key = match place {
        ProfileKey::File(_) => read_key_file(&source)?,
        ProfileKey::Keyring => in_keyring(vault, Some(name))?,
        ProfileKey::Command(_) => None,
    };
    Ok(key.map(|key| Credential { key: Some(key), source }))
}

/// The key that a profile's command printed.
///
/// # Errors
/// It is more than one line, or cannot be a key; never says what it is.
pub(crate) fn printed(bytes: &[u8], source: &Source) -> Result<Secret> {
    let refused = |why: &str| {
        Failure::new(Kind::NotAuthenticated, format!("what {source} prints {why}")).hint(source.remedy())
    };
    let text = decode(bytes).map_err(|_| refused("is not text"))?;
    let text = trim_unseen(text);
    if text.is_empty() {
        return Err(refused("is empty"));
    }
    match text.lines().count() {
        1 => check_key(text).map_err(refused),
        lines => Err(refused(&format!("has {lines} lines, but a key is one"))),
    }
}

/// The key in the keyring, if one was saved there for this profile, or for none.
fn in_keyring(vault: &Vault, profile: Option<&str>) -> Result<Option<Secret>> {
    let Some(id) = vault.entries()?.of(profile).cloned() else { return Ok(None) };
    match vault.api_key(&id) {
        Ok(key) => Ok(Some(key)),
        Err(Trouble::Missing) => {
            Err(Failure::new(Kind::NotAuthenticated, "the keyring no longer has the API key").hint(
                Remedy::SaveKey(match profile {
                    Some(name) => format!("save it again with `vastenv set api-key --profile {name}`"),
                    None => "save it again with `vastenv set api-key --keyring`".to_owned(),
                }),
            ))
        }
        Err(trouble) => Err(trouble.unavailable("cannot read the API key from the keyring")),
    }
}

/// The key in the file of `source`; `None` where there is no file, or an empty one.
pub(crate) fn read_key_file(source: &Source) -> Result<Option<Secret>> {
    let Some(path) = source.file() else { return Ok(None) };
    let Some(bytes) = files::read_key_file(path)? else { return Ok(None) };
    let refused = |why| {
        Failure::new(Kind::NotAuthenticated, format!("the key in {} {why}", path.display()))
            .hint(source.remedy())
    };
    let text = match decode(&bytes) {
        Ok(text) => trim_unseen(text),
        Err(NotText::Utf16) => return Err(refused("is UTF-16 text")),
        Err(NotText::Other(_)) => return Err(refused("has a character outside ASCII")),
    };
    if text.is_empty() { Ok(None) } else { check_key(text).map(Some).map_err(refused) }
}

/// What may be a key: visible ASCII without white space, at most 512 characters. The error says
/// which rule is broken and never repeats the text.
pub(crate) fn check_key(text: &str) -> std::result::Result<Secret, &'static str> {
    if text.is_empty() {
        return Err("is empty");
    }
    if text.chars().any(char::is_whitespace) {
        return Err("has white space inside");
    }
    if !text.is_ascii() {
        return Err("has a character outside ASCII");
    }
    if text.bytes().any(|byte| byte.is_ascii_control()) {
        return Err("has a control character inside");
    }
    if text.len() > 512 {
        return Err("is longer than 512 characters");
    }
    Ok(Secret::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Disk;
    use crate::sealing::Keyring;
    use std::rc::Rc;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn paths(&self) -> Paths {
            let home = self.0.path().as_os_str().to_owned();
            Paths::resolve(|name| (name == "HOME").then(|| home.clone())).expect("paths")
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, text).expect("written");
        }

        fn find(&self, flag: Option<&str>, variable: Option<&str>) -> Result<(String, Source)> {
            let secret = |text: Option<&str>| text.map(Secret::new);
            let disk = Disk::new(self.0.path(), self.0.path(), &self.0.path().join("data"));
            let vault = Vault::new(&Rc::new(disk), Keyring::default());
            find(secret(flag).as_ref(), secret(variable).as_ref(), &self.paths(), &vault)
                .map(|found| (found.key.expect("a key").expose().to_owned(), found.source))
        }
    }

    #[test]
    fn the_order_is_the_official_clients() {
        let home = Home::new();
        let expect = |found: Result<(String, Source)>, key: &str| assert_eq!(found.expect("a key").0, key);
        assert_eq!(home.find(None, None).unwrap_err().kind(), Kind::NotAuthenticated);
        home.write(".vast_api_key", "legacy\n");
        expect(home.find(None, None), "legacy");
        home.write(".config/vastai/vast_api_key", " file\n");
        expect(home.find(None, None), "file");
        home.write(".config/vastai/vast_tfa_key", "session");
        expect(home.find(None, None), "session");
        expect(home.find(None, Some("variable")), "variable");
        expect(home.find(Some("flag"), Some("variable")), "flag");
        expect(home.find(Some(""), Some("\u{feff} ")), "session");
    }

    #[test]
    fn what_a_paste_or_an_editor_put_around_a_key_is_no_part_of_it() {
        let home = Home::new();
        for around in ["\u{feff}", "\u{200b}", "\u{a0}", "\r\n"] {
            let text = format!("{around}key{around}");
            home.write(".config/vastai/vast_api_key", &text);
            assert_eq!(home.find(None, None).expect("a key").0, "key", "{around:?}");
            assert_eq!(home.find(None, Some(&text)).expect("a key").0, "key", "{around:?}");
        }
        home.write(".config/vastai/vast_api_key", "k\0e\0y\0\n\0");
        let failure = home.find(None, None).unwrap_err();
        assert!(failure.message().ends_with("is UTF-16 text"), "{failure:?}");
    }

    #[test]
    fn what_cannot_be_a_key_is_refused_without_being_repeated() {
        for bad in ["with space", "tab\there", "schlüssel", "bell\u{7}", &"x".repeat(513), ""] {
            assert!(check_key(bad).is_err(), "{bad:?}");
        }
        let home = Home::new();
        home.write(".config/vastai/vast_api_key", "two words");
        let failure = home.find(None, None).unwrap_err();
        assert!(!format!("{failure:?}").contains("two words"), "{failure:?}");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_unavailable_not_absent() {
        let home = Home::new();
        std::fs::create_dir_all(home.0.path().join(".config/vastai/vast_api_key"))
            .expect("a folder in its place");
        assert_eq!(home.find(None, None).unwrap_err().kind(), Kind::Unavailable);
    }
}
