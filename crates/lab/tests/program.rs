//! The program: commands, exit codes, start and stop. Without SSM.

mod common;

use common::program::{Served, base_port, fails_to_serve, run, run_with};
use serde_json::json;

#[test]
fn commands_work_against_a_running_lab() {
    let lab = Served::start("--no-ssm --lag-ms 0");
    assert_eq!(lab.run("wait --timeout 5"), (0, "ready".into(), String::new()));

    let item = r#"{"session_id": {"S": "a"}, "data": {"B": "AAEC"}}"#;
    assert_eq!(run_with(lab.port, "item put us-east-1", item).0, 0);
    assert_eq!(lab.run("replication settle").0, 0);
    let read = json!({"session_id": {"S": "a"}, "data": {"B": "AAEC"}});
    assert_eq!(lab.json("item get us-west-2 a"), read);
    let (code, dump, _) = lab.run("dump us-west-2");
    assert_eq!((code, serde_json::from_str(&dump).ok()), (0, Some(read)));
    assert_eq!(lab.run(r#"item delete us-west-2 {"session_id":{"S":"a"}}"#).0, 0);
    lab.json("replication settle");
    let (code, _, error) = lab.run("item get us-east-1 a");
    assert_eq!((code, error.contains("no such item in us-east-1")), (1, true), "{error}");

    lab.json("fault us-east-1 dynamodb latency --ms 5 --rate 0.5");
    let status = lab.json("status");
    let fault = &status["regions"]["us-east-1"]["dynamodb"]["fault"];
    assert_eq!(fault, &json!({"kind": "latency", "ms": 5, "rate": 0.5}));
    let (code, text, _) = lab.run("status");
    assert_eq!((code, text.contains("latency 5 ms (50 % of calls)")), (0, true), "{text}");
    assert_eq!(lab.run("fault us-east-1 all none").0, 0);

    assert_eq!(lab.json("replication lag 7")["lag_ms"], 7);
    assert_eq!(lab.json("replication partition")["state"], "partition");
    assert_eq!(lab.json("replication heal")["state"], "run");
    assert_eq!(lab.json("counters --region us-east-1 --service ssm"), json!({"us-east-1": {"ssm": {}}}));
    assert_eq!(lab.run("counters --reset").1, "no calls");
    assert_eq!(lab.json("sweep"), json!({"deleted": 0}));
    assert_eq!(lab.run("table other --hash-key id").0, 0);
    assert_eq!(lab.run("dump us-east-1 --table other"), (0, String::new(), String::new()));
}

#[test]
fn failures_are_1_and_wrong_usage_is_2() {
    let lab = Served::start("--no-ssm");
    for (line, code, words) in [
        ("fault eu-west-9 dynamodb none", 1, "the lab has us-east-1, us-west-2"),
        ("fault us-east-1 dynamodb latency", 1, "latency needs --ms"),
        ("fault us-east-1 dynamodb refuse --rate 0.5", 1, "takes no rate"),
        ("dump us-east-1 --table none", 1, "ResourceNotFoundException"),
        ("region us-north-1", 1, "no Region"),
        ("region us-west-2", 1, "without SSM"),
        ("fault us-east-1 dynamodb slow", 2, "blackhole"),
        ("frobnicate", 2, "Usage"),
    ] {
        let (got, _, error) = lab.run(line);
        assert_eq!((got, error.contains(words)), (code, true), "{line}: {got} {error}");
    }
    let (code, _, error) = run(base_port(), "status");
    assert_eq!((code, error.contains("no lab answers on port")), (1, true), "{error}");
}

#[test]
fn sigterm_and_sigint_end_it_with_0_and_it_starts_again_at_once() {
    let port = base_port();
    for signal in [libc::SIGTERM, libc::SIGINT, libc::SIGKILL] {
        let mut lab = Served::start_on(port, "--no-ssm");
        assert_eq!(lab.run("fault us-east-1 dynamodb refuse").0, 0);
        assert_eq!(lab.run("fault us-west-2 dynamodb noconnect").0, 0);
        let code = (signal != libc::SIGKILL).then_some(0);
        assert_eq!(lab.kill(signal).code(), code);
        let (code, _, error) = run(port, "status");
        assert_eq!((code, error.contains("no lab answers")), (1, true), "{error}");
    }
}

#[test]
fn what_keeps_it_from_starting_is_named() {
    let lab = Served::start("--no-ssm");
    let (code, error) = fails_to_serve(lab.port, "--no-ssm");
    assert_eq!((code, error.contains(&format!("stop what uses port {}", lab.port))), (1, true), "{error}");
    let port = base_port();
    for (line, words) in [
        ("--moto /nowhere/moto_server", "/nowhere/moto_server"),
        ("--no-ssm --regions a-1,a-1", "twice"),
        ("--no-ssm --regions Utopia", "not a Region's name"),
        ("--moto /bin/false", "moto_server ended while starting"),
    ] {
        let (code, error) = fails_to_serve(port, line);
        assert_eq!((code, error.contains(words)), (1, true), "{line}: {error}");
    }
}
