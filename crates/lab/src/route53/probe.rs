//! Checkers that really ask: each with its own rhythm, since Route 53's do not coordinate.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::check::{Attempt, HealthCheck, Limits, SEARCHED};

const USER_AGENT: &str = "Amazon-Route53-Health-Check-Service (simulated by wp-dynamodb-lab)";

/// One result of one checker.
#[derive(Debug)]
pub struct Result53 {
    /// The checker.
    pub checker: usize,
    /// Why the attempt failed, if it did.
    pub outcome: std::result::Result<(), String>,
}

/// Starts all checkers on one address; intervals and time limits are divided by `scale`. They end with the set.
///
/// # Errors
/// When the address is none.
pub fn start(check: &HealthCheck, url: &str, scale: f64, results: &mpsc::UnboundedSender<Result53>) -> Result<JoinSet<()>> {
    let url: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
    let interval = Duration::from_secs_f64(check.interval_s as f64 / scale);
    let limits = Limits::scaled(scale);
    let mut checkers = JoinSet::new();
    for checker in 0..check.checkers {
        let (check, url, results) = (check.clone(), url.clone(), results.clone());
        checkers.spawn(async move {
            tokio::time::sleep(interval.mul_f64(fastrand::f64())).await;
            let mut ticks = tokio::time::interval(interval);
            loop {
                ticks.tick().await;
                let outcome = check.judge(&attempt(&url, limits).await, limits);
                if results.send(Result53 { checker, outcome }).is_err() {
                    return;
                }
            }
        });
    }
    Ok(checkers)
}

/// One attempt, with a connection of its own.
pub async fn attempt(url: &Uri, limits: Limits) -> Attempt {
    let begun = Instant::now();
    let (Some(host), port) = (url.host(), url.port_u16().unwrap_or(80)) else {
        return Attempt::Unconnected;
    };
    let Ok(Ok(stream)) = timeout(limits.connect, TcpStream::connect((host, port))).await else {
        return Attempt::Unconnected;
    };
    let after = begun.elapsed();
    let silent = Attempt::Connected { after, status: None, body: None };
    let Ok((mut sender, connection)) = http1::handshake(TokioIo::new(stream)).await else {
        return silent;
    };
    let connection = tokio::spawn(connection);
    let attempt = async {
        let request = Request::get(url.path_and_query().map_or("/", |path| path.as_str()))
            .header(header::HOST, format!("{host}:{port}"))
            .header(header::USER_AGENT, USER_AGENT)
            .header(header::CONNECTION, "close")
            .body(Empty::<Bytes>::new());
        let Ok(request) = request else { return silent };
        let connected = Instant::now();
        let Ok(Ok(mut response)) = timeout(limits.answer, sender.send_request(request)).await else { return silent };
        let status = Some((response.status().as_u16(), connected.elapsed()));
        let answered = Instant::now();
        let mut body = Vec::new();
        let read = async {
            while body.len() < SEARCHED {
                match response.frame().await {
                    Some(Ok(frame)) => body.extend_from_slice(frame.data_ref().map_or(&[][..], |data| data)),
                    Some(Err(_)) => return false,
                    None => return true,
                }
            }
            true
        };
        let whole = timeout(limits.answer, read).await.unwrap_or(false);
        Attempt::Connected { after, status, body: whole.then(|| (body, answered.elapsed())) }
    }
    .await;
    connection.abort();
    attempt
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    async fn server(answer: &'static str) -> Uri {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/healthz?level=ready", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let mut asked = [0; 1024];
                    let read = stream.read(&mut asked).await.unwrap();
                    assert!(String::from_utf8_lossy(&asked[..read]).starts_with("GET /healthz?level=ready HTTP/1.1\r\n"));
                    stream.write_all(answer.as_bytes()).await.unwrap();
                    if answer.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                });
            }
        });
        url.parse().unwrap()
    }

    #[tokio::test]
    async fn asks_and_is_judged() {
        let check = HealthCheck::ok_every_30_s();
        let limits = Limits::scaled(10.0);
        let judge = async |url: &Uri| check.judge(&attempt(url, limits).await, limits);
        assert_eq!(judge(&server("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nOK\n").await).await, Ok(()));
        let chunked = server("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nO\r\n1\r\nK\r\n0\r\n\r\n").await;
        assert_eq!(judge(&chunked).await, Ok(()));
        assert!(judge(&server("HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nOK").await).await.unwrap_err().contains("503"));
        assert!(judge(&server("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nOK").await).await.unwrap_err().contains("body"));
        assert!(judge(&server("").await).await.unwrap_err().contains("no answer"));
        assert!(judge(&"http://127.0.0.1:1/".parse().unwrap()).await.unwrap_err().contains("no connection"));
    }

    #[tokio::test]
    async fn sixteen_checkers_turn_a_dead_endpoint_unhealthy() {
        let check = HealthCheck::ok_every_30_s();
        let (sender, mut results) = mpsc::unbounded_channel();
        // 30 s are 50 ms here.
        let _checkers = start(&check, "http://127.0.0.1:1/healthz", 600.0, &sender).unwrap();
        let mut health = super::super::Health::new(check);
        let begun = Instant::now();
        while health.is_healthy() {
            let result = timeout(Duration::from_secs(20), results.recv()).await.unwrap().unwrap();
            health.take(result.checker, result.outcome.is_ok());
        }
        assert!(begun.elapsed() >= Duration::from_millis(100), "three in a row take two intervals at least");
    }
}
