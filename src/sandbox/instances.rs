//! Instances: read only, as they were written down or seeded.

use std::cmp::Ordering;

use reqwest::Url;
use serde_json::{Map, Value, json};

use super::Outcome;
use super::account::Account;
use super::answer::Answer;
use crate::domain::{Failure, Result, Timestamp};

/// The fields of an instance.
pub(super) type Row = Map<String, Value>;

/// The most instances of one page.
const MOST: usize = 25;

/// An instance for the account to begin with.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceSeed(Row);

impl InstanceSeed {
    /// Reads `ID[=HOST:PORT][,label=TEXT][,status=WORD][,gpu=NAME][,gpus=N]`: an instance with this number,
    /// and the address where its sshd really is.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).ok_or_else(|| {
            Failure::usage("--instance is not ID[=HOST:PORT][,label=…][,status=…][,gpu=…][,gpus=N]")
                .hint("vastenv sandbox --instance 20931234=127.0.0.1:2222,label=train -- bash")
        })
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split(',');
        let (id, address) = match parts.next()?.split_once('=') {
            Some((id, address)) => (id, Some(address)),
            None => (text.split(',').next()?, None),
        };
        let mut row = Row::from_iter([("id".to_owned(), json!(id.parse::<u64>().ok()?))]);
        if let Some(address) = address {
            let (host, port) = address.rsplit_once(':')?;
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let port = port.parse::<u16>().ok().filter(|port| *port > 0 && !host.is_empty())?;
            row.insert("public_ipaddr".to_owned(), json!(host));
            let forwarded = json!({"22/tcp": [{"HostIp": "0.0.0.0", "HostPort": port.to_string()}]});
            row.insert("ports".to_owned(), forwarded);
        }
        for part in parts {
            let (field, value) = match part.split_once('=')? {
                ("label", label) => ("label", json!(label)),
                ("status", status) => ("actual_status", json!(status)),
                ("gpu", name) => ("gpu_name", json!(name)),
                ("gpus", number) => ("num_gpus", json!(number.parse::<u64>().ok()?)),
                _ => return None,
            };
            row.insert(field.to_owned(), value);
        }
        Some(Self(row))
    }

    /// Puts the instance into the account, in place of one with the same number.
    pub(super) fn plant(&self, account: &mut Account) {
        account.instances.retain(|row| row.get("id") != self.0.get("id"));
        account.instances.push(self.0.clone());
    }
}

/// Gives an instance what it lacks; what is null stays so.
pub(super) fn complete(row: &mut Row, now: Timestamp) {
    let id = row.get("id").and_then(Value::as_u64).unwrap_or_default();
    let usual = json!({
        "actual_status": "running", "cur_state": "running", "intended_status": "running", "label": null,
        "image_uuid": "vastai/base-image:latest", "image_runtype": "ssh_direc ssh_proxy", "extra_env": [],
        "gpu_name": "RTX 4090", "num_gpus": 1, "machine_id": id, "start_date": now.0,
        "public_ipaddr": null, "ports": {}, "ssh_idx": "1", "ssh_host": "ssh1.sandbox.invalid",
        "ssh_port": 10_000 + id % 50_000,
    });
    for (name, value) in usual.as_object().into_iter().flatten() {
        row.entry(name).or_insert_with(|| value.clone());
    }
}

/// `GET /api/v0/instances/{id}/`: null where there is no such instance.
pub(super) fn show(account: &Account, id: u64) -> Value {
    json!({"instances": account.instances.iter().find(|row| row.get("id") == Some(&json!(id)))})
}

/// `GET /api/v1/instances/`.
pub(super) fn list(account: &Account, query: &str) -> Outcome {
    let query = Query::read(query)?;
    let mut rows: Vec<&Row> = account.instances.iter().filter(|row| query.selects(row)).collect();
    rows.sort_by(|one, other| query.compare(one, other));
    let total = rows.len();
    let mut labels = Map::new();
    for label in rows.iter().map(|row| row.get("label").and_then(Value::as_str).unwrap_or_default()) {
        let count = labels.get(label).and_then(Value::as_u64).unwrap_or(0);
        labels.insert(label.to_owned(), json!(count + 1));
    }
    let start = match &query.after {
        None => 0,
        Some(token) => {
            let last = rows.iter().position(|row| token_after(row) == *token);
            last.ok_or_else(|| invalid("after_token is none that was given out"))? + 1
        }
    };
    let page = &rows[start..rows.len().min(start + query.limit)];
    let next = page.last().filter(|_| start + page.len() < total).map(|row| token_after(row));
    let shown: Vec<Value> = page.iter().map(|row| query.columns_of(row)).collect();
    Ok(json!({
        "success": true, "instances": shown, "instances_found": page.len(), "next_token": next,
        "total_instances": total, "label_counts": labels,
    }))
}

fn token_after(row: &Row) -> String {
    format!("after-{}", row.get("id").unwrap_or(&Value::Null))
}

/// What a list is asked for.
struct Query {
    /// By column, the values that are let through.
    filters: Vec<(String, Vec<Value>)>,
    /// Columns, and whether from the last to the first.
    order: Vec<(String, bool)>,
    limit: usize,
    after: Option<String>,
    columns: Option<Vec<String>>,
}

impl Query {
    /// Reads the query with its `?`, or nothing.
    fn read(text: &str) -> std::result::Result<Self, Answer> {
        let url =
            Url::parse(&format!("http://sandbox/{text}")).map_err(|_| invalid("the query cannot be read"))?;
        let mut query =
            Self { filters: Vec::new(), order: Vec::new(), limit: MOST, after: None, columns: None };
        for (name, value) in url.query_pairs() {
            let json = || serde_json::from_str::<Value>(&value).ok();
            let read = match &*name {
                "select_filters" => json().and_then(|json| filters(&json)).map(|read| query.filters = read),
                "order_by" => json().and_then(|json| order(&json)).map(|read| query.order = read),
                "select_cols" => json()
                    .and_then(|json| serde_json::from_value(json).ok())
                    .map(|read: Vec<String>| query.columns = Some(read)),
                "limit" => value
                    .parse()
                    .ok()
                    .filter(|limit| (1..=MOST).contains(limit))
                    .map(|read| query.limit = read),
                "after_token" => {
                    query.after = Some(value.into_owned());
                    Some(())
                }
                _ => Some(()),
            };
            read.ok_or_else(|| invalid(&format!("{name} cannot be read")))?;
        }
        Ok(query)
    }

    fn selects(&self, row: &Row) -> bool {
        self.filters.iter().all(|(column, values)| values.contains(row.get(column).unwrap_or(&Value::Null)))
    }

    fn compare(&self, one: &Row, other: &Row) -> Ordering {
        let by = |(column, is_descending): &(String, bool)| {
            let order = compare(one.get(column), other.get(column));
            if *is_descending { order.reverse() } else { order }
        };
        self.order.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn columns_of(&self, row: &Row) -> Value {
        let is_wanted =
            |name: &str| self.columns.as_ref().is_none_or(|names| names.iter().any(|n| n == name));
        let fields = row.iter().filter(|(name, _)| is_wanted(name));
        Value::Object(fields.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// `{"COLUMN": {"in": […]}}` or `{"COLUMN": {"eq": …}}`.
fn filters(json: &Value) -> Option<Vec<(String, Vec<Value>)>> {
    let values = |rule: &Value| match rule.as_object()?.iter().next()? {
        (comparison, value) if comparison == "eq" => Some(vec![value.clone()]),
        (comparison, Value::Array(values)) if comparison == "in" => Some(values.clone()),
        _ => None,
    };
    json.as_object()?.iter().map(|(column, rule)| Some((column.clone(), values(rule)?))).collect()
}

/// `[{"col": "COLUMN", "dir": "asc"}]`.
fn order(json: &Value) -> Option<Vec<(String, bool)>> {
    let column = |rule: &Value| match (rule["col"].as_str()?, rule["dir"].as_str()?) {
        (column, "asc") => Some((column.to_owned(), false)),
        (column, "desc") => Some((column.to_owned(), true)),
        _ => None,
    };
    json.as_array()?.iter().map(column).collect()
}

/// Numbers by their size, all else by its text.
fn compare(one: Option<&Value>, other: Option<&Value>) -> Ordering {
    let numbers = (one.and_then(Value::as_f64), other.and_then(Value::as_f64));
    let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
    match numbers {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => text(one).cmp(&text(other)),
    }
}

fn invalid(msg: &str) -> Answer {
    Answer::bad_request("invalid_args", msg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(account: &Account, query: &str) -> (Vec<u64>, Value) {
        let answer = list(account, query).expect("a list");
        let rows = answer["instances"].as_array().expect("rows").clone();
        (rows.iter().map(|row| row["id"].as_u64().expect("an id")).collect(), answer["next_token"].clone())
    }

    fn account(count: u64) -> Account {
        let rows: Vec<Value> = (1..=count).map(|id| json!({"id": id})).collect();
        Account::from_json(&json!({"instances": rows}))
    }

    #[test]
    fn pages_follow_each_other_to_the_end() {
        let account = account(53);
        let mut token = String::new();
        let mut seen = Vec::new();
        for (size, is_last) in [(25, false), (25, false), (3, true)] {
            let (page, next) = ids(&account, &format!("?limit=25{token}"));
            assert_eq!((page.len(), next.is_null()), (size, is_last));
            seen.extend(page);
            token = format!("&after_token={}", next.as_str().unwrap_or_default());
        }
        assert_eq!(seen, (1..=53).collect::<Vec<u64>>());
        assert_eq!(list(&account, "").expect("a list")["total_instances"], json!(53));
        assert_eq!(ids(&self::account(25), "").1, Value::Null, "a full page may be the last");
    }

    #[test]
    fn a_list_is_filtered_ordered_and_cut_to_columns() {
        let account = Account::from_json(&json!({"instances": [
            {"id": 10, "label": "a", "gpu_name": "H100"}, {"id": 9, "label": "b"},
            {"id": 100, "label": "a", "actual_status": "exited"},
        ]}));
        let all = |query: &str| ids(&account, query).0;
        assert_eq!(all(r#"?order_by=[{"col":"id","dir":"asc"}]"#), [9, 10, 100]);
        assert_eq!(
            all(r#"?order_by=[{"col":"label","dir":"desc"},{"col":"id","dir":"desc"}]"#),
            [9, 100, 10]
        );
        assert_eq!(all(r#"?select_filters={"actual_status":{"in":["running","loading"]}}"#), [10, 9]);
        assert_eq!(all(r#"?select_filters={"label":{"eq":"a"},"gpu_name":{"in":["H100"]}}"#), [10]);
        let answer = list(&account, r#"?select_cols=["id","label"]&limit=1"#).expect("a list");
        assert_eq!(answer["instances"], json!([{"id": 10, "label": "a"}]));
        assert_eq!(answer["label_counts"], json!({"a": 2, "b": 1}));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for query in [
            "?limit=26",
            "?limit=0",
            "?limit=many",
            "?select_filters=running",
            r#"?select_filters={"id":{"like":"1"}}"#,
            r#"?order_by=[{"col":"id","dir":"up"}]"#,
            "?order_by=id",
            "?select_cols=id",
            "?after_token=made-up",
        ] {
            let refusal = list(&account(1), query).unwrap_err();
            assert_eq!(refusal.error(), Some("invalid_args"), "{query}");
        }
    }

    #[test]
    fn a_seed_says_where_the_instance_is() {
        let row = |text: &str| InstanceSeed::parse(text).map(|seed| Value::Object(seed.0));
        assert_eq!(row("7"), Ok(json!({"id": 7})));
        let ports = |port: &str| json!({"22/tcp": [{"HostIp": "0.0.0.0", "HostPort": port}]});
        assert_eq!(
            row("7=127.0.0.1:2222,label=my train,status=exited,gpu=H100,gpus=8"),
            Ok(json!({"id": 7, "public_ipaddr": "127.0.0.1", "ports": ports("2222"), "label": "my train",
                      "actual_status": "exited", "gpu_name": "H100", "num_gpus": 8}))
        );
        assert_eq!(row("7=[::1]:22"), Ok(json!({"id": 7, "public_ipaddr": "::1", "ports": ports("22")})));
        assert_eq!(row("7,label="), Ok(json!({"id": 7, "label": ""})));
        for bad in
            ["", "x", "-1", "7=", "7=host", "7=host:0", "7=host:x", "7=:22", "7,", "7,color=red", "7,gpus=x"]
        {
            assert!(row(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_seed_takes_the_place_of_the_instance_and_gets_what_it_lacks() {
        let mut account = Account::from_json(&json!({"instances": [{"id": 7, "label": "old"}, {"id": 8}]}));
        InstanceSeed::parse("7,label=new").expect("a seed").plant(&mut account);
        account.complete(7, crate::domain::Secret::new("k"), Timestamp(9));
        let shown = show(&account, 7);
        assert_eq!(shown["instances"]["label"], json!("new"));
        assert_eq!(shown["instances"]["start_date"], json!(9));
        assert_eq!(account.instances.len(), 2);
        assert_eq!(show(&account, 9), json!({"instances": null}));
    }
}
