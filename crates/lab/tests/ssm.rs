//! SSM through moto. Skipped, and said so, where there is no moto_server.

mod common;

use std::io::Write;

use common::program::{Served, eventually};
use common::{Client, EAST, WEST};
use serde_json::{Value, json};
use wp_dynamodb_lab::moto;

const PARAMETER: &str = "/wordpress/dynamodb_region";

/// A lab with SSM; none without moto_server.
fn lab() -> Option<Served> {
    lab_with("")
}

fn lab_with(options: &str) -> Option<Served> {
    match moto::find(None) {
        Ok(_) => Some(Served::start(options)),
        Err(why) => {
            // Past the capture of the test's output: a skipped test must not look like one that was run.
            let _ = writeln!(std::io::stderr(), "SKIPPED, no SSM to test with: {why:#}");
            None
        }
    }
}

fn value(lab: &Served, region: &str) -> Value {
    lab.json("status")["regions"][region]["parameter"]["value"].clone()
}

fn is_alive(pid: u64) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    // A zombie is dead: whoever adopts it may be slow to reap it.
    status.is_ok_and(|stat| !stat.contains(") Z "))
}

fn moto_pid(lab: &Served) -> u64 {
    lab.json("status")["moto"]["pid"].as_u64().expect("a pid")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_region_has_its_own_parameter() {
    let Some(lab) = lab() else { return };
    let mut clients = Vec::new();
    for (index, region) in [EAST, WEST].into_iter().enumerate() {
        let port = lab.port + 11 + 10 * index as u16;
        clients.push(Client::connect(port, region, "ssm").await);
    }
    let [east, west] = clients.as_mut_slice() else { unreachable!() };
    let get = json!({"Name": PARAMETER});
    let found = east.call("GetParameter", get.clone()).await.json();
    assert_eq!(found["Parameter"]["Value"], EAST);

    assert_eq!(lab.json("region us-west-2")["regions"], json!([EAST, WEST]));
    let first = east.call("GetParameter", get.clone()).await.json();
    assert_eq!((&first["Parameter"]["Value"], &first["Parameter"]["Version"]), (&json!(WEST), &json!(2)));

    assert_eq!(lab.json("parameter nonsense --in us-west-2")["regions"], json!([WEST]));
    let second = west.call("GetParameter", get.clone()).await.json();
    assert_eq!(second["Parameter"]["Value"], "nonsense");
    let modified = |answer: &Value| answer["Parameter"]["LastModifiedDate"].as_f64().unwrap();
    assert!(modified(&second) > modified(&first), "newer to the millisecond");
    assert_eq!(value(&lab, EAST), WEST);

    lab.json("parameter --delete");
    let answer = east.call("GetParameter", get.clone()).await;
    assert_eq!((answer.status, answer.class().as_str()), (400, "ParameterNotFound"));
    lab.json("parameter --delete");
    // As the controller writes it: through the front.
    let put = json!({"Name": PARAMETER, "Value": EAST, "Type": "String", "Overwrite": true});
    assert_eq!(west.call("PutParameter", put).await.status, 200);
    assert_eq!((value(&lab, WEST), value(&lab, EAST)), (json!(EAST), Value::Null));

    let calls = lab.json("counters");
    assert_eq!(calls[EAST]["ssm"], json!({"GetParameter": 3}));
    assert_eq!(calls[WEST]["ssm"], json!({"GetParameter": 1, "PutParameter": 1}));
    let mut stranger = Client::connect(lab.port + 11, WEST, "ssm").await;
    assert_eq!(stranger.call("GetParameter", get).await.class(), "InvalidSignatureException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_writes_where_ssm_answers() {
    let Some(lab) = lab() else { return };
    lab.json("fault us-east-1 ssm blackhole");
    assert_eq!(lab.json("region us-west-2")["regions"], json!([WEST]));
    assert_eq!((value(&lab, EAST), value(&lab, WEST)), (json!(EAST), json!(WEST)));
    assert_eq!(lab.json("region us-west-2 --in us-east-1")["regions"], json!([EAST]));
    let mut client = Client::connect(lab.port + 11, EAST, "ssm").await;
    client.send("GetParameter", &json!({"Name": PARAMETER})).await.unwrap();
    common::never(client.receive()).await;
    lab.json("fault us-east-1 ssm hang");
    client.end().await;
    let mut client = Client::connect(lab.port + 11, EAST, "ssm").await;
    client.send("GetParameter", &json!({"Name": PARAMETER})).await.unwrap();
    common::soon(client.receive_head()).await.unwrap();
    common::never(client.receive()).await;
    // Faults strike SSM alone, when told so.
    assert!(Client::connect(lab.port + 10, EAST, "dynamodb").await.put("a", "1").await);
    lab.json("fault us-west-2 ssm 5xx");
    let (code, _, error) = lab.run("region us-east-1");
    assert_eq!((code, error.contains("SSM answers in no Region")), (1, true), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_moto_is_noticed() {
    let Some(lab) = lab() else { return };
    let pid = moto_pid(&lab);
    // SAFETY: the lab has not waited for its child: it ends with this signal.
    unsafe { libc::kill(pid as i32, libc::SIGKILL) };
    eventually("the lab notices", || lab.json("status")["ready"] == false);
    let (_, text, _) = lab.run("status");
    assert!(text.contains("NOT READY") && text.contains("ENDED"), "{text}");
    let (code, _, error) = lab.run("wait --timeout 5");
    assert_eq!((code, error.contains("moto_server ended")), (1, true), "{error}");
    let mut client = Client::connect(lab.port + 11, EAST, "ssm").await;
    assert_eq!(client.call("GetParameter", json!({"Name": PARAMETER})).await.status, 500);
}

#[test]
fn moto_ends_with_the_lab_however_it_ends() {
    for signal in [libc::SIGTERM, libc::SIGKILL] {
        let Some(mut lab) = lab() else { return };
        let pid = moto_pid(&lab);
        assert!(is_alive(pid));
        lab.kill(signal);
        eventually("moto ends", || !is_alive(pid));
    }
}

#[test]
fn moto_writes_its_log_to_the_run_folder() {
    let folder = tempfile::tempdir().unwrap();
    let run_dir = folder.path().join("new");
    let Some(_lab) = lab_with(&format!("--run-dir {}", run_dir.display())) else {
        return;
    };
    assert!(run_dir.join("moto.log").is_file());
}
