//! Which path is which endpoint, and which methods it takes.

use hyper::Method;

/// Where the API lives, by its version.
const PREFIXES: [(&str, u8); 2] = [("/api/v0/", 0), ("/api/v1/", 1)];

/// An endpoint of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// `/secrets/`
    Secrets,
    /// `/auth/apikeys/`
    ApiKeys,
    /// `/auth/apikeys/{id}/`
    ApiKey(u64),
    /// `/commands/reset_apikey/`
    ResetApiKey,
    /// `/ssh/`
    SshKeys,
    /// `/ssh/{id}/`
    SshKey(u64),
    /// `/api/v1/instances/`
    Instances,
    /// `/instances/{id}/`
    Instance(u64),
    /// `/users/current/`
    CurrentUser,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    Endpoint(Endpoint),
    /// An endpoint, were it not for the missing slash; the path with it.
    Redirect(String),
    Nothing,
}

impl Target {
    /// What `path` (without the query) leads to.
    pub(super) fn of(path: &str) -> Self {
        let below = |(prefix, version)| Some((path.strip_prefix(prefix)?, version));
        let Some((rest, version)) = PREFIXES.into_iter().find_map(below) else { return Self::Nothing };
        let (rest, has_slash) = rest.strip_suffix('/').map_or((rest, false), |rest| (rest, true));
        match endpoint(version, rest) {
            Some(endpoint) if has_slash => Self::Endpoint(endpoint),
            Some(_) => Self::Redirect(format!("{path}/")),
            None => Self::Nothing,
        }
    }
}

impl Endpoint {
    /// The methods that it takes, as the `Allow` header lists them.
    pub(super) fn methods(self) -> &'static str {
        match self {
            Self::Secrets => "GET, POST, PUT, DELETE",
            Self::ApiKeys | Self::SshKeys => "GET, POST",
            Self::ApiKey(_) => "GET, DELETE",
            Self::ResetApiKey => "PUT",
            Self::SshKey(_) => "PUT, DELETE",
            Self::CurrentUser | Self::Instances | Self::Instance(_) => "GET",
        }
    }

    /// The permission that `method` takes here.
    pub(super) fn category(self, method: &Method) -> &'static str {
        match (self, method == Method::GET) {
            (Self::Instances | Self::Instance(_), _) => "instance_read",
            (_, true) => "user_read",
            (_, false) => "user_write",
        }
    }
}

fn endpoint(version: u8, path: &str) -> Option<Endpoint> {
    match path {
        "instances" if version == 1 => Some(Endpoint::Instances),
        _ if version == 1 => None,
        "secrets" => Some(Endpoint::Secrets),
        "auth/apikeys" => Some(Endpoint::ApiKeys),
        "commands/reset_apikey" => Some(Endpoint::ResetApiKey),
        "ssh" => Some(Endpoint::SshKeys),
        "users/current" => Some(Endpoint::CurrentUser),
        _ => match path.rsplit_once('/')? {
            ("auth/apikeys", id) => number(id).map(Endpoint::ApiKey),
            ("ssh", id) => number(id).map(Endpoint::SshKey),
            ("instances", id) => number(id).map(Endpoint::Instance),
            _ => None,
        },
    }
}

/// Digits only: `parse` alone would take `+5`.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_endpoints_with_their_slash_only() {
        for (path, endpoint) in [
            ("/api/v0/secrets", Endpoint::Secrets),
            ("/api/v0/auth/apikeys", Endpoint::ApiKeys),
            ("/api/v0/auth/apikeys/12", Endpoint::ApiKey(12)),
            ("/api/v0/commands/reset_apikey", Endpoint::ResetApiKey),
            ("/api/v0/ssh", Endpoint::SshKeys),
            ("/api/v0/ssh/7", Endpoint::SshKey(7)),
            ("/api/v0/users/current", Endpoint::CurrentUser),
            ("/api/v0/instances/7", Endpoint::Instance(7)),
            ("/api/v1/instances", Endpoint::Instances),
        ] {
            let with_slash = format!("{path}/");
            assert_eq!(Target::of(&with_slash), Target::Endpoint(endpoint));
            assert_eq!(Target::of(path), Target::Redirect(with_slash));
        }
    }

    #[test]
    fn other_paths_lead_nowhere() {
        for path in [
            "",
            "/",
            "/secrets/",
            "/api/v1/secrets/",
            "/api/v1/instances/7/",
            "/api/v0/instances/",
            "/api/v2/instances/",
            "/api/v0/",
            "/api/v0//secrets/",
            "/api/v0/secrets//",
            "/api/v0/secrets/1/",
            "/api/v0/ssh/one/",
            "/api/v0/ssh/+1/",
            "/api/v0/ssh/99999999999999999999/",
            "/api/v0/users/",
        ] {
            assert_eq!(Target::of(path), Target::Nothing, "{path}");
        }
    }
}
