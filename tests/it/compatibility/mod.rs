//! The official client and vastenv, given the same words for the same account: what each asks of
//! the server, what the account holds after it, and what `--raw` prints.
//!
//! Where vastenv differs on purpose, the table in `cases.rs` names the difference and the reason;
//! a difference that is named must be there, and one that is not named must not.

mod cases;
mod key_rows;
mod rows;
mod sides;
mod special;
mod table;

use serde_json::Value;

use cases::{Case, cases};
use sides::{Outcome, Side};

#[test]
#[ignore = "slow"]
fn both_do_the_same_but_for_what_is_named() {
    if crate::official::vastai().is_none() {
        return;
    }
    let faults: Vec<String> = cases().iter().flat_map(compare).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

/// Runs both and gives what is not as the case has it.
fn compare(case: &Case) -> Vec<String> {
    let theirs = Side::new().official(case.arguments, case.input);
    let ours = Side::new().vastenv(&[case.arguments, case.more].concat(), case.input);
    let mut faults = Vec::new();
    let mut check = |what: &str, is_so: bool| {
        if !is_so {
            faults.push(format!("{:?}: {what}\ntheirs: {theirs:?}\nours: {ours:?}", case.arguments));
        }
    };
    check("the exit code", (theirs.code, ours.code) == (case.their_code, case.code));
    match case.requests {
        None => check("the requests", with(case.first, &theirs.requests) == ours.requests),
        Some(_) => check("the same requests after all", theirs.requests != ours.requests),
    }
    match case.state {
        None => check("the account", theirs.state == ours.state),
        Some(_) => check("the same account after all", theirs.state != ours.state),
    }
    if case.arguments.contains(&"--raw") {
        match case.output {
            None => check("stdout", theirs.out == ours.out),
            Some(_) => check("the same stdout after all", theirs.out != ours.out),
        }
        if ours.code != 0 && ours.code != 2 {
            check("the error", same_error(&theirs, &ours));
        }
    }
    check("the key files", theirs.files == ours.files || case.files.is_some());
    check("the same key files after all", case.files.is_none() || theirs.files != ours.files);
    faults
}

/// The requests with those that vastenv sends before them.
fn with(first: &[&str], requests: &[(String, Value)]) -> Vec<(String, Value)> {
    first.iter().map(|what| ((*what).to_owned(), Value::Null)).chain(requests.iter().cloned()).collect()
}

/// Both fail with the same fields in JSON; ours says in front of the server's words what failed.
fn same_error(theirs: &Outcome, ours: &Outcome) -> bool {
    let parse = |err: &str| serde_json::from_str::<Value>(err.lines().last().unwrap_or_default());
    let (Ok(theirs), Ok(ours)) = (parse(&theirs.err), parse(&ours.err)) else { return false };
    let words = |error: &Value| error["msg"].as_str().unwrap_or_default().trim_end_matches('.').to_owned();
    theirs["error"] == ours["error"]
        && theirs["status_code"] == ours["status_code"]
        && words(&ours).contains(&words(&theirs))
}
