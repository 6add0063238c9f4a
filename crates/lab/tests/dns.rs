//! The fault `dns`: names and connections go, addresses stay.

mod common;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use common::program::Served;
use common::{Client, EAST, WEST, get, lab, never, put, soon};
use serde_json::json;
use wp_dynamodb_lab::{Config, Door, Fault, Kind, Lab, Service};

fn lab_with_names(folder: &Path) -> Arc<Lab> {
    Lab::open(Config { lag_ms: 0, hosts_file: Some(folder.join("hosts")), ..Config::default() }).expect("the lab opens")
}

/// The names that the file resolves, but localhost.
fn names(hosts: &Path) -> Vec<String> {
    let text = fs::read_to_string(hosts).unwrap();
    let resolved = text.lines().filter_map(|line| line.strip_prefix("127.0.0.1 "));
    resolved.filter(|name| *name != "localhost").map(str::to_owned).collect()
}

async fn strike(lab: &Lab, door: Option<Door>, kind: Kind) {
    lab.fault(EAST, Some(Service::Dynamodb), door, Fault::of(kind)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn every_door_has_a_name_and_dns_takes_those_that_are_struck() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab_with_names(folder.path());
    let hosts = folder.path().join("hosts");
    let all = names(&hosts);
    let of_east =
        ["dynamodb.us-east-1.aws.test", "remote.dynamodb.us-east-1.aws.test", "ssm.us-east-1.aws.test", "remote.ssm.us-east-1.aws.test"];
    assert_eq!(&all[..4], of_east);
    assert_eq!(all.len(), 8);

    strike(&lab, Some(Door::Remote), Kind::Dns).await;
    assert_eq!(names(&hosts), [&all[..1], &all[2..]].concat());
    lab.fault(WEST, None, None, Fault::of(Kind::Dns)).await.unwrap();
    assert_eq!(names(&hosts), [&all[..1], &all[2..4]].concat());
    // Another fault brings the name back as healing does.
    strike(&lab, Some(Door::Remote), Kind::Throttle).await;
    assert_eq!(names(&hosts), all[..4]);
    lab.fault(WEST, None, None, Fault::of(Kind::None)).await.unwrap();
    assert_eq!(names(&hosts), all);
}

#[tokio::test(flavor = "multi_thread")]
async fn open_connections_end_and_whoever_connects_by_address_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab_with_names(folder.path());
    let mut idle = Client::dynamodb(&lab, EAST).await;
    assert!(idle.put("a", "before").await);
    let mut busy = Client::dynamodb(&lab, EAST).await;
    strike(&lab, None, Kind::Blackhole).await;
    busy.send("PutItem", &put("a", "swallowed")).await.unwrap();
    never(busy.receive()).await;
    let mut elsewhere = Client::dynamodb(&lab, WEST).await;

    strike(&lab, None, Kind::Dns).await;
    idle.end().await;
    busy.end().await;
    assert!(elsewhere.put("b", "another Region").await);
    let mut by_address = Client::dynamodb(&lab, EAST).await;
    assert_eq!(by_address.call("GetItem", get("a")).await.json()["Item"]["v"]["S"], "before");

    strike(&lab, None, Kind::None).await;
    assert!(by_address.put("a", "after").await, "healing ends no connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_made_from_a_lookup_just_before_ends_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab_with_names(folder.path());
    let hosts = folder.path().join("hosts");
    let striking = tokio::spawn({
        let lab = lab.clone();
        async move { strike(&lab, None, Kind::Dns).await }
    });
    soon(async {
        while names(&hosts).len() == 8 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    // It had looked the name up before it went, and connects only now.
    let mut late = Client::dynamodb(&lab, EAST).await;
    striking.await.unwrap();
    late.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_are_set_at_once_leave_file_and_fronts_agreed() {
    let folder = tempfile::tempdir().unwrap();
    let lab = lab_with_names(folder.path());
    for _ in 0..10 {
        tokio::join!(strike(&lab, None, Kind::Dns), strike(&lab, None, Kind::None));
        let is_dns = lab.site(EAST).unwrap().dynamodb.local.fault().kind == Kind::Dns;
        let resolves = names(&folder.path().join("hosts")).contains(&"dynamodb.us-east-1.aws.test".to_owned());
        assert_ne!(is_dns, resolves);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_hosts_file_dns_is_refused() {
    let lab = lab();
    let refusal = lab.fault(EAST, None, None, Fault::of(Kind::Dns)).await.unwrap_err().to_string();
    assert!(refusal.contains("--hosts-file"), "{refusal}");
    assert_eq!(lab.site(EAST).unwrap().dynamodb.local.fault(), Fault::default());
}

#[test]
fn the_program_keeps_the_file_where_it_is_told_or_in_its_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let named = folder.path().join("named");
    for (options, hosts) in [
        (format!("--run-dir {}", folder.path().display()), folder.path().join("hosts")),
        (format!("--run-dir {} --hosts-file {}", folder.path().display(), named.display()), named.clone()),
    ] {
        let lab = Served::start(&format!("--no-ssm {options}"));
        let status = lab.json("status");
        assert_eq!(status["hosts_file"], json!(hosts));
        assert_eq!(status["regions"][WEST]["ssm"]["remote"]["name"], "remote.ssm.us-west-2.aws.test");
        assert_eq!(names(&hosts).len(), 8);
        assert_eq!(lab.run("fault us-east-1 all dns").0, 0);
        assert_eq!(names(&hosts).len(), 4);
    }
    let lab = Served::start("--no-ssm");
    let (code, _, error) = lab.run("fault us-east-1 ssm dns");
    assert_eq!((code, error.contains("--hosts-file")), (1, true), "{error}");
}
