//! Typing errors are answered with the command line that was meant, and never with a secret.

use crate::home::Home;

#[test]
fn the_whole_command_line_is_suggested() {
    let home = Home::new();
    for (typed, meant) in [
        ("show ssh-key", "did you mean `vastenv show ssh-keys`?"),
        ("show env_var", "did you mean `vastenv show env-var`?"),
        ("--url http://127.0.0.1:9 shwo ssh-keys", "did you mean `vastenv show ssh-keys`?"),
        ("delete key", "did you mean `vastenv delete api-key` or `vastenv delete ssh-key`?"),
        ("delete key 12", "did you mean `vastenv delete api-key` or `vastenv delete ssh-key`?"),
        ("show keys", "did you mean `vastenv show api-keys` or `vastenv show ssh-keys`?"),
        ("create env A hidden-v", "did you mean `vastenv create env-var`?"),
        ("create envvar A hidden-v", "did you mean `vastenv create env-var`?"),
        ("create env_var A hidden-v", "did you mean `vastenv create env-var`?"),
        ("rm env-var A", "did you mean `vastenv delete env-var`?"),
        ("login", "did you mean `vastenv set api-key`?"),
        ("login hidden-v", "did you mean `vastenv set api-key`?"),
        ("exec python", "did you mean `vastenv run`?"),
        ("status --quite", "did you mean `vastenv status --quiet`?"),
        ("--verbose", "did you mean `vastenv --explain`?"),
        ("show env-vars --values", "did you mean `vastenv show env-vars --show-values`?"),
        ("create env-var A --no-keep-newline", "see `vastenv create env-var --help`"),
        ("help topic", "did you mean `vastenv help topics`?"),
        ("topic", "did you mean `vastenv help topics`?"),
        ("masks", "did you mean `vastenv help masks`?"),
        ("security", "did you mean `vastenv help security`?"),
        ("rn -- ls", "did you mean `vastenv run`?"),
        ("hook zhs", "did you mean `vastenv hook zsh`?"),
        ("completions zhs", "did you mean `vastenv completions zsh`?"),
        ("completions zsh --install --dir=", "--dir <DIR> is empty"),
        ("hook bsh", "did you mean `vastenv hook bash`?"),
        ("export josn", "did you mean `vastenv export json`?"),
    ] {
        let words: Vec<&str> = typed.split(' ').collect();
        home.vastenv(&words).run().refuses(2, &[meant, "hint: ", "see `vastenv"]).hides("hidden-v");
    }
}

#[test]
fn what_cannot_be_guessed_is_answered_without_a_guess() {
    let home = Home::new();
    for typed in ["show instances", "hf_hidden", "create hf_hidden", "help hf_hidden", "--hf_hidden"] {
        let words: Vec<&str> = typed.split(' ').collect();
        let said = home.vastenv(&words).run().refuses(2, &["see `vastenv"]).hides("hf_hidden");
        assert!(!said.err.contains("did you mean"), "{typed}: {said:?}");
    }
}
