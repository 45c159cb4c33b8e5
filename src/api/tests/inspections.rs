//! `--explain` and `--curl`.

use std::pin::pin;
use std::task::{Context, Waker};

use super::server::{say_redirect, say_status, serve};
use super::*;

/// What `call` shows, which is never answered.
fn shown<T>(call: impl Future<Output = T>, seen: &Seen) -> String {
    assert!(pin!(call).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let [shown] = seen.shown().try_into().unwrap();
    shown
}

fn curl(show_values: bool, value: &str) -> String {
    let settings = Settings { inspect: Inspect::Curl { show_values }, ..settings("http://localhost:1") };
    let (client, seen) = client(settings);
    let shown = shown(client.create_secret(&name(), &Secret::new(value)), &seen);
    assert!(!shown.contains(KEY), "{shown}");
    shown
}

/// The words that a POSIX shell makes of `command`, with `curl` replaced by a list.
fn words(command: &str, value: &str) -> Vec<String> {
    let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\n{command}");
    let output = process::command("sh")
        .args(["-c", &script])
        .env("VAST_API_KEY", "the key")
        .env("VALUE", value)
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    words.trim_end_matches('\0').split('\0').map(str::to_owned).collect()
}

#[test]
fn explain_shows_the_request_without_key_and_value_and_sends_it() {
    let server = serve([say_redirect(307, "/new/"), say_status(200, r#"{"msg": "done"}"#)]);
    let (client, seen) = client(Settings { inspect: Inspect::Explain, ..settings(&server.url()) });
    assert_eq!(create(&client).as_deref(), Ok("done"));
    let url = server.url();
    let version = env!("CARGO_PKG_VERSION");
    let call = format!(
        "POST {url}/api/v0/secrets/\nAuthorization: Bearer *****\nContent-Type: application/json\n\
         User-Agent: vastenv/{version}\n\n{{\n \"key\": \"NAME\",\n \"value\": \"*****\"\n}}"
    );
    assert_eq!(seen.shown(), [call, format!("redirected to {url}/new/")]);
    assert!(server.finish()[0].body.contains(VALUE));
}

#[test]
fn curl_leaves_key_and_value_to_the_shell() {
    let shown = curl(false, VALUE);
    assert!(!shown.contains(VALUE), "{shown}");
    let expected = [
        "-X",
        "POST",
        "-H",
        "Authorization: Bearer the key",
        "-H",
        "Content-Type: application/json",
        "--data",
        r#"{"key": "NAME", "value": "from $(the) shell"}"#,
        "http://localhost:1/api/v0/secrets/",
    ];
    assert_eq!(words(&shown, "from $(the) shell"), expected);
}

#[test]
fn curl_quotes_a_typed_value_so_that_the_shell_gives_it_back() {
    for value in [VALUE, "it's", "$HOME `id` $(id)", "a\"b\\c\n!!", "é🦀", "", "@file"] {
        let words = words(&curl(true, value), "unused");
        let body: serde_json::Value = serde_json::from_str(&words[7]).unwrap();
        assert_eq!(body, serde_json::json!({"key": "NAME", "value": value}));
    }
}

#[test]
fn curl_shows_a_read_without_a_body() {
    let settings = Settings {
        inspect: Inspect::Curl { show_values: false },
        key: None,
        ..settings("https://console.vast.ai")
    };
    let (client, seen) = client(settings);
    assert_eq!(
        shown(client.secrets(), &seen),
        "curl -X GET \\\n  -H 'Content-Type: application/json' \\\n  'https://console.vast.ai/api/v0/secrets/'"
    );
}
