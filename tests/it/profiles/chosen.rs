//! Who chooses the profile, the key and the server.

use super::Two;
use crate::cli::account::TestAccount;

#[test]
fn the_flag_comes_before_the_variable_and_that_before_the_default() {
    let mut two = Two::new().fetched();
    two.home.vastenv(&["show", "env-var", "WHOSE"]).run().refuses(4, &["no API key"]);
    two.config("default_profile = \"own\"");
    assert_eq!(two.whose(&[]), "OWN");
    two.home.set("VASTENV_PROFILE", "work");
    assert_eq!(two.whose(&[]), "WORK");
    assert_eq!(two.whose(&["--profile", "own"]), "OWN");
    let status = two.home.vastenv(&["status"]).run().expect(0);
    assert!(status.out.contains("work (VASTENV_PROFILE)"), "{status:?}");
    let status = two.home.vastenv(&["status", "--raw", "--profile", "own"]).run().expect(0);
    let status: serde_json::Value = serde_json::from_str(&status.out).expect("JSON");
    assert_eq!(status["profile"], serde_json::json!({"name": "own", "chosen_by": "--profile"}));
}

#[test]
fn a_key_in_the_environment_yields_to_a_named_profile_alone_and_it_is_said() {
    let mut two = Two::new().fetched();
    let other = TestAccount::with(&serde_json::json!({"WHOSE": "OTHER"}));
    two.home.set("VAST_API_KEY", other.sandbox.key.expose());
    two.home.set("VAST_URL", &other.sandbox.url);
    two.home.ok(&["refresh"]);
    assert_eq!(two.whose(&[]), "OTHER");
    let show = ["show", "env-var", "WHOSE"];
    let said = two.home.vastenv(&[&show[..], &["--profile", "work"]].concat()).run().expect(0);
    assert_eq!(said.out, "WORK\n");
    said.mentions(&["the profile work (--profile) is used, not VAST_API_KEY"]);
    two.home.set("VASTENV_PROFILE", "work");
    let said = two.home.vastenv(&show).run().expect(0);
    assert_eq!(said.out, "OTHER\n");
    said.mentions(&["VAST_API_KEY is used, not the profile work (VASTENV_PROFILE)"]);
    two.home.unset("VASTENV_PROFILE");
    two.config("default_profile = \"own\"");
    let said = two.home.vastenv(&show).run().expect(0);
    assert_eq!(said.out, "OTHER\n");
    let note = "VAST_API_KEY is used, not the profile own (default_profile)";
    said.mentions(&[note]);
    for words in [&["status"][..], &["doctor"], &[], &["profile", "list"], &["profile", "show"]] {
        let said = two.home.vastenv(words).run().expect(0);
        assert_eq!((said.out + &said.err).matches(note).count(), 1, "{words:?}");
    }
    let said = two.home.vastenv(&["status", "--profile", "own"]).run().expect(0);
    assert!(said.out.contains("the profile own (--profile) is used, not VAST_API_KEY"), "{said:?}");
}

#[test]
fn the_server_is_the_profiles_own() {
    let mut two = Two::new();
    // Whoever listens there would get the key.
    two.home.set("VAST_URL", &two.own.sandbox.url);
    two.home.ok(&["refresh", "--profile", "work"]);
    assert_eq!((two.whose(&["--profile", "work"]).as_str(), two.own.requests().len()), ("WORK", 0));
    let (own, work) = (two.own.sandbox.url.clone(), two.work.sandbox.url.clone());
    let said = two.home.vastenv(&["refresh", "--profile", "work", "--url", &own]).run();
    said.refuses(2, &["profile work", &own, &work]);
    two.home.ok(&["refresh", "--profile", "work", "--url", &work]);
    assert!(two.own.requests().is_empty());
    // A program that gets the key gets its server too.
    let print =
        ["run", "--profile", "work", "--with-api-key", "--", "sh", "-c", "echo $VAST_API_KEY $VAST_URL"];
    assert_eq!(two.home.ok(&print), format!("{} {work}\n", two.work.sandbox.key.expose()));
}

#[test]
fn the_official_clients_files_do_not_count_for_a_profile() {
    let two = Two::new().fetched();
    two.home.write(".config/vastai/vast_tfa_key", two.own.sandbox.key.expose());
    two.home.write(".config/vastai/vast_api_key", two.own.sandbox.key.expose());
    assert_eq!(two.whose(&["--profile", "work"]), "WORK");
    std::fs::remove_file(two.home.path("work.key")).expect("removed");
    let said = two.home.vastenv(&["show", "env-var", "WHOSE", "--profile", "work"]).run();
    said.refuses(4, &["work.key", "profile work", "vastenv set api-key --profile work"]);
}
