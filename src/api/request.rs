//! One call, before it is sent.

use reqwest::Method;
use serde_json::Value;
use zeroize::Zeroize;

/// Fields of a body that hold what must not be seen.
const SECRET_FIELDS: [&str; 2] = ["value", "ssh_key"];

/// A call to the API: method, address, JSON body, and what it is for.
pub(crate) struct Request {
    pub(super) method: Method,
    /// `v0` where nothing else is said.
    pub(super) version: &'static str,
    /// The path below `/api/v0`.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// What the call does, to follow "cannot": `create the variable HF_TOKEN`.
    pub(super) purpose: String,
    /// Whether sending it a second time changes nothing more.
    pub(super) repeatable: bool,
    /// The permission that it takes, for a server that does not name the missing one.
    pub(super) right: &'static str,
}

impl Request {
    /// A read. `path` starts and ends with `/`, its parts percent-encoded; `purpose` follows
    /// "cannot" in messages and must be fit to show.
    pub(crate) fn get(path: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None, purpose).repeatable()
    }

    /// A creation, never sent again once it may have arrived.
    pub(crate) fn post(path: impl Into<String>, body: Value, purpose: impl Into<String>) -> Self {
        Self::new(Method::POST, path, Some(body), purpose)
    }

    /// A change, not sent again once it may have arrived unless it is [`Self::repeatable`].
    pub(crate) fn put(path: impl Into<String>, body: Value, purpose: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, Some(body), purpose)
    }

    /// A removal, never sent again once it may have arrived.
    pub(crate) fn delete(path: impl Into<String>, body: Value, purpose: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, Some(body), purpose)
    }

    /// Marks a change that may be sent twice with the same result as once.
    #[must_use]
    pub(crate) fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// The same below `/api/v1`.
    #[must_use]
    pub(crate) fn v1(mut self) -> Self {
        self.version = "v1";
        self
    }

    /// Adds a parameter to the address.
    #[must_use]
    pub(crate) fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Says that another permission than `user_read` or `user_write` is needed.
    #[must_use]
    pub(crate) fn needs(mut self, right: &'static str) -> Self {
        self.right = right;
        self
    }

    fn new(method: Method, path: impl Into<String>, body: Option<Value>, purpose: impl Into<String>) -> Self {
        let right = if method == Method::GET { "user_read" } else { "user_write" };
        let (version, query) = ("v0", Vec::new());
        let (path, purpose) = (path.into(), purpose.into());
        Self { method, version, path, query, body, purpose, repeatable: false, right }
    }

    /// Whether the call changes nothing.
    pub(super) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    /// The texts in the body that must not be seen.
    pub(super) fn secret_texts(&self) -> impl Iterator<Item = &str> {
        SECRET_FIELDS.iter().filter_map(|field| self.body.as_ref()?.get(field)?.as_str())
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        for field in self.body.iter_mut().filter_map(Value::as_object_mut).flat_map(|body| body.values_mut())
        {
            if let Value::String(text) = field {
                text.zeroize();
            }
        }
    }
}

/// Whether a body's field of this name must not be seen.
pub(super) fn is_secret_field(name: &str) -> bool {
    SECRET_FIELDS.contains(&name)
}
