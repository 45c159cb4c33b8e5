//! The help of every command about keys.

use crate::home::Home;

const COMMANDS: [[&str; 2]; 10] = [
    ["set", "api-key"],
    ["show", "api-key"],
    ["show", "api-keys"],
    ["create", "api-key"],
    ["delete", "api-key"],
    ["reset", "api-key"],
    ["show", "ssh-keys"],
    ["create", "ssh-key"],
    ["update", "ssh-key"],
    ["delete", "ssh-key"],
];

#[test]
fn every_help_has_an_example_of_its_own_and_fits_80_columns() {
    let home = Home::new();
    for [verb, noun] in COMMANDS {
        for ask in [&[verb, noun, "--help"][..], &["help", verb, noun]] {
            let help = home.ok(ask);
            let (_, examples) = help.split_once("Example").unwrap_or_else(|| panic!("no example: {help}"));
            assert!(examples.contains(&format!("  vastenv {verb} {noun}")), "{help}");
            let widest = help.lines().map(|line| line.chars().count()).max().expect("lines");
            assert!(widest <= 80, "{widest}: {help}");
        }
    }
}

#[test]
fn what_the_arguments_hold_is_not_in_the_debug_form_of_the_command_line() {
    use clap::Parser;
    use vastenv::cli::Cli;
    for line in [
        "vastenv set api-key hidden-k",
        "vastenv --api-key hidden-k show ssh-keys",
        "vastenv set env-var A hidden-v",
        "vastenv create env-var A hidden-v",
        "vastenv create ssh-key hidden-private-key",
        "vastenv update ssh-key 5 hidden-private-key",
    ] {
        let shown = format!("{:?}", Cli::try_parse_from(line.split(' ')).expect("a command line"));
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
