//! The runtime API with a bootstrap of a few lines: what a runtime sees, and what becomes of invocations.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use wp_dynamodb_lab::lambda::function::{Config, Function, Outcome};

/// Answers with what it was given: the event, the headers, its environment. An event can order something else.
const BOOTSTRAP: &str = r#"#!/usr/bin/python3
import json, os, sys, time, urllib.error, urllib.request
API = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime"
def post(path, body, **headers):
    return urllib.request.urlopen(urllib.request.Request(API + path, json.dumps(body).encode(), headers)).status
if os.environ.get("BREAKS"):
    post("/init/error", {"errorMessage": "settings are wrong", "errorType": "Settings"})
    sys.exit(1)
number = 0
while True:
    with urllib.request.urlopen(API + "/invocation/next") as answer:
        event, headers = json.load(answer), {k.lower(): v for k, v in answer.headers.items()}
    number += 1
    request = headers["lambda-runtime-aws-request-id"]
    print("got", json.dumps(event)[:40], flush=True)
    match event.get("do"):
        case "fail":
            status = post(f"/invocation/{request}/error", {"errorMessage": "no", "errorType": "Refused"})
        case "exit":
            os._exit(3)
        case "sleep":
            time.sleep(event["s"])
            status = post(f"/invocation/{request}/response", {"slept": event["s"]})
        case "wrong-id":
            try:
                post("/invocation/another/response", {})
            except urllib.error.HTTPError as refused:
                status = post(f"/invocation/{request}/response", {"refused": refused.code})
        case _:
            status = post(f"/invocation/{request}/response", {"event": event, "headers": headers, "env": dict(os.environ), "number": number, "pid": os.getpid()})
    assert status == 202, status
"#;

struct Lambda {
    function: Arc<Function>,
    _folder: tempfile::TempDir,
}

fn lambda(timeout: Duration, environment: &[(&str, &str)]) -> Lambda {
    at_a_time(1, timeout, environment)
}

fn at_a_time(concurrency: usize, timeout: Duration, environment: &[(&str, &str)]) -> Lambda {
    let folder = tempfile::tempdir().unwrap();
    let bootstrap = folder.path().join("bootstrap");
    write_program(&bootstrap);
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
    let config = Config { name: "f".into(), region: "us-west-2".into(), bootstrap, environment, timeout, concurrency };
    Lambda { function: Arc::new(Function::new(config)), _folder: folder }
}

fn write_program(path: &Path) {
    std::fs::write(path, BOOTSTRAP).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

const LONG: Duration = Duration::from_secs(20);

async fn answer(lambda: &Lambda, event: Value) -> Value {
    match lambda.function.invoke(&event).await.outcome {
        Outcome::Answered(answer) => answer,
        other => panic!("{event}: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runtime_gets_event_headers_and_environment() {
    let lambda = lambda(LONG, &[("WP_DYNAMODB_REGIONS", "us-east-1,us-west-2")]);
    let first = lambda.function.invoke(&json!({"action": "tick"})).await;
    assert!(first.cold_start_ms.is_some_and(|ms| ms > 0.0));
    let Outcome::Answered(answer) = first.outcome else { panic!("{first:?}") };
    assert_eq!(answer["event"], json!({"action": "tick"}));
    assert_eq!(answer["headers"]["lambda-runtime-aws-request-id"], json!(first.request_id));
    assert_eq!(answer["headers"]["lambda-runtime-invoked-function-arn"], "arn:aws:lambda:us-west-2:111122223333:function:f");
    assert!(answer["headers"]["lambda-runtime-trace-id"].as_str().unwrap().starts_with("Root=1-"));
    let deadline: u128 = answer["headers"]["lambda-runtime-deadline-ms"].as_str().unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    assert!(deadline > now && deadline <= now + LONG.as_millis());
    assert_eq!(answer["env"]["AWS_REGION"], "us-west-2");
    assert_eq!(answer["env"]["WP_DYNAMODB_REGIONS"], "us-east-1,us-west-2");
    assert_eq!(answer["env"]["AWS_LAMBDA_FUNCTION_NAME"], "f");
    assert!(answer["env"].get("CARGO_MANIFEST_DIR").is_none(), "nothing of ours");
    assert!(lambda.function.log.take()[0].text.starts_with("got {\"action\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_process_is_used_again_also_after_an_error_of_the_function() {
    let lambda = lambda(LONG, &[]);
    let first = answer(&lambda, json!({})).await;
    let failed = lambda.function.invoke(&json!({"do": "fail"})).await;
    assert_eq!(failed.outcome, Outcome::Failed { kind: "Refused".into(), error: json!({"errorMessage": "no", "errorType": "Refused"}) });
    let again = lambda.function.invoke(&json!({})).await;
    assert_eq!(again.cold_start_ms, None);
    let Outcome::Answered(again) = again.outcome else { panic!() };
    assert_eq!((&again["pid"], &again["number"]), (&first["pid"], &json!(3)));
    assert_eq!(answer(&lambda, json!({"do": "wrong-id"})).await, json!({"refused": 400}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_or_takes_too_long_is_replaced() {
    let lambda = lambda(Duration::from_millis(800), &[]);
    let first = answer(&lambda, json!({})).await;
    let exited = lambda.function.invoke(&json!({"do": "exit"})).await.outcome;
    assert_eq!(exited, Outcome::Exited("exit status: 3".into()));
    let second = lambda.function.invoke(&json!({})).await;
    assert!(second.cold_start_ms.is_some());
    let begun = Instant::now();
    assert_eq!(lambda.function.invoke(&json!({"do": "sleep", "s": 30})).await.outcome, Outcome::TimedOut);
    assert!(begun.elapsed() < Duration::from_secs(5));
    let third = answer(&lambda, json!({})).await;
    assert_ne!(third["pid"], first["pid"]);
    assert_eq!(third["number"], 1, "another process");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_be_killed_at_work() {
    let lambda = lambda(LONG, &[]);
    assert!(!lambda.function.kill(), "there is nothing to kill");
    let function = lambda.function.clone();
    let under_way = tokio::spawn(async move { function.invoke(&json!({"do": "sleep", "s": 30})).await.outcome });
    while lambda.function.log.take().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(lambda.function.kill());
    assert_eq!(under_way.await.unwrap(), Outcome::Exited("signal: 9 (SIGKILL)".into()));
    answer(&lambda, json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_idle_the_next_invocation_is_a_cold_one() {
    let lambda = lambda(LONG, &[]);
    answer(&lambda, json!({})).await;
    assert!(lambda.function.kill());
    let next = lambda.function.invoke(&json!({})).await;
    assert!(next.outcome.is_answered() && next.cold_start_ms.is_some(), "{next:?}");
}

/// Four invocations of 0.4 s at once: how long they take, and the processes that there are then.
async fn four(lambda: &Lambda) -> (Duration, usize) {
    answer(lambda, json!({})).await;
    let begun = Instant::now();
    let invoke = |_| {
        let function = lambda.function.clone();
        tokio::spawn(async move { function.invoke(&json!({"do": "sleep", "s": 0.4})).await.outcome.is_answered() })
    };
    for one in (0..4).map(invoke).collect::<Vec<_>>() {
        assert!(one.await.unwrap());
    }
    (begun.elapsed(), lambda.function.pids().len())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_invocation_at_a_time() {
    let (took, processes) = four(&lambda(LONG, &[])).await;
    assert!(took >= Duration::from_millis(1600), "{took:?}");
    assert_eq!(processes, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_invocations_at_a_time_than_are_reserved() {
    let lambda = at_a_time(3, LONG, &[]);
    let (took, processes) = four(&lambda).await;
    assert!(took >= Duration::from_millis(800), "the fourth waited: {took:?}");
    assert_eq!(processes, 3);
    assert!(lambda.function.kill() && lambda.function.pids().is_empty());
    let next = lambda.function.invoke(&json!({})).await;
    assert!(next.outcome.is_answered() && next.cold_start_ms.is_some(), "all of them were killed: {next:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_says_why() {
    let breaks = lambda(LONG, &[("BREAKS", "1")]).function.invoke(&json!({})).await.outcome;
    let Outcome::NotStarted(why) = breaks else { panic!("{breaks:?}") };
    assert!(why.contains("settings are wrong"), "{why}");
    let config = Config { bootstrap: "/nowhere/bootstrap".into(), ..lambda(LONG, &[]).function.config.clone() };
    let missing = Function::new(config).invoke(&json!({})).await.outcome;
    assert!(matches!(&missing, Outcome::NotStarted(why) if why.contains("/nowhere/bootstrap")), "{missing:?}");
}
