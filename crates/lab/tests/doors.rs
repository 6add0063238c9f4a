//! The two doors of a Region: one service behind them, faults before each of its own.

mod common;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use common::program::Served;
use common::{Client, EAST, WEST, get, lab, never};
use serde_json::json;
use tokio::net::TcpStream;
use wp_dynamodb_lab::{Door, Fault, Kind, Lab, Service};

async fn strike(lab: &Lab, door: Option<Door>, fault: Fault) {
    lab.fault(EAST, Some(Service::Dynamodb), door, fault).await.unwrap();
}

async fn by(lab: &Lab, door: Door) -> Client {
    Client::by(lab, EAST, Service::Dynamodb, door).await
}

#[tokio::test(flavor = "multi_thread")]
async fn both_doors_lead_to_the_same_items_and_counters() {
    let lab = lab();
    let (mut local, mut remote) = (by(&lab, Door::Local).await, by(&lab, Door::Remote).await);
    assert!(remote.put("a", "by the remote door").await);
    let item = local.call("GetItem", get("a")).await.json();
    assert_eq!(item["Item"]["v"]["S"], "by the remote door");
    assert!(local.put("b", "by the local door").await);
    let calls = |reset| lab.counters(reset)[EAST]["dynamodb"].clone();
    assert_eq!(calls(true), [("GetItem".to_owned(), 1), ("PutItem".to_owned(), 2)].into());
    assert!(calls(false).is_empty());
    // A signature for another Region is refused at this door, too.
    let port = lab.site(EAST).unwrap().dynamodb.remote.port;
    let answer = Client::connect(port, WEST, "dynamodb").await.call("GetItem", get("a")).await;
    assert_eq!(answer.class(), "InvalidSignatureException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_before_one_door_leaves_the_other_alone() {
    let lab = lab();
    for (struck, spared) in [(Door::Remote, Door::Local), (Door::Local, Door::Remote)] {
        let (mut struck_client, mut spared_client) = (by(&lab, struck).await, by(&lab, spared).await);
        strike(&lab, Some(struck), Fault::of(Kind::Blackhole)).await;
        struck_client.send("GetItem", &get("a")).await.unwrap();
        never(struck_client.receive()).await;
        assert!(spared_client.put("a", "served").await);

        strike(&lab, Some(struck), Fault::of(Kind::Refuse)).await;
        let port = lab.site(EAST).unwrap().dynamodb.front(struck).port;
        let refused = TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        assert!(spared_client.put("a", "served").await, "on the connection it had");
        strike(&lab, Some(struck), Fault::of(Kind::None)).await;
        assert!(by(&lab, struck).await.put("a", "healed").await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_door_a_fault_strikes_both() {
    let lab = lab();
    strike(&lab, None, Fault::of(Kind::Throttle)).await;
    for door in Door::ALL {
        assert_eq!(by(&lab, door).await.call("GetItem", get("a")).await.status, 400, "{door}");
    }
    strike(&lab, None, Fault::of(Kind::None)).await;
    for door in Door::ALL {
        assert_eq!(by(&lab, door).await.call("GetItem", get("a")).await.status, 200, "{door}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_before_the_remote_doors_is_the_distance_between_regions() {
    let lab = lab();
    strike(&lab, Some(Door::Remote), Fault::latency(60)).await;
    let (mut local, mut remote) = (by(&lab, Door::Local).await, by(&lab, Door::Remote).await);
    let took = async |client: &mut Client| {
        let start = Instant::now();
        client.call("GetItem", get("a")).await;
        start.elapsed()
    };
    assert!(took(&mut remote).await >= Duration::from_millis(60));
    // The best of some: a busy machine may be slow once.
    let mut best = Duration::MAX;
    for _ in 0..10 {
        best = best.min(took(&mut local).await);
    }
    assert!(best < Duration::from_millis(30), "{best:?}");
}

#[test]
fn the_program_names_doors_in_ports_faults_and_status() {
    let lab = Served::start("--no-ssm");
    let before = lab.json("status");
    for (region, base) in [(EAST, lab.port + 10), (WEST, lab.port + 20)] {
        for (service, offset) in [("dynamodb", 0), ("ssm", 1)] {
            let doors = &before["regions"][region][service];
            assert_eq!(doors["url"], format!("http://127.0.0.1:{}", base + offset));
            assert_eq!(doors["remote"]["url"], format!("http://127.0.0.1:{}", base + offset + 2));
        }
    }
    let faults = || {
        let status = lab.json("status");
        let kind = |service: &str| {
            let doors = &status["regions"][EAST][service];
            json!([doors["fault"]["kind"], doors["remote"]["fault"]["kind"]])
        };
        (kind("dynamodb"), kind("ssm"))
    };
    let (code, said, _) = lab.run("fault us-east-1 all blackhole --from remote");
    assert_eq!((code, said.as_str()), (0, "us-east-1 all, remote door: blackhole"));
    assert_eq!(faults(), (json!(["none", "blackhole"]), json!(["none", "blackhole"])));
    assert_eq!(lab.json("fault us-east-1 dynamodb 5xx --from local")["from"], "local");
    assert_eq!(faults(), (json!(["5xx", "blackhole"]), json!(["none", "blackhole"])));
    let (_, table, _) = lab.run("status");
    for (door, fault) in [("local", "5xx"), ("remote", "blackhole")] {
        let row = |line: &str| ["us-east-1", "dynamodb", door, fault].iter().all(|word| line.split_whitespace().any(|cell| cell == *word));
        assert!(table.lines().any(row), "{door}: {table}");
    }
    lab.json("fault us-east-1 all none");
    assert_eq!(faults(), (json!(["none", "none"]), json!(["none", "none"])));
}
