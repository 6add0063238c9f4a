//! What the tests share: a lab in this process and a client that shows what is on the wire.
#![allow(dead_code)]

pub mod program;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use wp_dynamodb_lab::{Config, Door, Lab, Service};

pub const EAST: &str = "us-east-1";
pub const WEST: &str = "us-west-2";
pub const TABLE: &str = "wordpress_sessions";

/// Long enough for anything that must happen, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long something that must not happen is watched for.
pub const WATCH: Duration = Duration::from_millis(150);

/// A lab without SSM, on ports of the system's choice.
pub fn lab() -> Arc<Lab> {
    Lab::open(Config { lag_ms: 0, ..Config::default() }).expect("the lab opens")
}

/// What must happen.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, what).await.expect("nothing happened")
}

/// What must not happen (yet).
pub async fn never<T>(what: impl Future<Output = T>) {
    let happened = tokio::time::timeout(WATCH, what).await.is_ok();
    assert!(!happened, "something was answered");
}

/// An answer as it came.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The exception's name.
    pub fn class(&self) -> String {
        let json = self.json();
        let class = json["__type"].as_str().expect("an error").to_owned();
        class.rsplit('#').next().unwrap_or_default().to_owned()
    }
}

/// One keep-alive connection.
pub struct Client {
    pub stream: TcpStream,
    region: String,
    service: &'static str,
}

impl Client {
    pub async fn dynamodb(lab: &Lab, region: &str) -> Client {
        Client::by(lab, region, Service::Dynamodb, Door::Local).await
    }

    pub async fn ssm(lab: &Lab, region: &str) -> Client {
        Client::by(lab, region, Service::Ssm, Door::Local).await
    }

    /// By this door of a service.
    pub async fn by(lab: &Lab, region: &str, service: Service, door: Door) -> Client {
        let port = lab.site(region).unwrap().doors(service).front(door).port;
        Client::connect(port, region, service.name()).await
    }

    pub async fn connect(port: u16, region: &str, service: &'static str) -> Client {
        let stream = soon(TcpStream::connect(("127.0.0.1", port))).await;
        Client { stream: stream.expect("connected"), region: region.to_owned(), service }
    }

    pub async fn send(&mut self, operation: &str, body: &Value) -> io::Result<()> {
        let target = match self.service {
            "ssm" => "AmazonSSM",
            _ => "DynamoDB_20120810",
        };
        let scope = format!("lab/20260101/{}/{}/aws4_request", self.region, self.service);
        let body = body.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nHost: lab\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: {target}.{operation}\r\n\
             X-Amz-Date: 20260101T000000Z\r\nAuthorization: AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await
    }

    /// One answer. An error when the connection ends before the answer does.
    pub async fn receive(&mut self) -> io::Result<Answer> {
        let head = self.receive_head().await?;
        let mut body = vec![0; content_length(&head)];
        self.stream.read_exact(&mut body).await?;
        let status = head[9..12].parse().expect("a status");
        Ok(Answer { status, head, body })
    }

    /// The headers, with the empty line.
    pub async fn receive_head(&mut self) -> io::Result<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await?);
        }
        Ok(String::from_utf8(head).expect("UTF-8"))
    }

    pub async fn try_call(&mut self, operation: &str, body: &Value) -> io::Result<Answer> {
        self.send(operation, body).await?;
        self.receive().await
    }

    pub async fn call(&mut self, operation: &str, body: Value) -> Answer {
        soon(self.try_call(operation, &body)).await.expect("an answer")
    }

    /// Writes an item that holds a value; true when the service took it.
    pub async fn put(&mut self, id: &str, value: &str) -> bool {
        self.call("PutItem", put(id, value)).await.status == 200
    }

    /// How the connection ended, without an answer.
    pub async fn end(&mut self) -> io::ErrorKind {
        soon(self.stream.read_u8()).await.expect_err("an end").kind()
    }
}

pub fn content_length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.expect("content-length").parse().expect("a length")
}

pub fn put(id: &str, value: &str) -> Value {
    json!({"TableName": TABLE, "Item": {"session_id": {"S": id}, "v": {"S": value}}})
}

pub fn get(id: &str) -> Value {
    json!({"TableName": TABLE, "Key": {"session_id": {"S": id}}, "ConsistentRead": true})
}

/// The value stored under an id, past the front.
pub fn stored(lab: &Lab, region: &str, id: &str) -> Option<String> {
    let key = json!({"session_id": {"S": id}});
    let item = lab.site(region).unwrap().region.get(TABLE, &key).unwrap()?;
    Some(item["v"]["S"].as_str().unwrap().to_owned())
}
