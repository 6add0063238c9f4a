//! DynamoDB's wire protocol on top of dynoxide.
//!
//! Operations are called in process: a second HTTP hop would cost more than the operation. What dynoxide's own server adds,
//! the wording of some errors in malformed requests, is reduced to the error's class here.

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::front::Answer;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// Operations that change items; these go through the Region, which copies them.
pub const WRITES: [&str; 5] = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"];

/// Carries one operation out.
pub fn call(db: &Database, operation: &str, body: &str) -> Result<String, DynoxideError> {
    macro_rules! run {
        ($method:ident) => {
            text(&db.$method(request(body)?)?)
        };
    }
    match operation {
        "GetItem" => run!(get_item),
        "UpdateItem" => run!(update_item),
        "PutItem" => run!(put_item),
        "DeleteItem" => run!(delete_item),
        "Query" => run!(query),
        "Scan" => run!(scan),
        "BatchGetItem" => run!(batch_get_item),
        "BatchWriteItem" => run!(batch_write_item),
        "TransactGetItems" => run!(transact_get_items),
        "TransactWriteItems" => run!(transact_write_items),
        "CreateTable" => run!(create_table),
        "DeleteTable" => run!(delete_table),
        "DescribeTable" => run!(describe_table),
        "UpdateTable" => run!(update_table),
        "ListTables" => run!(list_tables),
        "UpdateTimeToLive" => run!(update_time_to_live),
        "DescribeTimeToLive" => run!(describe_time_to_live),
        "TagResource" => run!(tag_resource),
        "UntagResource" => run!(untag_resource),
        "ListTagsOfResource" => run!(list_tags_of_resource),
        "ExecuteStatement" | "ExecuteTransaction" | "BatchExecuteStatement" => Err(DynoxideError::ValidationException(format!(
            "the lab does not take PartiQL ({operation}): its writes would escape replication; use the item operations"
        ))),
        _ => Err(DynoxideError::ValidationException(format!("the lab does not know the DynamoDB operation {operation}"))),
    }
}

/// Reads a request; dynoxide marks the class of an error by a prefix of serde's message.
fn request<T: DeserializeOwned>(body: &str) -> Result<T, DynoxideError> {
    serde_json::from_str(body).map_err(|error| {
        let message = error.to_string();
        let message = match message.rfind(" at line ") {
            Some(end) => &message[..end],
            None => &message,
        };
        for marker in ["VALIDATION_REQUEST:", "VALIDATION_AS_READ:", "VALIDATION:"] {
            if let Some(message) = message.strip_prefix(marker) {
                return DynoxideError::ValidationException(message.to_owned());
            }
        }
        for marker in ["SERIALIZATION_AS_READ:", "SERIALIZATION:"] {
            if let Some(message) = message.strip_prefix(marker) {
                return DynoxideError::SerializationException(message.to_owned());
            }
        }
        if message.starts_with("missing field") || message.contains("AttributeValue") {
            return DynoxideError::ValidationException(message.to_owned());
        }
        DynoxideError::SerializationException(message.to_owned())
    })
}

fn text<T: Serialize>(response: &T) -> Result<String, DynoxideError> {
    serde_json::to_string(response).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The HTTP answer to an operation's result.
pub fn answer(region: &str, operation: &str, result: Result<String, DynoxideError>) -> Answer {
    let (status, mut body) = match result {
        Ok(body) => (200, body),
        Err(error) => (error.status_code(), error.to_json()),
    };
    if operation.contains("Table") {
        // dynoxide calls its one Region "dynoxide".
        body = body.replace("arn:aws:dynamodb:dynoxide:", &format!("arn:aws:dynamodb:{region}:"));
    }
    json_answer(status, body)
}

/// An error of the service itself; `class` is the exception's name.
pub fn error(status: u16, class: &str, message: &str) -> Answer {
    let prefix = match class {
        "InvalidSignatureException" | "AccessDeniedException" | "UnknownOperationException" => "com.amazon.coral.service",
        _ => "com.amazonaws.dynamodb.v20120810",
    };
    let body = json!({"__type": format!("{prefix}#{class}"), "message": message});
    json_answer(status, body.to_string())
}

/// An answer with the headers DynamoDB sends.
pub fn json_answer(status: u16, body: String) -> Answer {
    let crc32 = crc32fast::hash(body.as_bytes());
    Answer { status, content_type: CONTENT_TYPE.into(), crc32: Some(crc32), body: Bytes::from(body) }
}

/// The parsed result of an operation that the lab itself asks for.
pub fn ask(db: &Database, operation: &str, body: &Value) -> anyhow::Result<Value> {
    let text =
        call(db, operation, &body.to_string()).map_err(|error| anyhow::anyhow!("{operation}: {} ({})", error, error.error_type()))?;
    Ok(serde_json::from_str(&text)?)
}
