//! Digests of values that shells held until they got others, by name: by them what another tool puts back
//! after a rotation is known as vastenv's. One file for all shells, as the next one may have begun before
//! the rotation.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::domain::{Digest, EnvName};
use crate::files::{Disk, Slot};

/// How many a name keeps, the latest.
const MOST: usize = 8;

/// Digests by name, the latest last.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct LoadedEarlier(BTreeMap<EnvName, Vec<Digest>>);

impl LoadedEarlier {
    /// Whether `digest` is one of `name`'s.
    pub(crate) fn contains(&self, name: &EnvName, digest: &Digest) -> bool {
        self.0.get(name).is_some_and(|known| known.contains(digest))
    }
}

pub(crate) struct LoadedSlot(pub(super) Rc<Disk>);

impl LoadedSlot {
    /// What shells held earlier. A file that cannot be read is as good as none: then a value that comes
    /// back is taken for the user's, and left alone.
    pub(crate) fn load(&self) -> LoadedEarlier {
        self.slot().get().unwrap_or_default()
    }

    /// Remembers what shells hold no more.
    pub(crate) fn add(&self, replaced: &BTreeMap<EnvName, Digest>) {
        let mut all = self.load();
        let mut is_new = false;
        for (name, digest) in replaced {
            let known = all.0.entry(name.clone()).or_default();
            if known.last() != Some(digest) {
                known.retain(|other| other != digest);
                known.push(digest.clone());
                known.drain(..known.len().saturating_sub(MOST));
                is_new = true;
            }
        }
        if is_new {
            // As above.
            let _ = self.slot().save(&all);
        }
    }

    fn slot(&self) -> Slot<'_, LoadedEarlier> {
        Slot::new(&self.0, self.0.state.join("loaded.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::DigestKey;

    #[test]
    fn the_latest_digests_of_each_name_are_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let loaded = LoadedSlot(Rc::new(Disk::new(folder.path(), folder.path(), folder.path())));
        let name = |text| EnvName::parse(text).expect("a name");
        let digest = |number: usize| DigestKey::new([1; 32]).digest(&[&number.to_le_bytes()]);
        for number in 0..=MOST {
            loaded.add(&BTreeMap::from([(name("A"), digest(number))]));
            // One that is used again is not the oldest any more.
            loaded.add(&BTreeMap::from([(name("A"), digest(0))]));
        }
        let earlier = loaded.load();
        let kept: Vec<usize> = (0..=MOST).filter(|n| earlier.contains(&name("A"), &digest(*n))).collect();
        assert_eq!(kept, [&[0][..], &(2..=MOST).collect::<Vec<_>>()].concat());
        assert!(!earlier.contains(&name("B"), &digest(0)));
    }
}
