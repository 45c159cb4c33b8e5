//! The record of requests: one JSON line each, for tests of scripts to read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use hyper::StatusCode;
use serde_json::{Value, json};

use super::request::Request;
use crate::domain::{Failure, Result, printable};
use crate::files::reason;

/// A file that grows by one line a request.
#[derive(Debug)]
pub(super) struct Record {
    path: PathBuf,
    file: File,
}

impl Record {
    /// Opens or creates the file at `path`, for its owner only: the bodies hold values.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let open = || {
            let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
            // A terminal or pipe keeps its own permissions.
            if file.metadata()?.is_file() {
                file.set_permissions(fs::Permissions::from_mode(0o600))?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| failure(path, &error))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Adds the line of `request`, answered with `status`. It is in the file when this returns.
    pub(super) fn add(&mut self, request: &Request, status: StatusCode) -> Result<()> {
        let line = json!({
            "method": request.method.as_str(),
            "path": request.path,
            "body": readable(request.body.as_deref().unwrap_or_default()),
            "status": status.as_u16(),
        });
        self.file.write_all(format!("{line}\n").as_bytes()).map_err(|error| failure(&self.path, &error))
    }
}

/// A body as JSON: null if there is none, a text if it is something else.
fn readable(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    serde_json::from_slice(body).unwrap_or_else(|_| String::from_utf8_lossy(body).into())
}

fn failure(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!(
        "cannot write the record {}: {}",
        printable(&path.to_string_lossy()),
        reason(error)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Method;

    fn request(body: Option<&str>) -> Request {
        Request {
            method: Method::POST,
            path: "/api/v0/secrets/".to_owned(),
            query: "?token=in-a-query".to_owned(),
            token: Some(crate::domain::Secret::new("in-a-header")),
            body: body.map(|text| text.as_bytes().to_owned()),
        }
    }

    #[test]
    fn each_request_adds_a_line_without_credentials() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("record.jsonl");
        fs::write(&path, "{}\n").expect("a file");
        let mut record = Record::open(&path).expect("a record");
        for body in [Some("{\"key\": \"A\"}"), Some("not json"), Some(""), None] {
            record.add(&request(body), StatusCode::OK).expect("a line");
        }
        let text = fs::read_to_string(&path).expect("text");
        let line = |body: &str| {
            format!("{{\"body\":{body},\"method\":\"POST\",\"path\":\"/api/v0/secrets/\",\"status\":200}}\n")
        };
        let bodies = ["{\"key\":\"A\"}", "\"not json\"", "null", "null"].map(line).concat();
        assert_eq!(text, format!("{{}}\n{bodies}"));
        assert_eq!(fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_record_that_cannot_be_opened_is_named() {
        let failure = Record::open(Path::new("/nowhere/record.jsonl")).unwrap_err();
        assert!(failure.message().starts_with("cannot write the record /nowhere/record.jsonl: "));
    }
}
