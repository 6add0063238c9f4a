//! The HTTP control interface: what the command line and the tests speak.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::door::Door;
use crate::fault::{Fault, Kind};
use crate::item::Keys;
use crate::lab::Lab;
use crate::replication::State;

/// `POST /fault`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetFault {
    region: String,
    service: String,
    /// The door that is struck; none: both.
    from: Option<Door>,
    kind: Kind,
    ms: Option<u64>,
    rate: Option<f64>,
}

/// `POST /parameter`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetParameter {
    value: Option<String>,
    regions: Option<Vec<String>>,
}

/// `POST /replication`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SetReplication {
    state: Option<State>,
    lag_ms: Option<u64>,
    /// Answer only when no copy is under way.
    #[serde(default)]
    settle: bool,
}

/// `POST /table`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CreateTable {
    table: String,
    hash_key: Option<String>,
    range_key: Option<String>,
    ttl_attribute: Option<String>,
}

/// `POST /item/REGION/get|put|delete`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OnItem {
    table: Option<String>,
    key: Option<Value>,
    item: Option<Value>,
    /// Keep the write from the other Regions.
    #[serde(default)]
    local: bool,
}

/// Serves the control interface until the runtime ends.
pub async fn serve(lab: Arc<Lab>, listener: TcpListener) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, say: the connection stays in the queue, so this must not spin.
                eprintln!("lab: control: cannot accept: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let lab = lab.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| handle(lab.clone(), request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes away is the client's business.
            let _ = connection.await;
        });
    }
}

async fn handle(lab: Arc<Lab>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let answer = match body.collect().await {
        Ok(body) => route(&lab, &head.method, head.uri.path(), head.uri.query(), &body.to_bytes()).await,
        Err(error) => Err(error.into()),
    };
    let (status, body) = match answer {
        Ok(Some(Answer::Json(value))) => (200, value.to_string()),
        Ok(Some(Answer::Lines(text))) => return Ok(response(200, "application/x-ndjson", text)),
        Ok(None) => (404, json!({"error": format!("no such command: {} {}", head.method, head.uri)}).to_string()),
        Err(error) => (400, json!({"error": format!("{error:#}")}).to_string()),
    };
    Ok(response(status, "application/json", body))
}

fn response(status: u16, content_type: &str, body: String) -> Response<Full<Bytes>> {
    Response::builder().status(status).header("content-type", content_type).body(Full::from(body)).expect("status and headers are valid")
}

enum Answer {
    Json(Value),
    Lines(String),
}

async fn route(lab: &Lab, method: &Method, path: &str, query: Option<&str>, body: &[u8]) -> Result<Option<Answer>> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let value = match (method.as_str(), parts.as_slice()) {
        ("GET", ["status"]) => json!(lab.status().await?),
        ("GET", ["counters"]) => json!(lab.counters(false)),
        ("POST", ["counters", "reset"]) => json!(lab.counters(true)),
        ("POST", ["fault"]) => {
            let set: SetFault = parse(body)?;
            let service = match set.service.as_str() {
                "all" => None,
                one => Some(one.parse().map_err(|_| anyhow!("unknown service {one:?}; use dynamodb, ssm or all"))?),
            };
            let fault = Fault { kind: set.kind, ms: set.ms.unwrap_or(0), rate: set.rate.unwrap_or(1.0) };
            lab.fault(&set.region, service, set.from, fault).await?;
            json!({"region": set.region, "service": set.service, "from": set.from, "fault": fault})
        }
        ("POST", ["parameter"]) => {
            let set: SetParameter = parse(body)?;
            let written = lab.set_parameter(set.value.as_deref(), set.regions.as_deref()).await?;
            json!({"parameter": lab.config.parameter, "value": set.value, "regions": written})
        }
        ("POST", ["replication"]) => {
            let set: SetReplication = parse(body)?;
            lab.replication.set(set.state, set.lag_ms);
            if set.settle {
                lab.replication.settled().await;
            }
            json!(lab.replication.report(&lab.config.regions))
        }
        ("POST", ["table"]) => {
            let create: CreateTable = parse(body)?;
            let hash = create.hash_key.unwrap_or_else(|| lab.config.hash_key.clone());
            let keys = Keys { hash, range: create.range_key };
            let ttl = create.ttl_attribute.as_ref().unwrap_or(&lab.config.ttl_attribute);
            lab.create_table(&create.table, &keys, ttl)?;
            json!({"table": create.table, "hash_key": keys.hash, "range_key": keys.range, "ttl_attribute": ttl})
        }
        ("POST", ["ttl", "sweep"]) => json!({"deleted": lab.sweep_ttl()?}),
        ("GET", ["dump", region]) => {
            let table = query.and_then(|query| query.strip_prefix("table=")).unwrap_or(&lab.config.table);
            let items = lab.site(region)?.region.dump(table)?;
            let lines = items.iter().map(|item| format!("{item}\n")).collect();
            return Ok(Some(Answer::Lines(lines)));
        }
        ("POST", ["item", region, action]) => return on_item(lab, region, action, parse(body)?),
        _ => return Ok(None),
    };
    Ok(Some(Answer::Json(value)))
}

fn on_item(lab: &Lab, region: &str, action: &str, on: OnItem) -> Result<Option<Answer>> {
    let region = &lab.site(region)?.region;
    let table = on.table.unwrap_or_else(|| lab.config.table.clone());
    let key = || on.key.as_ref().context("\"key\" is missing: DynamoDB JSON, {\"session_id\":{\"S\":\"...\"}}");
    let value = match action {
        "get" => json!({"item": region.get(&table, key()?)?}),
        "put" => {
            let item = on.item.as_ref().context("\"item\" is missing: DynamoDB JSON")?;
            region.operate("PutItem", &json!({"TableName": table, "Item": item}), on.local)?;
            json!({})
        }
        "delete" => {
            region.operate("DeleteItem", &json!({"TableName": table, "Key": key()?}), on.local)?;
            json!({})
        }
        _ => return Ok(None),
    };
    Ok(Some(Answer::Json(value)))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    serde_json::from_slice(body).context("the request's JSON is not as expected")
}
