//! What takes more than one command to compare: key files, sessions, limits, new pairs.

use std::fs;

use serde_json::{Value, json};
use vastenv::sandbox::{Options, RateLimits};

use super::sides::{KEY, READER, Side, WRONG};
use crate::common::process::program;
use crate::official::vastai;

/// Both sides, where the official client can be had.
fn both(options: &Options) -> Option<[Side; 2]> {
    vastai()?;
    Some([Side::with(options.clone()), Side::with(options.clone())])
}

#[test]
fn a_key_is_saved_alike_but_tried_first() {
    let Some([theirs, ours]) = both(&Options::default()) else { return };
    for side in [&theirs, &ours] {
        side.home().write(".vast_api_key", WRONG);
    }
    let they = theirs.official(&["set", "api-key", READER], "");
    let we = ours.vastenv(&["set", "api-key", READER], "");
    assert_eq!((they.code, we.code), (0, 0), "{they:?} {we:?}");
    assert_eq!((&they.files, &they.state), (&we.files, &we.state));
    assert_eq!(they.files[0].as_deref(), Some(READER));
    for side in [&theirs, &ours] {
        assert!(!side.home().path(".vast_api_key").exists(), "the old place");
    }
    // Tried, and the variables and instances fetched; not so by them, nor with --no-verify.
    assert_eq!(they.requests, []);
    let fetched = ["GET /secrets/", "GET /api/v1/instances/"].map(|what| (what.to_owned(), Value::Null));
    assert_eq!(we.requests, fetched);
    let we = ours.vastenv(&["set", "api-key", KEY, "--no-verify"], "");
    assert_eq!((we.requests, we.files[0].as_deref()), (vec![], Some(KEY)));
    // A key that opens nothing is saved there, and refused here.
    let they = theirs.official(&["set", "api-key", WRONG], "");
    let we = ours.vastenv(&["set", "api-key", WRONG], "");
    assert_eq!((they.code, they.files[0].as_deref()), (0, Some(WRONG)));
    assert_eq!((we.code, we.files[0].as_deref()), (4, Some(KEY)));
}

#[test]
fn each_takes_the_same_key_of_several() {
    let Some([theirs, ours]) = both(&Options::default()) else { return };
    for side in [&theirs, &ours] {
        side.home().write(".config/vastai/vast_tfa_key", READER);
    }
    // The session's key comes before the key file, and may not write; one on the command line may.
    for (arguments, status) in [
        (&["create", "env-var", "A", "b", "--raw"][..], 403),
        (&["create", "env-var", "A", "b", "--raw", "--api-key", KEY], 0),
    ] {
        let they = theirs.official(arguments, "");
        let we = ours.vastenv(arguments, "");
        assert_eq!(they.state, we.state);
        for outcome in [&they, &we] {
            let error: Value = serde_json::from_str(&outcome.err).unwrap_or_default();
            assert_eq!(error["status_code"].as_u64().unwrap_or(0), status, "{outcome:?}");
        }
    }
}

#[test]
fn a_dead_session_is_dropped_and_the_call_made_again() {
    let Some([theirs, ours]) = both(&Options::default()) else { return };
    for side in [&theirs, &ours] {
        side.home().write(".config/vastai/vast_tfa_key", WRONG);
    }
    let arguments = ["show", "ssh-keys", "--raw"];
    let (they, we) = (theirs.official(&arguments, ""), ours.vastenv(&arguments, ""));
    assert_eq!((&they.requests, &they.files), (&we.requests, &we.files));
    assert_eq!(they.requests, vec![("GET /ssh/".to_owned(), Value::Null); 2]);
    assert_eq!(they.files, [Some(KEY.to_owned()), None]);
    // They tell of it on stdout, in front of the JSON; vastenv on stderr.
    assert!(they.out.ends_with(&we.out) && they.out.starts_with("Failed with error 401"), "{they:?} {we:?}");
    assert!(we.err.contains("the two-factor session has expired"), "{we:?}");
}

#[test]
fn without_an_api_key_a_dead_session_is_the_end() {
    let Some([theirs, ours]) = both(&Options::default()) else { return };
    for side in [&theirs, &ours] {
        side.home().write(".config/vastai/vast_tfa_key", WRONG);
        fs::remove_file(side.home().path(".config/vastai/vast_api_key")).expect("removed");
    }
    let arguments = ["show", "ssh-keys"];
    let (they, we) = (theirs.official(&arguments, ""), ours.vastenv(&arguments, ""));
    assert_eq!((&they.requests, &they.files), (&we.requests, &we.files));
    assert_eq!((they.files, they.code, we.code), ([None, None], 0, 4));
}

#[test]
fn limits_are_told_alike() {
    let Some([theirs, ours]) = both(&Options { rate_limits: Some(RateLimits::Strict), ..Options::default() })
    else {
        return;
    };
    let arguments = ["show", "ssh-keys", "--raw", "--retry", "1"];
    // The sandbox's clock stands still: the second request is too early for ever.
    theirs.official(&arguments, "");
    let they = theirs.official(&arguments, "");
    ours.vastenv(&arguments, "");
    let we = ours.home().vastenv(&arguments).run();
    assert_eq!((they.code, we.code), (0, 1));
    for err in [&they.err, &we.err] {
        let error: Value = serde_json::from_str(err).expect("JSON");
        assert_eq!((&error["error"], &error["status_code"]), (&json!(true), &json!(429)), "{they:?} {we:?}");
    }
}

#[test]
fn new_pairs_have_the_same_names_and_backups() {
    let Some([theirs, ours]) = both(&Options::default()) else { return };
    if program("ssh-keygen").is_none() {
        return;
    }
    let mut shapes = Vec::new();
    for (side, is_official) in [(&theirs, true), (&ours, false)] {
        side.home().write(".ssh/id_ed25519", "old private");
        side.home().write(".ssh/id_ed25519.pub", "old public");
        let arguments = ["create", "ssh-key", "-y"];
        let outcome = if is_official { side.official(&arguments, "") } else { side.vastenv(&arguments, "") };
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let public = fs::read_to_string(side.home().path(".ssh/id_ed25519.pub")).expect("a key");
        let sent: Vec<&str> =
            outcome.requests.iter().filter_map(|(_, body)| body["ssh_key"].as_str()).collect();
        assert_eq!(sent.iter().map(|line| line.trim_end()).collect::<Vec<_>>(), [public.trim_end()]);
        let comment = public.trim_end().rsplit(' ').next().expect("a comment").to_owned();
        // `user-vast.ai` there; here as ssh-keygen has it.
        assert_eq!(comment == "me-vast.ai", is_official, "{comment}");
        let mut names: Vec<String> = fs::read_dir(side.home().path(".ssh"))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("text"))
            .map(|name| name.trim_end_matches(|character: char| character.is_ascii_digit()).to_owned())
            .collect();
        names.sort();
        shapes.push(names);
    }
    assert_eq!(shapes[0], shapes[1]);
    assert_eq!(
        shapes[0],
        ["id_ed25519", "id_ed25519.backup_", "id_ed25519.pub", "id_ed25519.pub.backup_"]
            .map(|name| { name.strip_suffix("25519").unwrap_or(name).to_owned() })
    );
}

#[test]
fn both_show_the_request_as_curl_and_send_nothing() {
    let Some([theirs, ours]) = both(&Options::default()) else { return };
    for arguments in [&["show", "ssh-keys", "--curl"][..], &["delete", "api-key", "2", "--curl"]] {
        let (they, we) = (theirs.official(arguments, ""), ours.vastenv(arguments, ""));
        assert_eq!((&they.requests, &we.requests), (&vec![], &vec![]));
        assert!(they.out.contains("curl") && we.out.starts_with("curl "), "{they:?} {we:?}");
        // The key is theirs in the command; here it stays in a variable.
        assert!(they.out.contains(KEY) && !we.out.contains(KEY), "{they:?} {we:?}");
        assert!(we.out.contains(ours.url()));
    }
}
