//! `lambda`: invokes a real `bootstrap` against a running lab.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Value, json};

use crate::drill::http::Http;
use crate::lambda::deployment::{CONCURRENCY, TIMEOUT_S};
use crate::lambda::environment;
use crate::lambda::function::{Config, Function, Invocation, Outcome};

const LAB: Duration = Duration::from_secs(10);
/// The controllers' table, as `infra/data.yaml` makes it.
const CONTROL_TABLE: &str = "wordpress_failover";
/// Between two looks at the lab's counters.
const LOOK: Duration = Duration::from_millis(2);

/// Options of `lambda`.
#[derive(Debug, Args)]
pub struct LambdaArgs {
    /// The executable.
    #[arg(long, value_name = "PATH")]
    bootstrap: PathBuf,
    /// A file with the event (JSON), or `-` for standard input; several: one after the other, in the same process.
    #[arg(long = "event", value_name = "FILE", required = true)]
    events: Vec<PathBuf>,
    /// The function's Region.
    #[arg(long, default_value = "us-west-2")]
    region: String,
    /// More of its environment; goes before what the lab makes of it.
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = pair)]
    environment: Vec<(String, String)>,
    /// The function's time limit in seconds.
    #[arg(long, default_value_t = TIMEOUT_S)]
    timeout: f64,
    /// kill -9 when the lab has counted such a call since the start, as us-west-2:ssm:PutParameter.
    #[arg(long, value_name = "REGION:SERVICE:OPERATION", value_parser = call)]
    kill_after: Option<(String, String, String)>,
    /// So many milliseconds later.
    #[arg(long, default_value_t = 0, requires = "kill_after")]
    kill_delay: u64,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("not NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn call(text: &str) -> Result<(String, String, String), String> {
    match text.split(':').collect::<Vec<_>>()[..] {
        [region, service, operation] => Ok((region.into(), service.into(), operation.into())),
        _ => Err("not REGION:SERVICE:OPERATION".into()),
    }
}

/// Invokes the function with each event.
///
/// # Errors
/// When the lab does not answer, or an event is not answered with a success.
pub fn run(port: u16, as_json: bool, args: LambdaArgs) -> Result<()> {
    let events = args.events.iter().map(|file| event(file)).collect::<Result<Vec<_>>>()?;
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(invoke(port, as_json, args, events))
}

fn event(file: &Path) -> Result<Value> {
    let mut text = String::new();
    match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text).map(drop),
        _ => std::fs::read_to_string(file).map(|read| text = read),
    }
    .with_context(|| format!("cannot read the event {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("the event {} is not JSON", file.display()))
}

async fn invoke(port: u16, as_json: bool, args: LambdaArgs, events: Vec<Value>) -> Result<()> {
    let http = Http::default();
    let lab = format!("http://127.0.0.1:{port}");
    let status = http.json(&format!("{lab}/status"), LAB).await.with_context(|| format!("no lab answers on port {port}"))?;
    let mut environment = environment::of_lab(&status, &args.region)?;
    environment.extend(args.environment.iter().cloned());
    let table = environment.get("WP_DYNAMODB_CONTROL_TABLE").map_or(CONTROL_TABLE, String::as_str);
    let create = json!({"table": table, "hash_key": "pk", "range_key": "sk", "ttl_attribute": "expires"});
    http.post(&format!("{lab}/table"), &create, LAB).await?;
    let function = Function::new(Config {
        name: "wp-dynamodb-failover".into(),
        region: args.region.clone(),
        bootstrap: args.bootstrap.clone(),
        environment,
        timeout: Duration::from_secs_f64(args.timeout),
        concurrency: CONCURRENCY,
    });
    let before = match &args.kill_after {
        Some(call) => count(&http, &lab, call).await?,
        None => 0,
    };
    let mut unanswered = 0;
    for event in &events {
        let killer = async {
            let Some(call) = &args.kill_after else {
                return std::future::pending().await;
            };
            while count(&http, &lab, call).await.unwrap_or(before) == before {
                tokio::time::sleep(LOOK).await;
            }
            tokio::time::sleep(Duration::from_millis(args.kill_delay)).await;
            function.kill();
            std::future::pending::<()>().await
        };
        let invocation = tokio::select! {
            invocation = function.invoke(event) => invocation,
            () = killer => unreachable!("it waits for ever"),
        };
        unanswered += usize::from(!invocation.outcome.is_answered());
        show(as_json, &function, &invocation);
    }
    function.stop().await;
    if unanswered > 0 {
        bail!("{unanswered} of {} invocations did not succeed", events.len());
    }
    Ok(())
}

async fn count(http: &Http, lab: &str, (region, service, operation): &(String, String, String)) -> Result<u64> {
    let counters = http.json(&format!("{lab}/counters"), LAB).await?;
    Ok(counters[region][service][operation].as_u64().unwrap_or(0))
}

fn show(as_json: bool, function: &Function, invocation: &Invocation) {
    let log: Vec<String> = function.log.take().into_iter().map(|line| line.text).collect();
    if as_json {
        let mut shown: BTreeMap<&str, Value> = BTreeMap::from([("invocation", json!(invocation)), ("log", json!(log))]);
        // Beside the outcome, for scripts that want one value.
        if let Outcome::Answered(answer) = &invocation.outcome {
            shown.insert("answer", answer.clone());
        }
        println!("{}", json!(shown));
        return;
    }
    log.iter().for_each(|line| println!("| {line}"));
    let cold = invocation.cold_start_ms.map(|ms| format!(" after a cold start of {ms:.0} ms")).unwrap_or_default();
    println!("{:.0} ms{cold}: {}", invocation.duration_ms, json!(invocation.outcome));
}
