//! Each fault, as a client on the wire sees it: on connections that were open before, on new ones, and after healing.

mod common;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use common::{Client, EAST, WEST, content_length, get, lab, never, put, soon, stored};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use wp_dynamodb_lab::{Fault, Kind, Lab, Service};

async fn strike(lab: &Lab, fault: Fault) {
    lab.fault(EAST, Some(Service::Dynamodb), None, fault).await.unwrap();
}

async fn heal(lab: &Lab) {
    strike(lab, Fault::of(Kind::None)).await;
}

fn calls(lab: &Lab, operation: &str) -> u64 {
    let counters = lab.counters(false);
    counters[EAST]["dynamodb"].get(operation).copied().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_fault_a_connection_serves_call_after_call() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    for n in 0..3 {
        assert!(client.put("a", &n.to_string()).await);
    }
    let answer = client.call("GetItem", get("a")).await;
    assert_eq!(answer.json()["Item"]["v"]["S"], "2");
    assert!(answer.head.contains("x-amzn-requestid: "), "{}", answer.head);
    let crc32 = format!("x-amz-crc32: {}\r\n", crc32fast::hash(&answer.body));
    assert!(answer.head.contains(&crc32), "{}", answer.head);
    assert_eq!((calls(&lab, "PutItem"), calls(&lab, "GetItem")), (3, 1));
    assert_eq!(lab.site(EAST).unwrap().dynamodb.local.report().accepted, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_is_added_to_every_call_and_healing_ends_the_wait() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    strike(&lab, Fault::latency(60)).await;
    for _ in 0..2 {
        let start = Instant::now();
        client.call("GetItem", get("a")).await;
        assert!(start.elapsed() >= Duration::from_millis(60), "{:?}", start.elapsed());
    }
    strike(&lab, Fault::latency(600_000)).await;
    client.send("GetItem", &get("a")).await.unwrap();
    never(client.receive()).await;
    heal(&lab).await;
    assert_eq!(soon(client.receive()).await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole_reads_and_never_answers() {
    let lab = lab();
    let mut old = Client::dynamodb(&lab, EAST).await;
    assert!(old.put("a", "before").await);
    strike(&lab, Fault::of(Kind::Blackhole)).await;
    old.send("PutItem", &put("a", "swallowed")).await.unwrap();
    let mut new = Client::dynamodb(&lab, EAST).await;
    new.send("GetItem", &get("a")).await.unwrap();
    never(old.receive()).await;
    never(new.receive()).await;
    assert_eq!(stored(&lab, EAST, "a").as_deref(), Some("before"));
    assert_eq!((calls(&lab, "PutItem"), calls(&lab, "GetItem")), (2, 1));
    // The other Region does not notice.
    assert!(Client::dynamodb(&lab, WEST).await.put("b", "fine").await);

    heal(&lab).await;
    assert_eq!(old.end().await, ErrorKind::UnexpectedEof);
    assert_eq!(new.end().await, ErrorKind::UnexpectedEof);
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_black_hole_takes_what_is_under_way() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    strike(&lab, Fault::latency(600_000)).await;
    client.send("PutItem", &put("a", "x")).await.unwrap();
    never(client.receive()).await;
    strike(&lab, Fault::of(Kind::Blackhole)).await;
    never(client.receive()).await;
    heal(&lab).await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
    assert_eq!(stored(&lab, EAST, "a"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn refuse_closes_the_port_and_all_connections() {
    let lab = lab();
    let port = lab.site(EAST).unwrap().dynamodb.local.port;
    let mut idle = Client::dynamodb(&lab, EAST).await;
    assert!(idle.put("a", "before").await);
    let mut busy = Client::dynamodb(&lab, EAST).await;
    strike(&lab, Fault::latency(600_000)).await;
    busy.send("GetItem", &get("a")).await.unwrap();
    never(busy.receive()).await;

    strike(&lab, Fault::of(Kind::Refuse)).await;
    idle.end().await;
    busy.end().await;
    let refused = TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    heal(&lab).await;
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_resets() {
    let lab = lab();
    let mut idle = Client::dynamodb(&lab, EAST).await;
    assert!(idle.put("a", "before").await);
    strike(&lab, Fault::of(Kind::Reset)).await;
    assert_eq!(idle.end().await, ErrorKind::ConnectionReset);
    let mut new = Client::dynamodb(&lab, EAST).await;
    new.send("PutItem", &put("a", "lost")).await.unwrap();
    assert_eq!(new.end().await, ErrorKind::ConnectionReset);
    assert_eq!(calls(&lab, "PutItem"), 2);
    assert_eq!(stored(&lab, EAST, "a").as_deref(), Some("before"));
    heal(&lab).await;
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_worded_as_the_services_word_them() {
    let lab = lab();
    let mut dynamodb = Client::dynamodb(&lab, EAST).await;
    let mut ssm = Client::ssm(&lab, EAST).await;
    let expected = [
        (Kind::ServerError, 500, "InternalServerError", "InternalServerError"),
        (Kind::Throttle, 400, "ProvisionedThroughputExceededException", "ThrottlingException"),
        (Kind::Denied, 400, "AccessDeniedException", "AccessDeniedException"),
    ];
    for (kind, status, from_dynamodb, from_ssm) in expected {
        lab.fault(EAST, None, None, Fault::of(kind)).await.unwrap();
        let answer = dynamodb.call("PutItem", put("a", "x")).await;
        assert_eq!((answer.status, answer.class().as_str()), (status, from_dynamodb));
        assert!(answer.json()["message"].is_string());
        let answer = ssm.call("GetParameter", serde_json::json!({"Name": "p"})).await;
        assert_eq!((answer.status, answer.class().as_str()), (status, from_ssm));
    }
    heal(&lab).await;
    assert_eq!(stored(&lab, EAST, "a"), None);
    assert!(dynamodb.put("a", "x").await, "the connection lives on");
    assert_eq!(lab.counters(false)[EAST]["ssm"]["GetParameter"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hang_sends_half_of_the_answer_to_a_call_that_was_carried_out() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    assert!(client.put("a", "before").await);
    strike(&lab, Fault::of(Kind::Hang)).await;
    client.send("GetItem", &get("a")).await.unwrap();
    let head = soon(client.receive_head()).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    let mut half = vec![0; content_length(&head) / 2];
    soon(client.stream.read_exact(&mut half)).await.unwrap();
    never(client.stream.read_u8()).await;

    let mut writer = Client::dynamodb(&lab, EAST).await;
    writer.send("PutItem", &put("a", "carried out")).await.unwrap();
    soon(writer.receive_head()).await.unwrap();
    assert_eq!(stored(&lab, EAST, "a").as_deref(), Some("carried out"));

    heal(&lab).await;
    client.end().await;
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn noconnect_lets_connect_hang_and_open_connections_starve() {
    let lab = lab();
    let port = lab.site(EAST).unwrap().dynamodb.local.port;
    let mut old = Client::dynamodb(&lab, EAST).await;
    assert!(old.put("a", "before").await);
    strike(&lab, Fault::of(Kind::Noconnect)).await;
    for _ in 0..4 {
        never(TcpStream::connect(("127.0.0.1", port))).await;
    }
    let hung = tokio::spawn(TcpStream::connect(("127.0.0.1", port)));
    old.send("GetItem", &get("a")).await.unwrap();
    never(old.receive()).await;

    heal(&lab).await;
    assert_eq!(old.end().await, ErrorKind::UnexpectedEof);
    let start = Instant::now();
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "after").await);
    assert!(start.elapsed() < Duration::from_secs(1), "a new connection is served at once");
    // What hung connects at the kernel's next try.
    soon(hung).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_follow_one_another_without_healing() {
    let lab = lab();
    let port = lab.site(EAST).unwrap().dynamodb.local.port;
    for _ in 0..3 {
        strike(&lab, Fault::of(Kind::Noconnect)).await;
        never(TcpStream::connect(("127.0.0.1", port))).await;
        strike(&lab, Fault::of(Kind::Refuse)).await;
        let refused = TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    strike(&lab, Fault::of(Kind::Throttle)).await;
    let mut client = Client::dynamodb(&lab, EAST).await;
    assert_eq!(client.call("GetItem", get("a")).await.status, 400);
    strike(&lab, Fault::of(Kind::Blackhole)).await;
    client.send("GetItem", &get("a")).await.unwrap();
    strike(&lab, Fault::of(Kind::Noconnect)).await;
    never(client.receive()).await;
    heal(&lab).await;
    assert!(Client::dynamodb(&lab, EAST).await.put("a", "after").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_strikes_a_share_of_the_calls() {
    let lab = lab();
    strike(&lab, Fault::of(Kind::Throttle).with_rate(0.5)).await;
    let mut client = Client::dynamodb(&lab, EAST).await;
    let mut throttled = 0;
    for _ in 0..200 {
        throttled += u32::from(client.call("GetItem", get("a")).await.status == 400);
    }
    assert!((60..140).contains(&throttled), "{throttled} of 200");
    let refusal = lab.fault(EAST, None, None, Fault::of(Kind::Refuse).with_rate(0.5)).await;
    assert!(refusal.unwrap_err().to_string().contains("takes no rate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_gives_up_leaves_nothing_behind() {
    let lab = lab();
    let front = &lab.site(EAST).unwrap().dynamodb.local;
    strike(&lab, Fault::of(Kind::Blackhole)).await;
    let mut client = Client::dynamodb(&lab, EAST).await;
    client.send("GetItem", &get("a")).await.unwrap();
    never(client.receive()).await;
    assert_eq!(front.report().open, 1);
    drop(client);
    soon(async {
        while front.report().open > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_and_goes_at_once_has_struck_all_the_same() {
    let lab = lab();
    for kind in [Kind::Refuse, Kind::Reset] {
        let mut client = Client::dynamodb(&lab, EAST).await;
        assert!(client.put("a", "1").await);
        strike(&lab, Fault::of(kind)).await;
        heal(&lab).await;
        client.end().await;
    }
    let mut client = Client::dynamodb(&lab, EAST).await;
    strike(&lab, Fault::of(Kind::Blackhole)).await;
    client.send("GetItem", &get("a")).await.unwrap();
    never(client.receive()).await;
    heal(&lab).await;
    strike(&lab, Fault::of(Kind::Blackhole)).await;
    assert_eq!(client.end().await, ErrorKind::UnexpectedEof);
}
