//! Where this host is: the environment, then the metadata of the task or instance.

use std::time::Duration;

use aws_config::imds::region::ImdsRegionProvider;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use crate::region::Region;

/// Metadata services are on the host itself: no answer by then means none.
const DEADLINE: Duration = Duration::from_secs(2);

/// The Region that `AWS_REGION` or `AWS_DEFAULT_REGION` names.
#[must_use]
pub fn environment() -> Option<Region> {
    ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| Region::parse(std::env::var(name).ok()?.trim()).ok())
}

/// The Region of this task (ECS) or instance (EC2), when a metadata service says so within two seconds.
pub async fn metadata() -> Option<Region> {
    let ask = async {
        if let Ok(base) = std::env::var("ECS_CONTAINER_METADATA_URI_V4")
            && let Some(region) = task(&format!("{base}/task")).await
        {
            return Some(region);
        }
        let region = ImdsRegionProvider::builder().build().region().await?;
        Region::parse(region.as_ref()).ok()
    };
    tokio::time::timeout(DEADLINE, ask).await.ok().flatten()
}

/// Asks the task metadata endpoint, version 4: `AvailabilityZone` is the Region and a letter.
async fn task(uri: &str) -> Option<Region> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = client.get(uri.parse().ok()?).await.ok()?;
    let body = Limited::new(answer.into_body(), 1 << 20).collect().await.ok()?.to_bytes();
    let task: serde_json::Value = serde_json::from_slice(&body).ok()?;
    let zone = task.get("AvailabilityZone")?.as_str()?;
    Region::parse(zone.trim_end_matches(|c: char| c.is_ascii_lowercase())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn a_task_knows_its_region() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let uri = format!("http://{}/v4/abc/task", listener.local_addr().expect("an address"));
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut request = [0; 1024];
            let n = stream.read(&mut request).await.expect("a request");
            assert!(request[..n].starts_with(b"GET /v4/abc/task HTTP/1.1"));
            let body = r#"{"AvailabilityZone":"us-west-2b"}"#;
            let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.expect("an answer");
        });
        assert_eq!(task(&uri).await.map(|r| r.to_string()).as_deref(), Some("us-west-2"));
        server.await.expect("the server ends");
    }
}
