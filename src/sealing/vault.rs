//! The keys of one user on this machine.
//!
//! They are in the keyring of the operating system as entries that never change: service `vastenv`,
//! user `data-key-<id>` or `api-key-<id>`. On Linux what it gave is kept for some hours in the kernel's
//! session keyring, because a new shell cannot wait for D-Bus.

use std::cell::RefCell;
use std::rc::Rc;

use super::entries::{self, Entries};
use super::format::{DataKey, KeyId};
use super::kernel;
use super::keyring::{Keyring, Trouble};
use crate::domain::{Result, Secret};
use crate::files::Disk;

/// What was learned of a key: itself, or why it cannot be read.
type Learned = std::result::Result<DataKey, Trouble>;

/// The keys of one user on this machine.
pub struct Vault {
    disk: Rc<Disk>,
    keyring: Keyring,
    /// What this process learned already: a keyring that does not answer is waited for only once.
    learned: RefCell<Vec<(KeyId, Learned)>>,
    met: RefCell<Option<Trouble>>,
}

impl Vault {
    /// The keys in `keyring`. Nothing is asked yet.
    pub fn new(disk: &Rc<Disk>, keyring: Keyring) -> Self {
        Self { disk: Rc::clone(disk), keyring, learned: RefCell::default(), met: RefCell::default() }
    }

    /// Lets the keyring ask its user for a password, if it needs one.
    pub fn let_keyring_ask(&self) {
        self.keyring.may_ask(true);
    }

    /// The entries in use; none where there is no file.
    pub fn entries(&self) -> Result<Entries> {
        entries::load(&self.disk)
    }

    /// Changes which entries are in use, and how secrets are stored.
    pub(super) fn edit_entries<T>(&self, edit: impl FnOnce(&mut Entries) -> T) -> Result<T> {
        entries::edit(&self.disk, edit)
    }

    /// Why the keyring was of no use to this process, if it was not. That it has lost an entry is
    /// not meant: then it works.
    pub fn trouble(&self) -> Option<Trouble> {
        self.met.borrow().clone()
    }

    /// The key called `id`.
    pub fn data_key(&self, id: &KeyId) -> std::result::Result<DataKey, Trouble> {
        if let Some((_, learned)) = self.learned.borrow().iter().find(|(known, _)| known == id) {
            return learned.clone();
        }
        let learned = self.text(&data_entry(id)).and_then(|text| key_from(id, &text));
        self.learned.borrow_mut().push((id.clone(), learned.clone()));
        learned
    }

    /// The key called `id` from the keyring itself, whatever was kept of it elsewhere.
    pub fn data_key_in_keyring(&self, id: &KeyId) -> std::result::Result<DataKey, Trouble> {
        self.ask(&data_entry(id)).and_then(|text| key_from(id, &text))
    }

    /// Whether the keyring answers at all.
    pub fn is_reachable(&self) -> std::result::Result<(), Trouble> {
        match self.ask("none") {
            Err(Trouble::Missing) | Ok(_) => Ok(()),
            Err(trouble) => Err(trouble),
        }
    }

    /// Makes a new key: in the keyring, read back from there, then named as the one in use. The one
    /// before stays in the keyring.
    pub fn new_data_key(&self) -> Result<DataKey> {
        let key = DataKey::random()?;
        self.put_data_key(&key)?;
        self.edit_entries(|entries| entries.data_key = Some(key.id().clone()))?;
        self.learned.borrow_mut().push((key.id().clone(), Ok(key.clone())));
        Ok(key)
    }

    /// The key in use, once the keyring itself holds it: put back from where it is kept if the keyring
    /// has lost it, or made anew.
    pub fn sure_data_key(&self) -> Result<DataKey> {
        let Some(id) = self.entries()?.data_key else { return self.new_data_key() };
        let kept = kernel::get(&data_entry(&id)).and_then(|text| key_from(&id, &text).ok());
        self.held(&id, kept)?.map_or_else(|| self.new_data_key(), Ok)
    }

    /// Makes sure that the keyring itself holds `key`: put back if it has lost it meanwhile.
    pub fn keep_sure(&self, key: &DataKey) -> Result<()> {
        self.held(key.id(), Some(key.clone())).map(drop)
    }

    /// The key called `id` from the keyring itself, which gets `kept` back if it has lost it.
    fn held(&self, id: &KeyId, kept: Option<DataKey>) -> Result<Option<DataKey>> {
        match self.data_key_in_keyring(id) {
            Ok(key) => Ok(Some(key)),
            Err(Trouble::Missing) => kept.map(|key| self.put_data_key(&key).map(|()| key)).transpose(),
            Err(trouble) => {
                Err(trouble.failure("cannot read the key of the encrypted files from the keyring"))
            }
        }
    }

    fn put_data_key(&self, key: &DataKey) -> Result<()> {
        let text = Secret::new(key.to_text().as_str());
        self.file(&data_entry(key.id()), "vastenv: key of the encrypted files", &text)
            .map_err(|trouble| trouble.failure("the key of the encrypted files cannot be kept"))
    }

    /// Deletes the key called `id`: what is still encrypted with it is lost.
    pub fn delete_data_key(&self, id: &KeyId) -> Result<()> {
        self.edit_entries(|entries| entries.data_key.take_if(|current| current == id))?;
        self.learned.borrow_mut().retain(|(known, _)| known != id);
        self.delete(&data_entry(id))
            .map_err(|trouble| trouble.failure("the key of the encrypted files cannot be deleted"))
    }

    /// The API key called `id`.
    pub fn api_key(&self, id: &KeyId) -> std::result::Result<Secret, Trouble> {
        self.text(&api_entry(id))
    }

    /// Whether the keyring itself holds the API key called `id`.
    pub fn holds_api_key(&self, id: &KeyId) -> std::result::Result<(), Trouble> {
        self.ask(&api_entry(id)).map(drop)
    }

    /// Keeps `key` as the API key of this profile, or of none: in the keyring, read back from there, then
    /// named. The one before is removed.
    pub fn put_api_key(&self, profile: Option<&str>, key: &Secret) -> Result<()> {
        let id = KeyId::random()?;
        let label = match profile {
            Some(name) => format!("vastenv: Vast.ai API key of {name}"),
            None => "vastenv: Vast.ai API key".to_owned(),
        };
        self.file(&api_entry(&id), &label, key)
            .map_err(|trouble| trouble.failure("the API key cannot be kept"))?;
        let before = self.edit_entries(|entries| entries.replace(profile, Some(id)))?;
        if let Some(before) = before {
            // What stays is an entry that nobody asks for.
            let _ = self.delete(&api_entry(&before));
        }
        Ok(())
    }

    /// Deletes the API key of this profile, or of none, if one is in the keyring; says whether there was one.
    pub fn delete_api_key(&self, profile: Option<&str>) -> Result<bool> {
        // Without one, nothing is locked or written.
        let Some(id) = self.entries()?.of(profile).cloned() else { return Ok(false) };
        self.edit_entries(|entries| {
            if entries.of(profile) == Some(&id) {
                entries.replace(profile, None);
            }
        })?;
        self.delete(&api_entry(&id))
            .map(|()| true)
            .map_err(|trouble| trouble.failure("the API key in the keyring cannot be deleted"))
    }

    /// A text of the keyring, from the kernel if it is kept there.
    fn text(&self, entry: &str) -> std::result::Result<Secret, Trouble> {
        if let Some(text) = kernel::get(entry) {
            return Ok(text);
        }
        let text = self.ask(entry)?;
        kernel::put(entry, &text);
        Ok(text)
    }

    /// A text of the keyring itself.
    fn ask(&self, entry: &str) -> std::result::Result<Secret, Trouble> {
        match self.trouble() {
            Some(trouble) => Err(trouble),
            None => self.keyring.get(entry).map_err(|trouble| self.meet(trouble)),
        }
    }

    /// Remembers a trouble that every further call would meet too, and be slow to.
    fn meet(&self, trouble: Trouble) -> Trouble {
        if trouble != Trouble::Missing {
            *self.met.borrow_mut() = Some(trouble.clone());
        }
        trouble
    }

    /// Files a text in the keyring, and is sure of it.
    fn file(&self, entry: &str, label: &str, text: &Secret) -> std::result::Result<(), Trouble> {
        let meet = |trouble| self.meet(trouble);
        self.keyring.put(entry, label, text).map_err(meet)?;
        if self.keyring.get(entry).map_err(meet)? != *text {
            return Err(Trouble::Failed("it returns another text than was stored".to_owned()));
        }
        kernel::put(entry, text);
        Ok(())
    }

    fn delete(&self, entry: &str) -> std::result::Result<(), Trouble> {
        kernel::forget(entry);
        self.keyring.delete(entry)
    }
}

fn data_entry(id: &KeyId) -> String {
    format!("data-key-{id}")
}

fn api_entry(id: &KeyId) -> String {
    format!("api-key-{id}")
}

fn key_from(id: &KeyId, text: &Secret) -> Learned {
    DataKey::from_text(id, text.expose())
        .ok_or_else(|| Trouble::Failed("its content is not a key of vastenv".to_owned()))
}
