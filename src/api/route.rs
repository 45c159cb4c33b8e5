//! The way to the server: through a proxy or not, and who is to blame where it ends.

use std::error::Error;
use std::io;
use std::time::Duration;

use hyper::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Url;
use rustls::{CertificateError, Error as TlsError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::domain::{Failure, Result, printable_capped};

/// How long a proxy may take to say why it refuses.
const PATIENCE: Duration = Duration::from_secs(3);

/// How the server is reached.
#[derive(Debug, Default)]
pub(super) struct Route(Option<Intercept>);

/// Why nothing was sent, and what to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Unreached {
    pub(super) cause: String,
    pub(super) hint: String,
}

impl Route {
    /// The way that the environment's proxies give to `server`, as the HTTP library takes it.
    pub(super) fn of_environment(server: &str) -> Result<Self> {
        let proxy = server.parse::<Uri>().ok().and_then(|uri| Matcher::from_env().intercept(&uri));
        let route = Self(proxy);
        match &route.0 {
            Some(proxy) if proxy.uri().scheme_str().is_some_and(|scheme| scheme.starts_with("socks")) => {
                Err(Failure::unavailable(format!("cannot use {}: it speaks SOCKS", route.proxy()))
                    .hint("name an HTTP proxy in HTTPS_PROXY, or the server in NO_PROXY"))
            }
            _ => Ok(route),
        }
    }

    /// What follows the server's name: the proxy between, if there is one.
    pub(super) fn via(&self) -> String {
        if self.0.is_some() { format!(" through {}", self.proxy()) } else { String::new() }
    }

    /// The proxy by its address, without user name and password.
    fn proxy(&self) -> String {
        let address =
            self.0.as_ref().and_then(|proxy| proxy.uri().authority()).map_or("", |all| all.as_str());
        let address = address.rsplit('@').next().unwrap_or(address);
        format!("the proxy {}", printable_capped(address, 100))
    }

    /// Who is to blame for `error`, which kept a request to `url` from being sent. `cause` is what its
    /// innermost error says.
    pub(super) async fn blame(
        &self,
        host: &str,
        url: &Url,
        error: &reqwest::Error,
        cause: &str,
    ) -> Unreached {
        let unreached = |cause: String, hint: &str| Unreached { cause, hint: hint.to_owned() };
        if let Some(error) = tls_error(error) {
            return unreached(format!("{host}{} cannot be reached ({cause})", self.via()), tls_hint(error));
        }
        let network = "check the network, or the address given with --url or VAST_URL";
        let Some(proxy) = &self.0 else {
            return unreached(format!("{host} cannot be reached ({cause})"), network);
        };
        let check = "check the proxy named in HTTPS_PROXY, HTTP_PROXY or ALL_PROXY; NO_PROXY names servers to reach without it";
        match cause.trim_start_matches("tunnel error: ") {
            "proxy authorization required" => unreached(
                format!("{} requires a user name and password (HTTP 407)", self.proxy()),
                "put them into the proxy's address: HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT",
            ),
            "unsuccessful" => {
                let status = tokio::time::timeout(PATIENCE, refusal(proxy, url)).await.ok().flatten();
                let status = status.map_or(String::new(), |status| format!(" (HTTP {status})"));
                unreached(format!("{} refuses to connect to {host}{status}", self.proxy()), check)
            }
            _ => unreached(format!("{} cannot be reached ({cause})", self.proxy()), check),
        }
    }
}

/// The status with which `proxy` refuses a tunnel: the HTTP library keeps it to itself.
async fn refusal(proxy: &Intercept, url: &Url) -> Option<u16> {
    let uri = proxy.uri();
    if uri.scheme_str() != Some("http") {
        return None;
    }
    let target = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    let auth = proxy.basic_auth().and_then(|auth| auth.to_str().ok());
    let auth = auth.map_or(String::new(), |auth| format!("Proxy-Authorization: {auth}\r\n"));
    let mut stream = TcpStream::connect((uri.host()?, uri.port_u16().unwrap_or(80))).await.ok()?;
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{auth}\r\n");
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut head = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut head).await.ok()?;
    let status = std::str::from_utf8(&head).ok()?.strip_prefix("HTTP/1.")?.get(2..)?.parse().ok()?;
    // It may have changed its mind.
    (status >= 300).then_some(status)
}

/// The TLS library's error in the chain of `error`.
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a TlsError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<TlsError>() {
            return Some(found);
        }
        // What an I/O error holds is not its source.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|inner| inner as _).or_else(|| error.source());
    }
    None
}

fn tls_hint(error: &TlsError) -> &'static str {
    let TlsError::InvalidCertificate(fault) = error else {
        return "check the address (--url, VAST_URL) and any proxy on the way: TLS did not work there";
    };
    match fault {
        CertificateError::UnknownIssuer => {
            "where a proxy or your company issues certificates, name a file of all CAs to trust in SSL_CERT_FILE"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "check this machine's clock (`date`): it may be behind"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "check this machine's clock (`date`); if it is right, the server's certificate has expired"
        }
        _ => "check the address (--url, VAST_URL), or who answers instead",
    }
}

/// The hint where TLS cannot be set up at all.
pub(super) const NO_CERTIFICATES: &str = "check the file that SSL_CERT_FILE names (or the folder in SSL_CERT_DIR), or unset it; \
     else install the system's certificates (often a package named ca-certificates)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_certificate_has_its_own_hint() {
        for (fault, named) in [
            (CertificateError::UnknownIssuer, "SSL_CERT_FILE"),
            (CertificateError::NotValidYet, "clock"),
            (CertificateError::Expired, "expired"),
            (CertificateError::NotValidForName, "--url"),
        ] {
            // As the HTTP library passes it on.
            let error = io::Error::other(io::Error::other(TlsError::InvalidCertificate(fault)));
            assert!(tls_hint(tls_error(&error).expect("a TLS error")).contains(named), "{error}");
        }
        assert!(tls_error(&io::Error::other("refused")).is_none());
    }
}
