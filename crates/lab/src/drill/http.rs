//! HTTP to the pages and to the lab: one client with kept connections.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Uri, header};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::Value;

/// nginx closes kept connections after 75 s; ours go before.
const IDLE: Duration = Duration::from_secs(30);

/// A client. Clones share the connections.
#[derive(Debug, Clone)]
pub struct Http(Client<HttpConnector, Full<Bytes>>);

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The session cookie it sets: `PHPSESSID=...`.
    pub cookie: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl Default for Http {
    fn default() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).pool_idle_timeout(IDLE).build(connector);
        Http(client)
    }
}

impl Http {
    /// Gets a page, with a session cookie when there is one.
    ///
    /// # Errors
    /// When there is no whole answer in time; the message is for reports.
    pub async fn get(&self, url: &str, cookie: Option<&str>, timeout: Duration) -> Result<Answer> {
        let mut request = Request::get(url.parse::<Uri>()?);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.send(request.body(Full::default())?, timeout).await
    }

    /// Gets JSON.
    ///
    /// # Errors
    /// When there is no answer in time, or another than 200 with JSON.
    pub async fn json(&self, url: &str, timeout: Duration) -> Result<Value> {
        into_json(url, &self.get(url, None, timeout).await?)
    }

    /// Posts JSON, for JSON.
    ///
    /// # Errors
    /// When there is no answer in time, or another than 200 with JSON.
    pub async fn post(&self, url: &str, body: &Value, timeout: Duration) -> Result<Value> {
        let request = Request::post(url.parse::<Uri>()?).body(Full::from(body.to_string()))?;
        into_json(url, &self.send(request, timeout).await?)
    }

    async fn send(&self, request: Request<Full<Bytes>>, timeout: Duration) -> Result<Answer> {
        let whole = async {
            let response = self.0.request(request).await?;
            let status = response.status().as_u16();
            let cookie = response.headers().get_all(header::SET_COOKIE).iter().find_map(|set| session_cookie(set.to_str().ok()?));
            let body = response.into_body().collect().await?.to_bytes();
            anyhow::Ok(Answer { status, cookie, body })
        };
        tokio::time::timeout(timeout, whole).await.with_context(|| format!("no answer within {} s", timeout.as_secs_f64()))?
    }
}

fn into_json(url: &str, answer: &Answer) -> Result<Value> {
    if answer.status != 200 {
        bail!("{url}: status {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    serde_json::from_slice(&answer.body).with_context(|| format!("{url}: not JSON: {}", String::from_utf8_lossy(&answer.body)))
}

/// `PHPSESSID=...` of a Set-Cookie header, without its attributes.
fn session_cookie(header: &str) -> Option<String> {
    let pair = header.split(';').next()?.trim();
    pair.starts_with("PHPSESSID=").then(|| pair.to_owned())
}

#[cfg(test)]
mod tests {
    use super::session_cookie;

    #[test]
    fn finds_the_session_cookie() {
        assert_eq!(session_cookie("PHPSESSID=abc; path=/; HttpOnly").as_deref(), Some("PHPSESSID=abc"));
        assert_eq!(session_cookie("wordpress_test_cookie=1; path=/"), None);
    }
}
