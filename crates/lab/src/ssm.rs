//! SSM's wire protocol to moto, and the parameter.
//!
//! moto keeps one set of parameters per Region and takes the Region from the signature's scope. The lab signs for itself,
//! with a signature that nobody checks, so each front reaches its own Region only.

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::front::Answer;

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// One Region's parameter store in moto.
#[derive(Debug, Clone)]
pub struct Ssm {
    /// The Region's name.
    pub region: String,
    /// moto's port on loopback; none when the lab runs without SSM.
    pub moto: Option<u16>,
}

/// A parameter as it stands in one Region.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Parameter {
    /// Its value; none: there is no such parameter.
    pub value: Option<String>,
    /// How often it was written.
    pub version: Option<u64>,
    /// When it was last written, in seconds since 1970.
    pub last_modified: Option<f64>,
}

impl Ssm {
    /// Carries an operation out; what goes wrong on the way to moto becomes an error of the service.
    pub async fn answer(&self, operation: &str, body: &[u8]) -> Answer {
        match self.call(operation, Bytes::copy_from_slice(body)).await {
            Ok(answer) => answer,
            Err(cause) => error(500, "InternalServerError", &format!("lab: {cause:#}")),
        }
    }

    /// Sends one operation to moto.
    ///
    /// A connection per call: moto closes them anyway, and calls are few.
    async fn call(&self, operation: &str, body: Bytes) -> Result<Answer> {
        let Some(port) = self.moto else {
            bail!("this lab runs without SSM (no moto_server)");
        };
        let stream =
            TcpStream::connect(("127.0.0.1", port)).await.with_context(|| format!("moto_server does not answer on port {port}"))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let scope = format!("lab/20260101/{}/ssm/aws4_request", self.region);
        let request = Request::post("/")
            .header("host", format!("ssm.{}.amazonaws.com", self.region))
            .header("content-type", CONTENT_TYPE)
            .header("x-amz-target", format!("AmazonSSM.{operation}"))
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=lab"))
            .body(Full::new(body))?;
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer { status, content_type: CONTENT_TYPE.into(), crc32: None, body })
    }

    /// An operation of the operator's, past the front. An error of the service is given as `Err`.
    async fn ask(&self, operation: &str, request: Value) -> Result<Result<Value, Value>> {
        let answer = self.call(operation, request.to_string().into()).await?;
        let body: Value = serde_json::from_slice(&answer.body).with_context(|| {
            let text = String::from_utf8_lossy(&answer.body);
            format!("{operation} in {}: HTTP {}: {text}", self.region, answer.status)
        })?;
        Ok(if answer.status == 200 { Ok(body) } else { Err(body) })
    }

    /// Writes a parameter of type String.
    pub async fn put(&self, name: &str, value: &str) -> Result<()> {
        let request = json!({"Name": name, "Value": value, "Type": "String", "Overwrite": true});
        match self.ask("PutParameter", request).await? {
            Ok(_) => Ok(()),
            Err(refusal) => bail!("{} did not take the value of {name}: {}", self.region, reason(&refusal)),
        }
    }

    /// Deletes a parameter; nothing to do when there is none.
    pub async fn delete(&self, name: &str) -> Result<()> {
        match self.ask("DeleteParameter", json!({"Name": name})).await? {
            Err(refusal) if !is_missing(&refusal) => {
                bail!("{} did not delete {name}: {}", self.region, reason(&refusal))
            }
            _ => Ok(()),
        }
    }

    /// Reads a parameter.
    pub async fn get(&self, name: &str) -> Result<Parameter> {
        match self.ask("GetParameter", json!({"Name": name})).await? {
            Ok(answer) => {
                let found = &answer["Parameter"];
                Ok(Parameter {
                    value: found["Value"].as_str().map(str::to_owned),
                    version: found["Version"].as_u64(),
                    last_modified: found["LastModifiedDate"].as_f64(),
                })
            }
            Err(refusal) if is_missing(&refusal) => Ok(Parameter::default()),
            Err(refusal) => bail!("cannot read {name} in {}: {}", self.region, reason(&refusal)),
        }
    }
}

fn is_missing(refusal: &Value) -> bool {
    refusal["__type"].as_str().is_some_and(|class| class.ends_with("ParameterNotFound"))
}

fn reason(refusal: &Value) -> String {
    let message = refusal["message"].as_str().or(refusal["Message"].as_str());
    match (refusal["__type"].as_str(), message) {
        (Some(class), Some(message)) => format!("{class}: {message}"),
        _ => refusal.to_string(),
    }
}

/// An error of the service; `class` is the exception's name.
pub fn error(status: u16, class: &str, message: &str) -> Answer {
    json_answer(status, json!({"__type": class, "message": message}).to_string())
}

/// An answer with the headers SSM sends.
pub fn json_answer(status: u16, body: String) -> Answer {
    Answer { status, content_type: CONTENT_TYPE.into(), crc32: None, body: body.into() }
}
