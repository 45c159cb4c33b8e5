//! One call, before it is sent.

use reqwest::Method;
use serde_json::Value;
use zeroize::Zeroize;

/// Fields of a body that hold what must not be seen.
const SECRET_FIELDS: [&str; 2] = ["value", "ssh_key"];

/// A call to the API: method, path below `/api/v0`, JSON body, and what it is for.
pub struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
    /// What the call does, to follow "cannot": `create the variable HF_TOKEN`.
    pub(super) purpose: String,
    /// Whether sending it a second time changes nothing more.
    pub(super) repeatable: bool,
}

impl Request {
    /// A read. `path` starts and ends with `/`, its parts percent-encoded; `purpose` follows
    /// "cannot" in messages and must be fit to show.
    pub fn get(path: impl Into<String>, purpose: impl Into<String>) -> Self {
        Self::new(Method::GET, path, None, purpose).repeatable()
    }

    /// A creation, never sent again once it may have arrived.
    pub fn post(path: impl Into<String>, body: Value, purpose: impl Into<String>) -> Self {
        Self::new(Method::POST, path, Some(body), purpose)
    }

    /// A change, not sent again once it may have arrived unless it is [`Self::repeatable`].
    pub fn put(path: impl Into<String>, body: Value, purpose: impl Into<String>) -> Self {
        Self::new(Method::PUT, path, Some(body), purpose)
    }

    /// A removal, never sent again once it may have arrived.
    pub fn delete(path: impl Into<String>, body: Value, purpose: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path, Some(body), purpose)
    }

    /// Marks a change that may be sent twice with the same result as once.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    fn new(method: Method, path: impl Into<String>, body: Option<Value>, purpose: impl Into<String>) -> Self {
        Self { method, path: path.into(), body, purpose: purpose.into(), repeatable: false }
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
