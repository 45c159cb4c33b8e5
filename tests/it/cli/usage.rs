//! Help texts and wrong command lines.

use serde_json::Value;

use crate::home::Home;

/// Every command.
const COMMANDS: [&[&str]; 19] = [
    &["hook"],
    &["export"],
    &["run"],
    &["refresh"],
    &["status"],
    &["show"],
    &["show", "env-vars"],
    &["create"],
    &["create", "env-var"],
    &["update"],
    &["update", "env-var"],
    &["set"],
    &["set", "api-key"],
    &["set", "env-var"],
    &["delete"],
    &["delete", "env-var"],
    &["sandbox"],
    &["man"],
    &["help"],
];

#[test]
fn every_help_fits_a_terminal_and_shows_how() {
    let home = Home::new();
    for command in COMMANDS.iter().copied().chain([&[][..]]) {
        let text = home.vastenv(&[command, &["--help"]].concat()).run().expect(0).out;
        let widest = text.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(80), "{command:?} {widest:?}: {text}");
        let leads_on = matches!(command, ["show" | "create" | "update" | "set" | "delete"]);
        let shows = text.contains("Example") || text.contains("vastenv hook zsh --install");
        assert!(shows || leads_on && text.contains("Commands:"), "{command:?}: {text}");
        assert!(!text.contains('\u{1b}'), "{command:?}");
    }
}

#[test]
fn half_a_command_line_is_answered_with_its_usage() {
    let home = Home::new();
    for command in [&["show"][..], &["create"], &["set"], &["delete"], &["update"]] {
        let said = home.vastenv(command).run().expect(2).mentions(&["Usage: vastenv", "Commands:"]);
        assert_eq!(said.out, "");
    }
}

#[test]
fn a_wrong_command_line_never_repeats_what_may_be_secret() {
    let home = Home::new();
    for line in [
        "hf_hidden",
        "--raw create env-var A b hf_hidden",
        "create env-var A b hf_hidden",
        "--quiet set api-key a hf_hidden",
        "set hf_hidden",
        "--api-key= hf_hidden status",
        "--apikey=hf_hidden status",
        "--apikey hf_hidden status",
        "-khf_hidden status",
        "update env-var A --value=hf_hidden",
        "create env-var A=hf_hidden",
        "status hf_hidden",
        "--retry hf_hidden status",
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let said = home.vastenv(&words).run().expect(2).hides("hf_hidden");
        assert!(said.err.starts_with("vastenv: ") || said.err.starts_with('{'), "{said:?}");
    }
}

#[test]
fn mistyped_words_are_told_and_close_ones_suggested() {
    let home = Home::new();
    home.vastenv(&["shwo"])
        .run()
        .refuses(2, &["no such command: shwo", "did you mean `vastenv show env-vars`"]);
    home.vastenv(&["show", "env_vars"]).run().refuses(2, &["did you mean `vastenv show env-vars`?"]);
    home.vastenv(&["status", "--bogus"]).run().refuses(2, &["unexpected argument --bogus"]);
    home.vastenv(&["--retry", "0", "status"]).run().refuses(2, &["--retry"]);
    home.vastenv(&["delete", "env-var"]).run().refuses(2, &["<NAME>", "vastenv delete env-var --help"]);
}

#[test]
fn raw_errors_are_one_line_of_json() {
    let home = Home::new();
    for (arguments, code) in [
        (&["--raw", "bogus"][..], 2),
        (&["show", "env-vars", "--json"], 4),
        (&["create", "env-var", "1A", "x", "--raw"], 2),
        (&["--raw", "set", "api-key", "two words"], 2),
        (&["--raw", "export", "powershell"], 2),
        (&["--raw"], 2),
    ] {
        let said = home.vastenv(arguments).run().expect(code);
        assert_eq!((said.out.as_str(), said.err.lines().count()), ("", 1), "{said:?}");
        let error: Value = serde_json::from_str(&said.err).expect("JSON");
        assert!(error["error"] == true && error["status_code"] == 0 && error["msg"].is_string(), "{error}");
        assert!(said.err.starts_with("{\"error\": true, \"status_code\": 0, \"msg\": \""), "{said:?}");
    }
}
