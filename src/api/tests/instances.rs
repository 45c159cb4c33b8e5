//! Instances: pages of rows of which any field may be missing or odd.

use super::server::{say_status, serve};
use super::*;
use crate::domain::{Instance, Kind};

fn list(bodies: &[&str]) -> (Result<Vec<Instance>>, Vec<String>, Vec<String>) {
    let server = serve(bodies.iter().map(|body| say_status(200, body)));
    let listing = block_on(single(&server.url()).instances());
    let targets = server.finish().into_iter().map(|request| request.target().to_owned()).collect();
    match listing {
        Ok(listing) => (Ok(listing.items), listing.odd, targets),
        Err(failure) => (Err(failure), Vec::new(), targets),
    }
}

fn show(body: &str) -> Result<Instance> {
    let server = serve([say_status(200, body)]);
    block_on(single(&server.url()).instance(7))
}

#[test]
fn all_pages_are_one_list() {
    let (listed, odd, targets) = list(&[
        r#"{"instances": [{"id": 1}, {"id": 2}], "next_token": "a b&c=d", "total_instances": 3}"#,
        r#"{"instances": [{"id": 3}], "next_token": null}"#,
    ]);
    assert_eq!(listed.unwrap().iter().map(|instance| instance.id).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(odd.is_empty(), "{odd:?}");
    let first = "GET /api/v1/instances/?select_filters=%7B%7D\
                 &order_by=%5B%7B%22col%22%3A%22id%22%2C%22dir%22%3A%22asc%22%7D%5D&limit=25";
    assert_eq!(targets, [first.to_owned(), format!("{first}&after_token=a+b%26c%3Dd")]);
}

#[test]
fn a_list_without_an_end_is_none() {
    let page = r#"{"instances": [{"id": 1}], "next_token": "again"}"#;
    let failed = failure(list(&[page, page]).0);
    assert_eq!(failed.kind(), Kind::Unavailable, "{failed:?}");
}

#[test]
fn only_a_list_that_is_there_and_empty_is_empty() {
    for empty in [r#"{"instances": []}"#, r#"{"instances": null, "next_token": ""}"#] {
        assert_eq!(list(&[empty]).0, Ok(Vec::new()), "{empty}");
    }
    for body in ["{}", "[]", "null", r#"{"instances": {}}"#, r#"{"instances": "none"}"#, "7"] {
        assert_eq!(failure(list(&[body]).0).kind(), Kind::Unavailable, "{body}");
    }
}

#[test]
fn odd_fields_cost_themselves_and_odd_rows_cost_a_row() {
    let (listed, odd, _) = list(&[r#"{"instances": [
        {"id": 1, "label": " train ", "actual_status": "running", "gpu_name": "RTX 4090", "num_gpus": 2,
         "ports": null, "ssh_host": "ssh5.vast.ai", "ssh_port": 10, "image_runtype": "ssh", "extra_env": [["A", "b"]]},
        {"id": 2, "label": null, "actual_status": null, "gpu_name": 7, "num_gpus": "many", "ports": "none"},
        {"id": 3}, {"id": "four"}, null, {"id": 5, "label": "", "ports": {"22/tcp": {"HostPort": 1}}}
    ]}"#]);
    let listed = listed.unwrap();
    let bare = |id| Instance { id, label: None, status: None, gpu: None, gpu_count: None, ssh: None };
    assert_eq!(listed[0].label.as_deref(), Some("train"));
    assert_eq!((listed[0].status.as_deref(), listed[0].gpus().as_str()), (Some("running"), "2x RTX 4090"));
    assert_eq!(listed[0].ssh.as_ref().map(ToString::to_string).unwrap(), "ssh://root@ssh5.vast.ai:10");
    assert_eq!(listed[1..], [bare(2), bare(3), bare(5)]);
    assert_eq!(odd.len(), 2, "{odd:?}");
}

#[test]
fn one_instance_is_shown_or_is_not_there() {
    assert_eq!(show(r#"{"instances": {"id": 7, "label": "x"}}"#).unwrap().label.as_deref(), Some("x"));
    let missing = failure(show(r#"{"instances": null}"#));
    assert_eq!((missing.kind(), missing.message()), (Kind::Failed, "no instance 7 in the account"));
    for odd in ["{}", "[]", r#"{"instances": {}}"#, r#"{"instances": []}"#] {
        assert_eq!(failure(show(odd)).kind(), Kind::Unavailable, "{odd}");
    }
    let server = serve([say_status(200, r#"{"instances": {"id": 7}}"#)]);
    block_on(single(&server.url()).instance(7)).unwrap();
    assert_eq!(server.finish()[0].target(), "GET /api/v0/instances/7/?owner=me");
}

#[test]
fn the_missing_right_is_that_of_instances() {
    for body in
        [r#"{"success": false, "error": "permission_denied", "msg": "no"}"#, r#"{"msg": "Forbidden"}"#]
    {
        let server = serve([say_status(403, body), say_status(403, body)]);
        let client = single(&server.url());
        for failed in [
            failure(block_on(client.instance(7))),
            failure(block_on(async { client.instances().await.map(|listing| listing.items) })),
        ] {
            assert!(failed.is_right_missing(), "{failed:?}");
            assert_eq!(failed.next_step(), Some("the key lacks the permission instance_read"));
        }
    }
}
