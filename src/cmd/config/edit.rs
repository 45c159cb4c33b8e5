//! `vastenv config edit`: a copy in the user's editor, which takes the file's place once it is valid.

use std::path::Path;
use std::process::Command;

use crate::account::block_on;
use crate::cmd::app::App;
use crate::config::settings::{Place, Setting, settings};
use crate::config::{self, Config};
use crate::context::{self, variables};
use crate::domain::{Failure, Result};
use crate::files::{draft, read_text_at, reason};
use crate::process::{Signals, exit_code};
use crate::ui::confirm;

/// The most that an edited text may be, in bytes.
const LARGEST: usize = 1024 * 1024;

pub(super) fn edit(app: &App) -> Result<()> {
    let path = &app.paths().config_file;
    let before = config::read(path)?;
    let begun = before.clone().unwrap_or_else(template);
    let draft = draft(".toml", begun.as_bytes())?;
    let edited = loop {
        open(draft.path())?;
        let text = match read_text_at(draft.path(), LARGEST) {
            Ok(text) => text,
            Err(unread) if draft.path().is_file() => {
                app.ui.warn_of(&unread.failure("the edited text"));
                return Err(kept(draft, path));
            }
            Err(unread) => return Err(unread.failure("the edited text")),
        };
        if *text == begun {
            app.ui.say("nothing changed");
            return Ok(());
        }
        let Err(fault) = Config::parse(&text) else { break text };
        let failure = fault.failure(path, &text);
        app.ui.warn_of(&Failure::failed(format!("not saved: {}", failure.message())));
        if confirm("edit again?")? != Some(true) {
            return Err(kept(draft, path));
        }
    };
    let before = before.unwrap_or_default();
    let saved = app.machine.rewrite_config(|now| {
        if now == before {
            return Ok(edited.to_string());
        }
        Err(Failure::failed(format!("{} was changed by others meanwhile", path.display())))
    });
    match saved {
        Ok(()) => app.ui.say(&format!("saved {}", path.display())),
        Err(failure) => {
            app.ui.warn_of(&failure);
            return Err(kept(draft, path));
        }
    }
    Ok(())
}

/// The edited text is not lost.
fn kept(draft: tempfile::NamedTempFile, path: &Path) -> Failure {
    let unchanged = format!("{} is unchanged", path.display());
    match draft.keep() {
        Ok((_, draft)) => Failure::failed(format!("{unchanged}; your text is in {}", draft.display())),
        Err(_) => Failure::failed(unchanged),
    }
}

/// Runs the editor to its end. It is a shell's command line, as for other programs.
fn open(draft: &Path) -> Result<()> {
    let named = [variables::VISUAL, variables::EDITOR].into_iter().find_map(context::text_var);
    let is_seen = context::stdin_is_terminal() && context::stdout_is_terminal();
    let editor = named.or_else(|| is_seen.then(|| "vi".to_owned())).ok_or_else(|| {
        Failure::failed("no terminal to edit the settings in")
            .hint("change one: vastenv config set KEY VALUE")
    })?;
    let status = block_on(async {
        // An interrupt is the editor's.
        let _heard = Signals::hear_ends()?;
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(format!("{editor} \"$@\"")).arg(&editor).arg(draft);
        command
            .status()
            .map_err(|error| Failure::failed(format!("cannot start the editor: {}", reason(&error))))
    })?;
    match exit_code(status) {
        0 => Ok(()),
        code => {
            Err(Failure::failed(format!("the editor failed, nothing saved: {editor} (exit code {code})"))
                .hint("name another in VISUAL or EDITOR"))
        }
    }
}

/// What there is to edit where there is no file: every setting, commented out.
fn template() -> String {
    let line = |setting: &Setting| match setting.default {
        Some(_) => setting.to_string(),
        None => format!("{} = {}", setting.name, setting.kind.example()),
    };
    let top = settings(false).map(|setting| format!("# {}\n#{}\n\n", setting.about, line(setting)));
    let of_profile = settings(true).filter(|setting| setting.place == Place::Profile);
    let profile = of_profile.map(|setting| format!("#{}    # {}\n", line(setting), setting.about));
    top.chain(["#[profiles.NAME]\n".to_owned()]).chain(profile).collect()
}
