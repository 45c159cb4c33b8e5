//! The server's address, and what counts as the same service.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{Failure, Result, printable_capped};

/// Where the official client goes unless told otherwise.
const DEFAULT: &str = "https://console.vast.ai";

/// Vast's own environments redirect between hosts of this domain.
const VAST_DOMAIN: &str = "vast.ai";

/// The base URL of an account API: scheme, host, port and perhaps a path, without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ServerUrl(String);

/// Scheme, host and port of a URL: what decides whether a redirect may keep the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl ServerUrl {
    /// Reads an address from `--url`, `VAST_URL` or a file.
    pub fn parse(text: &str) -> Result<Self> {
        let bad = |why: &str| {
            Failure::usage(format!("{} is not a server address: {why}", without_secrets(text)))
                .hint("use the form https://console.vast.ai (--url or VAST_URL)")
        };
        // Anywhere: in https://user:1/word@host it stands in the path, and the host is `user`.
        if text.contains('@') {
            return Err(Failure::usage("the server address holds a user name or password")
                .hint("give the address alone; the key goes into VAST_API_KEY or `vastenv set api-key`"));
        }
        let url = Url::parse(text.trim()).map_err(|error| bad(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad("it must start with https:// (or http:// for this machine)"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(bad("it has a query or a fragment"));
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }

    /// The address as text, without a trailing slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host with its port where it is not the scheme's own: what a person calls the server.
    pub fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> Origin {
        Url::parse(&self.0).map_or_else(|_| Origin::nowhere(), |url| Origin::of(&url))
    }

    /// Whether the host is this machine: a loopback address or `localhost`. Names below `localhost` are
    /// asked of DNS, and may be anybody's.
    pub fn is_loopback(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        })
    }

    /// Whether what is sent there travels in clear text.
    pub fn is_plain_http(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// Refuses plain http to another machine, unless `insecure_http` lets it through.
    pub fn check_transport(&self, insecure_http: bool) -> Result<()> {
        if !self.is_plain_http() || self.is_loopback() || insecure_http {
            return Ok(());
        }
        Err(Failure::usage(format!("the key would travel in clear text to {self}"))
            .hint("use https://, or --insecure-http if you trust every machine on the way"))
    }
}

/// An address that is refused, without a query or fragment: a key may stand there.
fn without_secrets(text: &str) -> String {
    let end = text.find(['?', '#']).map_or(text.len(), |at| at + 1);
    let ellipsis = if end < text.len() { "…" } else { "" };
    format!("{}{ellipsis}", printable_capped(&text[..end], 80))
}

impl TryFrom<String> for ServerUrl {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        Self::parse(&text).map_err(|_| "not a server address")
    }
}

impl Default for ServerUrl {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Origin {
    /// The origin of `url`.
    pub fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            host: url.host_str().unwrap_or_default().to_ascii_lowercase(),
            port: url.port_or_known_default(),
        }
    }

    fn nowhere() -> Self {
        Self { scheme: String::new(), host: String::new(), port: None }
    }

    /// Whether a redirect from here to `target` stays within the service that was meant: the same
    /// scheme and port, and either the same host or two hosts of `vast.ai` (the official client's
    /// rule).
    pub fn is_same_service(&self, target: &Self) -> bool {
        self.scheme == target.scheme
            && self.port == target.port
            && !self.host.is_empty()
            && (self.host == target.host || (in_vast_domain(&self.host) && in_vast_domain(&target.host)))
    }
}

fn in_vast_domain(host: &str) -> bool {
    host.strip_suffix(VAST_DOMAIN).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        ServerUrl::parse(text).expect("an address").origin()
    }

    #[test]
    fn addresses_are_normalised() {
        for (given, kept) in [
            ("https://console.vast.ai/", "https://console.vast.ai"),
            (" HTTP://LOCALHOST:80/ ", "http://localhost"),
            ("http://127.0.0.1:8080/base/", "http://127.0.0.1:8080/base"),
        ] {
            assert_eq!(ServerUrl::parse(given).expect(given).as_str(), kept);
        }
        for bad in ["", "console.vast.ai", "ftp://x", "https://u:p@x", "https://x/?a=b", "file:///etc/passwd"]
        {
            assert!(ServerUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_not_repeated() {
        for text in [
            "https://user:hunter2@vast.ai",
            "https://hunter2@vast.ai",
            "user:hunter2@vast.ai",
            "https://user:hunter2@",
            "https://user:hunter2@[::1",
            "https://user:hunter2/x@vast.ai",
            "https://user:1/hunter2@vast.ai",
            "https://user:#hunter2@vast.ai",
            "https:/\\user:hunter2@vast.ai",
            "https://vast.ai/?key=hunter2",
            "https://vast.ai:port/#hunter2",
        ] {
            let failure = ServerUrl::parse(text).expect_err(text);
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }

    #[test]
    fn the_key_stays_within_one_service() {
        let console = origin("https://console.vast.ai");
        assert!(console.is_same_service(&origin("https://console.vast.ai")));
        assert!(console.is_same_service(&origin("https://cloud.vast.ai:443")));
        for other in [
            "http://console.vast.ai",
            "https://console.vast.ai:8443",
            "https://evil-vast.ai",
            "https://vast.ai.evil.com",
        ] {
            assert!(!console.is_same_service(&origin(other)), "{other}");
        }
        assert!(!origin("http://127.0.0.1:1").is_same_service(&origin("http://127.0.0.1:2")));
        assert!(!origin("http://127.0.0.1:1").is_same_service(&origin("http://localhost:1")));
    }

    #[test]
    fn loopback_is_recognised() {
        for here in ["http://127.0.0.1:1", "http://localhost", "http://[::1]:9", "http://127.9.9.9"] {
            assert!(ServerUrl::parse(here).expect(here).is_loopback(), "{here}");
        }
        for away in [
            "http://10.0.0.1",
            "https://console.vast.ai",
            "http://localhost.evil.com",
            "http://foo.localhost",
            "http://localhost.",
            "http://0.0.0.0",
        ] {
            assert!(!ServerUrl::parse(away).expect(away).is_loopback(), "{away}");
        }
    }
}
