//! The table of differences in `docs/vastai.md`: each row has its test here, and each test starts on machines
//! that have only the key.

use std::thread;

use super::{key_rows, rows};
use crate::official::vastai;

/// A row's command, the beginning of what differs, and its test; in the table's order.
const ROWS: &[(&str, &str, fn())] = &[
    ("every command", "exit code 1", rows::exit_codes),
    ("every command", "an error says what failed", rows::errors),
    ("every command", "a line about an expired two-factor session", rows::dead_sessions),
    ("every command", "a key file must be yours", rows::key_files),
    ("every command", "fails without `HOME`", rows::no_home),
    ("every command", "follows redirects within the server only", rows::redirects),
    ("every command", "plain http to another machine", rows::plain_http),
    ("every change with `--raw`", "JSON", rows::raw_changes),
    ("every change except `update`", "not sent again", rows::lost_answers),
    ("every change", "an answer 200, 201 or 204", rows::answers),
    ("`--curl`", "the key stays in `$VAST_API_KEY`", rows::curl),
    ("`set api-key`", "verifies the key before", rows::set_api_key),
    (
        "`show env-vars`, `show api-keys`, `show ssh-keys`, `create`/`update env-var`, `create api-key`",
        "asks once per machine who owns the key",
        rows::whose_the_key_is,
    ),
    ("`show env-vars -s --raw`", "`null` for a hidden value", rows::hidden_values),
    ("`show env-vars -s --raw`", "a number or a boolean", rows::numbers),
    ("`create`/`update env-var NAME`", "a NAME that shells cannot hold", rows::names_and_empty_values),
    ("`create`/`update env-var NAME`", "a VALUE of three or more asterisks", rows::masks),
    ("`delete env-var`", "takes several names", rows::delete_env_var),
    ("`show ssh-keys`", "a 404 is an empty list", key_rows::no_ssh_keys),
    ("`create api-key`", "prints the new key alone on stdout", key_rows::create_api_key),
    ("`delete api-key`", "asks, or needs `-y`, if a key is", key_rows::delete_api_key),
    ("`reset api-key`", "asks, or needs `-y`", key_rows::reset_api_key),
    ("`create ssh-key PATH.pub`", "sends the key in the file", key_rows::create_ssh_key_of_a_file),
    ("`create ssh-key KEY`", "lists the keys first", key_rows::create_ssh_key_as_given),
    ("`create ssh-key`", "needs no ssh-keygen", key_rows::create_ssh_key_anew),
    ("`update ssh-key ID PATH`", "sends the line without", key_rows::update_ssh_key),
    ("`delete ssh-key`", "lists the keys first", key_rows::delete_ssh_key),
];

/// As many tests at once, as each waits for processes.
const AT_ONCE: usize = 4;

#[test]
fn every_row_of_the_table_has_its_test() {
    let rows: Vec<(&str, &str)> = include_str!("../../../docs/vastai.md")
        .lines()
        .filter(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            let [command, differs, _why] = cells.as_slice() else { panic!("three cells: {line}") };
            (*command, *differs)
        })
        .collect();
    let untested: Vec<_> = rows.iter().filter(|row| !ROWS.iter().any(|known| is_of(row, known))).collect();
    assert!(untested.is_empty(), "rows without a test: {untested:#?}");
    assert_eq!(rows.len(), ROWS.len(), "tests without a row");
    for (row, known) in rows.iter().zip(ROWS) {
        assert!(is_of(row, known), "{row:?} is where the test of {:?} is", (known.0, known.1));
    }
}

fn is_of(row: &(&str, &str), known: &(&str, &str, fn())) -> bool {
    row.0 == known.0 && row.1.starts_with(known.1)
}

#[test]
#[ignore = "slow"]
fn every_row_of_the_table_is_so() {
    if vastai().is_none() {
        return;
    }
    let mut failed = Vec::new();
    for rows in ROWS.chunks(AT_ONCE) {
        thread::scope(|scope| {
            let running: Vec<_> = rows
                .iter()
                .map(|(command, differs, test)| {
                    let name = format!("{command}: {differs}");
                    let thread = thread::Builder::new().name(name.clone());
                    (name, thread.spawn_scoped(scope, test).expect("a thread"))
                })
                .collect();
            failed.extend(running.into_iter().filter_map(|(name, test)| test.join().err().map(|_| name)));
        });
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
