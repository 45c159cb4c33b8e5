//! The project that a folder is in, and what counts of it.

use std::fs::canonicalize;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::domain::{Failure, Secret, toml_text};
use crate::files::{Disk, Refused, is_common, read_own};
use crate::project::{FILE, Project, TOO_LARGE};
use crate::store::{Decision, Trust};

/// The nearest project file of a folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundProject {
    /// Its path, as the folder's is spelled.
    pub file: Option<PathBuf>,
    /// When it was last written, as it was before it was read.
    pub modified: Option<SystemTime>,
    pub state: ProjectState,
}

/// What counts of a project file.
#[derive(Clone, Debug, Default)]
pub(crate) enum ProjectState {
    /// There is none, the user denied it, or somebody else put it where everybody can.
    #[default]
    None,
    /// This does.
    InForce {
        /// What counts: all of an allowed file, else what it takes away.
        project: Box<Project>,
        is_allowed: bool,
        /// The keys that wait for `vastenv allow`.
        waiting: Vec<&'static str>,
    },
    /// It is refused or broken.
    Unusable(Failure),
}

impl FoundProject {
    /// The project of `folder`, which is absolute.
    pub(crate) fn of(disk: &Disk, folder: &Path) -> Self {
        for file in Self::files_above(folder) {
            let modified = file.metadata().and_then(|found| found.modified()).ok();
            // One that is gone by now is not the nearest.
            if let Some(state) = judge(disk, &file) {
                return Self { file: Some(file), modified, state };
            }
        }
        Self::default()
    }

    /// The files of that name in `folder` and above, the nearest first: whatever they are, as for a shell's
    /// builtins.
    pub(crate) fn files_above(folder: &Path) -> impl Iterator<Item = PathBuf> {
        folder.ancestors().map(|folder| folder.join(FILE)).filter(|file| file.metadata().is_ok())
    }

    /// Whether a file in `folder`, which the shell sees as `inside`, would be nearer: also one that the walk just
    /// missed, but not one that is seen from inside alone, as where the way to the folder is closed or too long.
    pub(crate) fn may_appear(&self, folder: &Path, inside: &Path) -> bool {
        let file = folder.join(FILE);
        let id = |path: &Path| path.metadata().map(|found| (found.dev(), found.ino())).ok();
        let is_reached = match file.metadata() {
            Ok(_) => true,
            Err(error) => error.kind() == io::ErrorKind::NotFound && id(folder) == id(inside),
        };
        self.file.as_ref() != Some(&file) && (is_reached || !inside.join(FILE).exists())
    }

    /// What counts of it.
    pub(crate) fn in_force(&self) -> Option<&Project> {
        match &self.state {
            ProjectState::InForce { project, .. } => Some(project),
            _ => None,
        }
    }

    /// The keys that wait for `vastenv allow`.
    pub(crate) fn waiting(&self) -> &[&'static str] {
        match &self.state {
            ProjectState::InForce { waiting, .. } => waiting,
            _ => &[],
        }
    }

    /// Whether it is one that the user allowed.
    pub(crate) fn is_allowed(&self) -> bool {
        matches!(self.state, ProjectState::InForce { is_allowed: true, .. })
    }
}

/// What counts of `file`; `None` if it is gone.
fn judge(disk: &Disk, file: &Path) -> Option<ProjectState> {
    let decision = decision(disk, file).ok()?;
    if decision == Some(Decision::Denied) {
        return Some(ProjectState::None);
    }
    let (content, project) = match read(file) {
        Ok(read) => read,
        Err(Refused::Gone) => return None,
        Err(Refused::Planted) if is_nobodys_business(file) => return Some(ProjectState::None),
        Err(refused) => {
            let failure = failure(file, refused);
            let step = failure.next_step().unwrap_or("fix it");
            let hint = format!("{step} (or leave it out: --no-project)");
            return Some(ProjectState::Unusable(failure.hint(hint)));
        }
    };
    let is_allowed = decision == Some(Decision::Allowed(content));
    let (project, waiting) =
        if is_allowed { (project, Vec::new()) } else { (project.without_additions(), project.additions()) };
    Some(ProjectState::InForce { project: Box::new(project), is_allowed, waiting })
}

/// What the user decided about `file`.
///
/// # Errors
/// It is gone.
pub(super) fn decision(disk: &Disk, file: &Path) -> io::Result<Option<Decision>> {
    Ok(Trust(disk).of(&canonicalize(file)?).map(|trusted| trusted.decision))
}

/// The content of `file` as it was read once, and what it says.
pub(super) fn read(file: &Path) -> Result<(Secret, Project), Refused> {
    let bytes = read_own(file, TOO_LARGE)?;
    let text = toml_text(file, &bytes).map_err(Refused::Failed)?;
    let project = Project::parse(text).map_err(|fault| Refused::Failed(fault.failure(file, text)))?;
    Ok((Secret::new(text), project))
}

/// Whether `file`, somebody else's, is in a folder such as `/tmp`, where they can put one but not replace
/// ours. Where it hides another project file, nobody can say what counts.
fn is_nobodys_business(file: &Path) -> bool {
    let Some(folder) = file.parent() else { return false };
    let above = folder.parent().and_then(|above| FoundProject::files_above(above).next());
    is_common(folder) && above.is_none()
}

/// Why `file` is not used, and what to do.
pub(super) fn failure(file: &Path, refused: Refused) -> Failure {
    let folder = file.parent().unwrap_or(file).to_string_lossy();
    match refused {
        Refused::Gone => Failure::failed(format!("{} is gone", file.display())).hint("try again"),
        Refused::Planted | Refused::NotOurs => {
            Failure::failed(format!("{} belongs to another user", file.display()))
                .hint(format!("ignore it: vastenv deny {}", shell_escape::escape(folder)))
        }
        Refused::Failed(failure) => failure,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, create_dir_all, set_permissions, write};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::store::Trusted;

    struct Tree {
        _folder: tempfile::TempDir,
        root: PathBuf,
        disk: Disk,
    }

    impl Tree {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let root = canonicalize(folder.path()).expect("a path").join("tree");
            let disk =
                Disk::new(&folder.path().join("s"), &folder.path().join("c"), &folder.path().join("d"));
            Self { _folder: folder, root, disk }
        }

        fn write(&self, below: &str, text: &str) -> PathBuf {
            let file = self.root.join(below).join(FILE);
            create_dir_all(file.parent().expect("a folder")).expect("made");
            write(&file, text).expect("written");
            set_permissions(&file, Permissions::from_mode(0o644)).expect("chmod");
            file
        }

        fn decide(&self, path: &Path, decision: Decision) {
            let path = canonicalize(path).expect("a path");
            Trust(&self.disk).save(&Trusted { path, decision }).expect("saved");
        }

        fn of(&self, below: &str) -> FoundProject {
            create_dir_all(self.root.join(below)).expect("made");
            FoundProject::of(&self.disk, &self.root.join(below))
        }
    }

    const BOTH: &str = "only = [\"A\"]\nprofile = \"work\"";

    #[test]
    fn the_nearest_file_ends_the_walk_also_when_it_is_denied() {
        let tree = Tree::new();
        let (outer, inner) = (tree.write("a", "only = [\"A\"]"), tree.write("a/b", "except = [\"B\"]"));
        assert_eq!(tree.of("a/b/c/d").file, Some(inner.clone()));
        let found = tree.of("a");
        assert_eq!((found.file, found.modified), (Some(outer.clone()), crate::files::modified(&outer)));
        tree.decide(&inner, Decision::Denied);
        let found = tree.of("a/b/c");
        assert!(found.file == Some(inner) && found.in_force().is_none(), "{found:?}");
        assert!(tree.of("a/x").in_force().is_some());
        // One that vanishes before it is read.
        assert!(judge(&tree.disk, &tree.root.join("a/x").join(FILE)).is_none());
    }

    #[test]
    fn a_file_that_the_walk_missed_is_waited_for() {
        let tree = Tree::new();
        let may_appear = |found: &FoundProject, below: &str, inside: &str| {
            found.may_appear(&tree.root.join(below), &tree.root.join(inside))
        };
        let found = tree.of("a");
        assert!(may_appear(&found, "a", "a"));
        // As where it is there again, or for a moment longer, after the walk.
        tree.write("a", BOTH);
        assert!(may_appear(&found, "a", "a"));
        assert!(!may_appear(&tree.of("a"), "a", "a"));
        assert!(may_appear(&tree.of("a/b"), "a/b", "a/b"));
        // Elsewhere than where the path leads.
        assert!(!may_appear(&tree.of("other"), "other", "a"));
        assert!(may_appear(&tree.of("other"), "other", "empty"));
    }

    #[test]
    fn what_adds_counts_once_allowed_until_the_next_edit() {
        let tree = Tree::new();
        let file = tree.write("a", BOTH);
        let state = || match tree.of("a/b").state {
            ProjectState::InForce { project, is_allowed, waiting } => (project.profile, is_allowed, waiting),
            other => panic!("{other:?}"),
        };
        assert_eq!(state(), (None, false, vec!["profile"]));
        tree.decide(&file, Decision::Allowed(Secret::new(BOTH)));
        assert_eq!(state(), (Some("work".to_owned()), true, vec![]));
        assert!(tree.of("a").is_allowed());
        tree.write("a", &format!("{BOTH}\n"));
        assert_eq!(state(), (None, false, vec!["profile"]));
        tree.write("a", BOTH);
        assert!(state().1);
        // Moved, it is another file.
        std::fs::rename(tree.root.join("a"), tree.root.join("moved")).expect("moved");
        assert!(!tree.of("moved").is_allowed());
    }

    #[test]
    fn a_link_is_as_good_as_where_it_leads() {
        let tree = Tree::new();
        let file = tree.write("real", BOTH);
        let other = tree.write("other", &format!("{BOTH}\n"));
        tree.decide(&file, Decision::Allowed(Secret::new(BOTH)));
        symlink(tree.root.join("real"), tree.root.join("way")).expect("linked");
        assert!(tree.of("way").is_allowed());
        tree.of("linked");
        let link = tree.root.join("linked").join(FILE);
        symlink(&file, &link).expect("linked");
        assert!(tree.of("linked").is_allowed());
        std::fs::remove_file(&link).expect("removed");
        symlink(&other, &link).expect("linked");
        assert!(!tree.of("linked").is_allowed());
        std::fs::remove_file(&other).expect("removed");
        // To a shell, a link that leads nowhere is no file either.
        assert_eq!(tree.of("linked").file, None);
    }

    #[test]
    fn what_cannot_be_used_says_why_and_is_no_absence() {
        let tree = Tree::new();
        let refused = |below: &str, part: &str| match tree.of(below).state {
            ProjectState::Unusable(failure) => {
                assert!(failure.message().contains(part), "{failure:?}");
                assert!(failure.next_step().is_some_and(|step| step.contains("--no-project")), "{failure:?}");
            }
            other => panic!("{below}: {other:?}"),
        };
        let file = tree.write("writable", BOTH);
        tree.decide(&file, Decision::Allowed(Secret::new(BOTH)));
        for mode in [0o664, 0o646] {
            set_permissions(&file, Permissions::from_mode(mode)).expect("chmod");
            refused("writable", "is writable by others");
        }
        create_dir_all(tree.root.join("folder").join(FILE)).expect("made");
        refused("folder/below", "is not a plain file");
        tree.of("pipe");
        let pipe = tree.root.join("pipe").join(FILE);
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRUSR).expect("made");
        refused("pipe", "is not a plain file");
        tree.of("device");
        symlink("/dev/zero", tree.root.join("device").join(FILE)).expect("linked");
        refused("device", "is not a plain file");
        tree.write("large", &"#".repeat(TOO_LARGE));
        refused("large", "has 65536 bytes or more");
        tree.write("large", &"#".repeat(TOO_LARGE - 1));
        assert!(tree.of("large").in_force().is_some());
        tree.write("broken", "\nonyl = []");
        refused("broken", ".vastenv.toml:2:1: unknown key onyl");
        // Whatever it is, it can be denied.
        tree.decide(&pipe, Decision::Denied);
        assert!(matches!(tree.of("pipe").state, ProjectState::None));
    }
}
