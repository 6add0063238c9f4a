//! The runtime API: what a `bootstrap` asks for its next invocation, and tells what became of it.
//!
//! Each process has an API of its own: a request that a killed process left behind must not take the next one's invocation.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinSet;

const VERSION: &str = "2018-06-01";
const ERROR_TYPE: &str = "lambda-runtime-function-error-type";

/// What a process says of an invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Its answer.
    Response(Bytes),
    /// It failed.
    Error {
        /// `Lambda-Runtime-Function-Error-Type`, or the body's `errorType`.
        kind: String,
        /// The body.
        body: Bytes,
    },
    /// It could not start.
    InitError(Bytes),
}

/// An invocation for a process to fetch.
#[derive(Debug)]
pub struct Offer {
    /// Its id.
    pub request_id: String,
    /// The event.
    pub event: Bytes,
    /// When it ends, whatever happens.
    pub deadline: SystemTime,
    /// The function's ARN.
    pub arn: String,
    /// Where the answer goes.
    pub said: oneshot::Sender<Said>,
}

/// Where function and process meet.
#[derive(Debug, Default)]
pub struct Desk {
    offered: Mutex<Option<Offer>>,
    under_way: Mutex<Option<(String, oneshot::Sender<Said>)>>,
    waiting: Notify,
    /// Whether the process has asked for an invocation yet: then its start is over.
    asked: watch::Sender<bool>,
}

impl Desk {
    /// Puts an invocation on the desk.
    pub fn offer(&self, offer: Offer) {
        *self.offered.lock().expect("desk") = Some(offer);
        self.waiting.notify_one();
    }

    /// Returns when the process has asked for its first invocation.
    pub async fn asked(&self) {
        // The sender lives as long as the desk.
        let _ = self.asked.subscribe().wait_for(|asked| *asked).await;
    }

    async fn next(&self) -> Offer {
        self.asked.send_replace(true);
        loop {
            if let Some(offer) = self.offered.lock().expect("desk").take() {
                return offer;
            }
            self.waiting.notified().await;
        }
    }

    /// Takes what is said of the invocation under way; false: there is none of that id.
    fn say(&self, request_id: &str, said: Said) -> bool {
        let mut under_way = self.under_way.lock().expect("desk");
        if under_way.as_ref().is_none_or(|(id, _)| id != request_id) {
            return false;
        }
        under_way.take().is_some_and(|(_, sender)| sender.send(said).is_ok())
    }

    /// A process that cannot start fails what it was started for.
    fn say_init(&self, said: Said) {
        if let Some(offer) = self.offered.lock().expect("desk").take() {
            let _ = offer.said.send(said);
        }
    }
}

/// An API that listens; it ends when this is dropped.
#[derive(Debug)]
pub struct Api {
    /// The desk behind it.
    pub desk: Arc<Desk>,
    /// `127.0.0.1:PORT`, the value of `AWS_LAMBDA_RUNTIME_API`.
    pub address: String,
    _server: JoinSet<()>,
}

impl Api {
    /// Opens an API on a port that the system chooses.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn open() -> Result<Api> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let desk = Arc::new(Desk::default());
        let mut server = JoinSet::new();
        server.spawn(serve(listener, desk.clone()));
        Ok(Api { desk, address, _server: server })
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let desk = desk.clone();
        connections.spawn(async move {
            let service = service_fn(|request| handle(desk.clone(), request));
            // A process that ends breaks its connection; that is heard of where it is waited for.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn handle(desk: Arc<Desk>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let kind = head.headers.get(ERROR_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let Ok(body) = body.collect().await.map(|body| body.to_bytes()) else {
        return Ok(refusal(400, "InvalidRequest", "the body broke off"));
    };
    let path: Vec<&str> = head.uri.path().trim_start_matches('/').split('/').collect();
    Ok(match (&head.method, path.as_slice()) {
        (&Method::GET, [VERSION, "runtime", "invocation", "next"]) => hand_out(&desk, desk.next().await),
        (&Method::POST, [VERSION, "runtime", "invocation", id, "response"]) => accepted(desk.say(id, Said::Response(body))),
        (&Method::POST, [VERSION, "runtime", "invocation", id, "error"]) => {
            let kind = kind.or_else(|| error_type(&body)).unwrap_or_else(|| "Unknown".into());
            accepted(desk.say(id, Said::Error { kind, body }))
        }
        (&Method::POST, [VERSION, "runtime", "init", "error"]) => {
            desk.say_init(Said::InitError(body));
            accepted(true)
        }
        _ => refusal(404, "NotFound", head.uri.path()),
    })
}

fn hand_out(desk: &Desk, offer: Offer) -> Response<Full<Bytes>> {
    let deadline = offer.deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_millis();
    let id = crc32fast::hash(offer.request_id.as_bytes());
    let answer = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", &offer.request_id)
        .header("lambda-runtime-deadline-ms", deadline.to_string())
        .header("lambda-runtime-invoked-function-arn", &offer.arn)
        .header("lambda-runtime-trace-id", format!("Root=1-{:08x}-{id:024x};Sampled=0", deadline / 1000))
        .body(Full::from(offer.event))
        .expect("headers are valid");
    *desk.under_way.lock().expect("desk") = Some((offer.request_id, offer.said));
    answer
}

fn error_type(body: &[u8]) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    body["errorType"].as_str().map(str::to_owned)
}

fn accepted(known: bool) -> Response<Full<Bytes>> {
    match known {
        true => answer(202, json!({"status": "OK"}).to_string()),
        false => refusal(400, "InvalidRequestID", "no invocation of this id is under way"),
    }
}

fn refusal(status: u16, kind: &str, message: &str) -> Response<Full<Bytes>> {
    answer(status, json!({"errorType": kind, "errorMessage": message}).to_string())
}

fn answer(status: u16, body: String) -> Response<Full<Bytes>> {
    Response::builder().status(status).header("content-type", "application/json").body(Full::from(body)).expect("status is valid")
}
