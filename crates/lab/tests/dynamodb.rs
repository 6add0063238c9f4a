//! DynamoDB's answers, counters and refusals.

mod common;

use common::{Client, EAST, TABLE, WEST, get, lab, soon};
use serde_json::json;
use wp_dynamodb_lab::{Config, Lab};

#[tokio::test(flavor = "multi_thread")]
async fn operations_answer_and_fail_as_in_aws() {
    let lab = lab();
    let mut client = Client::dynamodb(&lab, EAST).await;
    assert!(client.put("a", "1").await);
    let key = json!({"session_id": {"S": "a"}});

    let create_only = json!({
        "TableName": TABLE, "Item": key, "ConditionExpression": "attribute_not_exists(#k)", "ExpressionAttributeNames": {"#k": "session_id"},
    });
    let answer = client.call("PutItem", create_only).await;
    assert_eq!((answer.status, answer.class().as_str()), (400, "ConditionalCheckFailedException"));

    let missing = json!({"TableName": "none", "Key": key});
    assert_eq!(client.call("GetItem", missing).await.class(), "ResourceNotFoundException");
    let wrong_key = json!({"TableName": TABLE, "Key": {"id": {"S": "a"}}});
    assert_eq!(client.call("GetItem", wrong_key).await.class(), "ValidationException");
    let two_types = json!({"TableName": TABLE, "Key": {"session_id": {"S": "a", "N": "1"}}});
    assert_eq!(client.call("GetItem", two_types).await.class(), "ValidationException");
    assert_eq!(client.call("GetItem", json!({"TableName": 3})).await.class(), "SerializationException");
    let big = json!({"TableName": TABLE, "Item": {"session_id": {"S": "b"}, "data": {"S": "x".repeat(410_000)}}});
    let answer = client.call("PutItem", big).await;
    assert_eq!((answer.status, answer.class().as_str()), (400, "ValidationException"));
    let statement = json!({"Statement": format!("DELETE FROM {TABLE} WHERE session_id = 'a'")});
    let answer = client.call("ExecuteStatement", statement).await;
    assert!(answer.json()["message"].as_str().unwrap().contains("PartiQL"));

    let table = client.call("DescribeTable", json!({"TableName": TABLE})).await;
    let arn = table.json()["Table"]["TableArn"].as_str().unwrap().to_owned();
    assert!(arn.starts_with("arn:aws:dynamodb:us-east-1:"), "{arn}");
    let ttl = client.call("DescribeTimeToLive", json!({"TableName": TABLE})).await;
    assert_eq!(ttl.json()["TimeToLiveDescription"]["AttributeName"], "expires");
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_must_name_the_region() {
    let lab = lab();
    let port = lab.site(EAST).unwrap().dynamodb.local.port;
    let mut client = Client::connect(port, WEST, "dynamodb").await;
    let answer = client.call("GetItem", get("a")).await;
    assert_eq!((answer.status, answer.class().as_str()), (400, "InvalidSignatureException"));
    assert!(answer.json()["message"].as_str().unwrap().contains(WEST));
}

#[tokio::test(flavor = "multi_thread")]
async fn counters_are_per_region_service_and_operation() {
    let lab = lab();
    let mut east = Client::dynamodb(&lab, EAST).await;
    let mut west = Client::dynamodb(&lab, WEST).await;
    east.put("a", "1").await;
    east.call("GetItem", get("a")).await;
    east.call("GetItem", json!({"TableName": "none", "Key": {}})).await;
    west.call("Scan", json!({"TableName": TABLE})).await;
    let counters = json!(lab.counters(true));
    assert_eq!(
        counters,
        json!({
            EAST: {"dynamodb": {"PutItem": 1, "GetItem": 2}, "ssm": {}},
            WEST: {"dynamodb": {"Scan": 1}, "ssm": {}},
        })
    );
    let empty = json!({"dynamodb": {}, "ssm": {}});
    assert_eq!(json!(lab.counters(false)), json!({EAST: empty, WEST: empty}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named() {
    let lab = lab();
    let taken = lab.site(EAST).unwrap().dynamodb.local.port;
    // The base port whose first Region would get the taken one.
    let error = Lab::open(Config { port: taken - 10, ..Config::default() }).unwrap_err();
    assert!(format!("{error:#}").contains(&format!("port {taken}")), "{error:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_connections_at_once() {
    let lab = lab();
    let tasks: Vec<_> = (0..50)
        .map(|n| {
            let lab = lab.clone();
            tokio::spawn(async move {
                let mut client = Client::dynamodb(&lab, if n % 2 == 0 { EAST } else { WEST }).await;
                for m in 0..20 {
                    assert!(client.put(&format!("{n}-{m}"), "x").await);
                }
            })
        })
        .collect();
    for task in tasks {
        soon(task).await.unwrap();
    }
    soon(lab.replication.settled()).await;
    for site in lab.sites() {
        assert_eq!(site.region.count(TABLE).unwrap(), 1000);
    }
}
