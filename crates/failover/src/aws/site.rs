//! A Region's public health check, asked as Route 53 would: no redirect is followed, and the text must be near the beginning.

use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{self, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

use crate::signal::Signal;

/// Route 53 looks for its text in so many bytes.
const LOOKED_AT: usize = 5120;

/// A connection of its own for each question: one that is kept may lead to an address that DNS has long left.
#[must_use]
pub fn connector(limit: Duration) -> SharedHttpConnector {
    // The whole question has one deadline; the connector's own are only a second line, for who forgets it.
    let settings = HttpConnectorSettings::builder().connect_timeout(limit * 2).read_timeout(limit * 2).build();
    SharedHttpConnector::new(
        Connector::builder().connector_settings(settings).tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc)).build(),
    )
}

/// Asks. Good is: status 200, and `text` in the first 5,120 bytes, within `limit`.
pub async fn ask(url: &str, text: &str, limit: Duration) -> Signal {
    match tokio::time::timeout(limit, get(url, limit)).await {
        Ok(Ok((200, body))) if contains(&body, text.as_bytes()) => Signal::Ok,
        Ok(Ok((200, _))) => Signal::Failed(format!("the answer does not hold \"{text}\"")),
        Ok(Ok((status, _))) => Signal::Failed(format!("HTTP {status}")),
        Ok(Err(why)) => Signal::Failed(why),
        Err(_) => Signal::Failed(format!("no answer within {} ms", limit.as_millis())),
    }
}

fn contains(body: &[u8], text: &[u8]) -> bool {
    text.is_empty() || body.windows(text.len()).any(|w| w == text)
}

async fn get(url: &str, limit: Duration) -> Result<(u16, Vec<u8>), String> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url).map_err(|_| "the URL makes no sense".to_owned())?;
    request.headers_mut().insert("user-agent", "wp-dynamodb-failover");
    request.headers_mut().insert("cache-control", "no-cache");
    let mut response = connector(limit).call(request).await.map_err(|error| cause(&error))?;
    let mut body = response.take_body();
    let mut read = Vec::new();
    while read.len() < LOOKED_AT {
        match body.frame().await {
            Some(Ok(frame)) => read.extend_from_slice(frame.data_ref().map_or(&[], |d| d.as_ref())),
            Some(Err(_)) => return Err("the answer breaks off".to_owned()),
            None => break,
        }
    }
    read.truncate(LOOKED_AT);
    Ok((response.status().as_u16(), read))
}

/// The innermost cause: the outer ones only say that something failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    wp_dynamodb_core::region::parameter::line(&innermost.to_string(), 200)
}
