//! The account's instances, read only.

use serde_json::{Value, json};

use super::client::Client;
use super::listing::Listing;
use super::request::Request;
use crate::domain::{Failure, Instance, Result, SshAddress};

const PATH: &str = "/instances/";

/// The permission that instances take, beside those of the account.
const RIGHT: &str = "instance_read";

/// The most that the server gives at once.
const PAGE: usize = 25;

/// More pages than any account fills: a server that never ends must not keep anybody.
const MOST_PAGES: usize = 200;

impl Client {
    /// One instance.
    pub(crate) async fn instance(&self, id: u64) -> Result<Instance> {
        let request = Request::get(format!("{PATH}{id}/"), format!("show instance {id}"))
            .parameter("owner", "me")
            .needs(RIGHT);
        let answer = self.send(&request).await?;
        let raw = answer.value()?;
        match raw.get("instances") {
            Some(Value::Null) => Err(Failure::failed(format!("no instance {id} in the account"))
                .hint("`vastai show instances` lists them")),
            Some(row) => read(row).ok_or_else(|| answer.unusable("an instance without an id")),
            None => Err(answer.unusable("no instance")),
        }
    }

    /// Lists all instances, page by page.
    pub(crate) async fn instances(&self) -> Result<Listing<Instance>> {
        let mut rows = Vec::new();
        let mut token = Value::Null;
        for _ in 0..MOST_PAGES {
            let answer = self.send(&page_after(&token)).await?;
            let mut raw = answer.value()?;
            match raw.get_mut("instances").map(Value::take) {
                Some(Value::Array(page)) => rows.extend(page),
                Some(Value::Null) => {}
                _ => return Err(answer.unusable("no list of instances")),
            }
            let next = raw["next_token"].take();
            if matches!(next, Value::Null | Value::Bool(false)) || next == "" {
                let raw = Value::Array(rows);
                return Ok(Listing::of(raw.as_array().into_iter().flatten(), &raw, "instance", read));
            }
            if next == token {
                return Err(answer.unusable("the same page of instances again"));
            }
            token = next;
        }
        Err(Failure::unavailable(format!("cannot list the instances: no end after {MOST_PAGES} pages")))
    }
}

fn page_after(token: &Value) -> Request {
    let request = Request::get(PATH, "list the instances")
        .v1()
        .parameter("select_filters", json!({}).to_string())
        .parameter("order_by", json!([{"col": "id", "dir": "asc"}]).to_string())
        .parameter("limit", PAGE.to_string())
        .needs(RIGHT);
    match token {
        Value::Null => request,
        Value::String(token) => request.parameter("after_token", token),
        token => request.parameter("after_token", token.to_string()),
    }
}

fn read(row: &Value) -> Option<Instance> {
    Some(Instance {
        id: row["id"].as_u64()?,
        label: text(&row["label"]),
        status: text(&row["actual_status"]),
        gpu: text(&row["gpu_name"]),
        gpu_count: number(&row["num_gpus"]),
        ssh: ssh_address(row),
    })
}

/// Where to log in, as the official client's `ssh-url` decides: the port that the machine itself forwards,
/// else Vast's proxy, where Jupyter takes the first of two ports.
fn ssh_address(row: &Value) -> Option<SshAddress> {
    let direct = || {
        let port = number(&row["ports"]["22/tcp"][0]["HostPort"])?;
        SshAddress::new(&text(&row["public_ipaddr"])?, port)
    };
    let proxied = || {
        let has_jupyter = row["image_runtype"].to_string().contains("jupyter");
        SshAddress::new(&text(&row["ssh_host"])?, number(&row["ssh_port"])? + u64::from(has_jupyter))
    };
    direct().or_else(proxied)
}

fn text(field: &Value) -> Option<String> {
    field.as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A number, also one in quotes, as ports come.
fn number(field: &Value) -> Option<u64> {
    field.as_u64().or_else(|| field.as_str()?.trim().parse().ok()).filter(|number| *number < 1 << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_in_is_the_official_clients() {
        let proxy = json!({"ssh_host": "ssh5.vast.ai", "ssh_port": 12_344, "image_runtype": "ssh_proxy"});
        let with = |more: Value| {
            let mut row = proxy.clone();
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ssh_address(&row).map(|address| address.to_string())
        };
        let ports = json!({"22/tcp": [{"HostIp": "0.0.0.0", "HostPort": "20544"}, {"HostPort": "1"}]});
        let (direct, first, second) = (
            "ssh://root@203.0.113.7:20544",
            "ssh://root@ssh5.vast.ai:12344",
            "ssh://root@ssh5.vast.ai:12345",
        );
        for (more, expected) in [
            (json!({"ports": ports, "public_ipaddr": " 203.0.113.7\n"}), direct),
            (json!({"ports": ports, "public_ipaddr": "203.0.113.7", "image_runtype": "jupyter"}), direct),
            (json!({"ports": {"22/tcp": [{"HostPort": 20544}]}, "public_ipaddr": "203.0.113.7"}), direct),
            (json!({}), first),
            (json!({"ports": null}), first),
            (json!({"ports": {}}), first),
            (json!({"ports": {"22/tcp": null, "8080/tcp": [{"HostPort": "8080"}]}}), first),
            (json!({"ssh_port": "12344"}), first),
            (json!({"image_runtype": null}), first),
            (json!({"image_runtype": "jupyter_proxy ssh_proxy"}), second),
            (json!({"image_runtype": ["ssh", "jupyter"]}), second),
            // What the direct way lacks, the proxy has.
            (json!({"ports": ports, "public_ipaddr": null}), first),
            (json!({"ports": {"22/tcp": []}, "public_ipaddr": "203.0.113.7"}), first),
            (json!({"ports": ports, "public_ipaddr": "-oProxyCommand=x"}), first),
        ] {
            assert_eq!(with(more.clone()).as_deref(), Some(expected), "{more}");
        }
        for none in [
            json!({"ssh_host": null}),
            json!({"ssh_host": ""}),
            json!({"ssh_port": null}),
            json!({"ssh_port": -1}),
            json!({"ssh_port": 0}),
            json!({"ssh_port": 65_535, "image_runtype": "jupyter"}),
            json!({"ssh_port": u64::MAX, "image_runtype": "jupyter"}),
            json!({"ssh_host": "-oProxyCommand=x"}),
        ] {
            assert_eq!(with(none.clone()), None, "{none}");
        }
    }
}
